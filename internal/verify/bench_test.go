//go:build unix

package verify_test

import (
	"context"
	"crypto/sha256"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

const benchEntries = 8192

// emergencies is a log of one whole emergency after another.
var emergencies = sync.OnceValue(func() *cellOf {
	c := newCell(1, 1, nil)
	for len(c.bodies) < benchEntries {
		c.must(c.ask("ann", "db-1"))
		asked := c.asked[len(c.asked)-1]
		c.must(c.Approve("sam", asked.id))
		c.must(c.Approve("lea", asked.id))
		for len(c.tasks(asked.id, cell.TaskOpen)) > 0 {
			c.settle(asked.id, cell.TaskOpen)
		}
		c.must(c.Fetch("ann", asked.holder, asked.id, "db-1"))
		c.settle(asked.id, cell.TaskBaseline, cell.TaskDeliver)
		c.must(c.By("sue", "sue", &statement.Stop{Of: asked.id, Reason: celltest.Note("enough")}))
		c.Now = c.Now.Add(time.Second)
		c.settle(asked.id, cell.TaskProve)
		c.settle(asked.id, cell.TaskList)
		c.settle(asked.id, cell.TaskAlarm)
	}
	return c
})

// BenchmarkLog gives the figures of B4 in one run: compare full with parts, which
// is every signature, one SHA-256 and one JSON pass of each entry on all cores.
func BenchmarkLog(b *testing.B) {
	c := emergencies()
	src, cp := c.export(c.bodies)
	// Time of the processors is what can be compared where others share them.
	per := func(b *testing.B, since time.Duration) {
		b.ReportMetric(float64(len(c.bodies)*b.N)/b.Elapsed().Seconds(), "entries/s")
		b.ReportMetric(float64((processors()-since).Nanoseconds())/float64(len(c.bodies)*b.N), "cpu-ns/entry")
	}
	b.Run("merkle", func(b *testing.B) {
		since := processors()
		for b.Loop() {
			log := must(ledger.OpenLog(src, c.anchor))
			if err := log.Walk(0, func(int64, []byte) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
		per(b, since)
	})
	b.Run("full", func(b *testing.B) {
		b.ReportAllocs()
		since := processors()
		for b.Loop() {
			report, err := verify.Log(context.Background(), src, c.anchor, verify.Options{Seen: cp})
			if err != nil || !report.Good() {
				b.Fatal(err, report)
			}
		}
		per(b, since)
	})
	b.Run("parts", func(b *testing.B) {
		b.ReportAllocs()
		since := processors()
		for b.Loop() {
			parts(c.bodies)
		}
		per(b, since)
	})
}

// hostPart checks the signature of a host's report, if the entry has one.
func hostPart(e ledger.Entry) {
	if e.Cause.Effect != string(cell.EffectListed) {
		return
	}
	var o cell.Observed
	if err := json.Unmarshal(e.Observed, &o); err != nil {
		panic(err)
	}
	must(sshsig.Verify(o.Report.Signature, sshsig.Namespace(verify.ReportKind), o.Report.Report))
}

// processors is the time that this process has had of all of them.
func processors() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func parts(bodies [][]byte) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
				part(bodies[i])
			}
		})
	}
	all.Wait()
}

func part(body []byte) {
	_ = sha256.Sum256(body)
	var e ledger.Entry
	if err := json.Unmarshal(body, &e); err != nil {
		panic(err)
	}
	if e.Cause.Signature == nil {
		hostPart(e)
		return
	}
	var peek struct {
		Kind statement.Kind `json:"kind"`
	}
	if err := json.Unmarshal(e.Cause.Statement, &peek); err != nil {
		panic(err)
	}
	must(verify.Signatures{}.Statement(peek.Kind, e.Cause.Statement, *e.Cause.Signature))
}
