package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/lookout"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/witness"
)

// clockEvery and countEvery are the pauses of the standing tasks.
const (
	clockEvery = 5 * time.Second
	countEvery = time.Minute
)

// works is what the scheduler does, kind by kind.
type works struct {
	origin     string
	world      *following
	ssh        provider.Provider
	exec       provider.Provider                         // of the targets that programs open
	aws        provider.Provider                         // of roles of AWS accounts
	stopped    func(account, role string, slot int) bool // a slot keeps somebody out now
	center     center                                    // IAM Identity Center
	needed     func(access.Assignment) bool              // a live grant needs an assignment now
	runs       providerOfRuns                            // executions of Systems Manager
	held       func(keyID string) bool                   // a lease has not begun to close
	executions func() []*access.Request                  // for which an execution opened something, or may, that is not closed
	denials    denials                                   // whose sessions are to be denied
	unlisted   beside                                    // why nobody knows who has the permission sets
	unwritten  beside                                    // why the policy of denials is not as it should be
	notes      *slog.Logger                              // of what went wrong with it; nil: nowhere
	lookout    *lookout.Lookout
	channels   map[string]sink
	repeats    *repeats
	absent     absent
	log        broker.LogReader
	broker     func() *broker.Broker // set after the scheduler was made
	circle     *witness.Circle       // of the witnesses; nil without
	tiles      interface {           // of the ledger
		Tile(ctx context.Context, level int, index int64) ([]byte, error)
	}
}

func (w *works) table() map[cell.TaskKind]scheduler.Work {
	due := scheduler.Work{Do: always(scheduler.Result{Kind: cell.EffectDue}), Group: together, Workers: 4, Yields: w.yields}
	return map[cell.TaskKind]scheduler.Work{
		cell.TaskLapse:       due,
		cell.TaskRung:        due,
		cell.TaskSolo:        due,
		cell.TaskWaited:      {Do: w.waited, Workers: 4, Pause: scheduler.Pause{First: time.Second, Most: 15 * time.Second}},
		cell.TaskEnd:         due,
		cell.TaskExpire:      {Do: w.expire, Group: accountsApart, Workers: 4, Longest: roundLongest, Yields: w.yields},
		cell.TaskPage:        due,
		cell.TaskOwe:         due,
		cell.TaskOverdue:     due,
		cell.TaskReview:      due,
		cell.TaskRecover:     due,
		cell.TaskSuspension:  due,
		cell.TaskRotated:     {Do: always(scheduler.Result{Kind: cell.EffectConsequence}), Group: together, Workers: 4},
		cell.TaskConsequence: {Do: always(scheduler.Result{Kind: cell.EffectConsequence}), Group: together, Workers: 4},
		cell.TaskOpen:        {Do: w.open, Group: atTarget, Longest: roundLongest, Workers: 32, Pause: scheduler.Pause{First: 250 * time.Millisecond, Most: 15 * time.Second}},
		cell.TaskBaseline:    {Do: w.baseline, Group: atTarget, Longest: roundLongest, Workers: 32, Pause: scheduler.Pause{First: 2 * time.Second, Most: 30 * time.Second}},
		cell.TaskProve:       {Do: w.prove, Group: atTarget, Longest: roundLongest, Workers: 32, Yields: w.yields, Pause: scheduler.Pause{First: 500 * time.Millisecond, Most: 15 * time.Second}},
		cell.TaskList:        {Do: w.list, Takes: ofAccount, Workers: 8, Longest: roundLongest, Pause: scheduler.Pause{First: time.Second, Most: 30 * time.Second}},
		cell.TaskShut:        {Do: w.shut, Workers: 32, Longest: roundLongest, Pause: scheduler.Pause{First: 500 * time.Millisecond, Most: 30 * time.Second}},
		cell.TaskDeliver:     {Do: w.deliver, Group: together, Workers: 1, Pause: scheduler.Pause{First: time.Minute, Most: time.Minute}},
		cell.TaskAlarm: {
			Do: w.alarm, Group: func(j scheduler.Job) string { return j.Task.Channel }, Turn: alarmTurn, Workers: alarmsAtATime,
			Longest: 2 * time.Minute, Pause: scheduler.Pause{First: time.Second, Most: 5 * time.Minute},
		},
		cell.TaskAssignments: {Do: w.assignments, Workers: 1, Longest: roundLongest},
		cell.TaskDeny:        {Do: w.deny, Group: together, Workers: 1, Longest: roundLongest, Pause: scheduler.Pause{First: time.Second, Most: 30 * time.Second}},
		cell.TaskClock:       {Do: w.clock, Workers: 1},
		cell.TaskCount:       {Do: w.count, Workers: 1},
		cell.TaskWitness:     {Do: w.cosigned, Workers: 1},
		cell.TaskSilent:      due,
		cell.TaskSymptom:     {Do: w.look, Workers: 8, Group: together, Turn: byRequester},
		cell.TaskOverlap:     {Do: w.overlap, Workers: 1, Pause: scheduler.Pause{First: 250 * time.Millisecond, Most: 15 * time.Second}},
	}
}

func together(scheduler.Job) string { return "" }

// yields is by the rules.
func (w *works) yields(j scheduler.Job) bool { return j.Task.Yields(j.Request, w.broker().Now()) }

// byRequester is turns of one person each: nobody waits for another's many looks.
func byRequester(j scheduler.Job) scheduler.Turn {
	if j.Request == nil {
		return scheduler.Turn{}
	}
	return scheduler.Turn{Share: j.Request.Requester}
}

// always gives the same result for every job.
func always(result scheduler.Result) func(context.Context, []scheduler.Job) []scheduler.Result {
	return func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
		results := make([]scheduler.Result, len(jobs))
		for i := range results {
			results[i] = result
		}
		return results
	}
}

// lease is what the provider is told of a job's lease.
func (w *works) lease(ctx context.Context, j scheduler.Job) (provider.Lease, bool) {
	l, ok := j.Lease()
	if !ok || j.Request.Grant == nil {
		return provider.Lease{}, false
	}
	switch {
	case l.Program != "":
		return w.programLease(ctx, j, l)
	case l.Automation != "":
		return w.automationLease(ctx, j, l)
	case l.Account != "":
		return w.accountLease(ctx, j, l)
	case l.Assignment != nil:
		return w.assignmentLease(ctx, j, l)
	}
	host, known := w.world.host(l.Host)
	if !known {
		return provider.Lease{}, false
	}
	scenario, err := w.broker().ScenarioOf(ctx, j.Request)
	if err != nil {
		return provider.Lease{}, false
	}
	target, known := scenario.Target(l.Target)
	if !known {
		return provider.Lease{}, false
	}
	return provider.Lease{
		KeyID: l.KeyID, Target: l.Target, User: target.User, Principals: target.Principals, Until: j.Request.Grant.Until,
		Host: provider.Host{ID: host.ID, Address: host.Address, Keys: hostKeys(host)},
	}, true
}

func hostKeys(h *cell.Host) []string {
	lines := make([]string, 0, len(h.Keys))
	for _, key := range h.Keys {
		lines = append(lines, key.Line)
	}
	return lines
}

func (w *works) open(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	ctx, cancel := bounded(ctx, jobs)
	defer cancel()
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		lease, ok := w.lease(ctx, j)
		if !ok {
			results[i] = scheduler.Result{Kind: cell.EffectOpenFailed, Observed: cell.Observed{Why: "internal"}}
			continue
		}
		if lease.AWS != nil && !lease.AWS.Root {
			results[i] = scheduler.Result{Kind: cell.EffectOpened} // nothing has to be made there; the baseline looks
			continue
		}
		if lease.Assignment != nil {
			results[i] = w.assign(ctx, j, lease)
			continue
		}
		if l, _ := j.Lease(); lease.Automation != nil && w.waits(ctx, j, l) {
			results[i] = scheduler.Result{Kind: cell.EffectOpenFailed, Observed: cell.Observed{Why: access.TroubleWaits}}
			continue
		}
		if err := w.provider(lease).Open(ctx, lease); err != nil {
			w.noteRun(j, lease, err)
			results[i] = scheduler.Result{Kind: cell.EffectOpenFailed, Observed: cell.Observed{Why: why(err)}}
			continue
		}
		results[i] = scheduler.Result{Kind: cell.EffectOpened}
	}
	return results
}

func why(err error) string {
	switch {
	case errors.Is(err, provider.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		return "unreachable"
	case errors.Is(err, provider.ErrChanged):
		return access.TroubleChanged
	case errors.Is(err, provider.ErrRefused):
		return "refused"
	case errors.Is(err, provider.ErrUnready):
		return "unready"
	}
	return "internal"
}

// baseline looks whether twins are accepted while their leases are open.
func (w *works) baseline(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	ctx, cancel := bounded(ctx, jobs)
	defer cancel()
	results := w.probe(ctx, jobs)
	w.clear(ctx, jobs, results)
	return results
}

// prove closes and looks whether twins are refused.
func (w *works) prove(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	ctx, cancel := bounded(ctx, jobs)
	defer cancel()
	w.close(ctx, jobs)
	results := w.probe(ctx, jobs)
	w.endBehind(ctx, jobs, results)
	return results
}

// probe asks the one host or role of all jobs in one round. Where it was not reached
// that proves nothing: the rules are not troubled with it, and it is tried again.
func (w *works) probe(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	var leases []provider.Lease
	var of []int
	for i, j := range jobs {
		lease, ok := w.lease(ctx, j)
		if !ok {
			continue
		}
		if len(leases) == 0 && w.absent.was(place(lease), w.broker().Now()) {
			return results
		}
		leases, of = append(leases, lease), append(of, i)
	}
	if len(leases) == 0 {
		return results
	}
	reached := false
	for i, round := range w.provider(leases[0]).Probe(ctx, leases) {
		reached = reached || round.Twin != access.Unreachable || round.Control != access.Unreachable
		if round.Twin != access.Unreachable {
			results[of[i]] = scheduler.Result{Kind: cell.EffectProbed, Observed: cell.Observed{Round: &access.Round{Twin: round.Twin, Control: round.Control}}}
		}
	}
	if !reached {
		w.absent.note(place(leases[0]), w.broker().Now())
	}
	return results
}

// deliver is for credentials whose delivery was cut off: whoever mints reports
// by itself, so that a task older than a minute belongs to a process that died.
func (w *works) deliver(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		if j.Tries > 0 || w.broker().Now().Sub(j.Task.Due) > time.Minute {
			results[i] = scheduler.Result{Kind: cell.EffectMintFailed, Observed: cell.Observed{Why: "interrupted"}}
		}
	}
	return results
}

// clock reports how far the wall clock left its measure and, when that is in doubt,
// what time it is by the clocks of the witnesses.
func (w *works) clock(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	if known := w.world.witness.Load(); w.circle != nil && known != nil && known.doubted {
		if newest, _ := w.circle.Newest(); newest.Size > known.last {
			observed := cell.Observed{Step: w.broker().ClockStep(), Cosigned: string(newest.Text)}
			// A refusal tells nothing new; the plain report below goes on.
			_, _ = w.broker().Effect(ctx, cell.Effect{Kind: cell.EffectClock, Task: jobs[0].Task.ID}, observed)
		}
	}
	return []scheduler.Result{{Kind: cell.EffectClock, Observed: cell.Observed{Step: w.broker().ClockStep()}, After: clockEvery}}
}

func (w *works) count(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	counts := w.broker().Refused()
	if len(counts) > 0 {
		_, err := w.broker().Effect(ctx, cell.Effect{Kind: cell.EffectRefusedCount, Task: jobs[0].Task.ID}, cell.Observed{Counts: counts})
		if err != nil {
			w.broker().RefusedBack(counts)
		}
	}
	return []scheduler.Result{{After: countEvery}}
}
