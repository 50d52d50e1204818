package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// allocate gives the file real blocks. Where the file system cannot do that
// without writing, it writes.
func allocate(file *os.File, size int64) error {
	for {
		err := syscall.Fallocate(int(file.Fd()), 0, 0, size)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOSYS):
			return fill(file, size)
		default:
			return err
		}
	}
}
