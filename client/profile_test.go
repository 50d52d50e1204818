package client_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func sample(t testing.TB) client.Profile {
	t.Helper()
	return client.Profile{
		URL: "https://cell.example.com:7878", ServerKey: canon.Sum([]byte("key")).String(), Person: "ann", Key: "id_ed25519",
		Anchor: ledger.Anchor{
			Origin: celltest.Origin, Genesis: ledger.Hash(canon.Sum([]byte("genesis"))), Witnesses: ledger.NoWitnesses,
		},
	}
}

func encoded(t testing.TB, p client.Profile) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profile.json")
	must(t, p.Save(path))
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// good is a sample whose ledger key is a real one.
func good(t testing.TB) client.Profile {
	t.Helper()
	p := sample(t)
	p.Anchor.LedgerKeys = []string{newKeys(t).public}
	return p
}

func TestProfileKeepsWhatItIs(t *testing.T) {
	p := good(t)
	data := encoded(t, p)
	got, err := client.DecodeProfile(data)
	must(t, err)
	if diff := cmp.Diff(p, got); diff != "" {
		t.Error(diff)
	}
	spaced := strings.ReplaceAll(string(data), ",", ",\n  ") + "\n"
	if _, err := client.DecodeProfile([]byte(spaced)); err != nil {
		t.Errorf("edited by hand: %v", err)
	}
	text := string(data)
	for what, bad := range map[string]string{
		"unknown member":   strings.Replace(text, `{`, `{"insecure":true,`, 1),
		"in the anchor":    strings.Replace(text, `"anchor":{`, `"anchor":{"x":1,`, 1),
		"twice":            strings.Replace(text, `"person":"ann"`, `"person":"ann","person":"sam"`, 1),
		"no person":        strings.Replace(text, `"person":"ann",`, ``, 1),
		"no anchor":        `{"profile":"v1","url":"https://a.example.com","server_key":"` + p.ServerKey + `","person":"ann"}`,
		"http":             strings.Replace(text, "https://", "http://", 1),
		"with a user":      strings.Replace(text, "https://", "https://u:p@", 1),
		"with a path":      strings.Replace(text, ":7878", ":7878/x", 1),
		"short server key": strings.Replace(text, p.ServerKey, p.ServerKey[2:], 1),
		"another version":  strings.Replace(text, `"profile":"v1"`, `"profile":"v2"`, 1),
		"trailing":         text + "{}",
		"empty":            "",
		"long":             text + strings.Repeat(" ", 70<<10),
	} {
		if bad == text {
			t.Fatalf("%s: nothing was changed", what)
		}
		if _, err := client.DecodeProfile([]byte(bad)); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if _, err := client.LoadProfile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// FuzzProfile: whatever is read encodes to a profile that reads the same.
func FuzzProfile(f *testing.F) {
	f.Add(encoded(f, good(f)))
	f.Add([]byte(`{"profile":"v1","anchor":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := client.DecodeProfile(data)
		if err != nil {
			return
		}
		again, err := client.DecodeProfile(encoded(t, p))
		must(t, err)
		if diff := cmp.Diff(p, again); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHoldersAreKept: keys come back as they were, for their owner alone, and
// can be forgotten.
func TestHoldersAreKept(t *testing.T) {
	folder, id := t.TempDir(), canon.Sum([]byte("request"))
	if _, err := client.LoadHolder(folder, id); !errors.Is(err, client.ErrNoHolder) {
		t.Errorf("before: %v", err)
	}
	made, err := client.NewHolder()
	must(t, err)
	must(t, client.SaveHolder(folder, id, made))
	kept, err := client.LoadHolder(folder, id)
	must(t, err)
	if diff := cmp.Diff(made, kept); diff != "" {
		t.Error(diff)
	}
	files := 0
	must(t, filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && path != folder && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: others may read it", path)
		}
		if err == nil && info.Mode().IsRegular() {
			files++
		}
		return err
	}))
	same(t, "files", files, 1)
	must(t, client.DropHolder(folder, id))
	must(t, client.DropHolder(folder, id))
	if _, err := client.LoadHolder(folder, id); !errors.Is(err, client.ErrNoHolder) {
		t.Errorf("after: %v", err)
	}
}

// TestMadeHoldersAreKept: keys that were made before their request are found by the
// key that it names, and a file that holds others is not believed.
func TestMadeHoldersAreKept(t *testing.T) {
	folder := t.TempDir()
	one, err := client.NewHolder()
	must(t, err)
	other, err := client.NewHolder()
	must(t, err)
	public, err := client.SaveMade(folder, one)
	must(t, err)
	kept, err := client.LoadMade(folder, public.Ed25519)
	must(t, err)
	if diff := cmp.Diff(one, kept); diff != "" {
		t.Error(diff)
	}
	named, err := other.Public()
	must(t, err)
	if _, err := client.LoadMade(folder, named.Ed25519); !errors.Is(err, client.ErrNoHolder) {
		t.Errorf("keys that were never made: %v", err)
	}
	file := func(key canon.Key32) string { return filepath.Join(folder, "holders", "made-"+key.String()+".json") }
	must(t, os.Rename(file(public.Ed25519), file(named.Ed25519)))
	if _, err := client.LoadMade(folder, named.Ed25519); err == nil {
		t.Error("the keys of another were taken")
	}
}
