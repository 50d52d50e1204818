package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// providerOfRuns opens and closes by executions of Systems Manager.
type providerOfRuns interface {
	provider.Provider
	provider.Lister
}

// automationLease is what the provider is told of a lease that an execution opens.
func (w *works) automationLease(ctx context.Context, j scheduler.Job, l *access.Lease) (provider.Lease, bool) {
	genesis := w.world.genesis()
	scenario, err := w.broker().ScenarioOf(ctx, j.Request)
	if err != nil || genesis == nil || w.runs == nil {
		return provider.Lease{}, false
	}
	target, known := scenario.Automation(l.Target)
	account, there := genesis.Account(l.Automation)
	if !known || !there || target.Account != l.Automation {
		return provider.Lease{}, false
	}
	of := &provider.Automation{
		Role: account.ARN("role/" + awsprovider.ExecutorRole), Door: account.Door, Regions: account.Regions, Region: target.Region,
		Document: target.Document, Version: target.Version, Digest: target.Digest, ActsAs: account.ARN("role/" + target.Role),
		Parameters: told(target, j.Request), Opens: target.Opens, Closes: target.Closes, Opened: l.Worked,
		Held: func() bool { return (w.held == nil || w.held(l.KeyID)) && !w.waits(ctx, j, l) },
	}
	return provider.Lease{KeyID: l.KeyID, Target: l.Target, Until: j.Request.Grant.Until, Request: j.Request.ID.Short(), Person: j.Request.Requester, Automation: of}, true
}

// waits tells whether the execution of a job's lease is to begin only when another is
// closed. One whose scenario cannot be read is waited for.
func (w *works) waits(ctx context.Context, j scheduler.Job, l *access.Lease) bool {
	if w.executions == nil {
		return false
	}
	unread := false
	scenarioOf := func(r *access.Request) *access.Scenario {
		scenario, err := w.broker().ScenarioOf(ctx, r)
		if err != nil {
			unread = true
			return new(access.Scenario)
		}
		return scenario
	}
	return cell.Waits(slices.Values(w.executions()), scenarioOf, j.Request, l) || unread
}

// ownEndAfter is how long after the grant an execution is told to end by itself: so that
// we cancel it before, and never just as it closes.
const ownEndAfter = time.Minute

// told are all parameters of an execution: those of the scenario, and facts of the grant
// that stay the same while it lives.
func told(t *access.Automation, r *access.Request) map[string]string {
	given := map[string]string{}
	for name, value := range t.Parameters {
		given[name] = value
	}
	facts := map[string]string{
		access.FactPerson: r.Requester, access.FactRequest: r.ID.Short(), access.FactUntil: instant(r.Grant.Until.Add(ownEndAfter)),
	}
	for name, fact := range t.Tells {
		given[name] = facts[fact]
	}
	return given
}

// instant is a time as Systems Manager waits for it, to the second before it.
func instant(t canon.Time) string { return t.Std().UTC().Format("2006-01-02T15:04:05Z") }

// ofRun tells whether a job is about a lease of an execution.
func ofRun(j scheduler.Job) bool {
	lease, ok := j.Lease()
	return ok && lease.Automation != ""
}

// noteRun tells the log why an execution does not open: the ledger has a word for it.
func (w *works) noteRun(j scheduler.Job, lease provider.Lease, err error) {
	if lease.Automation != nil {
		w.note(j, "cannot open by an execution", err)
	}
}

// stopRun cancels the execution of a lease and, when it closed, looks that none is left.
// One that is over and did not close is people's, and looked at again from time to time.
func (w *works) stopRun(ctx context.Context, j scheduler.Job, lease provider.Lease) scheduler.Result {
	if err := w.runs.Close(ctx, lease); err != nil {
		w.note(j, "cannot close by an execution", err)
		if errors.Is(err, provider.ErrRefused) {
			return scheduler.Result{After: stoodAgain}
		}
		return scheduler.Result{}
	}
	shut := &cell.Shut{Closed: true}
	if standing, err := w.runs.List(ctx, lease); err == nil {
		shut.Listed = access.ListedGone
		if slices.Contains(standing, lease.KeyID) {
			shut.Listed = access.ListedStands
		}
	}
	return scheduler.Result{Kind: cell.EffectShut, Observed: cell.Observed{Shut: shut}}
}
