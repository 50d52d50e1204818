package broker

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// batch grows by what jobs became.
type batch struct {
	Batch
	decider  *decider
	recorded []cell.Recorded
	streams  []string // touched, each once
	recalled []string // brought back into the world for this batch
}

func newBatch(d *decider) *batch { return &batch{decider: d} }

// add takes one entry and what lies beside it.
func (b *batch) add(j *job, r cell.Recorded) {
	entry := Entry{Index: r.Index, Stream: r.Outcome.Stream, Body: r.Body}
	if j.command.Signed != nil {
		entry.Statement = j.command.Signed.Statement.Digest
	}
	b.recorded = append(b.recorded, r)
	b.Entries = append(b.Entries, entry)
	b.Attachments = append(b.Attachments, j.attachments...)
	b.Notes = append(b.Notes, j.notes...)
	b.decider.tiles.Append(ledger.LeafHash(r.Body))
	for _, t := range r.Changes.Enqueued {
		b.Enqueued = append(b.Enqueued, Task{ID: t.Key(), Body: t.Keep()})
	}
	for _, t := range r.Changes.Done {
		b.Done = append(b.Done, t.Key())
	}
	b.memo(b.decider.world.KeepMemos(r.Changes))
	b.touch(r.Outcome.Stream)
	if r.Changes.Cell {
		b.touch(cell.StreamCell)
	}
}

// rows is about how much the store has to write.
func (b *batch) rows() int {
	return len(b.Entries) + len(b.Enqueued) + len(b.Done) + len(b.Memos) + len(b.streams)
}

func (b *batch) touch(stream string) {
	if !slices.Contains(b.streams, stream) {
		b.streams = append(b.streams, stream)
	}
}

func (b *batch) memo(memos []cell.Memo) {
	for _, m := range memos {
		b.Memos = append(b.Memos, Memo{Key: m.Key, Expires: m.Expires, Body: m.Body})
	}
}

// seal completes the batch: snapshots as they are now, tiles, signed head.
func (b *batch) seal() (Head, error) {
	b.snapshots()
	signers, err := b.decider.broker.Signers(b.decider.world)
	if err != nil {
		return Head{}, err
	}
	checkpoint := ledger.Checkpoint{Origin: b.decider.world.Origin, Size: b.decider.tiles.Size(), Root: b.decider.tiles.Root()}
	text, err := ledger.SignCheckpoint(checkpoint, signers...)
	if err != nil {
		return Head{}, err
	}
	b.Head = Head{Size: checkpoint.Size, Root: checkpoint.Root, Checkpoint: text}
	return b.Head, nil
}

// snapshots completes what the batch keeps beside its entries.
func (b *batch) snapshots() {
	w := b.decider.world
	b.World = w.KeepMoving()
	for _, stream := range b.streams {
		s, live := w.KeepStream(stream)
		b.Streams = append(b.Streams, Stream{ID: stream, Live: live, Last: s.Last, Snapshot: s.Snapshot})
	}
	b.memo(w.KeepPublished())
	b.Tiles = b.decider.tiles.Dirty()
}

// evict lets settled requests leave memory.
func (b *batch) evict() {
	for _, stream := range append(b.recalled, b.streams...) {
		b.decider.world.Evict(stream)
	}
}
