package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func exerciseEmpty(t *testing.T, s Store) {
	ctx := t.Context()
	same(t, "Head", must[broker.Head](t)(s.Head(ctx)), broker.Head{})
	same(t, "Load", load(t, s), broker.State{})
	if load(t, s).World != nil {
		t.Error("World is not nil before the first batch")
	}
	same(t, "Entries", must[[][]byte](t)(s.Entries(ctx, 0, 10)), [][]byte{})
	same(t, "Streams", must[[]broker.Stream](t)(s.Streams(ctx, "", 0, 10)), []broker.Stream{})
	absent[[]byte](t, "Tile")(s.Tile(ctx, 0, 0))
	absent[broker.Stream](t, "Stream")(s.Stream(ctx, "cell"))
	absent[[]int64](t, "StreamEntries")(s.StreamEntries(ctx, "cell"))
	absent[int64](t, "StatementEntry")(s.StatementEntry(ctx, Statement(0)))
	absent[[]byte](t, "Attachment")(s.Attachment(ctx, canon.Sum(nil)))
	absent[ledger.Note](t, "Note")(s.Note(ctx, canon.Sum(nil)))
}

// everything is a batch with something of each kind.
func everything(l *Log) broker.Batch {
	b := l.Batch("cell", "request/1", "request/1", "session")
	b.Entries[3].Statement = canon.Digest{}
	b.Memos = []broker.Memo{
		{Key: "ann 1", Expires: At(1_000_000), Body: []byte(`{"n":1}`)},
		{Key: "bob 1", Expires: At(2_000_000), Body: []byte(`{"n":2}`)},
	}
	b.Enqueued = []broker.Task{{ID: "open:1", Body: []byte(`{}`)}, {ID: "close:1", Body: []byte(`{"at":1}`)}}
	b.Attachments = [][]byte{[]byte("a scenario"), {0, 0xff, '\''}}
	b.Notes = []ledger.Note{{Salt: [32]byte{1}, Text: "the door is stuck, “really” \x00 stuck"}, {Salt: [32]byte{2}}}
	return b
}

func stateOf(l *Log, b broker.Batch) broker.State {
	return broker.State{Head: l.Head(), World: b.World, Streams: b.Streams, Memos: b.Memos, Tasks: b.Enqueued, Tiles: l.tiles.Partial()}
}

func exerciseRoundTrip(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	b := everything(l)
	put(t, s, broker.Head{}, b)
	same(t, "Load", load(t, s), stateOf(l, b))
	same(t, "Head", must[broker.Head](t)(s.Head(ctx)), b.Head)
	bodies := must[[][]byte](t)(s.Entries(ctx, 0, 10))
	if len(bodies) != len(b.Entries) {
		t.Fatalf("Entries gives %d of %d", len(bodies), len(b.Entries))
	}
	for i, e := range b.Entries {
		same(t, fmt.Sprintf("entry %d", i), bodies[i], e.Body)
		if e.Statement.IsZero() {
			absent[int64](t, "an effect's statement")(s.StatementEntry(ctx, Statement(e.Index)))
			absent[int64](t, "the zero statement")(s.StatementEntry(ctx, canon.Digest{}))
			continue
		}
		same(t, "StatementEntry", must[int64](t)(s.StatementEntry(ctx, e.Statement)), e.Index)
	}
	same(t, "StreamEntries", must[[]int64](t)(s.StreamEntries(ctx, "request/1")), []int64{1, 2})
	for _, st := range b.Streams {
		same(t, "Stream", must[broker.Stream](t)(s.Stream(ctx, st.ID)), st)
	}
	for _, tile := range b.Tiles {
		same(t, "Tile", must[[]byte](t)(s.Tile(ctx, tile.Level, tile.Index)), tile.Data)
	}
	absent[[]byte](t, "a tile of another level")(s.Tile(ctx, 1, 0))
	absent[[]byte](t, "a tile beyond")(s.Tile(ctx, 0, 1))
	besideIs(t, s, b)
}

func besideIs(t *testing.T, s Store, b broker.Batch) {
	t.Helper()
	for _, a := range b.Attachments {
		same(t, "Attachment", must[[]byte](t)(s.Attachment(t.Context(), canon.Sum(a))), a)
	}
	for _, n := range b.Notes {
		same(t, "Note", must[ledger.Note](t)(s.Note(t.Context(), canon.Digest(n.Hash()))), n)
	}
}

// attempt is an append that must fail, with a certain error or (nil) any.
type attempt struct {
	on    broker.Head
	batch broker.Batch
	want  error
}

// refused appends, insists on an error and on a store as it was, with nothing of
// the batch to be found.
func refused(t *testing.T, s Store, a attempt) {
	t.Helper()
	on, b, want := a.on, a.batch, a.want
	ctx := context.WithoutCancel(t.Context())
	before := load(t, s)
	err := s.Append(ctx, on, b)
	if err == nil || (want != nil && !errors.Is(err, want)) {
		t.Errorf("Append = %v, want %v", err, want)
	}
	same(t, "Load after "+fmt.Sprint(err), load(t, s), before)
	same(t, "Entries beyond the head", must[[][]byte](t)(s.Entries(ctx, before.Head.Size, 1)), [][]byte{})
	for _, a := range b.Attachments {
		absent[[]byte](t, "an attachment of the batch")(s.Attachment(ctx, canon.Sum(a)))
	}
	for _, n := range b.Notes {
		absent[ledger.Note](t, "a note of the batch")(s.Note(ctx, canon.Digest(n.Hash())))
	}
}

func exerciseCompareAndSet(t *testing.T, s Store) {
	l := fresh(t)
	ahead := l.Clone()
	ahead.Batch("cell")
	on := ahead.Head()
	refused(t, s, attempt{on, everything(ahead), broker.ErrHeadMoved}) // the store is behind
	next(t, s, l, "cell")
	next(t, s, l, "cell")
	late := fresh(t)
	refused(t, s, attempt{broker.Head{}, everything(late), broker.ErrHeadMoved}) // the store is ahead
	other := l.Clone()
	on = other.Head()
	on.Root[31] ^= 1
	refused(t, s, attempt{on, everything(other), broker.ErrHeadMoved}) // the same size, another root
	// The checkpoint is no part of the comparison: cosignatures may come later.
	on = l.Head()
	on.Checkpoint = nil
	put(t, s, on, everything(l))
}

func exerciseUnfit(t *testing.T, s Store) {
	l := fresh(t)
	next(t, s, l, "cell", "cell")
	on := l.Head()
	for name, spoil := range map[string]func(*broker.Batch){
		"an entry that is there":  func(b *broker.Batch) { b.Entries[0].Index-- },
		"a gap":                   func(b *broker.Batch) { b.Entries[3].Index++ },
		"two of one index":        func(b *broker.Batch) { b.Entries[3].Index-- },
		"a head beyond":           func(b *broker.Batch) { b.Head.Size++ },
		"a head that stays":       func(b *broker.Batch) { b.Head.Size = on.Size },
		"another root, no entry":  func(b *broker.Batch) { b.Entries, b.Head.Size = nil, on.Size },
		"entries out of order":    func(b *broker.Batch) { b.Entries[0], b.Entries[1] = b.Entries[1], b.Entries[0] },
		"a head that goes behind": func(b *broker.Batch) { b.Entries, b.Head.Size = nil, on.Size-1 },
	} {
		t.Run(name, func(t *testing.T) {
			b := everything(l.Clone())
			spoil(&b)
			refused(t, s, attempt{on, b, nil})
		})
	}
	next(t, s, l, "cell") // and it goes on
}

func exerciseCancelled(t *testing.T, s Store) {
	l := fresh(t)
	next(t, s, l, "cell")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	on := l.Head()
	b := l.Batch("cell")
	err := s.Append(ctx, on, b)
	// Whatever it says, the head tells which: done or not, never half.
	switch head := must[broker.Head](t)(s.Head(t.Context())); {
	case err == nil && head.Size != b.Head.Size:
		t.Errorf("Append = nil, head at %d", head.Size)
	case head.Size != on.Size && head.Size != b.Head.Size:
		t.Errorf("Append = %v, head at %d", err, head.Size)
	case head.Size == on.Size:
		put(t, s, on, b)
	}
	if _, err := s.Load(ctx); err == nil {
		t.Error("Load answers a context that is over")
	}
}

func exerciseCheckpointAlone(t *testing.T, s Store) {
	l := fresh(t)
	b := next(t, s, l, "cell")
	cosigned := l.Head()
	cosigned.Checkpoint = append(cosigned.Checkpoint, "\n— witness.example AAAA\n"...)
	put(t, s, l.Head(), broker.Batch{Head: cosigned})
	same(t, "Head", must[broker.Head](t)(s.Head(t.Context())), cosigned)
	same(t, "World, when a batch has none", load(t, s).World, b.World)
}

func exerciseReopening(t *testing.T, open Open) {
	place, l := t.TempDir(), fresh(t)
	s := open(t, place)
	b := everything(l)
	put(t, s, broker.Head{}, b)
	for range 3 {
		closing(t, s)
		s = open(t, place)
		same(t, "Load", load(t, s), stateOf(l, b))
		besideIs(t, s, b)
		if err := Verify(t.Context(), s); err != nil {
			t.Error(err)
		}
		on := l.Head()
		more := l.Batch("cell", "request/1", "request/1", "session")
		more.Memos, more.Enqueued, more.Attachments, more.Notes = b.Memos, b.Enqueued, b.Attachments, b.Notes
		put(t, s, on, more)
		b = more
	}
	closing(t, s)
}
