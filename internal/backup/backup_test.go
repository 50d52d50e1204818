package backup_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/backup"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestUnpack gives back what was packed, and nothing when a byte was changed, the
// end was cut off or somebody else's key is used.
func TestUnpack(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	other, err := age.GenerateX25519Identity()
	must(t, err)
	path := filepath.Join(t.TempDir(), "in")
	must(t, os.WriteFile(path, bytes.Repeat([]byte("halligan"), 20_000), 0o600))
	var packed bytes.Buffer
	must(t, backup.Pack(&packed, []backup.File{{Name: "a/b", Path: path}}, key.Recipient()))
	whole := packed.Bytes()
	changed := bytes.Clone(whole)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]struct {
		file []byte
		by   age.Identity
		ok   bool
	}{
		"whole":         {whole, key, true},
		"changed":       {changed, key, false},
		"cut off":       {whole[:len(whole)-300], key, false},
		"somebody else": {whole, other, false},
	} {
		t.Run(name, func(t *testing.T) {
			to := t.TempDir()
			n, err := backup.Unpack(bytes.NewReader(c.file), to, c.by)
			if (err == nil) != c.ok {
				t.Fatalf("Unpack = %d, %v", n, err)
			}
			if got, err := os.ReadFile(filepath.Join(to, "a", "b")); c.ok && (err != nil || len(got) != 160_000) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// TestUnpackStaysBelow: an archive that somebody else made writes nowhere else.
func TestUnpackStaysBelow(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	for _, h := range []tar.Header{
		{Name: "../out", Typeflag: tar.TypeReg},
		{Name: "/out", Typeflag: tar.TypeReg},
		{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/"},
	} {
		var file bytes.Buffer
		w, err := age.Encrypt(&file, key.Recipient())
		must(t, err)
		archive := tar.NewWriter(w)
		must(t, archive.WriteHeader(&h))
		must(t, errors.Join(archive.Close(), w.Close()))
		if _, err := backup.Unpack(&file, t.TempDir(), key); !errors.Is(err, backup.ErrRefused) {
			t.Errorf("%s: Unpack = %v", h.Name, err)
		}
	}
}
