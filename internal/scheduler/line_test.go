package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/statement"
)

// pager is a channel that takes a second for each alarm and notes their order.
type pager struct {
	mu    sync.Mutex
	order []string
	most  int // at a time
	now   int
}

func (p *pager) work() scheduler.Work {
	return scheduler.Work{
		Workers: 2, Longest: time.Hour,
		Group: func(j scheduler.Job) string { return j.Task.Channel },
		Turn: func(j scheduler.Job) scheduler.Turn {
			turn := scheduler.Turn{Share: j.Request.Requester}
			if j.Task.Event == "request-made" || j.Task.Event == "request-over" {
				turn.Class = 1
			}
			return turn
		},
		Do: func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
			j := jobs[0]
			p.mu.Lock()
			p.now++
			p.most = max(p.most, p.now)
			p.mu.Unlock()
			time.Sleep(time.Second)
			p.mu.Lock()
			defer p.mu.Unlock()
			p.now--
			p.order = append(p.order, fmt.Sprintf("%s %s %s", j.Task.Channel, j.Request.Requester, j.Task.Event))
			return []scheduler.Result{{Kind: cell.EffectAlarmReceipt, Observed: cell.Observed{Receipt: &cell.Receipt{Delivered: true}}}}
		},
	}
}

func (p *pager) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.order)
}

// TestT18AlarmsOfAFlood: ann asks and withdraws in a loop, and the channel is
// slow. What bob asks for is told after a number of alarms that does not grow
// with the flood, and what was agreed before everything that was only asked.
func TestT18AlarmsOfAFlood(t *testing.T) {
	for _, flood := range []int{20, 200} {
		synctest.Test(t, func(t *testing.T) {
			p := &pager{}
			l := start(t, map[cell.TaskKind]scheduler.Work{cell.TaskAlarm: p.work()})
			for i := range flood {
				l.says(func() cell.Command { return l.cell.Ask("ann", fmt.Sprint("loop ", i), "db-1") })
				for id, r := range l.asked() {
					if r.Requester == "ann" && r.State == "pending" {
						l.says(func() cell.Command { return l.cell.By("ann", "ann", &statement.Withdraw{Of: id}) })
					}
				}
			}
			synctest.Wait()
			before := len(p.told())
			l.says(func() cell.Command { return l.cell.Ask("bob", "his", "db-1") })
			for id, r := range l.asked() {
				if r.Requester == "bob" {
					l.says(func() cell.Command { return l.cell.Approve("sam", id) })
					l.says(func() cell.Command { return l.cell.Approve("lea", id) })
				}
			}
			time.Sleep(time.Duration(4*flood) * time.Second)
			synctest.Wait()
			told := p.told()[before:]
			for _, at := range []struct {
				event string
				most  int // before it: two on their way, and one beside it for each turn
			}{{"bob agreed", 3}, {"bob request-made", 5}} {
				i := slices.IndexFunc(told, func(line string) bool { return strings.HasSuffix(line, at.event) })
				if i < 0 || i > at.most {
					t.Errorf("a flood of %d: %q is told at place %d, want at most %d", flood, at.event, i, at.most)
				}
			}
			if p.most > 2 {
				t.Errorf("%d alarms at a time, want at most 2", p.most)
			}
			if want := 2*flood + 2; len(p.told()) < want {
				t.Errorf("%d alarms were told, want %d", len(p.told()), want)
			}
		})
	}
}

// TestHungLineDelaysNoOther: the workers of one line are its own.
func TestHungLineDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		work := p.work()
		work.Group = func(j scheduler.Job) string { return j.Request.Requester }
		quick := work.Do
		work.Do = func(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
			if jobs[0].Request.Requester == "ann" {
				<-ctx.Done()
				return nil
			}
			return quick(ctx, jobs)
		}
		l := start(t, map[cell.TaskKind]scheduler.Work{cell.TaskAlarm: work})
		for i := range 10 {
			l.says(func() cell.Command { return l.cell.Ask("ann", fmt.Sprint(i), "db-1") })
		}
		l.says(func() cell.Command { return l.cell.Ask("bob", "his", "db-1") })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if told := p.told(); !slices.Equal(told, []string{"pager bob request-made"}) {
			t.Errorf("told beside a hung line: %v", told)
		}
		if n := len(l.tasks.Waiting(cell.TaskAlarm)); n != 10 {
			t.Errorf("%d alarms are still held, want 10", n)
		}
	})
}
