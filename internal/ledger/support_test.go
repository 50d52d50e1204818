package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "cell.example.org"

// files is a whole log in memory: a Source and a Sink.
type files map[string][]byte

func (f files) ReadFile(path string) ([]byte, error) {
	data, ok := f[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (f files) WriteFile(path string, data []byte) error {
	if _, ok := f[path]; ok {
		return fmt.Errorf("%s is written twice", path)
	}
	f[path] = data
	return nil
}

func (f files) with(path string, data []byte) files {
	g := maps.Clone(f)
	g[path] = data
	return g
}

func (f files) without(path string) files {
	g := maps.Clone(f)
	delete(g, path)
	return g
}

// keyPair is a ledger key made from a number, for tests only.
func keyPair(tb testing.TB, seed byte, name string) (note.Signer, string) {
	tb.Helper()
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), name)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		tb.Fatal(err)
	}
	return signer, vkey
}

func testAnchor(tb testing.TB) (ledger.Anchor, note.Signer) {
	tb.Helper()
	signer, vkey := keyPair(tb, 7, origin)
	return ledger.Anchor{
		Origin: origin, Genesis: ledger.Hash(sha256.Sum256([]byte("genesis"))),
		LedgerKeys: []string{vkey}, Witnesses: ledger.NoWitnesses,
	}, signer
}

// body is the i-th entry of the test logs: canonical JSON of varying length.
func body(i int64) []byte {
	return fmt.Appendf(nil, `{"n":%d,"pad":"%s"}`, i, bytes.Repeat([]byte("x"), int(i*7%41)))
}

func bodies(n int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range n {
			if !yield(body(i), nil) {
				return
			}
		}
	}
}

var (
	testAttachment = []byte(`{"name":"db-root"}`)
	testNote       = ledger.Note{Salt: [ledger.SaltSize]byte{1, 2, 3}, Text: "call the Zürich desk"}
)

// exported is a whole log of n entries, an attachment and a note.
func exported(tb testing.TB, n int64) (files, ledger.Anchor, ledger.Checkpoint) {
	tb.Helper()
	anchor, signer := testAnchor(tb)
	var edge ledger.Edge
	for i := range n {
		edge.Append(ledger.LeafHash(body(i)))
	}
	signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: n, Root: edge.Root()}, signer)
	if err != nil {
		tb.Fatal(err)
	}
	out := files{}
	cp, err := ledger.WriteLog(out, anchor, ledger.Export{
		Signed: signed, Entries: bodies(n),
		Attachments: func(yield func([]byte, error) bool) { yield(testAttachment, nil) },
		Notes:       func(yield func(ledger.Note, error) bool) { yield(testNote, nil) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out, anchor, cp
}

// oracle is the same log kept by golang.org/x/mod/sumdb/tlog, node by node.
type oracle struct {
	size   int64
	hashes []tlog.Hash
}

func (o *oracle) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = o.hashes[x]
	}
	return out, nil
}

func (o *oracle) add(entry []byte) {
	hashes, err := tlog.StoredHashes(o.size, entry, o)
	if err != nil {
		panic(err)
	}
	o.hashes = append(o.hashes, hashes...)
	o.size++
}

func (o *oracle) root(tb testing.TB, size int64) ledger.Hash {
	tb.Helper()
	h, err := tlog.TreeHash(size, o)
	if err != nil {
		tb.Fatal(err)
	}
	return ledger.Hash(h)
}

// newOracle keeps the log of n test entries.
func newOracle(n int64) *oracle {
	o := new(oracle)
	for i := range n {
		o.add(body(i))
	}
	return o
}

// tileStore keeps tile blobs as a store does: one blob a tile, overwritten as it grows.
type tileStore map[[2]int64][]byte

func (s tileStore) read(level int, index int64) ([]byte, error) {
	data, ok := s[[2]int64{int64(level), index}]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (s tileStore) save(t *ledger.Tiles) {
	for _, e := range t.Dirty() {
		s[[2]int64{int64(e.Level), e.Index}] = bytes.Clone(e.Data)
	}
	t.Clean()
}

// stored returns the tiles of a log of n test entries, saved every few entries.
func stored(n int64, every int64) (tileStore, *ledger.Tiles) {
	s, t := tileStore{}, new(ledger.Tiles)
	for i := range n {
		t.Append(ledger.LeafHash(body(i)))
		if i%every == every-1 {
			s.save(t)
		}
	}
	s.save(t)
	return s, t
}

// wantFault fails unless err is a fault of the class; it returns the fault.
func wantFault(tb testing.TB, err error, class string) *ledger.Fault {
	tb.Helper()
	var f *ledger.Fault
	if !errors.As(err, &f) {
		tb.Fatalf("got error %v, want a fault of class %q", err, class)
	}
	if f.Class != class {
		tb.Fatalf("got class %q (%v), want %q", f.Class, err, class)
	}
	if f.Where == "" || f.Detail == "" {
		tb.Fatalf("a fault without a place or a reason: %#v", f)
	}
	return f
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func walkAll(src ledger.Source, a ledger.Anchor) (int64, error) {
	log, err := ledger.OpenLog(src, a)
	if err != nil {
		return 0, err
	}
	var n int64
	err = log.Walk(0, func(int64, []byte) error { n++; return nil })
	return n, err
}
