package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// BenchmarkNonces appends batches of 256 nonces, each of which sweeps, while so
// many are kept that are not past: what an append costs must not grow with them.
func BenchmarkNonces(b *testing.B) {
	for _, kept := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("kept=%d", kept), func(b *testing.B) {
			s := open(b, b.TempDir())
			defer s.Close()
			log, err := storetest.NewLog(broker.State{})
			if err != nil {
				b.Fatal(err)
			}
			written := 0
			add := func(n int) {
				on := log.Head()
				batch := log.Batch("session")
				for range n {
					key := "used/ann:" + canon.Sum(fmt.Append(nil, written)).String()
					batch.Memos = append(batch.Memos, broker.Memo{Key: key, Expires: storetest.Start.Add(1e6 * time.Second), Body: []byte("{}")})
					written++
				}
				if err := s.Append(b.Context(), on, batch); err != nil {
					b.Fatal(err)
				}
			}
			for written < kept {
				add(5000)
			}
			for b.Loop() {
				add(256)
			}
		})
	}
}
