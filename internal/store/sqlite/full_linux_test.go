package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// smallDisk mounts a file system of so many MiB.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	place := t.TempDir()
	if err := syscall.Mount("halligan-test", place, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("skipped: cannot mount a small file system (%v); it takes root", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(place, 0); err != nil {
			t.Errorf("cannot unmount: %v", err)
		}
	})
	return place
}

// TestDiskFull fills the disk. The append that finds it full gives up the reserve
// and goes on; later ones fail cleanly once that is used up, and reading goes on;
// when there is room again, so do the appends, and the reserve is back.
func TestDiskFull(t *testing.T) {
	place := smallDisk(t, 32)
	ballast := filepath.Join(place, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 14<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var told []sqlite.Space
	s, err := sqlite.Open(filepath.Join(place, "cell"), sqlite.Options{Reserve: 4 << 20, Space: func(what sqlite.Space) { told = append(told, what) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	acked, freedAt := fillUp(t, s, log, &told)
	if !slices.Equal(told, []sqlite.Space{sqlite.SpaceFreed, sqlite.SpaceGone}) {
		t.Errorf("told %v, want freed, then gone", told)
	}
	if acked <= freedAt {
		t.Error("no append went on in the space that was reserved")
	}
	for range 2 { // still full: fails, says so, and leaves nothing
		on := log.Head()
		if err := s.Append(t.Context(), on, heavy(log.Clone(), acked)); err == nil {
			t.Fatal("Append = nil on a full disk")
		}
	}
	if err := storetest.Verify(t.Context(), s); err != nil {
		t.Errorf("what a full disk holds: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	told = nil
	on := log.Head()
	if err := s.Append(t.Context(), on, heavy(log, acked)); err != nil {
		t.Fatalf("Append with room again: %v", err)
	}
	if !slices.Equal(told, []sqlite.Space{sqlite.SpaceBack}) {
		t.Errorf("told %v, want back", told)
	}
	if info, err := os.Stat(filepath.Join(place, "cell", "reserve")); err != nil || info.Size() != 4<<20 || info.Sys().(*syscall.Stat_t).Blocks < 4<<11 {
		t.Errorf("the reserve is not back: %v, %v", info, err)
	}
	if err := errors.Join(storetest.Verify(t.Context(), s), s.Check(t.Context())); err != nil {
		t.Error(err)
	}
}

// fillUp appends until that fails, and gives how many were acknowledged and after
// how many the reserve was given up.
func fillUp(t *testing.T, s *sqlite.Store, log *storetest.Log, told *[]sqlite.Space) (acked, freedAt int) {
	t.Helper()
	for {
		on, before := log.Head(), log.Clone()
		b := heavy(log, acked)
		if err := s.Append(t.Context(), on, b); err != nil {
			*log = *before
			state, err := s.Load(t.Context())
			if err != nil {
				t.Fatalf("Load on a full disk: %v", err)
			}
			if state.Head.Size != on.Size || state.Head.Root != on.Root {
				t.Fatalf("the head is at %d after an append on %d failed", state.Head.Size, on.Size)
			}
			return acked, freedAt
		}
		if len(*told) == 0 {
			freedAt = acked + 1
		}
		acked++
		if _, err := s.Attachment(t.Context(), canon.Sum(b.Attachments[0])); err != nil {
			t.Fatal(err)
		}
		if acked > 200 {
			t.Fatal("the disk does not fill up")
		}
	}
}

func TestReserve(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	for range 2 { // made, then found
		s, err := sqlite.Open(folder, sqlite.Options{Reserve: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(folder, "reserve"))
		if err != nil || info.Size() != 1<<20 || info.Sys().(*syscall.Stat_t).Blocks < 1<<11 {
			t.Errorf("the reserve is %v, %v; want 1 MiB of real blocks", info, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	full := smallDisk(t, 3)
	s, err := sqlite.Open(filepath.Join(full, "cell"), sqlite.Options{Reserve: 2 << 20})
	if err != nil {
		t.Fatalf("Open without room for a reserve: %v", err)
	}
	if _, err := os.Stat(filepath.Join(full, "cell", "reserve")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a reserve that leaves no room: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestOpenOnFullDisk starts after a crash on a disk that is full: there is a WAL to
// copy back, and the reserve pays for it.
func TestOpenOnFullDisk(t *testing.T) {
	place := smallDisk(t, 24)
	folder := filepath.Join(place, "cell")
	opts := sqlite.Options{Reserve: 4 << 20}
	s, err := sqlite.Open(folder, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := helper("append", folder, 60).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ballast, err := os.Create(filepath.Join(place, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer ballast.Close()
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	var told []sqlite.Space
	opts.Space = func(what sqlite.Space) { told = append(told, what) }
	if s, err = sqlite.Open(folder, opts); err != nil {
		t.Fatalf("Open on a full disk: %v", err)
	}
	defer s.Close()
	if !slices.Equal(told, []sqlite.Space{sqlite.SpaceFreed}) {
		t.Errorf("told %v, want freed", told)
	}
	if err := storetest.Verify(t.Context(), s); err != nil {
		t.Error(err)
	}
	if head, err := s.Head(t.Context()); err != nil || head.Size < 60 {
		t.Errorf("the head is at %d, %v", head.Size, err)
	}
}
