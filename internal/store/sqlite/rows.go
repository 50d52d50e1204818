package sqlite

import (
	"context"
	"database/sql"
)

// rowsAtOnce is how many rows one statement writes when there are as many.
const rowsAtOnce = 16

// rows writes rows of a table one by one, and rowsAtOnce of them in one statement:
// the way to SQLite and back is a good part of what a row costs.
type rows struct{ one, many *sql.Stmt }

// put writes n rows in order. Row appends the values of one to args.
func (r rows) put(ctx context.Context, n int, row func(i int, args []any) []any) error {
	var args []any
	for i := 0; i < n; {
		stmt, some := r.one, 1
		if n-i >= rowsAtOnce {
			stmt, some = r.many, rowsAtOnce
		}
		args = args[:0]
		for range some {
			args = row(i, args)
			i++
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}
