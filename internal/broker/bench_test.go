package broker_test

import (
	"context"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// BenchmarkFetch mints certificates under one grant, 64 callers at a time, each
// entry durable first: the server's part of B1 without HTTP.
func BenchmarkFetch(b *testing.B) {
	d := brokertest.New(b, brokertest.Setup{})
	id := d.Granted("1")
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a, err := d.Submit(context.Background(), d.Sign("ann", "holder 1", &statement.Fetch{Of: id, Target: "db-1"}))
			if err != nil {
				b.Error(err)
				return
			}
			if len(a.Events) == 0 {
				b.Error("nothing was authorised")
			}
		}
	})
}
