package ledger_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestNodesGiveTheSameProofs asks one memory for proofs of a log while it grows,
// past what it keeps, and holds each against the proof that remembers nothing.
func TestNodesGiveTheSameProofs(t *testing.T) {
	const largest = 40 * ledger.TileWidth
	s, _ := stored(largest, largest)
	var nodes ledger.Nodes
	var all sync.WaitGroup
	for part := range int64(4) {
		all.Go(func() {
			r := random(uint64(part))
			for size := part + 1; size <= largest; size += 61 {
				index, old := r.Int64N(size), r.Int64N(size+1)
				got, err := nodes.InclusionProof(size, index, s.read)
				want, also := ledger.InclusionProof(size, index, s.read)
				if err != nil || also != nil || !cmp.Equal(got, want) {
					t.Errorf("entry %d of %d: %v, %v; want %v, %v", index, size, got, err, want, also)
				}
				got, err = nodes.ConsistencyProof(old, size, s.read)
				want, also = ledger.ConsistencyProof(old, size, s.read)
				if err != nil || also != nil || !cmp.Equal(got, want) {
					t.Errorf("from %d to %d: %v, %v; want %v, %v", old, size, got, err, want, also)
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkReceipts proves each new entry, and that the log goes on from some way
// back, as answers do; compare what remembers nodes with what does not.
func BenchmarkReceipts(b *testing.B) {
	const largest = 4000
	s, _ := stored(largest, largest)
	for name, nodes := range map[string]*ledger.Nodes{"nodes": new(ledger.Nodes), "none": nil} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := int64(largest / 2)
			for b.Loop() {
				if size++; size > largest {
					size = largest / 2
				}
				_, err := nodes.InclusionProof(size, size-1, s.read)
				_, also := nodes.ConsistencyProof(size-200, size, s.read)
				if err != nil || also != nil {
					b.Fatal(err, also)
				}
			}
		})
	}
}
