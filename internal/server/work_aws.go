package server

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// Deadlines of one round. AWS is asked over several calls, and takes one change of
// a role at a time; a host answers at once or not at all.
const (
	roundLongest     = 2 * time.Minute
	hostRoundLongest = 30 * time.Second
)

// bounded bounds a round at a host more narrowly than one at an account.
func bounded(ctx context.Context, jobs []scheduler.Job) (context.Context, context.CancelFunc) {
	if ofAccount(jobs[0]) || ofCenter(jobs[0]) || ofRun(jobs[0]) {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, hostRoundLongest)
}

// ofAccount tells whether a job is about a lease of an AWS role.
func ofAccount(j scheduler.Job) bool {
	lease, ok := j.Lease()
	return ok && lease.Account != ""
}

// atTarget groups jobs whose leases are asked about in one round: those of one
// host, or of one role.
func atTarget(j scheduler.Job) string {
	lease, ok := j.Lease()
	switch {
	case !ok || lease.Driven() || lease.Assignment != nil:
		return j.Task.ID // a program, Systems Manager and Identity Center are asked about one lease at a time
	case lease.Account != "":
		return "aws " + lease.Account + " " + lease.Role
	}
	return lease.Host
}

// accountsApart groups the jobs of one role, and puts all others together.
func accountsApart(j scheduler.Job) string {
	if ofAccount(j) || ofCenter(j) {
		return atTarget(j)
	}
	return ""
}

// place names what a round asks.
func place(l provider.Lease) string {
	switch {
	case l.AWS != nil:
		return l.AWS.Twin.RoleARN
	case l.Program != "":
		return "program " + l.Program
	}
	return l.Host.ID
}

// accountLease is what the provider is told of a lease of an AWS role: sessions as
// the rules build them, to be asked with.
func (w *works) accountLease(ctx context.Context, j scheduler.Job, l *access.Lease) (provider.Lease, bool) {
	genesis := w.world.genesis()
	scenario, err := w.broker().ScenarioOf(ctx, j.Request)
	if err != nil || genesis == nil {
		return provider.Lease{}, false
	}
	if l.Task != "" {
		twin, _, ok := cell.Twins(genesis, scenario, j.Request, l.Target)
		return provider.Lease{
			KeyID: l.KeyID, Target: l.Target, Until: j.Request.Grant.Until, Request: j.Request.ID.Short(), Person: j.Request.Requester,
			AWS: &provider.AWS{Twin: twin, Regions: twin.Regions, Root: true},
		}, ok
	}
	target, known := scenario.AWS(l.Target)
	account, there := genesis.Account(l.Account)
	if !known || !there {
		return provider.Lease{}, false
	}
	twin, control, ok := cell.Twins(genesis, scenario, j.Request, l.Target)
	if !ok {
		return provider.Lease{}, false
	}
	regions := target.Regions
	if len(regions) == 0 {
		regions = account.Regions
	}
	return provider.Lease{
		KeyID: l.KeyID, Target: l.Target, Until: j.Request.Grant.Until, Request: j.Request.ID.Short(), Person: j.Request.Requester,
		AWS: &provider.AWS{
			Twin: twin, Control: control, Probe: target.Probe, Regions: regions, Slot: l.Slot,
			Ending:   func() bool { return w.stopped != nil && w.stopped(l.Account, l.Role, l.Slot) },
			Sessions: target.Outlives(),
		},
	}, true
}

// closesMost is how many leases of one role are closed at a time. IAM takes one change
// of a role at a time; what else closing asks, such as for sessions of Systems Manager
// in each region, makes no other lease wait.
const closesMost = 8

// close has every lease of a round closed, one of each slot where a slot is all that
// closes them. An error changes nothing: the probe tells what is so.
func (w *works) close(ctx context.Context, jobs []scheduler.Job) {
	tried := map[string]bool{}
	free := make(chan struct{}, closesMost)
	var all sync.WaitGroup
	for _, j := range jobs {
		lease, ok := w.lease(ctx, j)
		if !ok {
			continue
		}
		name := lease.KeyID
		if lease.AWS != nil && !lease.AWS.Sessions {
			name = "slot " + strconv.Itoa(lease.AWS.Slot)
		}
		if tried[name] {
			continue
		}
		tried[name] = true
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			_ = w.provider(lease).Close(ctx, lease)
		})
	}
	all.Wait()
}

// endedTries is how often a refusal waits until what outlives the sessions was ended
// as well: for about ten minutes. The end of the last session proves the door by then.
const endedTries = 40

// endBehind ends what was begun at an account before its door was seen to be shut, and
// keeps the refusal back while that fails: its task is what tries it again, where no
// list has to be empty because a person must attest.
func (w *works) endBehind(ctx context.Context, jobs []scheduler.Job, results []scheduler.Result) {
	for i, j := range jobs {
		shut := results[i].Observed.Round
		if shut == nil || shut.Twin != access.Refused || shut.Control != access.Accepted || j.Tries >= endedTries {
			continue
		}
		held, known := j.Lease()
		if !known || !slices.Contains(held.Needs, access.ProofAttested) {
			continue // a list has to be empty, and whoever lists ends what it finds
		}
		lease, ok := w.lease(ctx, j)
		if !ok || lease.AWS == nil || !lease.AWS.Sessions {
			continue
		}
		if w.aws.Close(ctx, lease) != nil {
			results[i] = scheduler.Result{}
		}
	}
}

// clear finds out why what is open at an account was not seen to work, and takes off
// what a lease of the past left in the way. A grant is open before anybody asked its
// account, so that its first credential waits for nothing but itself: what is wrong
// there, whoever fetches is told at once, and everybody by this.
func (w *works) clear(ctx context.Context, jobs []scheduler.Job, results []scheduler.Result) {
	for i, j := range jobs {
		lease, ok := w.lease(ctx, j)
		if !ok || lease.AWS == nil || seenToWork(results[i]) {
			continue
		}
		if err := w.aws.Open(ctx, lease); err != nil {
			results[i] = scheduler.Result{Kind: cell.EffectOpenFailed, Observed: cell.Observed{Why: why(err)}}
			continue
		}
		results[i] = scheduler.Result{After: lookAgain}
	}
}

// lookAgain is how soon after a slot was taken off it is looked whether that helped.
const lookAgain = 250 * time.Millisecond

func seenToWork(r scheduler.Result) bool {
	return r.Kind == cell.EffectProbed && r.Observed.Round.Twin == access.Accepted && r.Observed.Round.Control == access.Accepted
}

// expireAccount says that the last sessions of leases are over, and then takes off
// the slots that stopped them, where nobody else needs them: the next grant in such
// a slot works from its first credential on. Where that fails, or we crash before it,
// its baseline finds the slot and takes it off.
func (w *works) expireAccount(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	cleared := map[int]bool{}
	for i, j := range jobs {
		if _, err := w.broker().Effect(ctx, cell.Effect{Kind: cell.EffectDue, Task: j.Task.ID}, cell.Observed{}); err != nil {
			results[i] = scheduler.Result{Kind: cell.EffectDue} // it is told once more, as any result
			continue
		}
		lease, ok := w.lease(ctx, j)
		clearer, can := w.aws.(provider.Clearer)
		if ok && can && !cleared[lease.AWS.Slot] {
			cleared[lease.AWS.Slot] = clearer.Clear(ctx, lease) == nil
		}
	}
	return results
}

// list has an account list what outlives the sessions of leases whose door is
// shut. What it cannot list for certain is asked again.
func (w *works) list(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	lister, can := w.aws.(provider.Lister)
	for i, j := range jobs {
		lease, ok := w.lease(ctx, j)
		if !can || !ok {
			continue
		}
		standing, err := lister.List(ctx, lease)
		if err == nil && !slices.Contains(standing, lease.KeyID) {
			results[i] = scheduler.Result{Kind: cell.EffectListed, Observed: cell.Observed{Listed: access.ListedGone}}
			continue
		}
		if err == nil {
			_ = w.aws.Close(ctx, lease) // ends what it can list; the next list tells
		}
	}
	return results
}
