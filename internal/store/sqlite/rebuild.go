package sqlite

import (
	"context"
	"fmt"

	"github.com/halligan-dev/halligan/internal/broker"
)

// Rebuild replaces everything that the entries give (head, world, streams, nonces,
// tasks, tiles) by what the batch says, in one transaction, and leaves entries,
// attachments and notes, to which the batch's are added. It is guarded like
// Append: the stored head must be exactly expected, a head that is lost being the
// zero Head. The batch has no entries; its head is where the stored ones end.
func (s *Store) Rebuild(ctx context.Context, expected broker.Head, batch broker.Batch) error {
	err := ctx.Err()
	if err == nil && len(batch.Entries) > 0 {
		err = fmt.Errorf("%w: a rebuild brings no entries", ErrUnfit)
	}
	if err == nil {
		err = s.write(func(ctx context.Context, w *writer) error { return w.rebuild(ctx, expected, batch) })
	}
	if err != nil {
		return fmt.Errorf("cannot rebuild the cell: %w", err)
	}
	return nil
}

func (w *writer) rebuild(ctx context.Context, expected broker.Head, batch broker.Batch) error {
	stored, err := scanHead(w.conn.QueryRowContext(ctx, selectHead))
	if err != nil {
		return err
	}
	if stored.Size != expected.Size || stored.Root != expected.Root {
		return broker.ErrHeadMoved
	}
	var entries int64
	if err := w.conn.QueryRowContext(ctx, "SELECT count(*) FROM entry").Scan(&entries); err != nil {
		return err
	}
	if entries != batch.Head.Size {
		return fmt.Errorf("%w: its head is at %d, the entries end at %d", ErrUnfit, batch.Head.Size, entries)
	}
	const empty = `DELETE FROM head; DELETE FROM world; DELETE FROM nonce; DELETE FROM task; DELETE FROM tile;
		UPDATE stream SET live = 0, snapshot = NULL, last = coalesce((SELECT max(idx) FROM entry WHERE stream = stream.n), -1)`
	if _, err := w.conn.ExecContext(ctx, empty); err != nil {
		return err
	}
	h := batch.Head
	if _, err := w.conn.ExecContext(ctx, "INSERT INTO head VALUES (1, ?, ?, ?)", h.Size, h.Root[:], solid(h.Checkpoint)); err != nil {
		return err
	}
	if _, err := w.putStreams(ctx, batch); err != nil {
		return fmt.Errorf("streams: %w", err)
	}
	if err := w.putDerived(ctx, batch); err != nil {
		return err
	}
	return w.putBeside(ctx, batch)
}
