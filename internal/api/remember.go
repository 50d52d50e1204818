package api

import (
	"errors"
	"io/fs"
	"os"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/disk"
)

// recall reads what keep wrote into a file; where there is no file, or no path, that
// is nothing.
func recall[T any](path string, most int) (list []T, err error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = canon.Decode(data, most, &list)
	}
	return list, err
}

// keep puts a list into a file in place of what was there, for the next start; where
// there is no path, nothing is kept.
func keep[T any](path string, list []T) error {
	if path == "" {
		return nil
	}
	data, err := canon.Encode(list)
	if err != nil {
		return err
	}
	return disk.Replace(path, data, 0o600)
}
