package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// TestWALIsCopiedBeside: what appends wrote gets into the file without one of them
// having to copy it, the WAL does not grow with all that was ever written, and what
// is read is the same before, meanwhile and after.
func TestWALIsCopiedBeside(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	s, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	size := func(name string) int64 {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	const pieces, piece = 80, 512 << 10 // half of them are more than the copier waits for
	for n := range pieces {
		on := log.Head()
		if err := s.Append(t.Context(), on, heavy(log, n)); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(time.Minute); n%40 == 39 && size("cell.db") < int64(n)*piece/2; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("after %d appends the file has %d bytes", n+1, size("cell.db"))
			}
		}
	}
	if wal := size("cell.db-wal"); wal > pieces*piece {
		t.Errorf("the WAL has %d bytes, after %d were written", wal, pieces*piece)
	}
	if err := errors.Join(storetest.Verify(t.Context(), s), s.Check(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if s, err = sqlite.Open(folder, sqlite.Options{Reserve: -1}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(storetest.Verify(t.Context(), s), s.Close()); err != nil {
		t.Error(err)
	}
}
