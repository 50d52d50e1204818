//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package sqlite

import (
	"errors"
	"os"
)

// lock refuses: without it two processes could append to one ledger.
func lock(*os.File) error {
	return errors.ErrUnsupported
}
