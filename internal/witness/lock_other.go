//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package witness

import (
	"errors"
	"os"
)

// lock refuses: without it two witnesses could sign two histories.
func lock(*os.File) error { return errors.ErrUnsupported }
