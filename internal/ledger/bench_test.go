package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
)

const benchEntries = 1 << 17

// entrySizes are those of a small effect entry and of one with a signed statement.
var entrySizes = []int{300, 1200}

func benchEntry(size int) []byte {
	entry := make([]byte, size)
	for i := range entry {
		entry[i] = byte(i)
	}
	return entry
}

func benchLog(b *testing.B, size int) (files, ledger.Anchor) {
	b.Helper()
	anchor, signer := testAnchor(b)
	entry := benchEntry(size)
	all := func(yield func([]byte, error) bool) {
		for i := range benchEntries {
			entry[0], entry[1], entry[2] = byte(i), byte(i>>8), byte(i>>16)
			if !yield(entry, nil) {
				return
			}
		}
	}
	var edge ledger.Edge
	for e := range all {
		edge.Append(ledger.LeafHash(e))
	}
	signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: benchEntries, Root: edge.Root()}, signer)
	if err != nil {
		b.Fatal(err)
	}
	out := files{}
	if _, err := ledger.WriteLog(out, anchor, ledger.Export{Signed: signed, Entries: all}); err != nil {
		b.Fatal(err)
	}
	return out, anchor
}

// BenchmarkWalk checks every entry and every tile of a log in memory; compare its
// entries/s with BenchmarkTlog in the same run.
func BenchmarkWalk(b *testing.B) {
	for _, size := range entrySizes {
		b.Run(fmt.Sprintf("entry=%d", size), func(b *testing.B) {
			src, anchor := benchLog(b, size)
			b.ReportAllocs()
			for b.Loop() {
				n, err := walkAll(src, anchor)
				if err != nil || n != benchEntries {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(benchEntries*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkTlog is the peer: x/mod's tlog works out the hashes of the same entries
// in memory and their root.
func BenchmarkTlog(b *testing.B) {
	for _, size := range entrySizes {
		b.Run(fmt.Sprintf("entry=%d", size), func(b *testing.B) {
			entry := benchEntry(size)
			b.ReportAllocs()
			for b.Loop() {
				o := &oracle{hashes: make([]tlog.Hash, 0, 2*benchEntries)}
				for i := range benchEntries {
					entry[0], entry[1], entry[2] = byte(i), byte(i>>8), byte(i>>16)
					o.add(entry)
				}
				o.root(b, o.size)
			}
			b.ReportMetric(benchEntries*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkSHA256 is the floor: one leaf hash and one node hash for each entry.
func BenchmarkSHA256(b *testing.B) {
	for _, size := range entrySizes {
		b.Run(fmt.Sprintf("entry=%d", size), func(b *testing.B) {
			leaf, node := make([]byte, 1+size), make([]byte, 65)
			for b.Loop() {
				for range benchEntries {
					sha256.Sum256(leaf)
					sha256.Sum256(node)
				}
			}
			b.ReportMetric(benchEntries*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

func BenchmarkLeafHash(b *testing.B) {
	for _, size := range []int{300, 1200, 4000} {
		b.Run(fmt.Sprintf("entry=%d", size), func(b *testing.B) {
			entry := benchEntry(size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				ledger.LeafHash(entry)
			}
		})
	}
}

func BenchmarkEdgeAppend(b *testing.B) {
	var edge ledger.Edge
	leaf := ledger.LeafHash([]byte("entry"))
	b.ReportAllocs()
	for b.Loop() {
		edge.Append(leaf)
	}
}

func BenchmarkTilesAppend(b *testing.B) {
	var tiles ledger.Tiles
	leaf := ledger.LeafHash([]byte("entry"))
	b.ReportAllocs()
	for b.Loop() {
		tiles.Append(leaf)
		tiles.Clean()
	}
}

func BenchmarkInclusionProof(b *testing.B) {
	s, _ := stored(70_000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ledger.InclusionProof(70_000, 12_345, s.read); err != nil {
			b.Fatal(err)
		}
	}
}
