package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/internal/disk"
)

// only demands that a folder has one file, with these bytes and this mode.
func only(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != want {
		t.Errorf("%s holds %q (%v), want %q", path, data, err, want)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != mode {
		t.Errorf("%s: %v, mode %v, want %v", path, err, info.Mode(), mode)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
		t.Errorf("beside it lie %v (%v)", all, err)
	}
}

func TestReplaceAndCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := disk.Create(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	only(t, path, "first", 0o600)
	if err := disk.Create(path, []byte("second"), 0o644); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v, want fs.ErrExist", err)
	}
	only(t, path, "first", 0o600)
	if err := disk.Replace(path, []byte("third"), 0o644); err != nil {
		t.Fatal(err)
	}
	only(t, path, "third", 0o644)

	// What cannot be put in place leaves nothing behind.
	folder := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(folder, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if disk.Replace(folder, []byte("x"), 0o600) == nil {
		t.Error("a file replaced a folder that is not empty")
	}
	if all, _ := os.ReadDir(filepath.Dir(folder)); len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
	if err := disk.Replace(filepath.Join(folder, "none", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
}

func TestLockIsHeldByOne(t *testing.T) {
	held := errors.New("held")
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, second := open(), open()
	defer second.Close()
	err := disk.Lock(first, held)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no locks that end with their process here")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Lock(second, held); !errors.Is(err, held) {
		t.Errorf("a second holder: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := disk.Lock(second, held); err != nil {
		t.Errorf("after it was let go: %v", err)
	}
}
