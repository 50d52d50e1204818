//go:build linux || darwin || freebsd

package sqlite

import "syscall"

// free is the number of bytes that the file system of the folder has left for us.
func free(folder string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}
