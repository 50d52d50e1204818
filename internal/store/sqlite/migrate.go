package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID stands in the file's header, so that file(1) and we can tell a
// cell from another program's database: "hlgn".
const applicationID = 0x686c676e

// ErrForeign says that the file is not a cell that this version can read: another
// program's, a newer version's, or one whose migrations are not ours.
var ErrForeign = errors.New("not a cell of this version")

const migrationTable = `CREATE TABLE IF NOT EXISTS migration (
	number INTEGER PRIMARY KEY,
	name   TEXT NOT NULL,
	sha256 BLOB NOT NULL
) STRICT`

// migrate brings the file forward to this version, in one transaction. There is
// no way back: an older version refuses a newer file.
func migrate(ctx context.Context, conn *sql.Conn) (err error) {
	if _, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, failed := conn.ExecContext(ctx, "ROLLBACK")
			err = errors.Join(err, failed)
		}
	}()
	if err := claim(ctx, conn); err != nil {
		return err
	}
	done, err := applied(ctx, conn)
	if err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	if len(done) > len(names) {
		return fmt.Errorf("%w: it has %d migrations, this version knows %d", ErrForeign, len(done), len(names))
	}
	for i, name := range names {
		var had []byte
		if i < len(done) {
			had = done[i]
		}
		if err := (migration{i + 1, name}).step(ctx, conn, had); err != nil {
			return fmt.Errorf("%s: %w", path.Base(name), err)
		}
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}

// claim refuses a file of another program and marks an empty one as ours.
func claim(ctx context.Context, conn *sql.Conn) error {
	var id, tables int64
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	switch {
	case id == applicationID:
	case id != 0 || tables != 0:
		return fmt.Errorf("%w: application id %#x, %d tables", ErrForeign, id, tables)
	default:
		if _, err := conn.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(applicationID)); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, migrationTable)
	return err
}

// applied gives the digests of the migrations that the file has had, in order.
func applied(ctx context.Context, conn *sql.Conn) ([][]byte, error) {
	rows, err := conn.QueryContext(ctx, "SELECT number, sha256 FROM migration ORDER BY number")
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (sum []byte, err error) {
		var number int64
		return sum, rows.Scan(&number, &sum)
	})
}

// migration is one file of migrations/; they are numbered from 1.
type migration struct {
	number int
	name   string
}

// step runs the migration; if the file had it before, it insists that it was this
// text whose digest was written down then.
func (m migration) step(ctx context.Context, conn *sql.Conn, had []byte) error {
	base := path.Base(m.name)
	if !strings.HasPrefix(base, fmt.Sprintf("%04d_", m.number)) {
		return fmt.Errorf("migration %d is missing", m.number)
	}
	text, err := migrations.ReadFile(m.name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	if had != nil {
		if !bytes.Equal(had, sum[:]) {
			return fmt.Errorf("%w: it was migrated by another text", ErrForeign)
		}
		return nil
	}
	if _, err := conn.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "INSERT INTO migration VALUES (?, ?, ?)", m.number, base, sum[:])
	return err
}
