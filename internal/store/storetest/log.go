package storetest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Start is the recorded time of the first entry of every Log; each entry is one
// second later than the one before it.
var Start = canon.At(time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC))

// Log makes batches that continue one another, as the broker would: real entries,
// tiles and roots. It is ahead of the store until what it made is appended. It is
// not for concurrent use.
type Log struct {
	head  broker.Head
	tiles *ledger.Tiles
}

// NewLog continues what a store holds; the zero State is an empty store.
func NewLog(state broker.State) (*Log, error) {
	tiles, err := ledger.OpenTiles(state.Head.Size, func(level int, index int64) ([]byte, error) {
		for _, t := range state.Tiles {
			if t.Level == level && t.Index == index {
				return t.Data, nil
			}
		}
		return nil, broker.ErrAbsent
	})
	if err != nil {
		return nil, err
	}
	if state.Head.Size > 0 && tiles.Root() != state.Head.Root {
		return nil, fmt.Errorf("the tiles give the root %v, the head says %v", tiles.Root().Short(), state.Head.Root.Short())
	}
	return &Log{head: state.Head, tiles: tiles}, nil
}

// Head is the head of the newest batch.
func (l *Log) Head() broker.Head { return l.head }

// Clone makes a log that goes its own way from here.
func (l *Log) Clone() *Log { return &Log{head: l.head, tiles: l.tiles.Clone()} }

// At is the recorded time of the entry with the index.
func At(index int64) canon.Time { return Start.Add(time.Duration(index) * time.Second) }

// Statement is the digest of the statement that caused the entry with the index.
func Statement(index int64) canon.Digest {
	return canon.Sum(binary.BigEndian.AppendUint64([]byte("statement"), uint64(index)))
}

// Body is the entry with the index in the stream; its size grows with pad.
func Body(index int64, stream string, pad int) []byte {
	body, err := ledger.EncodeEntry(ledger.Entry{
		V: ledger.EntryVersion, At: At(index), Stream: stream, Prev: ledger.None, Cell: ledger.None,
		Cause:  ledger.Cause{Effect: "probed", Task: fmt.Sprintf("probe:%d", index)},
		Events: []jsontext.Value{jsontext.Value(`{"pad":"` + strings.Repeat("x", pad) + `"}`)},
	})
	if err != nil {
		panic(err) // pad is over what an entry may have: the test is wrong
	}
	return body
}

// Batch makes the next batch: an entry for each stream named, with its tiles, the
// streams' snapshots (live), and a world that says how many entries there are.
func (l *Log) Batch(streams ...string) broker.Batch { return l.padded(100, streams) }

func (l *Log) padded(pad int, streams []string) broker.Batch {
	var b broker.Batch
	last := map[string]int64{}
	for _, stream := range streams {
		e := broker.Entry{Index: l.head.Size, Stream: stream, Statement: Statement(l.head.Size), Body: Body(l.head.Size, stream, pad)}
		b.Entries = append(b.Entries, e)
		l.tiles.Append(ledger.LeafHash(e.Body))
		l.head.Size++
		if _, known := last[stream]; !known {
			b.Streams = append(b.Streams, broker.Stream{ID: stream, Live: true})
		}
		last[stream] = e.Index
	}
	for i := range b.Streams {
		st := &b.Streams[i]
		st.Last = last[st.ID]
		st.Snapshot = fmt.Appendf(nil, `{"last":%d}`, st.Last)
	}
	l.head.Root = l.tiles.Root()
	l.head.Checkpoint = fmt.Appendf(nil, "example.org/cell\n%d\n%v\n", l.head.Size, l.head.Root)
	b.Head, b.Tiles, b.World = l.head, l.tiles.Dirty(), worldAt(l.head.Size)
	l.tiles.Clean()
	return b
}

func worldAt(size int64) []byte { return fmt.Appendf(nil, `{"entries":%d}`, size) }

// fresh is a log for an empty store.
func fresh(t *testing.T) *Log {
	t.Helper()
	l, err := NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
