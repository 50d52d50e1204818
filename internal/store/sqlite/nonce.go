package sqlite

import (
	"context"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/ledger"
)

const (
	sweepEvery = 256 // nonces written
	sweepRows  = 4 * sweepEvery
)

// sweep forgets nonces that are past, a few rows at a time: a broom that goes
// round over the order of their arrival, so that no append ever pays for many.
type sweep struct {
	written int   // since the last time
	after   int64 // the broom stands behind this row
}

// run sweeps when enough nonces were written. Memos are past when they expired
// before the newest entry was recorded; recorded time never goes back.
func (b *sweep) run(ctx context.Context, w *writer, batch broker.Batch) error {
	b.written += len(batch.Memos)
	if b.written < sweepEvery || len(batch.Entries) == 0 {
		return nil
	}
	b.written = 0
	newest, err := ledger.DecodeEntry(batch.Entries[len(batch.Entries)-1].Body)
	if err != nil {
		return nil // no time, nothing is past; what an entry must be is not for the store to say
	}
	var first, last int64
	// Each end by a query of its own: both in one would read the whole table.
	const ends = "SELECT coalesce((SELECT min(seq) FROM nonce), 0), coalesce((SELECT max(seq) FROM nonce), 0)"
	if err := w.conn.QueryRowContext(ctx, ends).Scan(&first, &last); err != nil {
		return err
	}
	from := max(b.after, first-1)
	if from >= last {
		from = first - 1
	}
	b.after = from + sweepRows
	_, err = w.conn.ExecContext(ctx, "DELETE FROM nonce WHERE seq > ? AND seq <= ? AND expires <= ?",
		from, b.after, newest.At.Std().UnixMilli())
	return err
}
