//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package client

import (
	"errors"
	"os"
)

// lock refuses: without it two mirrors could take each other's files away.
func lock(*os.File) error { return errors.ErrUnsupported }
