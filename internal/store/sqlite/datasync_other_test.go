//go:build !linux

package sqlite_test

import "os"

// datasync waits until the disk has the file.
func datasync(f *os.File) error { return f.Sync() }
