package broker_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// wrong is a wall clock that is wrong by as much as a test says, when a broker
// starts. People's clocks in these tests are right.
type wrong struct {
	mu sync.Mutex
	by time.Duration
}

func (w *wrong) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.by)
}

func (w *wrong) set(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.by = by
}

// tick does what the server's standing task does every few seconds.
func tick(t *testing.T, d *brokertest.Cell, step int64) {
	t.Helper()
	_, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectClock, Task: waiting(t, d, cell.TaskClock)[0].ID}, cell.Observed{Step: step})
	var refusal *cell.Refusal
	if err != nil && !(errors.As(err, &refusal) && refusal.Reason == cell.ClockUnknown) {
		t.Fatal(err)
	}
}

// TestClockSetBackWedgesNothing (I4): a server whose clock was ahead has written
// so into the ledger, and starts again with a right clock, or its clock is set
// back while it runs. Recorded time does not go back; people ask, agree, stop and
// withdraw, at the shortest window; and nothing that was over counts again.
func TestClockSetBackWedgesNothing(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, c := range []struct {
		name          string
		before, after time.Duration
		restart       bool
	}{
		{"ten years ahead, right at the next start", 10 * year, 0, true},
		{"ten years ahead, set right while it runs", 10 * year, 0, false},
		{"set back a day at a start", 0, -24 * time.Hour, true},
		{"set back a day while it runs", 0, -24 * time.Hour, false},
		{"an hour ahead, then a day behind", time.Hour, -24 * time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			wall := &wrong{}
			d := brokertest.New(t, brokertest.Setup{Wall: wall.now})
			old := d.Ask("ann", "old")
			live := d.Must(old).Digest
			d.Must(d.Decide("sam", live, statement.Approve))
			spent := d.Decide("lea", live, statement.Approve)
			d.Must(spent)
			if c.before > 0 { // something is written at that time: the end of the window
				d.Shut()
				wall.set(c.before)
				d.Open()
				lapse(t, d)
			}
			newest := lastAt(t, d)
			step := (c.after - c.before).Milliseconds()
			if c.restart {
				d.Shut()
				wall.set(c.after)
				d.Open()
				if found := d.ClockStep(); found > step+60_000 || found < step-60_000 {
					t.Errorf("the clock is found %d ms off, want about %d", found, step)
				}
				step = d.ClockStep()
			} // else: no test can set a clock back without its monotonic reading
			tick(t, d, step)

			asked := d.Must(d.Ask("bob", "new"))
			if asked.At.Before(newest) {
				t.Errorf("an entry at %s, after one at %s", asked.At, newest)
			}
			d.Must(d.Decide("sam", asked.Digest, statement.Approve))
			agreed := d.Must(d.Decide("lea", asked.Digest, statement.Approve))
			grant := agreed.Request.Grant
			if grant == nil {
				t.Fatal("two decisions agree to nothing")
			}
			scenario := celltest.Scenario()
			shortest := scenario.ShortestWindow().Duration()
			if length := grant.Until.Sub(grant.From); length > shortest || grant.From != agreed.At {
				t.Errorf("a window of %s from %s, want at most %s from %s", length, grant.From, shortest, agreed.At)
			}
			if stopped := d.Must(d.Stop("sue", asked.Digest)); stopped.Request.State != access.Ended {
				t.Errorf("after stop the request is %s", stopped.Request.State)
			}
			gone := d.Must(d.Ask("ann", "gone")).Digest
			d.Must(d.Sign("ann", "ann", &statement.Withdraw{Of: gone}))

			for name, s := range map[string]broker.Submission{"request": old, "decision": spent} {
				a, err := d.Submit(context.Background(), s)
				var refusal *cell.Refusal
				if (err != nil || !a.Again) && !errors.As(err, &refusal) {
					t.Errorf("an old %s again: %+v, %v", name, a, err)
				}
			}
			tick(t, d, 0) // at last the wall clock is as late as the ledger says
			d.Must(d.SignAt("ann", "ann", &statement.Session{For: 300}, d.Now().Add(10*time.Minute)))
			d.Refused(d.SignAt("ann", "ann", &statement.Session{For: 300}, d.Now().Add(-time.Second)), cell.StatementExpired)
		})
	}
}

// lapse ends what is over by now, as the scheduler does.
func lapse(t *testing.T, d *brokertest.Cell) {
	t.Helper()
	done := 0
	for _, task := range waiting(t, d, cell.TaskEnd) {
		if _, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectDue, Task: task.ID}, cell.Observed{}); err != nil {
			t.Fatal(err)
		}
		done++
	}
	if done != 1 {
		t.Fatalf("%d windows were over, want 1", done)
	}
}

// lastAt is the time of the newest entry.
func lastAt(t *testing.T, d *brokertest.Cell) canon.Time {
	t.Helper()
	bodies, err := d.Store.Entries(context.Background(), d.Head().Size-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := ledger.DecodeEntry(bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	return entry.At
}

// waiting are the tasks of a kind that the store holds.
func waiting(t *testing.T, d *brokertest.Cell, kind cell.TaskKind) (tasks []cell.Task) {
	t.Helper()
	state, err := d.Store.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range state.Tasks {
		var task cell.Task
		if err := canon.Decode(kept.Body, 1<<20, &task); err != nil {
			t.Fatal(err)
		}
		if task.Kind == kind {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// unsure tells nobody that what it wrote is written, as often as it is told.
type unsure struct {
	broker.Store
	times int
}

func (s *unsure) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	err := s.Store.Append(ctx, on, b)
	if s.times > 0 && err == nil {
		s.times--
		return errors.New("the answer was lost")
	}
	return err
}

// TestClockAgreedByAnAnswerThatWasLost (I4): recorded time follows what was agreed
// also where the store did not say that it is durable.
func TestClockAgreedByAnAnswerThatWasLost(t *testing.T) {
	store := &unsure{}
	d := brokertest.New(t, brokertest.Setup{Wrap: func(s broker.Store) broker.Store {
		store.Store = s
		return store
	}})
	const paused = int64(3_600_000)
	before := d.Now()
	tick(t, d, paused)
	salt := [32]byte{7}
	reason, err := statement.NewNote(salt, "the machine was paused")
	if err != nil {
		t.Fatal(err)
	}
	propose := d.Sign("sam", "sam", &statement.Clock{Step: paused, Reason: reason})
	propose.Notes = []ledger.Note{{Salt: salt, Text: "the machine was paused"}}
	change := d.Must(propose).Digest
	store.times = 1
	d.Must(d.Decide("lea", change, statement.Approve))
	if moved := d.Now().Sub(before); moved < time.Hour || moved > time.Hour+time.Minute {
		t.Errorf("recorded time moved by %s, want an hour", moved)
	}
}
