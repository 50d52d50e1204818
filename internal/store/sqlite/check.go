package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/broker"
)

// ErrDamaged says that the file is damaged, or holds what no Append wrote.
var ErrDamaged = errors.New("the cell's file is damaged")

// Check looks at every page of the file and every row of its indexes, and whether
// the entries are as many as the head says. It does not judge what they say. It
// reads everything once and may run beside all else.
func (s *Store) Check(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot vouch for the cell in %s: %w", s.folder, err)
		}
	}()
	tx, err := s.readDB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	found, err := query(ctx, tx, "PRAGMA integrity_check(20)", func(rows *sql.Rows) (line string, err error) {
		return line, rows.Scan(&line)
	})
	if err != nil {
		return errors.Join(ErrDamaged, err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.Join(found, "; "))
	}
	return countEntries(ctx, tx)
}

func countEntries(ctx context.Context, tx *sql.Tx) error {
	var h broker.Head
	h, err := scanHead(tx.QueryRowContext(ctx, selectHead))
	if err != nil {
		return errors.Join(ErrDamaged, err)
	}
	var entries, last int64
	if err := tx.QueryRowContext(ctx, "SELECT count(*), coalesce(max(idx), -1) FROM entry").Scan(&entries, &last); err != nil {
		return err
	}
	if entries != h.Size || last != h.Size-1 {
		return fmt.Errorf("%w: the head is at %d, there are %d entries and the last is %d", ErrDamaged, h.Size, entries, last)
	}
	return nil
}
