package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
)

// The queue of the decider, and what a decided command of B3 brings.
const (
	queueMost    = 4096
	batchMost    = 256
	entrySize    = 300
	snapshotSize = 800 // of a request with two decisions and one lease
	streamsLive  = 16  // emergencies at once
	perStream    = 4   // entries of one emergency in a row
	benchOrigin  = "bench.example.com"
)

// appends is the append path of the decider with commands that are decided
// already: it gathers what waits, puts the entries into the tree, signs the head
// and waits until the store has made all of it durable.
type appends struct {
	store    *sqlite.Store
	signer   note.Signer
	tiles    *ledger.Tiles
	head     broker.Head
	queue    chan *decided
	snapshot []byte
	file     *os.File // of bare appends
	failed   error
}

// decided is a command that became an entry, on its way to the disk.
type decided struct {
	body []byte
	done chan error
}

// appendChild is the process that B3 drives: see (*process).appender.
func appendChild(folder string, in io.Reader, out io.Writer) error {
	store, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	if err != nil {
		return err
	}
	defer store.Close()
	skey, _, err := ledger.GenerateKey(rand.Reader, benchOrigin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	a := &appends{store: store, signer: signer, tiles: &ledger.Tiles{}, queue: make(chan *decided, queueMost), snapshot: make([]byte, snapshotSize)}
	if a.file, err = os.Create(folder + ".bare"); err != nil {
		return err
	}
	defer a.file.Close()
	go a.run()
	defer close(a.queue)
	fmt.Fprintln(out, "ready")
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var writers, millis int
		if _, err := fmt.Sscan(lines.Text(), &writers, &millis); err != nil {
			return fmt.Errorf("cannot read %q: %w", lines.Text(), err)
		}
		each := a.one
		if writers == 0 { // the limit: one caller who appends to a file and waits for the disk
			writers, each = 1, a.bare
		}
		t, err := drive(writers, time.Duration(millis)*time.Millisecond, each)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, t.Count, t.Took.Nanoseconds(), t.P50.Nanoseconds(), t.P99.Nanoseconds())
	}
	return nil
}

// one appends one entry as one caller.
func (a *appends) one(worker int) error {
	d := &decided{body: make([]byte, entrySize), done: make(chan error, 1)}
	binary.BigEndian.PutUint64(d.body, uint64(worker))
	binary.BigEndian.PutUint64(d.body[8:], uint64(time.Now().UnixNano()))
	a.queue <- d
	return <-d.done
}

// bare appends 4 KiB to a file and waits for the disk.
func (a *appends) bare(int) error {
	_, err := a.file.Write(make([]byte, 4096))
	return errors.Join(err, a.file.Sync())
}

// run is the one goroutine that appends.
func (a *appends) run() {
	for first := range a.queue {
		batch := []*decided{first}
		for came := -1; came < len(a.queue) && came < batchMost; { // as the decider does
			came = len(a.queue)
			runtime.Gosched()
		}
		for len(batch) < batchMost && len(a.queue) > 0 {
			batch = append(batch, <-a.queue)
		}
		if a.failed == nil {
			a.failed = a.append(batch)
		}
		for _, d := range batch {
			d.done <- a.failed
		}
	}
}

func (a *appends) append(commands []*decided) error {
	var b broker.Batch
	last := map[string]int64{}
	for _, d := range commands {
		index := a.tiles.Size()
		stream := fmt.Sprintf("request/%064x", uint64(index/perStream%streamsLive)*0x9e3779b97f4a7c15)
		a.tiles.Append(ledger.LeafHash(d.body))
		b.Entries = append(b.Entries, broker.Entry{Index: index, Stream: stream, Statement: canon.Sum(d.body), Body: d.body})
		last[stream] = index
	}
	for stream, index := range last {
		b.Streams = append(b.Streams, broker.Stream{ID: stream, Live: true, Last: index, Snapshot: a.snapshot})
	}
	checkpoint := ledger.Checkpoint{Origin: benchOrigin, Size: a.tiles.Size(), Root: a.tiles.Root()}
	signed, err := ledger.SignCheckpoint(checkpoint, a.signer)
	if err != nil {
		return err
	}
	b.World, b.Tiles = []byte(`{"last_at":"2026-11-22T03:07:00.000Z"}`), a.tiles.Dirty()
	b.Head = broker.Head{Size: checkpoint.Size, Root: checkpoint.Root, Checkpoint: signed}
	if err := a.store.Append(context.Background(), a.head, b); err != nil {
		return err
	}
	a.head = b.Head
	a.tiles.Clean()
	return nil
}

// measureAppend is B3.
func (r *run) measureAppend() error {
	ours, err := r.self("append", r.path("append-ours"))
	if err != nil {
		return err
	}
	peers, err := r.peers()
	if err != nil {
		return err
	}
	theirs, err := r.launch("tessera", peers, "append", r.path("append-tessera"))
	if err != nil {
		return err
	}
	for _, p := range []*process{ours, theirs} {
		if _, err := p.line(); err != nil {
			return err
		}
		defer p.end()
	}
	for _, of := range []struct {
		writers int
		due     float64
	}{{1, 20}, {16, 8}, {256, 1.6}} {
		length := r.length(1200 * time.Millisecond)
		turns, err := interleave(r.rounds(5), side{"halligan", ours.appender(of.writers, length)}, side{"tessera", theirs.appender(of.writers, length)},
			side{"limit", ours.appender(0, length/2)})
		if err != nil {
			return err
		}
		a, b, limit := turns["halligan"], turns["tessera"], turns["limit"]
		r.add(row{
			ID: "B3", What: fmt.Sprintf("ledger append, 300 B, durable and in the tree, %d callers", of.writers),
			Ours: perSecond(median(a, turn.rate)), Peer: "Tessera posix 1.0.4: " + perSecond(median(b, turn.rate)),
			Ratio: ratio(a, b, turn.rate), Unit: "× rate", Due: atLeast(of.due),
			Note: fmt.Sprintf("meanwhile one caller who appends 4 KiB to a file and waits for the disk did %s; ours did %s × as many entries.",
				perSecond(median(limit, turn.rate)), figure(ratio(a, limit, turn.rate))),
		})
	}
	return nil
}
