package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// fileLimit is the length in bytes of the longest file of a log: a bundle of 256
// entries of the greatest length.
const fileLimit = ledger.TileWidth*(2+ledger.MaxEntry) + 1

// Directory is a ledger.Source of the files below one folder. Links that lead out
// of it are not followed. It is safe for concurrent use.
type Directory struct{ root *os.Root }

// OpenDirectory opens a folder; Close it after use.
func OpenDirectory(path string) (*Directory, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Directory{root}, nil
}

// ReadFile reads the file at a slash-separated path below the folder.
func (d *Directory) ReadFile(path string) ([]byte, error) {
	f, err := d.root.Open(filepath.FromSlash(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, newFault(ClassEncoding, path, "it is not a regular file")
	case info.Size() > fileLimit:
		return nil, newFault(ClassEncoding, path, "it has %d bytes, no file of a log has over %d", info.Size(), fileLimit)
	}
	data := make([]byte, info.Size())
	_, err = io.ReadFull(f, data)
	return data, err
}

// Close gives the folder back.
func (d *Directory) Close() error { return d.root.Close() }

// Path verifies what lies at a path: a whole log if it is a folder, partial
// evidence if it is a file. An error says that it could not be read at all, or
// that the check was interrupted.
func Path(ctx context.Context, path string, anchor ledger.Anchor, opts Options) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		dir, err := OpenDirectory(path)
		if err != nil {
			return nil, err
		}
		report, err := Log(ctx, dir, anchor, opts)
		return report, errors.Join(err, dir.Close())
	}
	data, err := ReadLimited(path, PartialLimit)
	if err != nil {
		return nil, err
	}
	return Partial(ctx, anchor, data, opts)
}

// ReadLimited reads a file of at most limit bytes.
func ReadLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has over %d bytes", path, limit)
	}
	return data, err
}
