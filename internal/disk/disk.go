package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Lock holds a file until it is closed or the process ends, however it ends. It
// does not wait: when somebody else holds the file it gives held. Systems on which
// a lock would not end with its process refuse with errors.ErrUnsupported.
func Lock(file *os.File, held error) error { return lock(file, held) }

// Replace puts a file with these bytes and this mode in the place of whatever is
// there. After nil it is durable; after an error either the old or the new is
// there, whole, and neither is sure to last.
func Replace(path string, data []byte, mode fs.FileMode) error {
	return put(path, data, mode, os.Rename)
}

// Create is Replace of nothing: it fails with fs.ErrExist when something is there.
func Create(path string, data []byte, mode fs.FileMode) error {
	return put(path, data, mode, func(from, to string) error {
		return errors.Join(os.Link(from, to), os.Remove(from)) // unlike Rename, never over another
	})
}

func put(path string, data []byte, mode fs.FileMode, move func(from, to string) error) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	// What if we crash here: the old one stands, and nobody was told of the new.
	if err := move(f.Name(), path); err != nil {
		if removed := os.Remove(f.Name()); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
		return err
	}
	// What if we crash here: either stands after the crash.
	return SyncFolder(folder)
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
