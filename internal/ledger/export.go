package ledger

import (
	"bytes"
	"fmt"
	"iter"
)

// Sink takes the files of a whole log. Each path is written once.
type Sink interface {
	WriteFile(path string, data []byte) error
}

// Export is what a whole log is written from. An iterator ends early by yielding
// an error; nil iterators yield nothing.
type Export struct {
	Signed      []byte                   // the signed checkpoint
	Entries     iter.Seq2[[]byte, error] // from entry 0; those beyond the checkpoint are left out
	Attachments iter.Seq2[[]byte, error]
	Notes       iter.Seq2[Note, error]
}

// WriteLog writes a whole log that OpenLog accepts under the same anchor. It works
// the tiles out from the entries, keeps the right edge in memory, and writes the
// checkpoint last and only if it signs their root: a directory that was cut short
// has no checkpoint and is no log.
func WriteLog(sink Sink, a Anchor, from Export) (Checkpoint, error) {
	return writeLog(sink, nil, a, from)
}

// ExtendLog has a log that WriteLog wrote to a sink go on: entries begin after its
// last. A path of it may be written again, with the same bytes if it is that of a
// tile, and the checkpoint last: cut short at any write, the folder still is the
// log that it was.
func ExtendLog(sink Sink, held *Log, a Anchor, from Export) (Checkpoint, error) {
	return writeLog(sink, held, a, from)
}

func writeLog(sink Sink, held *Log, a Anchor, from Export) (Checkpoint, error) {
	if err := a.check(); err != nil {
		return Checkpoint{}, err
	}
	cp, err := a.OpenIn(from.Signed)
	if err != nil {
		return Checkpoint{}, err
	}
	w := logWriter{sink: sink, size: cp.Size}
	if err := w.resume(held); err != nil {
		return Checkpoint{}, err
	}
	if err := w.entries(from.Entries); err != nil {
		return Checkpoint{}, err
	}
	if root := w.tiles.Root(); root != cp.Root {
		return Checkpoint{}, fault(ClassRoot, whereCheckpoint,
			fmt.Sprintf("it signs the root %s, the entries give %s", cp.Root.Short(), root.Short()))
	}
	if err := w.attachments(from.Attachments); err != nil {
		return Checkpoint{}, err
	}
	if err := w.notes(from.Notes); err != nil {
		return Checkpoint{}, err
	}
	return cp, w.write(CheckpointPath, from.Signed)
}

// logWriter collects entries into bundles and tiles.
type logWriter struct {
	sink   Sink
	size   int64
	tiles  Tiles
	bundle []byte // of the entries since the last full bundle
}

func (w *logWriter) write(path string, data []byte) error {
	if err := w.sink.WriteFile(path, data); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// resume takes up what a log ends with; nil is the empty log.
func (w *logWriter) resume(held *Log) error {
	if held == nil {
		return nil
	}
	size := held.checkpoint.Size
	if size > w.size {
		return fault(ClassProof, whereCheckpoint, fmt.Sprintf("it counts %d entries, the log that is to go on has %d", w.size, size))
	}
	tiles, err := OpenTiles(size, held.Tiles())
	if err != nil {
		return err
	}
	w.tiles = *tiles
	return held.Walk(size-size%TileWidth, func(_ int64, entry []byte) error {
		w.bundle, err = AppendBundle(w.bundle, entry)
		return err
	})
}

func (w *logWriter) entries(entries iter.Seq2[[]byte, error]) error {
	if entries != nil && w.tiles.Size() < w.size {
		for entry, err := range entries {
			if err != nil {
				return fmt.Errorf("cannot read entry %d: %w", w.tiles.Size(), err)
			}
			if err := w.add(entry); err != nil {
				return err
			}
			if w.tiles.Size() == w.size {
				break
			}
		}
	}
	if got := w.tiles.Size(); got < w.size {
		return fault(ClassEntryMissing, fmt.Sprintf("entry %d", got), fmt.Sprintf("the checkpoint counts %d entries", w.size))
	}
	return w.rest()
}

func (w *logWriter) add(entry []byte) error {
	at := w.tiles.Size()
	bundle, err := AppendBundle(w.bundle, entry)
	if err != nil {
		return &Fault{Class: ClassEntry, Where: fmt.Sprintf("entry %d", at), Detail: "it does not fit a bundle", Err: err}
	}
	w.bundle = bundle
	w.tiles.Append(LeafHash(entry))
	if w.tiles.Size()%TileWidth != 0 {
		return nil
	}
	if err := w.write(BundlePath(at/TileWidth, TileWidth), w.bundle); err != nil {
		return err
	}
	w.bundle = nil // the sink may have kept it
	for _, t := range w.tiles.Dirty() {
		if t.Name().Width < TileWidth {
			continue // still growing
		}
		if err := w.write(t.Name().Path(), t.Data); err != nil {
			return err
		}
	}
	w.tiles.Clean()
	return nil
}

// rest writes what is partial at the end of the log.
func (w *logWriter) rest() error {
	if width := w.size % TileWidth; width > 0 {
		if err := w.write(BundlePath(w.size/TileWidth, int(width)), w.bundle); err != nil {
			return err
		}
	}
	for _, t := range w.tiles.Partial() {
		if err := w.write(t.Name().Path(), bytes.Clone(t.Data)); err != nil {
			return err
		}
	}
	return nil
}

func (w *logWriter) attachments(all iter.Seq2[[]byte, error]) error {
	if all == nil {
		return nil
	}
	for data, err := range all {
		if err != nil {
			return fmt.Errorf("cannot read an attachment: %w", err)
		}
		h := AttachmentHash(data)
		if err := checkAttachment(h, data); err != nil {
			return err
		}
		if err := w.write(AttachmentPath(h), data); err != nil {
			return err
		}
	}
	return nil
}

func (w *logWriter) notes(all iter.Seq2[Note, error]) error {
	if all == nil {
		return nil
	}
	for n, err := range all {
		if err != nil {
			return fmt.Errorf("cannot read a note: %w", err)
		}
		h := n.Hash()
		if err := n.check(h); err != nil {
			return err
		}
		if err := w.write(NotePath(h), n.file()); err != nil {
			return err
		}
	}
	return nil
}
