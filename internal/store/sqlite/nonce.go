package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/ledger"
)

const (
	sweepEvery = 256 // nonces written
	sweepRows  = 4 * sweepEvery
)

// sweep forgets nonces that are past, a few rows at a time: a broom that goes
// round over the rows in the order of their keys, so that no append ever pays for
// many. It looks at four rows for each that is written, so that what is past and
// still there is never much more than a third of the others, however old the cell is.
type sweep struct {
	written int    // since the last time
	after   string // the broom stands behind this key
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
	// Where the broom stands next; past the last row there is nothing, and then it
	// begins anew.
	const bound = "SELECT key FROM nonce WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?"
	from, to := b.after, ""
	err = w.conn.QueryRowContext(ctx, bound, from, sweepRows).Scan(&to)
	if b.after = to; errors.Is(err, sql.ErrNoRows) {
		to, err = pastKeys, nil
	}
	if err != nil {
		return err
	}
	_, err = w.conn.ExecContext(ctx, "DELETE FROM nonce WHERE key > ? AND key <= ? AND expires <= ?", from, to, newest.At.Std().UnixMilli())
	return err
}

// pastKeys is after every key: keys are ASCII.
const pastKeys = "\x7f"
