package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// Copy writes what the folder's cell has committed to a folder of its own, which
// must be there and be empty. It takes no lock: a server may have the cell open
// and go on meanwhile.
func Copy(ctx context.Context, folder, to string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot copy the cell in %s: %w", folder, err)
		}
	}()
	path, err := filepath.Abs(filepath.Join(folder, file))
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path)+"&mode=rw") // never makes one
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", filepath.Join(to, file))
	return errors.Join(err, db.Close())
}
