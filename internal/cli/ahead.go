package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ahead is what a command begins before it needs it: the newest checkpoint,
// checked as always, that its statement will name as seen.
type ahead struct {
	done chan struct{}
	cp   ledger.Checkpoint
	err  error
}

// foresee begins to ask for the newest checkpoint while the command reads what it
// shows. The next statement that names no other checkpoint waits for it. Only for
// commands that wait for nobody before they sign: it must be new. Stop ends it.
func (w *way) foresee(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{done: make(chan struct{})}
	w.early.Store(a)
	go func() {
		defer close(a.done)
		a.cp, a.err = w.client.Checkpoint(ctx)
	}()
	return func() {
		cancel()
		<-a.done
	}
}

// newest is the newest checkpoint: the one that was asked for ahead, once, and
// else a new one.
func (w *way) newest(ctx context.Context) (ledger.Checkpoint, error) {
	if a := w.early.Swap(nil); a != nil {
		<-a.done
		return a.cp, a.err
	}
	return w.client.Checkpoint(ctx)
}

// laid finds what has a digest on this machine; nil when it is not there whole.
func (m *member) laid(digest canon.Digest) []byte {
	data, err := os.ReadFile(m.besidePath(digest))
	if err != nil || canon.Sum(data) != digest {
		return nil
	}
	return data
}

// lay keeps what has a digest on this machine, readable by its owner. What could
// not be kept, or is cut short by a crash, is read from the server again.
func (m *member) lay(digest canon.Digest, data []byte) {
	if canon.Sum(data) != digest {
		return
	}
	path := m.besidePath(digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // readable by its owner alone
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if closed := f.Close(); err != nil || closed != nil || os.Rename(f.Name(), path) != nil {
		_ = os.Remove(f.Name())
	}
}

func (m *member) besidePath(digest canon.Digest) string {
	return filepath.Join(m.way.client.Folder(), "attachments", digest.String())
}

// collectSeldom lets the memory of a member's command grow before it is swept:
// the command is over sooner than that would pay. Whoever set GOGC or
// GOMEMLIMIT is obeyed.
func collectSeldom() {
	const percent, most = 800, 1 << 30
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(most) // beyond this it is swept as often as needed
	}
}
