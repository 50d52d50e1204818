package client_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// grower signs ever longer logs of entries that are made up.
type grower struct {
	testing.TB
	anchor ledger.Anchor
	signer note.Signer
}

func newGrower(t testing.TB) *grower {
	t.Helper()
	private, public, err := ledger.GenerateKey(rand.Reader, "halligan.example.com")
	must(t, err)
	signer, err := note.NewSigner(private)
	must(t, err)
	return &grower{t, ledger.Anchor{Origin: "halligan.example.com", Genesis: ledger.LeafHash([]byte("genesis")), LedgerKeys: []string{public}, Witnesses: ledger.NoWitnesses}, signer}
}

func made(i int64) []byte { return fmt.Appendf(nil, `{"n":%d}`, i) }

// export is the log of a size, for a mirror that has some of it. It ends with an
// error before an entry; negative: it does not.
func (g *grower) export(from, size, breaks int64) ledger.Export {
	var edge ledger.Edge
	for i := range size {
		edge.Append(ledger.LeafHash(made(i)))
	}
	signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: g.anchor.Origin, Size: size, Root: edge.Root()}, g.signer)
	must(g, err)
	return ledger.Export{Signed: signed, Entries: func(yield func([]byte, error) bool) {
		for i := from; i < size; i++ {
			if i == breaks {
				yield(nil, fs.ErrClosed)
				return
			}
			if !yield(made(i), nil) {
				return
			}
		}
	}}
}

// whole demands that the folder is a whole log of a size.
func (g *grower) whole(folder string, size int64) {
	g.Helper()
	m, err := client.OpenMirror(folder, g.anchor)
	must(g, err)
	defer m.Close()
	n := int64(0)
	must(g, m.Held().Walk(0, func(i int64, body []byte) error {
		if !bytes.Equal(body, made(i)) {
			return fmt.Errorf("entry %d is %s", i, body)
		}
		n++
		return nil
	}))
	same(g, "entries", n, size)
}

// partials counts the partial files of a mirror, and those that were never finished.
func partials(t testing.TB, folder string) (n, unfinished int) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
		case strings.HasSuffix(filepath.Dir(path), ".p"):
			n++
		case strings.HasPrefix(d.Name(), ".") && d.Name() != ".lock":
			unfinished++
		}
		return err
	}))
	return n, unfinished
}

// TestMirrorGrows: in steps, over rounds that broke and runs that were killed, a
// mirror is whole, and what is superseded does not pile up.
func TestMirrorGrows(t *testing.T) {
	g, folder := newGrower(t), filepath.Join(t.TempDir(), "mirror")
	m, err := client.OpenMirror(folder, g.anchor)
	must(t, err)
	held := int64(0)
	for size := int64(1); size < 800; size += 23 {
		if err := m.Extend(g.export(held, size, held+(size-held)/2)); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("at %d: %v", size, err)
		}
		must(t, m.Extend(g.export(held, size, -1)))
		held = size
		same(t, "held", m.Held().Checkpoint().Size, size)
		// A reader who began some rounds ago still finds what they look for.
		n, _ := partials(t, folder)
		if most := 16 * 3; n > most {
			t.Fatalf("at %d there are %d partial files, want at most %d", size, n, most)
		}
		if size%5 == 0 { // killed: the lock is let go, and something was half written
			must(t, m.Close())
			must(t, os.WriteFile(filepath.Join(folder, "tile", "0", ".000.123"), []byte("half"), 0o600))
			g.whole(folder, size)
			n, unfinished := partials(t, folder)
			if n > 3 || unfinished != 0 {
				t.Fatalf("at %d, opened again: %d partial files, %d unfinished", size, n, unfinished)
			}
			m, err = client.OpenMirror(folder, g.anchor)
			must(t, err)
		}
	}
	must(t, m.Close())
	g.whole(folder, held)
}

// TestMirrorRefuses: a folder of something else, a mirror that is in use, one of
// another ledger, one that was changed, and a ledger that is shorter.
func TestMirrorRefuses(t *testing.T) {
	g := newGrower(t)
	folder := filepath.Join(t.TempDir(), "mirror")
	m, err := client.OpenMirror(folder, g.anchor)
	must(t, err)
	must(t, m.Extend(g.export(0, 300, -1)))
	if _, err := client.OpenMirror(folder, g.anchor); !errors.Is(err, client.ErrMirrored) {
		t.Errorf("twice: %v", err)
	}
	var fault *ledger.Fault
	if err := m.Extend(g.export(0, 200, -1)); !errors.As(err, &fault) || fault.Class != ledger.ClassProof {
		t.Errorf("shorter: %v", err)
	}
	other := newGrower(t)
	if err := m.Extend(other.export(300, 400, -1)); !errors.As(err, &fault) || fault.Class != ledger.ClassCheckpointSignature {
		t.Errorf("signed by another key: %v", err)
	}
	must(t, m.Close())
	g.whole(folder, 300)
	if _, err := client.OpenMirror(folder, other.anchor); !errors.As(err, &fault) {
		t.Errorf("of another ledger: %v", err)
	}
	tile := filepath.Join(folder, "tile", "0", "001.p", "44")
	data, err := os.ReadFile(tile)
	must(t, err)
	data[0] ^= 1
	must(t, os.WriteFile(tile, data, 0o600))
	if _, err := client.OpenMirror(folder, g.anchor); !errors.As(err, &fault) {
		t.Errorf("changed: %v", err)
	}
	strange := t.TempDir()
	must(t, os.WriteFile(filepath.Join(strange, "thesis.tex"), []byte("x"), 0o600))
	if _, err := client.OpenMirror(strange, g.anchor); !errors.Is(err, client.ErrNoMirror) {
		t.Errorf("something else: %v", err)
	}
	kept, err := os.ReadDir(strange)
	must(t, err)
	same(t, "files of something else", len(kept), 1)
}
