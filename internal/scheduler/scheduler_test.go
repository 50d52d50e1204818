package scheduler_test

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// law answers effects as the broker does, on a world of its own, and tells the
// scheduler what became of them.
type law struct {
	mu     sync.Mutex
	cell   *celltest.Cell
	tasks  *scheduler.Scheduler
	effect []cell.EffectKind
}

func (l *law) Now() canon.Time { return canon.At(time.Now()) }

func (l *law) Effect(_ context.Context, e cell.Effect, observed cell.Observed) (broker.Answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effect = append(l.effect, e.Kind)
	return broker.Answer{}, l.do(cell.Command{Effect: &e, Observed: observed})
}

func (l *law) do(c cell.Command) error {
	l.cell.Now = canon.Later(l.Now(), l.cell.World.LastAt)
	c.At = l.cell.Now
	recorded, err := l.cell.Do(c)
	if err == nil {
		l.tasks.Committed(l.cell.World, []cell.Recorded{recorded})
	}
	return err
}

// says does a statement as the broker would.
func (l *law) says(make func() cell.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cell.Now = canon.Later(l.Now(), l.cell.World.LastAt)
	if err := l.do(make()); err != nil {
		panic(err)
	}
}

// asked are the requests of the cell.
func (l *law) asked() map[canon.Digest]*access.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.cell.World.Requests)
}

func (l *law) count(kind cell.EffectKind) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.effect {
		if e == kind {
			n++
		}
	}
	return n
}

func start(t *testing.T, work map[cell.TaskKind]scheduler.Work) *law {
	t.Helper()
	// The sample cell begins at its own time: let the bubble's clock reach it.
	time.Sleep(time.Until(celltest.Start.Std()))
	l := &law{cell: celltest.Sample()}
	l.tasks = scheduler.New(work, slog.New(slog.DiscardHandler), func() float64 { return 0.5 })
	l.tasks.Committed(l.cell.World, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.tasks.Run(ctx, l) }()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

func due() scheduler.Work {
	return scheduler.Work{Do: func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
		results := make([]scheduler.Result, len(jobs))
		for i := range results {
			results[i] = scheduler.Result{Kind: cell.EffectDue}
		}
		return results
	}}
}

// TestDueAtItsTime: nothing is done before it is due, and then at once.
func TestDueAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, map[cell.TaskKind]scheduler.Work{cell.TaskLapse: due()})
		l.says(func() cell.Command { return l.cell.Ask("ann", "1", "db-1") })
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if n := l.count(cell.EffectDue); n != 0 {
			t.Fatalf("%d effects before the request lapses", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := l.count(cell.EffectDue); n != 1 {
			t.Fatalf("%d effects when the request lapses, want 1", n)
		}
		for _, r := range l.asked() {
			if r.State != "lapsed" {
				t.Errorf("the request is %s", r.State)
			}
		}
	})
}

// TestTriedUntilDone: a job that fails is tried again with growing pauses until
// the world no longer holds its task.
func TestTriedUntilDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at []time.Time
		work := map[cell.TaskKind]scheduler.Work{cell.TaskOpen: {
			Pause: scheduler.Pause{First: time.Second, Most: 4 * time.Second},
			Do: func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
				if len(at) < 5 {
					return nil // did not, and says nothing
				}
				return []scheduler.Result{{Kind: cell.EffectOpened}}
			},
		}}
		l := start(t, work)
		l.says(func() cell.Command { return l.cell.Ask("ann", "1", "db-1") })
		for id := range l.asked() {
			l.says(func() cell.Command { return l.cell.Approve("sam", id) })
			l.says(func() cell.Command { return l.cell.Approve("lea", id) })
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(at) != 5 || l.count(cell.EffectOpened) != 1 {
			t.Fatalf("%d tries, %d results", len(at), l.count(cell.EffectOpened))
		}
		want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second}
		for i, pause := range want {
			if got := at[i+1].Sub(at[i]).Round(10 * time.Millisecond); got != pause {
				t.Errorf("pause %d is %s, want %s", i, got, pause)
			}
		}
	})
}

// TestHungWorkDelaysNoOther: a group that hangs holds its own worker until its
// deadline, and nothing else.
func TestHungWorkDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := map[cell.TaskKind]scheduler.Work{
			cell.TaskAlarm: {Longest: time.Hour, Do: func(ctx context.Context, _ []scheduler.Job) []scheduler.Result {
				<-ctx.Done()
				return nil
			}},
			cell.TaskLapse: due(),
		}
		l := start(t, work)
		l.says(func() cell.Command { return l.cell.Ask("ann", "1", "db-1") })
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		if n := l.count(cell.EffectDue); n != 1 {
			t.Errorf("%d requests lapsed beside a hung alarm, want 1", n)
		}
	})
}

// TestGroupsAreDoneTogether: jobs of one group come in one call.
func TestGroupsAreDoneTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sizes []int
		work := map[cell.TaskKind]scheduler.Work{cell.TaskOpen: {
			Group: func(scheduler.Job) string { return "one" },
			Do: func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
				mu.Lock()
				defer mu.Unlock()
				sizes = append(sizes, len(jobs))
				results := make([]scheduler.Result, len(jobs))
				for i, j := range jobs {
					if _, ok := j.Lease(); !ok {
						t.Errorf("job %s has no lease", j.Task.ID)
					}
					results[i] = scheduler.Result{Kind: cell.EffectOpened}
				}
				return results
			},
		}}
		l := start(t, work)
		l.says(func() cell.Command { return l.cell.Ask("ann", "1", "db-1", "db-2") })
		for id := range l.asked() {
			l.says(func() cell.Command { return l.cell.Approve("sam", id) })
			l.says(func() cell.Command { return l.cell.Approve("lea", id) })
		}
		synctest.Wait()
		if len(sizes) != 1 || sizes[0] != 2 {
			t.Errorf("calls with %v jobs, want one with 2", sizes)
		}
		if left := l.tasks.Waiting(cell.TaskOpen); len(left) != 0 {
			t.Errorf("%d openings are still held", len(left))
		}
	})
}

// TestOnlyWhatItTakes: a task of a kind that is done here and that its work does
// not take waits for whoever brings its result, and is found there.
func TestOnlyWhatItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := due()
		work.Takes = func(j scheduler.Job) bool { return j.Request.Requester != "bob" }
		l := start(t, map[cell.TaskKind]scheduler.Work{cell.TaskLapse: work})
		for _, person := range []string{"ann", "bob"} {
			l.says(func() cell.Command { return l.cell.Ask(person, person, "db-1") })
		}
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		states := map[string]access.State{}
		for _, r := range l.asked() {
			states[r.Requester] = r.State
		}
		if states["ann"] != access.Lapsed || states["bob"] != access.Pending {
			t.Errorf("%v", states)
		}
		if waiting := l.tasks.WaitingAt(cell.TaskLapse, ""); len(waiting) != 1 || waiting[0].Request.Requester != "bob" {
			t.Errorf("%d wait for somebody else", len(waiting))
		}
	})
}

// TestWhatYieldsNeverHasAllWorkers: what may wait is done by three quarters of the
// workers, however much of it hangs, and is never in one group with what may not.
func TestWhatYieldsNeverHasAllWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		busy := 0
		work := scheduler.Work{
			Workers: 4, Longest: 3 * time.Hour,
			Yields: func(j scheduler.Job) bool { return j.Request.Requester == "bob" },
			Group: func(j scheduler.Job) string {
				if j.Request.Requester == "bob" && j.Task.Due.Before(celltest.Start.Add(70*time.Minute)) {
					return j.Task.ID
				}
				return "together"
			},
			Do: func(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
				for _, j := range jobs {
					if j.Request.Requester != jobs[0].Request.Requester {
						t.Errorf("a group holds jobs of %s and %s", jobs[0].Request.Requester, j.Request.Requester)
					}
				}
				if jobs[0].Request.Requester == "ann" {
					return due().Do(ctx, jobs)
				}
				mu.Lock()
				busy++
				mu.Unlock()
				<-ctx.Done()
				return nil
			},
		}
		l := start(t, map[cell.TaskKind]scheduler.Work{cell.TaskLapse: work})
		for _, holder := range []string{"1", "2", "3", "4", "5"} {
			l.says(func() cell.Command { return l.cell.Ask("bob", holder, "db-1") })
		}
		time.Sleep(15 * time.Minute)
		l.says(func() cell.Command { return l.cell.Ask("bob", "6", "db-1") })
		l.says(func() cell.Command { return l.cell.Ask("ann", "7", "db-1") })
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		if n := l.count(cell.EffectDue); n != 1 || busy != 3 {
			t.Errorf("%d results beside %d workers that hang, want 1 beside 3", n, busy)
		}
	})
}

// TestLateJobsJoinTheGroupThatWaits: what comes due one by one while every worker is
// busy is done in one call, without what is over by then.
func TestLateJobsJoinTheGroupThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var calls []int
		free := make(chan struct{})
		work := scheduler.Work{
			Workers: 1, Longest: 3 * time.Hour, Group: func(scheduler.Job) string { return "one" },
			Do: func(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
				mu.Lock()
				calls = append(calls, len(jobs))
				mu.Unlock()
				<-free
				return due().Do(ctx, jobs)
			},
		}
		l := start(t, map[cell.TaskKind]scheduler.Work{cell.TaskLapse: work})
		for i, holder := range []string{"1", "2", "3", "4", "5"} {
			l.says(func() cell.Command { return l.cell.Ask([]string{"ann", "bob"}[i%2], holder, "db-1") })
			time.Sleep(time.Minute)
		}
		time.Sleep(62 * time.Minute)
		var newest *access.Request
		for _, r := range l.asked() {
			if newest == nil || r.At.After(newest.At) {
				newest = r
			}
		}
		l.says(func() cell.Command { return l.cell.Stop("sam", newest.ID) })
		close(free)
		synctest.Wait()
		if len(calls) != 2 || calls[0] != 1 || calls[1] != 3 {
			t.Errorf("calls with %v jobs, want one with 1 and one with 3", calls)
		}
		if n := l.count(cell.EffectDue); n != 4 {
			t.Errorf("%d results, want 4: one request was stopped", n)
		}
	})
}
