//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package disk

import (
	"errors"
	"os"
)

// lock refuses: two processes would each take the file for theirs.
func lock(*os.File, error) error { return errors.ErrUnsupported }
