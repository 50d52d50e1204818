//go:build !linux

package host

import (
	"errors"
	"os"
	"syscall"
)

const supported = false

var errPlatform = errors.New("cannot run here: halligan-host works on Linux only")

func sendSignal(proc, birth, syscall.Signal) error { return errPlatform }

func lock(string) (*os.File, error) { return nil, errPlatform }

func ownedByRoot(string) error { return errPlatform }
