package ledger_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// wantTiles works out every tile of a log of a size from the oracle's nodes.
func wantTiles(o *oracle, size int64) tileStore {
	s := tileStore{}
	for level, hashes := 0, size; hashes > 0; level, hashes = level+1, hashes>>8 {
		for i := range hashes {
			h := o.hashes[tlog.StoredHashIndex(8*level, i)]
			key := [2]int64{int64(level), i / 256}
			s[key] = append(s[key], h[:]...)
		}
	}
	return s
}

func TestTilesAgreeWithTlog(t *testing.T) {
	o := newOracle(70_000)
	for _, n := range []int64{0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 70_000} {
		for _, every := range []int64{1, 7, 256, 100_000} {
			if n > 1000 && every < 256 {
				continue
			}
			got, tiles := stored(n, every)
			if want := wantTiles(o, n); !maps.EqualFunc(want, got, bytes.Equal) {
				t.Fatalf("size %d saved every %d: the tiles differ from tlog's", n, every)
			}
			if root := tiles.Root(); root != o.root(t, n) || tiles.Size() != n {
				t.Fatalf("size %d: root %s", n, root)
			}
		}
	}
}

func TestTilesDirty(t *testing.T) {
	var tiles ledger.Tiles
	names := func() (out []string) {
		for _, e := range tiles.Dirty() {
			out = append(out, e.Name().Path())
		}
		return out
	}
	grow := func(n int) {
		for range n {
			tiles.Append(ledger.LeafHash(body(tiles.Size())))
		}
	}
	steps := []struct {
		grow int
		want []string
	}{
		{0, nil},
		{3, []string{"tile/0/000.p/3"}},
		{0, nil},
		{253, []string{"tile/0/000", "tile/1/000.p/1"}},
		{1, []string{"tile/0/001.p/1"}},
		{600, []string{"tile/0/001", "tile/0/002", "tile/0/003.p/89", "tile/1/000.p/3"}},
	}
	for i, s := range steps {
		grow(s.grow)
		if diff := cmp.Diff(s.want, names()); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
		tiles.Clean()
	}
}

func TestTileEditsStayAsTheyWere(t *testing.T) {
	var tiles ledger.Tiles
	type kept struct {
		edit ledger.TileEdit
		data []byte
	}
	var all []kept
	for i := range int64(600) {
		tiles.Append(ledger.LeafHash(body(i)))
		for _, e := range tiles.Dirty() {
			all = append(all, kept{e, bytes.Clone(e.Data)})
		}
		tiles.Clean()
	}
	for _, k := range all {
		if !bytes.Equal(k.edit.Data, k.data) {
			t.Fatalf("%s changed after it was handed out", k.edit.Name().Path())
		}
	}
}

func TestTilesClone(t *testing.T) {
	s, tiles := stored(300, 300)
	tiles.Append(ledger.LeafHash([]byte("kept")))
	clone := tiles.Clone()
	before := tiles.Root()
	if clone.Root() != before {
		t.Fatal("a clone differs")
	}
	for i := range int64(300) {
		clone.Append(ledger.LeafHash(body(i)))
	}
	if tiles.Root() != before || tiles.Size() != 301 || clone.Size() != 601 {
		t.Fatal("appending to the clone changed the tiles")
	}
	if got := tiles.Dirty(); len(got) != 1 || got[0].Name().Path() != "tile/0/001.p/45" {
		t.Fatalf("the clone changed what is dirty: %v", got)
	}
	s.save(clone)
	if root, err := ledger.RootAt(601, s.read); err != nil || root != clone.Root() {
		t.Fatalf("the clone forgot what was dirty: %s, %v", root, err)
	}
}

func TestOpenTiles(t *testing.T) {
	const size = 70_000
	o := newOracle(size)
	s, _ := stored(size, size) // every blob as wide as a log of 70,000 entries has it
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(
			rapid.Int64Range(0, size), rapid.Int64Range(0, 600),
			rapid.SampledFrom([]int64{0, 1, 255, 256, 257, 65_535, 65_536, 65_537, size}),
		).Draw(t, "size")
		more := min(rapid.Int64Range(0, 600).Draw(t, "more"), size-n)
		tiles, err := ledger.OpenTiles(n, s.read)
		if err != nil {
			t.Fatal(err)
		}
		if len(tiles.Dirty()) != 0 {
			t.Fatal("freshly opened tiles are dirty")
		}
		edge := tiles.Edge()
		for i := range more {
			leaf := ledger.LeafHash(body(n + i))
			tiles.Append(leaf)
			edge.Append(leaf)
		}
		want, err := tlog.TreeHash(n+more, o)
		if err != nil {
			t.Fatal(err)
		}
		if tiles.Root() != ledger.Hash(want) || edge.Root() != ledger.Hash(want) || tiles.Edge() != edge {
			t.Fatalf("size %d and %d more: roots %s and %s, want %s", n, more, tiles.Root(), edge.Root(), ledger.Hash(want))
		}
	})
}

func TestOpenTilesRefuses(t *testing.T) {
	s, _ := stored(300, 300)
	good := s[[2]int64{0, 1}]
	open := func(size int64, blob []byte) error {
		_, err := ledger.OpenTiles(size, func(level int, index int64) ([]byte, error) {
			if level == 0 {
				return blob, nil
			}
			return s.read(level, index)
		})
		return err
	}
	if err := open(300, good); err != nil {
		t.Fatal(err)
	}
	for name, blob := range map[string][]byte{
		"nothing": nil, "a hash too few": good[:len(good)-32], "half a hash more": append(bytes.Clone(good), 1),
		"more than full": bytes.Repeat(good, 20),
	} {
		if f := wantFault(t, open(300, blob), ledger.ClassTile); f.Where != "tile/0/001" {
			t.Errorf("%s: blamed %s", name, f.Where)
		}
	}
	wantFault(t, open(-1, good), ledger.ClassEncoding)
	wantFault(t, open(ledger.MaxSize+1, good), ledger.ClassEncoding)
	_, err := ledger.OpenTiles(600, s.read)
	if f := wantFault(t, err, ledger.ClassTile); f.Where != "tile/0/002" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing tile: %v", err)
	}
}
