package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Each target holds one rule: what a decoder accepts, the encoder writes exactly so.

func FuzzHash(f *testing.F) {
	f.Add(ledger.EmptyRoot().String())
	f.Add(strings.ToUpper(ledger.EmptyRoot().String()))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := ledger.ParseHash(text); err == nil && h.String() != text {
			t.Fatalf("accepted %q as %s", text, h)
		}
	})
}

func FuzzEdge(f *testing.F) {
	var edge ledger.Edge
	for i := range int64(7) {
		data, err := json.Marshal(edge)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		edge.Append(ledger.LeafHash(body(i)))
	}
	f.Add([]byte(`{"hashes":[],"size":-1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var edge ledger.Edge
		if edge.UnmarshalJSON(data) != nil {
			return
		}
		again, err := edge.MarshalJSON()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted %s, wrote %s, %v", data, again, err)
		}
		edge.Root()
		if edge.Size() < ledger.MaxSize {
			edge.Append(ledger.Hash{})
			edge.Root()
		}
	})
}

func FuzzTilePath(f *testing.F) {
	for _, s := range []string{"tile/0/x001/x234/067.p/5", "tile/entries/000", "tile/63/999.p/255", "tile/0/0", "tile/entries/.p/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		n, err := ledger.ParseTilePath(path)
		if err != nil {
			return
		}
		if n.Path() != path || n.Width < 1 || n.Width > ledger.TileWidth || n.Index < 0 || n.Index > ledger.MaxSize {
			t.Fatalf("accepted %q as %+v", path, n)
		}
	})
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x02bc"))
	f.Add([]byte("\x00\x00"))
	f.Add([]byte("\x80\x01"))
	f.Add(bytes.Repeat([]byte("\x00\x01a"), 257))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ledger.SplitBundle(data)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = ledger.AppendBundle(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again, data) || len(entries) > ledger.TileWidth {
			t.Fatalf("%d entries of %x do not make it up", len(entries), data)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	anchor, signer := testAnchor(f)
	cp := testCheckpoint()
	good, err := ledger.SignCheckpoint(cp, signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(bytes.Clone(good), "— witness.example.org AAAAAAAA\n"...))
	f.Add([]byte("cell.example.org\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ledger.OpenCheckpoint(anchor.Origin, anchor.LedgerKeys, text)
		if err != nil {
			return
		}
		// Only one checkpoint was ever signed with this key.
		body, _, _ := bytes.Cut(good, []byte("\n\n"))
		if got != cp || !bytes.HasPrefix(text, body) {
			t.Fatalf("accepted %q as %+v", text, got)
		}
	})
}

func FuzzAnchor(f *testing.F) {
	anchor, _ := testAnchor(f)
	good, err := anchor.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("none"), []byte("all"), 1))
	f.Add([]byte(`{"anchor":"v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ledger.DecodeAnchor(data)
		if err != nil {
			return
		}
		if again, err := a.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted %s, wrote %s, %v", data, again, err)
		}
	})
}

func FuzzPartial(f *testing.F) {
	p, anchor := excerpt(f, 17, 599)
	good := encoded(f, anchor, p)
	f.Add(good)
	p.Entries, p.Notes = nil, nil
	f.Add(encoded(f, anchor, p))
	f.Add([]byte(`{"attachments":{},"checkpoint":"","entries":[],"evidence":"v1","notes":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ledger.OpenPartial(anchor, data)
		if err != nil {
			return
		}
		for _, e := range p.Entries {
			if !bytes.Equal(e.Body, body(e.Index)) {
				t.Fatalf("accepted entry %d as %s", e.Index, e.Body)
			}
		}
		if again, err := ledger.EncodePartial(anchor, *p); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted %s, wrote %s, %v", data, again, err)
		}
	})
}

func FuzzInclusionProof(f *testing.F) {
	const size, index = 300, 17
	s, tiles := stored(size, size)
	proof, err := ledger.InclusionProof(size, index, s.read)
	if err != nil {
		f.Fatal(err)
	}
	root := tiles.Root()
	var flat []byte
	for _, h := range proof {
		flat = append(flat, h[:]...)
	}
	f.Add(flat, int64(size), int64(index))
	f.Add(flat, int64(size), int64(size))
	f.Add([]byte{}, int64(1), int64(0))
	f.Add(flat, int64(-1), int64(-1))
	f.Fuzz(func(t *testing.T, flat []byte, n, i int64) {
		var hashes []ledger.Hash
		for ; len(flat) >= sha256.Size; flat = flat[sha256.Size:] {
			hashes = append(hashes, ledger.Hash(flat))
		}
		err := ledger.CheckInclusion(hashes, n, root, i, ledger.LeafHash(body(index)))
		if err == nil && n == size && i != index {
			t.Fatalf("accepted at index %d", i)
		}
	})
}

func FuzzWalk(f *testing.F) {
	src, anchor, _ := exported(f, 258)
	paths := []string{
		"checkpoint", "tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/2",
	}
	for i, path := range paths {
		if src[path] == nil {
			f.Fatalf("no %s in the log", path)
		}
		f.Add(uint8(i), src[path])
		f.Add(uint8(i), src[path][1:])
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		path := paths[int(which)%len(paths)]
		n, err := walkAll(src.with(path, data), anchor)
		// Lines of unknown keys may be added to a checkpoint; nothing else may differ.
		if err == nil && (n != 258 || path != "checkpoint" && !bytes.Equal(data, src[path])) {
			t.Fatalf("accepted %s as %x, %d entries", path, data, n)
		}
	})
}
