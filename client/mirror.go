package client

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/ledger"
)

var (
	// ErrMirrored says that another program writes to the folder of a mirror.
	ErrMirrored = errors.New("another program mirrors to this folder")
	// ErrNoMirror says that a folder holds something else than a mirror.
	ErrNoMirror = errors.New("the folder holds something else than a mirror")
)

// lockFile is beside what ledger.OpenLog reads.
const lockFile = ".lock"

// graceMost is for how many checkpoints back the partial files stay, so that
// whoever reads the folder while it grows still finds them.
const graceMost = 16

// Mirror is a whole ledger in a folder, in the layout that ledger.OpenLog reads,
// which only grows. At every moment, killed or not, it is the ledger of the last
// checkpoint that it took. It is used by one caller at a time.
type Mirror struct {
	folder string
	anchor ledger.Anchor
	lock   *os.File
	held   *ledger.Log     // nil: nothing yet
	sizes  []int64         // of the last checkpoints, oldest first
	fresh  map[string]bool // folders in which names are not durable yet
}

// OpenMirror begins a mirror, or goes on with one as it was left, and keeps others
// from the folder until it is closed.
func OpenMirror(folder string, anchor ledger.Anchor) (_ *Mirror, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the mirror's folder: %w", err)
	}
	m := &Mirror{folder: folder, anchor: anchor, fresh: map[string]bool{}}
	if err := m.known(); err != nil {
		return nil, err
	}
	if m.lock, err = os.OpenFile(filepath.Join(folder, lockFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("cannot lock the mirror: %w", err)
	}
	if err = disk.Lock(m.lock, ErrMirrored); err == nil {
		err = m.resume()
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// known refuses a folder with anything in it that no mirror has.
func (m *Mirror) known() error {
	there, err := os.ReadDir(m.folder)
	if err != nil {
		return fmt.Errorf("cannot read the mirror's folder: %w", err)
	}
	for _, file := range there {
		switch name := file.Name(); name {
		case lockFile, ledger.CheckpointPath, "tile", "attachments", "notes":
		default:
			if !strings.HasPrefix(name, ".checkpoint.") {
				return fmt.Errorf("%w: %s", ErrNoMirror, filepath.Join(m.folder, name))
			}
		}
	}
	return nil
}

// resume opens what is held and takes away what a crash left beside it.
func (m *Mirror) resume() error {
	log, err := ledger.OpenLog(m, m.anchor)
	var fault *ledger.Fault
	switch {
	case errors.As(err, &fault) && fault.Class == ledger.ClassCheckpointMissing && errors.Is(err, fs.ErrNotExist):
		return nil // the first round was cut short, or never was
	case err != nil:
		return fmt.Errorf("cannot go on with the mirror: %w", err)
	}
	m.held, m.sizes = log, []int64{log.Checkpoint().Size}
	return filepath.WalkDir(m.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockFile {
			return err
		}
		return m.sweep(path)
	})
}

// Close lets others to the folder.
func (m *Mirror) Close() error { return m.lock.Close() }

// Follow has the mirror take checkpoints by the keys of an anchor: the same one, with
// ledger keys of which it was proved that they came after.
func (m *Mirror) Follow(anchor ledger.Anchor) { m.anchor = anchor }

// Held is the ledger that the mirror has; nil before the first checkpoint.
func (m *Mirror) Held() *ledger.Log { return m.held }

// ReadFile does what ledger.Source says.
func (m *Mirror) ReadFile(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(m.folder, filepath.FromSlash(path)))
}

// WriteFile does what ledger.Sink says. What if we crash here: the checkpoint goes
// last, when everything that it counts is durable; until then the old one counts,
// and what it counts is never changed.
func (m *Mirror) WriteFile(path string, data []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return fmt.Errorf("%s leads out of the folder", path)
	}
	if path == ledger.CheckpointPath {
		if err := m.settle(); err != nil {
			return err
		}
	}
	name := filepath.Join(m.folder, filepath.FromSlash(path))
	if there, err := m.ReadFile(path); err != nil || !bytes.Equal(there, data) {
		if err := writeFile(name, data, 0o600); err != nil {
			return err
		}
	}
	// Also of what is there already: whoever wrote it may have been killed before this.
	for folder := filepath.Dir(name); len(folder) >= len(filepath.Clean(m.folder)); folder = filepath.Dir(folder) {
		m.fresh[folder] = true
		if folder == filepath.Dir(folder) {
			break
		}
	}
	return nil
}

// settle makes the names of what was written durable.
func (m *Mirror) settle() error {
	for folder := range m.fresh {
		if err := disk.SyncFolder(folder); err != nil {
			return err
		}
	}
	clear(m.fresh)
	return nil
}

// Extend has the mirror go on to the checkpoint of an export, whose entries begin
// after the last that is held. Everything is checked, by hashes that are worked out
// here; when it is refused the mirror is what it was.
func (m *Mirror) Extend(from ledger.Export) error {
	if _, err := ledger.ExtendLog(m, m.held, m.anchor, from); err != nil {
		return err
	}
	if err := m.settle(); err != nil {
		return err
	}
	before := int64(0)
	if m.held != nil {
		before = m.held.Checkpoint().Size
	}
	log, err := ledger.OpenLog(m, m.anchor)
	if err != nil {
		return fmt.Errorf("cannot read back what was mirrored: %w", err)
	}
	m.held = log
	if size := log.Checkpoint().Size; size > before {
		m.sizes = append(m.sizes, size)
		m.sizes = m.sizes[max(0, len(m.sizes)-graceMost):]
	}
	return m.tidy(before)
}

// tidy takes away partial files that the last checkpoints do not count, among the
// tiles that grew since a size.
func (m *Mirror) tidy(since int64) error {
	size := m.held.Checkpoint().Size
	for level := ledger.BundleLevel; level == ledger.BundleLevel || size>>(8*level) > 0; level++ {
		height := 8 * (max(level, 0) + 1)
		first := max(0, since>>height-1) // the grace of one that is full now may be over only now
		for index := first; index <= size>>height; index++ {
			partial := ledger.TileName{Level: level, Index: index, Width: 1}
			there, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Join(m.folder, filepath.FromSlash(partial.Path()))), "*"))
			if err != nil {
				return err
			}
			for _, path := range there {
				if err := m.sweep(path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sweep takes one file away, if it is a partial one that none of the last
// checkpoints counts, or was never finished.
func (m *Mirror) sweep(path string) error {
	below, err := filepath.Rel(m.folder, path)
	if err != nil {
		return err
	}
	name, err := ledger.ParseTilePath(filepath.ToSlash(below))
	whole := err == nil && name.Width == ledger.TileWidth
	counted := err == nil && slices.ContainsFunc(m.sizes, func(size int64) bool {
		return size>>(8*max(name.Level, 0))-name.Index*ledger.TileWidth == int64(name.Width)
	})
	if whole || counted || err != nil && !strings.HasPrefix(filepath.Base(path), ".") {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot tidy the mirror: %w", err)
	}
	return nil
}
