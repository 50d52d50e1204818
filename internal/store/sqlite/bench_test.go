package sqlite_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// BenchmarkAppend appends batches as the decider makes them when so many callers
// wait: entries of 300 bytes, the tree's edge, a stream's snapshot for each four,
// the signed head. Turn by turn with it runs the limit of such a thing: appending
// 4 KiB to a file and waiting for the disk.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchmarkAppend(b, writers, 0) })
	}
	if os.Getenv("HALLIGAN_SOAK") != "" {
		b.Run("writers=64/grown=1M", func(b *testing.B) { benchmarkAppend(b, 64, 1_000_000) })
	}
}

func benchmarkAppend(b *testing.B, writers int, grown int64) {
	folder := b.TempDir()
	s := open(b, folder)
	defer s.Close()
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		b.Fatal(err)
	}
	for log.Head().Size < grown {
		appendOne(b, s, log, 1000)
	}
	bare, err := os.Create(filepath.Join(folder, "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	block := make([]byte, 4096)
	var appends, syncs []time.Duration
	for b.Loop() {
		appends = append(appends, appendOne(b, s, log, writers))
		begun := time.Now()
		if _, err := bare.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := datasync(bare); err != nil {
			b.Fatal(err)
		}
		syncs = append(syncs, time.Since(begun))
	}
	report(b, writers, appends, syncs)
}

func appendOne(b *testing.B, s storetest.Store, log *storetest.Log, writers int) time.Duration {
	on := log.Head()
	var streams []string
	for i := range int64(writers) {
		streams = append(streams, fmt.Sprintf("request/%064x", uint64((on.Size+i)/4)*0x9e3779b97f4a7c15))
	}
	batch := log.Batch(streams...)
	begun := time.Now()
	if err := s.Append(b.Context(), on, batch); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

func report(b *testing.B, writers int, appends, syncs []time.Duration) {
	var total time.Duration
	for _, d := range appends {
		total += d
	}
	slices.Sort(appends)
	slices.Sort(syncs)
	middle := func(of []time.Duration) float64 { return float64(of[len(of)/2]) }
	b.ReportMetric(0, "ns/op") // both turns together: means nothing
	b.ReportMetric(math.Round(float64(writers*len(appends))/total.Seconds()), "entries/s")
	b.ReportMetric(middle(appends)/1e3, "µs/batch")
	b.ReportMetric(float64(appends[len(appends)*99/100])/1e3, "p99-µs/batch")
	b.ReportMetric(middle(syncs)/1e3, "µs/bare-sync")
	b.ReportMetric(middle(appends)/middle(syncs), "times-bare")
}

// BenchmarkFind finds things in a log of a million entries: what is new, what is
// old, and what is not there.
func BenchmarkFind(b *testing.B) {
	if os.Getenv("HALLIGAN_SOAK") == "" {
		b.Skip("skipped: HALLIGAN_SOAK is not set; it writes a million entries first")
	}
	s := open(b, b.TempDir())
	defer s.Close()
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		b.Fatal(err)
	}
	for log.Head().Size < 1_000_000 {
		appendOne(b, s, log, 1000)
	}
	for _, at := range []int64{log.Head().Size - 1, 1000, log.Head().Size} {
		b.Run(fmt.Sprintf("statement/%d", at), func(b *testing.B) {
			for b.Loop() {
				found, err := s.StatementEntry(b.Context(), storetest.Statement(at))
				if (err == nil) != (at < log.Head().Size) || (err == nil && found != at) {
					b.Fatal(found, err)
				}
			}
		})
	}
	for name, prefix := range map[string]string{"newest": "request/", "one": "request/9e", "none": "nothing/"} {
		b.Run("streams/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Streams(b.Context(), prefix, 0, 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("head", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Head(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
