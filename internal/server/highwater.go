package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// highWater is the highest size and root that this server ever signed, kept
// outside of the database: a database that is brought back from an older copy
// shows by it.
type highWater struct {
	path   string
	newest atomic.Pointer[mark]
}

// mark is what the file says.
type mark struct {
	Root canon.Digest `json:"root"`
	Size int64        `json:"size"`
}

// markEvery is how often the file is written while the ledger grows.
const markEvery = time.Second

// ErrOlder says that the database knows less than this server has signed.
var ErrOlder = errors.New("the ledger is older than what this server has signed before")

// check compares the database with the mark. It must be called before anything
// is signed.
func (h *highWater) check(ctx context.Context, log broker.LogReader, rootAt func(int64) (canon.Digest, error)) error {
	m, err := readMark(h.path)
	if err != nil || m.Size == 0 {
		return err
	}
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	if head.Size < m.Size {
		return fmt.Errorf("%w: it ends at %d, %s says %d; an older copy was brought back, and going on would sign a second history", ErrOlder, head.Size, h.path, m.Size)
	}
	root, err := rootAt(m.Size)
	if err != nil {
		return err
	}
	if root != m.Root {
		return fmt.Errorf("%w: at size %d it has another root than %s says", ErrOlder, m.Size, h.path)
	}
	return nil
}

// readMark reads the file; a zero mark when there is none.
func readMark(path string) (m mark, err error) {
	data, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err == nil {
		err = canon.Decode(data, 1000, &m)
	}
	if err != nil {
		return mark{}, fmt.Errorf("cannot read the high-water mark %s: %w", path, err)
	}
	return m, nil
}

// Committed is broker.Follower: it notes where the ledger is.
func (h *highWater) Committed(w *cell.World, _ []cell.Recorded) {
	newest := w.Newest()
	h.newest.Store(&mark{Root: newest.Root, Size: newest.Size})
}

// run writes the mark while the ledger grows, and once more at the end.
func (h *highWater) run(ctx context.Context) error {
	tick := time.NewTicker(markEvery)
	defer tick.Stop()
	var written mark
	for {
		select {
		case <-ctx.Done():
			return h.write(&written)
		case <-tick.C:
			if err := h.write(&written); err != nil {
				return err
			}
		}
	}
}

func (h *highWater) write(written *mark) error {
	m := h.newest.Load()
	if m == nil || m.Size == 0 || *m == *written {
		return nil
	}
	next := filepath.Join(filepath.Dir(h.path), "."+filepath.Base(h.path)+".new")
	if err := os.WriteFile(next, canon.MustEncode(m), 0o600); err != nil {
		return fmt.Errorf("cannot write the high-water mark: %w", err)
	}
	if err := os.Rename(next, h.path); err != nil {
		return fmt.Errorf("cannot write the high-water mark: %w", err)
	}
	*written = *m
	return nil
}
