//go:build !linux

package sqlite

import "os"

// allocate gives the file real blocks by writing them.
func allocate(file *os.File, size int64) error { return fill(file, size) }
