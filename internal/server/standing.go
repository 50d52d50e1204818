package server

import (
	"context"

	"github.com/halligan-dev/halligan/internal/store/sqlite"
)

// ErrLocked says that another process has the store open.
var ErrLocked = sqlite.ErrLocked

// StorePath is the file that a data folder keeps its ledger in.
func StorePath(folder string) string { return sqlite.Path(folder) }

// StandingStore opens the store of a server that does not run, to be read. It
// fails with ErrLocked while one does.
func StandingStore(folder string) (*sqlite.Store, error) {
	return sqlite.Open(folder, sqlite.Options{Reserve: -1})
}

// CopyStore copies a store, whether its server runs or not, into another folder.
func CopyStore(ctx context.Context, folder, to string) error { return sqlite.Copy(ctx, folder, to) }
