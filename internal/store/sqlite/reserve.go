package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	msqlite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// DefaultReserve is the space in bytes that a store keeps for the hour in which
// the disk is full, and stopping and closing must still be recorded.
const DefaultReserve = 64 << 20

// Space tells what became of the reserve.
type Space int

const (
	// SpaceFreed says that the disk is full and that the reserve was given up:
	// the append that found out goes on, but room must be made soon.
	SpaceFreed Space = iota + 1
	// SpaceGone says that the disk is full and that there is no reserve left:
	// nothing can be recorded until room is made.
	SpaceGone
	// SpaceBack says that the reserve is there again.
	SpaceBack
)

// reserve is a file of real blocks that is deleted when they are needed.
type reserve struct {
	folder string
	size   int64
	held   bool
	tell   func(Space)
}

func (r *reserve) path() string { return filepath.Join(r.folder, "reserve") }

// take makes the file if there is room for it and as much again. No room is no
// error: the store works without a reserve.
func (r *reserve) take() (bool, error) {
	if r.held || r.size <= 0 {
		return false, nil
	}
	info, err := os.Stat(r.path())
	if err == nil && info.Size() == r.size {
		r.held = true
		return true, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if room, err := free(r.folder); err == nil && room < 2*r.size {
		return false, nil
	}
	// Under another name until it is whole: a file of the right size has its blocks.
	half := r.path() + ".new"
	if err := writeBlocks(half, r.size); err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			err = nil
		}
		return false, errors.Join(err, os.Remove(half))
	}
	if err := os.Rename(half, r.path()); err != nil {
		return false, err
	}
	r.held = true
	return true, nil
}

func writeBlocks(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(allocate(file, size), file.Close())
}

// fill writes size bytes, in pieces.
func fill(file *os.File, size int64) error {
	piece := make([]byte, 1<<20)
	for size > 0 {
		n := min(size, int64(len(piece)))
		if _, err := file.Write(piece[:n]); err != nil {
			return err
		}
		size -= n
	}
	return file.Sync()
}

// spend gives the space up and tells whether there was any.
func (r *reserve) spend() bool {
	if !r.held {
		r.say(SpaceGone)
		return false
	}
	r.held = false
	if err := os.Remove(r.path()); err != nil {
		r.say(SpaceGone)
		return false
	}
	r.say(SpaceFreed)
	return true
}

// restore takes the space back once there is room. It costs one system call
// while it is missing and nothing else.
func (r *reserve) restore() {
	if r.held || r.size <= 0 {
		return
	}
	if back, err := r.take(); err == nil && back {
		r.say(SpaceBack)
	}
}

func (r *reserve) say(what Space) {
	if r.tell != nil && r.size > 0 {
		r.tell(what)
	}
}

// isFull tells whether SQLite failed for want of space: writing a file, or
// growing the shared memory of the WAL.
func isFull(err error) bool {
	return code(err) == lib.SQLITE_FULL || code(err) == lib.SQLITE_IOERR_SHMSIZE
}

// code is SQLite's extended result code, zero if the error is not SQLite's.
func code(err error) int {
	var failed *msqlite.Error
	if !errors.As(err, &failed) {
		return lib.SQLITE_OK
	}
	return failed.Code()
}
