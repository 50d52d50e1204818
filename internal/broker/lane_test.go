package broker_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// gate is a store whose appends wait while it is shut, and that notes each batch.
type gate struct {
	broker.Store
	mu      sync.Mutex
	shut    chan struct{} // nil: it is open
	batches []broker.Batch
}

func (g *gate) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	g.mu.Lock()
	wait := g.shut
	g.batches = append(g.batches, b)
	g.mu.Unlock()
	if wait != nil {
		<-wait
	}
	return g.Store.Append(ctx, on, b)
}

// close shuts it; the function opens it again and forgets what was before.
func (g *gate) close() (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := make(chan struct{})
	g.shut = wait
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.shut, g.batches = nil, nil
		close(wait)
	}
}

// after are the batches since it was opened.
func (g *gate) after() []broker.Batch {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.batches
}

// storm is a cell with a store that can be held up, and counts of refusals as
// results that come by the thousand.
func storm(t *testing.T) (*brokertest.Cell, *gate, func(n int) (wait func())) {
	g := &gate{}
	d := brokertest.New(t, brokertest.Setup{Wrap: func(s broker.Store) broker.Store { g.Store = s; return g }})
	task := waiting(t, d, cell.TaskCount)[0].ID
	return d, g, func(n int) func() {
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				_, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectRefusedCount, Task: task}, cell.Observed{Counts: map[string]int64{"unknown-key": 1}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		return all.Wait
	}
}

// TestPeopleBeforeResults: five thousand results of tasks wait, more than a queue
// holds; what people say then stands in the very next batch, before every result,
// in the order in which they said it, and little else is in that batch.
func TestPeopleBeforeResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g, results := storm(t)
		id := d.Granted("1")
		open := g.close()
		first := results(1) // it is on its way to the disk, and the others wait for it
		synctest.Wait()
		rest := results(5000)
		synctest.Wait()
		ask, stop := d.Ask("bob", "2"), d.Stop("sam", id)
		var people sync.WaitGroup
		for _, s := range []broker.Submission{ask, stop} {
			people.Go(func() { d.Must(s) })
			synctest.Wait()
		}
		open()
		people.Wait()
		batch := g.after()[0]
		for i, s := range []broker.Submission{ask, stop} {
			if batch.Entries[i].Statement != canon.Sum(s.Statement) {
				t.Errorf("entry %d of the next batch is not what person %d said", i, i)
			}
		}
		if n := len(batch.Entries); n < 3 || n > 2+16 {
			t.Errorf("the batch that people waited for has %d entries", n)
		}
		first()
		rest()
		if size := d.Head().Size; size < 5003 {
			t.Errorf("%d entries: results were lost", size)
		}
	})
}

// TestT18PeopleNeverStarveResults: however many people speak, the ends of
// accesses go on beside them.
func TestT18PeopleNeverStarveResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g, results := storm(t)
		open := g.close()
		first := results(1)
		synctest.Wait()
		rest := results(100)
		var people sync.WaitGroup
		for range 600 {
			s := d.Sign("bob", "bob", &statement.Session{For: 60})
			people.Go(func() { d.Must(s) })
		}
		synctest.Wait()
		open()
		people.Wait()
		first()
		rest()
		for i, batch := range g.after()[:2] {
			said := 0
			for _, e := range batch.Entries {
				if !e.Statement.IsZero() {
					said++
				}
			}
			if n := len(batch.Entries); n != 256 || n-said < 16 {
				t.Errorf("batch %d has %d entries, %d of them people's: results had no share", i, n, said)
			}
		}
	})
}

// TestResultsByStream: results that come target by target, as those of a storm do,
// are taken request by request, so that each batch writes few snapshots; the
// request whose first result waits longest is first, and no result is passed over.
func TestResultsByStream(t *testing.T) {
	const requests = 20
	synctest.Test(t, func(t *testing.T) {
		d, g, results := storm(t)
		var ids []string
		tasks := map[string][]string{}
		for i := range requests {
			id := d.Must(d.Ask([]string{"ann", "bob"}[i%2], fmt.Sprint(i))).Digest
			d.Must(d.Decide("sam", id, statement.Approve))
			d.Must(d.Decide("lea", id, statement.Approve))
			ids = append(ids, cell.StreamOf(id))
		}
		for _, task := range waiting(t, d, cell.TaskOpen) {
			tasks[task.Stream] = append(tasks[task.Stream], task.ID)
		}
		open := g.close()
		first := results(1)
		synctest.Wait()
		var all sync.WaitGroup
		why := []string{"unreachable", "refused", "internal"} // each is news once
		for _, w := range why {
			for _, stream := range ids {
				all.Go(func() {
					effect := cell.Effect{Kind: cell.EffectOpenFailed, Task: tasks[stream][0]}
					if _, err := d.Effect(context.Background(), effect, cell.Observed{Why: w}); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
			}
		}
		open()
		first()
		all.Wait()
		batch := g.after()[0]
		for i, e := range batch.Entries {
			if want := ids[i/len(why)]; e.Stream != want {
				t.Fatalf("entry %d of the batch is of stream %.20s, want %.20s", i, e.Stream, want)
			}
		}
		if n := len(batch.Entries); n != 16 || len(batch.Streams) != 6 {
			t.Errorf("%d entries of %d streams in a batch, want 16 of 6", n, len(batch.Streams))
		}
	})
}

// TestHandingOverIsNotBehindResults: whoever fetches in a storm is answered, and
// that the credential left is recorded, before the results that wait.
func TestHandingOverIsNotBehindResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g, results := storm(t)
		id := d.Granted("1")
		fetched := d.Must(d.Sign("ann", "holder 1", &statement.Fetch{Of: id, Target: "db-1"}))
		open := g.close()
		first := results(1)
		synctest.Wait()
		rest := results(5000)
		synctest.Wait()
		if _, err := d.Mint(context.Background(), fetched); err != nil { // blocks for ever if its report waits for room
			t.Error(err)
		}
		open()
		first()
		rest()
		if at := g.after()[0].Entries[0]; at.Stream != cell.StreamOf(id) {
			t.Errorf("the next batch begins with an entry of %s", at.Stream)
		}
	})
}

// TestLargeEndsAreFewInABatch: the end of a grant of many targets is one result
// and a hundred rows. Ten that come at once do not make whoever speaks wait for all.
func TestLargeEndsAreFewInABatch(t *testing.T) {
	const grants = 10
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		g := &gate{}
		var targets []string
		for i := range statement.TargetsMost {
			targets = append(targets, fmt.Sprintf("db-%02d", i+1))
		}
		d := brokertest.New(t, brokertest.Setup{
			Wrap:   func(s broker.Store) broker.Store { g.Store = s; return g },
			Wall:   func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
			Change: opening(targets),
		})
		for i := range grants {
			id := d.Must(d.AskFor("ann", fmt.Sprint(i), 600, targets...)).Digest
			d.Must(d.Decide("sam", id, statement.Approve))
			d.Must(d.Decide("lea", id, statement.Approve))
		}
		ends := waiting(t, d, cell.TaskEnd)
		ahead.Store(int64(time.Hour))
		d.Must(d.AskFor("bob", "others", 600, targets[0])) // people are about
		open := g.close()
		var all sync.WaitGroup
		for _, task := range ends {
			all.Go(func() {
				if _, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectDue, Task: task.ID}, cell.Observed{}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		open()
		all.Wait()
		if len(ends) != grants {
			t.Fatalf("%d grants end, want %d", len(ends), grants)
		}
		for i, batch := range g.after() {
			if n := len(batch.Entries); n > 3 {
				t.Errorf("batch %d ends %d grants of %d targets", i, n, len(targets))
			}
		}
	})
}
