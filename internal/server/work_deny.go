package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/view"
)

// denialView is what the ledger says of denials, now.
type denialView interface {
	// Deniable is every lease whose sessions are to be denied at an instant, the first
	// that ended first.
	Deniable(at canon.Time) []view.Ended
	// Denied tells whether a policy may deny the sessions of an assignment.
	Denied(a access.Assignment) bool
}

type denials func() denialView

// Pauses of denials: after which one that stands is looked at again, and for how long
// a grant that is being opened waits for the denial of an earlier one to go.
const (
	deniedAgain  = time.Minute
	allowLongest = 20 * time.Second
)

// denialOf is the policy of denials of the document in force.
func denialOf(genesis *cell.Genesis) (provider.Denial, string, bool) {
	if genesis == nil || genesis.AWS.Center == nil || genesis.AWS.Center.Denial == "" {
		return provider.Denial{}, "", false
	}
	account, ok := genesis.Account(genesis.AWS.Center.Account)
	if !ok {
		return provider.Denial{}, "", false
	}
	return provider.Denial{
		Policy: genesis.AWS.Center.Denial, Role: account.ARN("role/" + awsprovider.DenialRole), Regions: account.Regions,
		Read: func(content string) ([]byte, bool) { return blueprint.ReadDenial(genesis.Origin, content) },
	}, account.In(), true
}

// deny has the policy of denials say what it should, once for all jobs, and tells of
// each lease what that does about it. Where nothing is left to deny, a policy that is
// somebody else's by now, or that AWS keeps from us, is no matter of the lease any more.
func (w *works) deny(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	denied, err := w.denyAll(ctx)
	if err != nil {
		w.note(jobs[0], "cannot deny the sessions of ended grants by policy", err)
	}
	owed := map[string]bool{} // key ids of leases with sessions that are to be denied
	if w.denials != nil {
		for _, e := range w.denials().Deniable(w.broker().Now()) {
			owed[e.Lease.KeyID] = true
		}
	}
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		l, ok := j.Lease()
		if !ok {
			continue
		}
		seen, foreign, refused := denied[l.KeyID], errors.Is(err, provider.ErrForeign), errors.Is(err, provider.ErrRefused)
		switch {
		case foreign && owed[l.KeyID]:
			seen = access.DenialOthers
		case refused && owed[l.KeyID]:
			seen = access.DenialRefused
		case err != nil && !foreign && (!refused || l.Denial == access.DenialStands):
			continue // nobody knows, or what stands cannot be taken out; again after a pause
		case seen == "" && l.Denial == "" && l.Deniable(w.broker().Now()):
			results[i] = scheduler.Result{After: neededAgain} // a live grant needs the same assignment
			continue
		case seen == "":
			seen = access.DenialOver
		}
		results[i] = scheduler.Result{After: deniedAgain}
		if seen != l.Denial {
			results[i].Kind, results[i].Observed = cell.EffectDenied, cell.Observed{Denial: seen}
		}
		if left := l.NotAfter.Sub(w.broker().Now()); !l.Shut.IsZero() && left > 0 {
			results[i].After = min(results[i].After, left+time.Second)
		}
	}
	return results
}

// denyAll writes the policy as it should be, and tells by key id what it then does.
func (w *works) denyAll(ctx context.Context) (map[string]access.Denial, error) {
	d, partition, ok := denialOf(w.world.genesis())
	if !ok || w.center == nil || w.denials == nil {
		return nil, nil
	}
	var said map[string]access.Denial
	d.Wanted = func() (content []byte, err error) {
		content, said, err = w.wanted(ctx, partition)
		return content, err
	}
	if err := w.center.Deny(ctx, d); err != nil {
		return nil, err
	}
	return said, nil
}

// wanted is what the policy of denials should say now, and what that does about the
// leases whose sessions are to be denied.
func (w *works) wanted(ctx context.Context, partition string) ([]byte, map[string]access.Denial, error) {
	ended := w.denials().Deniable(w.broker().Now())
	all := make([]blueprint.Denied, len(ended))
	for i, e := range ended {
		scenario, err := w.broker().ScenarioOf(ctx, e.Request)
		if err != nil {
			return nil, nil, err
		}
		target, known := scenario.IdentityCenter(e.Lease.Target)
		if !known {
			return nil, nil, fmt.Errorf("the scenario of lease %s has no permission set %s", e.Lease.KeyID, e.Lease.Target)
		}
		of := e.Lease.Assignment
		all[i] = blueprint.Denied{Partition: partition, Account: of.Account, Set: target.Set, User: of.User}
	}
	content, fits := blueprint.Denial(w.world.genesis().Origin, all)
	said := map[string]access.Denial{}
	for i, e := range ended {
		said[e.Lease.KeyID] = access.DenialStands
		if i >= fits {
			said[e.Lease.KeyID] = access.DenialFull
		}
	}
	return content, said, nil
}

// allow takes the denial of an earlier grant away from under one that is being opened,
// which is live by now. Where that fails the grant opens all the same: nobody is kept
// out of an emergency by it for longer than AWS itself keeps them.
func (w *works) allow(ctx context.Context, j scheduler.Job, a access.Assignment) {
	if w.denials == nil || !w.denials().Denied(a) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, allowLongest)
	defer cancel()
	if _, err := w.denyAll(ctx); err != nil {
		w.note(j, "cannot end the denial of an earlier grant's sessions", err)
	}
}

// reconcile looks whether the policy of denials is as it should be also when nobody is
// to be denied: what lost entries wrote is taken out, and that it cannot be written is
// found on a calm day.
func (w *works) reconcile(ctx context.Context, j scheduler.Job) {
	_, err := w.denyAll(ctx)
	text := ""
	switch {
	case errors.Is(err, provider.ErrForeign):
		text = "Somebody else wrote into the policy of denials, or another cell does: it is left as it is, and denies nobody new."
	case err != nil:
		w.note(j, "cannot look at the policy of denials", err)
		text = fmt.Sprintf("Sessions could not be denied by policy now: %v.", err)
	}
	w.unwritten.is(view.FindingUndenied, text, w.broker().Now())
}
