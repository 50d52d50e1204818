package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// highWater is the highest size and root that this server ever signed, and where
// the streams that were not over ended then, kept outside of the database: a
// database that is brought back from an older copy shows by it, and so does one
// in which the newest entries of a stream were hidden.
type highWater struct {
	path string

	mu     sync.Mutex
	newest mark
}

// mark is what the file says. Live has the newest entry of the cell's stream and
// of every request that was not settled; nil when a version wrote the file that
// did not keep it.
type mark struct {
	Live map[string]int64 `json:"live,omitempty"`
	Root canon.Digest     `json:"root"`
	Size int64            `json:"size"`
}

// markLimit bounds the file: a stream takes some 80 bytes.
const markLimit = 64 << 20

// markEvery is how often the file is written while the ledger grows.
const markEvery = time.Second

// ErrOlder says that the database knows less than this server has signed.
var ErrOlder = errors.New("the ledger is older than what this server has signed before")

// check compares the database with the mark, and gives it. It must be called
// before anything is signed.
func (h *highWater) check(ctx context.Context, log broker.LogReader, rootAt func(int64) (canon.Digest, error)) (mark, error) {
	m, err := readMark(h.path)
	if err != nil || m.Size == 0 {
		return m, err
	}
	head, err := log.Head(ctx)
	if err != nil {
		return m, err
	}
	if head.Size < m.Size {
		return m, fmt.Errorf("%w: it ends at %d, %s says %d; an older copy was brought back, and going on would sign a second history", ErrOlder, head.Size, h.path, m.Size)
	}
	root, err := rootAt(m.Size)
	if err == nil && root != m.Root {
		err = fmt.Errorf("%w: at size %d it has another root than %s says", ErrOlder, m.Size, h.path)
	}
	return m, err
}

// readMark reads the file; a zero mark when there is none.
func readMark(path string) (m mark, err error) {
	data, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err == nil {
		err = canon.Decode(data, markLimit, &m)
	}
	if err != nil {
		return mark{}, fmt.Errorf("cannot read the high-water mark %s: %w", path, err)
	}
	return m, nil
}

// Committed is broker.Follower: it notes where the ledger is.
func (h *highWater) Committed(w *cell.World, recorded []cell.Recorded) {
	h.mu.Lock()
	defer h.mu.Unlock()
	newest := w.Newest()
	h.newest.Size, h.newest.Root = newest.Size, newest.Root
	if recorded == nil || h.newest.Live == nil {
		h.newest.Live = map[string]int64{}
		for id := range w.Requests {
			h.note(w, cell.StreamOf(id))
		}
	}
	for _, r := range recorded {
		h.note(w, r.Outcome.Stream)
	}
	h.note(w, cell.StreamCell)
}

// note takes down where a stream ends, or strikes it out.
func (h *highWater) note(w *cell.World, stream string) {
	id, ofRequest := cell.RequestOf(stream)
	last, begun := w.Last[stream]
	switch {
	case stream == cell.StreamCell && begun, ofRequest && w.Requests[id] != nil && !w.Requests[id].AtRest():
		h.newest.Live[stream] = last
	case ofRequest:
		delete(h.newest.Live, stream)
	}
}

// run writes the mark at once, while the ledger grows, and once more at the end.
func (h *highWater) run(ctx context.Context) error {
	tick := time.NewTicker(markEvery)
	defer tick.Stop()
	var written mark
	if err := h.write(&written); err != nil { // who is killed at once leaves a mark too
		return err
	}
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
	h.mu.Lock()
	m := h.newest
	same := m.Size == 0 || m.Size == written.Size && m.Root == written.Root
	if !same {
		m.Live = maps.Clone(m.Live) // encoding thousands would keep the decider waiting
	}
	h.mu.Unlock()
	if same {
		return nil
	}
	next := filepath.Join(filepath.Dir(h.path), "."+filepath.Base(h.path)+".new")
	if err := os.WriteFile(next, canon.MustEncode(&m), 0o600); err != nil {
		return fmt.Errorf("cannot write the high-water mark: %w", err)
	}
	if err := os.Rename(next, h.path); err != nil {
		return fmt.Errorf("cannot write the high-water mark: %w", err)
	}
	*written = m
	return nil
}
