package sqlite_test

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// BenchmarkTasks appends batches of twenty entries as emergencies make them: each
// with a task that goes a little later, one that stays, and a nonce. What a batch
// costs in processor time must not grow with the tasks that stay.
func BenchmarkTasks(b *testing.B) {
	for _, kept := range []int{0, 50_000} {
		b.Run(fmt.Sprintf("kept=%d", kept), func(b *testing.B) {
			s := open(b, b.TempDir())
			defer s.Close()
			log, err := storetest.NewLog(broker.State{})
			if err != nil {
				b.Fatal(err)
			}
			body := bytes.Repeat([]byte("x"), 200)
			key := func(at int64, kind string) string {
				return fmt.Sprintf("%016x/%s:%s:%d:db-1", at, kind, canon.Sum(fmt.Append(nil, at)).Short(), at)
			}
			add := func(entries int64) {
				on := log.Head()
				streams := make([]string, entries)
				for i := range streams {
					streams[i] = fmt.Sprintf("request/%064x", uint64((on.Size+int64(i))/9)*0x9e3779b97f4a7c15)
				}
				batch := log.Batch(streams...)
				for at := on.Size; at < on.Size+entries; at++ {
					batch.Enqueued = append(batch.Enqueued, broker.Task{ID: key(at, "open"), Body: body}, broker.Task{ID: key(at, "prove"), Body: body})
					if at >= 40 {
						batch.Done = append(batch.Done, key(at-40, "open"))
					}
					memo := fmt.Sprintf("used/%016x/ann:%s", at, canon.Sum(fmt.Append(nil, -at)))
					batch.Memos = append(batch.Memos, broker.Memo{Key: memo, Expires: storetest.Start.Add(1e6 * time.Second), Body: body[:120]})
				}
				if err := s.Append(b.Context(), on, batch); err != nil {
					b.Fatal(err)
				}
			}
			for log.Head().Size < int64(kept) {
				add(1000)
			}
			before, from := used(b), log.Head().Size
			for b.Loop() {
				add(20)
			}
			b.ReportMetric(float64((used(b)-before).Nanoseconds())/1e3/float64(log.Head().Size-from), "cpu-µs/entry")
		})
	}
}

// used is the processor time of this process.
func used(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
