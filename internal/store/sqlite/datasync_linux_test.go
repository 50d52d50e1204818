package sqlite_test

import (
	"os"
	"syscall"
)

// datasync waits until the disk has the file's bytes and its length.
func datasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
