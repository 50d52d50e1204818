package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/broker"
)

// ErrUnfit says that a batch does not continue the log that it names: its entries
// are not the next ones, or its head is not where they end. Nothing was written.
var ErrUnfit = errors.New("the batch does not continue the log")

// Append does what broker.Store says. A context that is done beforehand writes
// nothing; later ones are not looked at.
func (s *Store) Append(ctx context.Context, expected broker.Head, batch broker.Batch) error {
	err := ctx.Err()
	if err == nil {
		err = fits(expected, batch)
	}
	if err == nil {
		err = s.write(func(ctx context.Context, w *writer) error { return s.put(ctx, w, expected, batch) })
	}
	if err != nil {
		return fmt.Errorf("cannot append at %d: %w", expected.Size, err)
	}
	return nil
}

func fits(expected broker.Head, batch broker.Batch) error {
	if got, want := batch.Head.Size, expected.Size+int64(len(batch.Entries)); got != want {
		return fmt.Errorf("%w: its head is at %d, its entries end at %d", ErrUnfit, got, want)
	}
	if len(batch.Entries) == 0 && batch.Head.Root != expected.Root {
		return fmt.Errorf("%w: it gives another root to the same size", ErrUnfit)
	}
	for i, e := range batch.Entries {
		if want := expected.Size + int64(i); e.Index != want {
			return fmt.Errorf("%w: entry %d stands where %d is due", ErrUnfit, e.Index, want)
		}
	}
	return nil
}

func (s *Store) put(ctx context.Context, w *writer, expected broker.Head, batch broker.Batch) error {
	h := batch.Head
	moved, err := w.moveHead.ExecContext(ctx, h.Size, h.Root[:], solid(h.Checkpoint), expected.Size, expected.Root[:])
	if err != nil {
		return fmt.Errorf("head: %w", err)
	}
	if n, err := moved.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, broker.ErrHeadMoved)
	}
	names, err := w.putStreams(ctx, batch)
	if err != nil {
		return fmt.Errorf("streams: %w", err)
	}
	if err := w.putEntries(ctx, batch.Entries, names); err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	if err := w.putDerived(ctx, batch); err != nil {
		return err
	}
	if err := w.putBeside(ctx, batch); err != nil {
		return err
	}
	if err := s.sweep.run(ctx, w, batch); err != nil {
		return fmt.Errorf("nonces: %w", err)
	}
	s.copier.wrote(batch)
	return nil
}

// putStreams writes the snapshots, and gives every stream that the entries name a
// row, whose number the entries carry instead of the name.
func (w *writer) putStreams(ctx context.Context, batch broker.Batch) (map[string]int64, error) {
	names := make(map[string]int64, len(batch.Streams)+1)
	for _, st := range batch.Streams {
		n, err := w.putStream(ctx, st)
		if err != nil {
			return nil, err
		}
		names[st.ID] = n
	}
	for i := len(batch.Entries) - 1; i >= 0; i-- { // the newest entry of a stream first
		e := batch.Entries[i]
		if _, known := names[e.Stream]; known {
			continue
		}
		var n int64
		if err := w.name.QueryRowContext(ctx, e.Stream, e.Index).Scan(&n); err != nil {
			return nil, err
		}
		names[e.Stream] = n
	}
	return names, nil
}

// putStream writes one snapshot and gives the stream's number. Most were written by
// this writer before: that number finds the row at once, if it is still that of the
// stream, for what it was learned in may have been rolled back.
func (w *writer) putStream(ctx context.Context, st broker.Stream) (n int64, err error) {
	if known, ok := w.numbers[st.ID]; ok {
		written, err := w.again.ExecContext(ctx, st.Live, st.Last, solid(st.Snapshot), known, st.ID)
		if err != nil {
			return 0, err
		}
		if rows, err := written.RowsAffected(); err != nil || rows == 1 {
			return known, err
		}
	}
	if err = w.stream.QueryRowContext(ctx, st.ID, st.Live, st.Last, solid(st.Snapshot)).Scan(&n); err != nil {
		return 0, err
	}
	if w.numbers == nil || len(w.numbers) >= numbersMost {
		w.numbers = map[string]int64{}
	}
	if w.numbers[st.ID] = n; !st.Live {
		delete(w.numbers, st.ID)
	}
	return n, nil
}

// numbersMost bounds the streams whose numbers a writer remembers.
const numbersMost = 1 << 16

func (w *writer) putEntries(ctx context.Context, entries []broker.Entry, names map[string]int64) error {
	return w.entry.put(ctx, len(entries), func(i int, args []any) []any {
		e := &entries[i]
		var statement any
		if !e.Statement.IsZero() {
			statement = e.Statement[:]
		}
		return append(args, e.Index, names[e.Stream], statement, solid(e.Body))
	})
}

// putDerived writes what a rebuild writes too: all that the entries give.
func (w *writer) putDerived(ctx context.Context, batch broker.Batch) error {
	if batch.World != nil {
		if err := exec(ctx, "world", w.world, batch.World); err != nil {
			return err
		}
	}
	for _, t := range batch.Tiles {
		if err := exec(ctx, "tile", w.tile, place(t.Level, t.Index), solid(t.Data)); err != nil {
			return err
		}
	}
	err := w.nonce.put(ctx, len(batch.Memos), func(i int, args []any) []any {
		n := &batch.Memos[i]
		return append(args, n.Key, n.Expires.Std().UnixMilli(), solid(n.Body))
	})
	if err != nil {
		return fmt.Errorf("nonce: %w", err)
	}
	if err := w.putTasks(ctx, batch); err != nil {
		return fmt.Errorf("task: %w", err)
	}
	return nil
}

func (w *writer) putTasks(ctx context.Context, batch broker.Batch) error {
	done := make(map[string]bool, len(batch.Done))
	for _, id := range batch.Done {
		done[id] = true
	}
	err := w.done.put(ctx, len(batch.Done), func(i int, args []any) []any { return append(args, batch.Done[i]) })
	if err != nil {
		return err
	}
	due := make([]broker.Task, 0, len(batch.Enqueued))
	for _, t := range batch.Enqueued {
		if !done[t.ID] { // else it was over before it was seen
			due = append(due, t)
		}
	}
	return w.enqueue.put(ctx, len(due), func(i int, args []any) []any { return append(args, due[i].ID, solid(due[i].Body)) })
}

func (w *writer) putBeside(ctx context.Context, batch broker.Batch) error {
	for _, data := range batch.Attachments {
		sum := sha256.Sum256(data)
		if err := exec(ctx, "attachment", w.attachment, sum[:], solid(data)); err != nil {
			return err
		}
	}
	err := w.note.put(ctx, len(batch.Notes), func(i int, args []any) []any {
		n := &batch.Notes[i]
		hash := n.Hash()
		return append(args, hash[:], n.Salt[:], n.Text)
	})
	if err != nil {
		return fmt.Errorf("note: %w", err)
	}
	return nil
}

func exec(ctx context.Context, what string, stmt *sql.Stmt, args ...any) error {
	if _, err := stmt.ExecContext(ctx, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// solid is never nil, which SQL would take for null.
func solid(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

const placeShift = 48 // the longest log has fewer entries, and far fewer tiles

// place is the key of a tile.
func place(level int, index int64) int64 { return int64(level)<<placeShift | index }

func unplace(key int64) (level int, index int64) {
	return int(key >> placeShift), key & (1<<placeShift - 1)
}

var _ interface {
	broker.Store
	broker.Reader
} = (*Store)(nil)
