package broker_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestPace: what yields rests for as long as it took while people are about,
// never for longer than half a second, and not at all when nobody is.
func TestPace(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const none = -1
	for _, c := range []struct {
		name               string
		heard, took, after time.Duration // heard and asked after the end of the batch
		want               time.Duration
	}{
		{"nobody ever spoke", none, 10 * time.Millisecond, 0, 0},
		{"somebody speaks, nothing was decided", 0, 0, 0, 0},
		{"just decided", 0, 10 * time.Millisecond, 0, 10 * time.Millisecond},
		{"half rested", 0, 10 * time.Millisecond, 5 * time.Millisecond, 5 * time.Millisecond},
		{"rested", 0, 10 * time.Millisecond, 10 * time.Millisecond, 0},
		{"a disk that hung", 0, 20 * time.Second, 0, 500 * time.Millisecond},
		{"heard a second ago", -time.Second, 10 * time.Millisecond, 0, 0},
		{"heard a moment less ago", -time.Second + time.Millisecond, 10 * time.Millisecond, 0, 10 * time.Millisecond},
		{"nobody any more", 0, 400 * time.Millisecond, time.Second, 0},
	} {
		var p broker.Pace
		if c.heard != none {
			p.Hears(start.Add(c.heard))
		}
		p.Yielded(start, c.took)
		if got := p.Wait(start.Add(c.after)); got != c.want {
			t.Errorf("%s: it waits for %s, want %s", c.name, got, c.want)
		}
	}
}

// disk is a store whose appends take a while, and that notes when each began.
type disk struct {
	broker.Store
	takes atomic.Int64

	mu      sync.Mutex
	batches []broker.Batch
	began   []time.Time
}

func (d *disk) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	d.mu.Lock()
	d.batches, d.began = append(d.batches, b), append(d.began, time.Now())
	d.mu.Unlock()
	time.Sleep(time.Duration(d.takes.Load()))
	return d.Store.Append(ctx, on, b)
}

// noted are the batches since some number of them.
func (d *disk) noted(from int) ([]broker.Batch, []time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.batches[from:], d.began[from:]
}

// TestPeopleOvertakeWhatYields: grants end by time, more than one batch takes, while
// people are about. Whoever speaks waits for the batch under way and no other, and
// so does what proves the end of what somebody stopped; what yields comes with rests
// between, and is done at the end. Once nobody is about it does not rest.
func TestPeopleOvertakeWhatYields(t *testing.T) {
	const grants, takes = 12, 10 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		g, targets := &disk{}, []string(nil)
		for i := range statement.TargetsMost {
			targets = append(targets, fmt.Sprintf("db-%02d", i+1))
		}
		c := brokertest.New(t, brokertest.Setup{
			Wrap:   func(s broker.Store) broker.Store { g.Store = s; return g },
			Wall:   func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
			Change: opening(targets),
		})
		granted := func(who, holder string, length canon.Seconds, of ...string) broker.Answer {
			id := c.Must(c.AskFor(who, holder, length, of...)).Digest
			c.Must(c.Decide("sam", id, statement.Approve))
			return c.Must(c.Decide("lea", id, statement.Approve))
		}
		effect := func(kind cell.EffectKind, task cell.Task, observed cell.Observed) {
			if _, err := c.Effect(context.Background(), cell.Effect{Kind: kind, Task: task.ID}, observed); err != nil {
				t.Errorf("%s of %s: %v", kind, task.ID, err)
			}
		}
		ends := map[string]bool{} // streams of what ends by time
		for i := range grants {
			ends[granted([]string{"ann", "bob"}[i%2], fmt.Sprint(i), 600, targets...).Stream] = true
		}
		due := waiting(t, c, cell.TaskEnd)
		ahead.Store(int64(time.Hour))
		other := granted("ann", "other", 600, targets[0])
		of := func(kind cell.TaskKind) cell.Task {
			for _, task := range waiting(t, c, kind) {
				if task.Stream == other.Stream {
					return task
				}
			}
			t.Fatalf("no task %s", kind)
			return cell.Task{}
		}
		effect(cell.EffectOpened, of(cell.TaskOpen), cell.Observed{})
		effect(cell.EffectProbed, of(cell.TaskBaseline), cell.Observed{Round: &access.Round{Twin: access.Accepted, Control: access.Accepted}})
		if _, err := c.Mint(context.Background(), c.Must(c.Sign("ann", "holder other", &statement.Fetch{Of: other.Request.ID, Target: targets[0]}))); err != nil {
			t.Fatal(err)
		}
		c.Must(c.Stop("sam", other.Request.ID))
		prove := of(cell.TaskProve)
		g.takes.Store(int64(takes))
		first := len(g.batches)
		var all sync.WaitGroup
		for _, task := range due[:grants-3] {
			all.Go(func() { effect(cell.EffectDue, task, cell.Observed{}) })
		}
		synctest.Wait()
		for i := range 3 { // each comes when a batch of what yields was just begun
			asked := c.AskFor("bob", fmt.Sprint("more ", i), 600, targets[0])
			begun := time.Now()
			c.Must(asked)
			if took := time.Since(begun); took > 2*takes {
				t.Errorf("command %d took %s beside what yields", i, took)
			}
			time.Sleep(2 * takes)
			synctest.Wait()
		}
		begun := time.Now()
		effect(cell.EffectProbed, prove, cell.Observed{Round: &access.Round{Twin: access.Refused, Control: access.Accepted}})
		if took := time.Since(begun); took > 2*takes {
			t.Errorf("what proves the end of a stop took %s", took)
		}
		all.Wait()
		yielded, last := 0, time.Time{}
		batches, began := g.noted(first)
		for i, batch := range batches {
			n := 0
			for _, e := range batch.Entries {
				if ends[e.Stream] {
					n++
				}
			}
			if yielded += n; n == 0 {
				continue
			}
			if rest := began[i].Sub(last); n > 1 || rest < 2*takes {
				t.Errorf("batch %d ends %d grants, %s after the last such batch began", i, n, rest)
			}
			last = began[i]
		}
		if yielded != grants-3 {
			t.Errorf("%d grants ended, want %d", yielded, grants-3)
		}
		time.Sleep(2 * time.Second) // nobody is about
		begun = time.Now()
		for _, task := range due[grants-3:] {
			all.Go(func() { effect(cell.EffectDue, task, cell.Observed{}) })
		}
		all.Wait()
		if took := time.Since(begun); took > 2*takes {
			t.Errorf("with nobody about it took %s", took)
		}
	})
}

// opening gives a cell hosts, and its scenario all of them.
func opening(targets []string) func(*cell.Genesis, *access.Scenario) {
	return func(g *cell.Genesis, s *access.Scenario) {
		g.Hosts, s.Opens = nil, nil
		for _, host := range targets {
			g.Hosts = append(g.Hosts, cell.Host{ID: host, Address: host + ".example.com:22", Keys: []roster.Key{celltest.Line(host)}, Report: celltest.Line("report " + host), Other: "console"})
			s.Opens = append(s.Opens, access.Open{SSH: &access.SSH{Name: host, Host: host, User: "root", Principals: []string{"emergency-dba"}}})
		}
	}
}
