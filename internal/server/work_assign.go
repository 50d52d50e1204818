package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/view"
)

// center is IAM Identity Center, as the work needs it.
type center interface {
	provider.Provider
	provider.Lister
	// Assigned lists everybody who has one of some permission sets: all of them, or an
	// error.
	Assigned(ctx context.Context, at provider.Center, sets []access.Assignment) ([]access.Assignment, error)
	// Deny has the organisation's policy say what it should, and returns nil only when it
	// is seen to.
	Deny(ctx context.Context, d provider.Denial) error
}

// Pauses of assignments: after which one that another grant needs is looked at again,
// one that stood before, one that is gone, and everybody's.
const (
	neededAgain   = 15 * time.Second
	stoodAgain    = time.Minute
	goneAgain     = 5 * time.Minute
	assignedAgain = 10 * time.Minute
)

// centerOf is the Identity Center of the document in force.
func centerOf(genesis *cell.Genesis) (provider.Center, bool) {
	if genesis == nil || genesis.AWS.Center == nil {
		return provider.Center{}, false
	}
	c := genesis.AWS.Center
	account, ok := genesis.Account(c.Account)
	if !ok {
		return provider.Center{}, false
	}
	return provider.Center{Instance: c.Instance, Region: c.Region, Role: account.ARN("role/" + awsprovider.CenterRole), Regions: account.Regions}, true
}

// assignmentLease is what the provider is told of the lease of an assignment.
func (w *works) assignmentLease(ctx context.Context, j scheduler.Job, l *access.Lease) (provider.Lease, bool) {
	at, ok := centerOf(w.world.genesis())
	scenario, err := w.broker().ScenarioOf(ctx, j.Request)
	if err != nil || !ok {
		return provider.Lease{}, false
	}
	target, known := scenario.IdentityCenter(l.Target)
	if !known {
		return provider.Lease{}, false
	}
	return provider.Lease{
		KeyID: l.KeyID, Target: l.Target, Until: j.Request.Grant.Until, Request: j.Request.ID.Short(), Person: j.Request.Requester,
		Assignment: &provider.Assignment{
			Center: at, Of: *l.Assignment, Set: target.Set, Session: l.Session, Claimed: l.Claimed,
			Needed: func() bool { return w.isNeeded(*l.Assignment) },
		},
	}, true
}

func (w *works) isNeeded(a access.Assignment) bool { return w.needed != nil && w.needed(a) }

// ofCenter tells whether a job is about the lease of an assignment.
func ofCenter(j scheduler.Job) bool {
	lease, ok := j.Lease()
	return ok && lease.Assignment != nil
}

// listed is what Identity Center lists of a lease's assignment.
func (w *works) listed(ctx context.Context, lease provider.Lease) (access.Listing, error) {
	ids, err := w.center.List(ctx, lease)
	switch {
	case err != nil:
		return "", err
	case slices.Contains(ids, lease.KeyID):
		return access.ListedStands, nil
	}
	return access.ListedGone, nil
}

// assign opens the lease of an assignment, in two steps. That nobody has it yet is
// recorded before it is asked for: if we die after asking, what is listed is ours.
func (w *works) assign(ctx context.Context, j scheduler.Job, lease provider.Lease) scheduler.Result {
	l, _ := j.Lease()
	failed := func(err error) scheduler.Result {
		w.note(j, "cannot assign", err)
		return scheduler.Result{Kind: cell.EffectOpenFailed, Observed: cell.Observed{Why: why(err)}}
	}
	if l.Claimed {
		w.allow(ctx, j, *l.Assignment)
		if err := w.center.Open(ctx, lease); err != nil {
			return failed(err)
		}
		return scheduler.Result{Kind: cell.EffectOpened}
	}
	listed, err := w.listed(ctx, lease)
	if err != nil {
		return failed(err)
	}
	result := scheduler.Result{Kind: cell.EffectListed, Observed: cell.Observed{Listed: listed}, After: time.Millisecond}
	if listed == access.ListedStands {
		if result.After = 0; l.Trouble == access.TroubleStands {
			result.After = stoodAgain
		}
	}
	return result
}

// unassign deletes the assignment of a lease, unless another needs it, and looks
// again from time to time whether it stays away.
func (w *works) unassign(ctx context.Context, j scheduler.Job, lease provider.Lease) scheduler.Result {
	l, _ := j.Lease()
	if w.isNeeded(*l.Assignment) {
		return scheduler.Result{After: neededAgain}
	}
	again := !l.Shut.IsZero()
	if again {
		if listed, err := w.listed(ctx, lease); err != nil || listed == access.ListedGone {
			return scheduler.Result{After: goneAgain}
		}
	}
	switch err := w.center.Close(ctx, lease); {
	case errors.Is(err, provider.ErrNeeded):
		return scheduler.Result{After: neededAgain}
	case err != nil:
		w.note(j, "cannot end an assignment", err)
		return scheduler.Result{}
	}
	shut := &cell.Shut{Closed: true, Listed: access.ListedGone, Again: again}
	return scheduler.Result{Kind: cell.EffectShut, Observed: cell.Observed{Shut: shut}, After: goneAgain}
}

// outlived says, of leases of assignments, that the last session is over, if the
// assignment is still gone.
func (w *works) outlived(ctx context.Context, j scheduler.Job) scheduler.Result {
	lease, ok := w.lease(ctx, j)
	if !ok {
		return scheduler.Result{}
	}
	listed, err := w.listed(ctx, lease)
	if err != nil {
		return scheduler.Result{}
	}
	return scheduler.Result{Kind: cell.EffectDue, Observed: cell.Observed{Listed: listed}}
}

// assignments has everybody listed who has a permission set that a scenario gives.
// Which of them are a lease's, the rules say.
func (w *works) assignments(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	at, ok := centerOf(w.world.genesis())
	sets := w.world.sets()
	again := []scheduler.Result{{After: assignedAgain}}
	w.reconcile(ctx, jobs[0])
	if !ok || len(sets) == 0 {
		w.unlisted.is(view.FindingUnlisted, "", canon.Time{})
		return again
	}
	all, err := w.center.Assigned(ctx, at, sets)
	if err != nil {
		w.note(jobs[0], "cannot list who has the permission sets of scenarios", err)
		w.unlisted.is(view.FindingUnlisted, fmt.Sprintf("Who has the permission sets of scenarios could not be listed: %v.", err), w.broker().Now())
		return again
	}
	slices.SortFunc(all, access.Assignment.Compare)
	over := ""
	if n := len(all); n > cell.AssignedAtOnce {
		over = fmt.Sprintf("%d assignments of the permission sets of scenarios are listed; only the first %d can be recorded, and nothing is said of the others.", n, cell.AssignedAtOnce)
		w.note(jobs[0], over, nil)
		all = all[:cell.AssignedAtOnce]
	}
	w.unlisted.is(view.FindingUnlisted, over, w.broker().Now())
	observed := cell.Observed{Listed: access.ListedGone, Assigned: all}
	if len(all) > 0 {
		observed.Listed = access.ListedStands
	}
	return []scheduler.Result{{Kind: cell.EffectListed, Observed: observed, After: assignedAgain}}
}

// note tells the log what the ledger has no words for.
func (w *works) note(j scheduler.Job, what string, err error) {
	if w.notes != nil {
		w.notes.Warn(what, slog.String("task", j.Task.ID), slog.Any("error", err))
	}
}
