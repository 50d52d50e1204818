package server_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/server"
)

// TestMakeLedgerKey: another key lies beside those that are there, readable by its
// owner alone, is found by its public half, and is not held once it is gone, open to
// others, or another's.
func TestMakeLedgerKey(t *testing.T) {
	const origin = "halligan.example.com"
	folder := t.TempDir()
	if _, _, err := server.MakeLedgerKey(folder, origin); err == nil {
		t.Error("a key was made in a folder that has none")
	}
	if _, err := server.MakeKeys(folder, origin); err != nil {
		t.Fatal(err)
	}
	vkey, path, err := server.MakeLedgerKey(folder, origin)
	if err != nil {
		t.Fatal(err)
	}
	other, otherPath, err := server.MakeLedgerKey(folder, origin)
	if err != nil || other == vkey || otherPath == path {
		t.Fatalf("a second one: %s in %s, %v", other, otherPath, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(vkey, origin+"+") {
		t.Errorf("%s has mode %v, %v", vkey, info, err)
	}
	keys, err := server.OpenKeys(folder)
	if err != nil || keys.Ledger == nil {
		t.Fatal(err)
	}
	held := func(vkey string) bool { return keys.LedgerKey(vkey) != nil }
	if !held(vkey) || !held(other) {
		t.Error("a key that is there is not found")
	}
	for _, wrong := range []string{"", origin, origin + "+../../x+AA==", strings.Replace(vkey, origin, "other.example.com", 1), vkey[:len(vkey)-4] + "AAA="} {
		if held(wrong) {
			t.Errorf("%q is held", wrong)
		}
	}
	for _, c := range []struct {
		name  string
		spoil func() error
	}{
		{"readable by others", func() error { return os.Chmod(path, 0o644) }},
		{"another key in it", func() error {
			data, err := os.ReadFile(otherPath)
			return errors.Join(err, os.Remove(path), os.WriteFile(path, data, 0o600))
		}},
		{"gone", func() error { return os.Remove(path) }},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		if held(vkey) {
			t.Errorf("%s: it is held", c.name)
		}
	}
	// The first key may be put away; whether it is needed, the ledger says.
	if err := os.Remove(filepath.Join(folder, "ledger.key")); err != nil {
		t.Fatal(err)
	}
	if keys, err = server.OpenKeys(folder); err != nil || keys.Ledger != nil {
		t.Errorf("without the first key: %v", err)
	}
}
