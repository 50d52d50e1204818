package server

import (
	"context"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/provider"
	execprovider "github.com/halligan-dev/halligan/internal/provider/exec"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// programs are the settings of programs as their provider has them.
func programs(settings map[string]config.Program) map[string]execprovider.Program {
	made := map[string]execprovider.Program{}
	for id, p := range settings {
		made[id] = execprovider.Program{Path: p.Path, Args: p.Args, Folder: p.Folder, Environment: p.Environment, Deadline: p.Deadline}
	}
	return made
}

// provider is the one that opens and closes a lease.
func (w *works) provider(lease provider.Lease) provider.Provider {
	switch {
	case lease.Program != "":
		return w.exec
	case lease.AWS != nil:
		return w.aws
	case lease.Assignment != nil:
		return w.center
	case lease.Automation != nil:
		return w.runs
	}
	return w.ssh
}

// programLease is what the provider is told of a lease that a program opens: ids
// and checked names, nothing that a person wrote, and no credential.
func (w *works) programLease(ctx context.Context, j scheduler.Job, l *access.Lease) (provider.Lease, bool) {
	scenario, err := w.broker().ScenarioOf(ctx, j.Request)
	if err != nil {
		return provider.Lease{}, false
	}
	target, known := scenario.Exec(l.Target)
	if !known || target.Program != l.Program {
		return provider.Lease{}, false
	}
	return provider.Lease{
		KeyID: l.KeyID, Target: l.Target, Until: j.Request.Grant.Until, Program: l.Program, Parameters: target.Parameters,
		Request: j.Request.ID.Short(), Person: j.Request.Requester,
	}, true
}

// shut has a program close a lease, and then show whatever it can show. The
// order is what makes it a proof: what is listed before the close was answered
// says nothing.
func (w *works) shut(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		lease, ok := w.lease(ctx, j)
		if ok && lease.Assignment != nil {
			results[i] = w.unassign(ctx, j, lease)
			continue
		}
		if ok && lease.Automation != nil {
			results[i] = w.stopRun(ctx, j, lease)
			continue
		}
		if !ok || w.exec.Close(ctx, lease) != nil {
			continue // not closed, as far as is known: again after a pause
		}
		l, _ := j.Lease()
		results[i] = scheduler.Result{Kind: cell.EffectShut, Observed: cell.Observed{Shut: w.show(ctx, lease, l.Needs)}}
	}
	return results
}

// show asks for the proofs that a lease needs.
func (w *works) show(ctx context.Context, lease provider.Lease, needs []access.ProofKind) *cell.Shut {
	seen := &cell.Shut{Closed: true}
	if slices.Contains(needs, access.ProofRefused) {
		for _, round := range w.exec.Probe(ctx, []provider.Lease{lease}) {
			seen.Round = &access.Round{Twin: round.Twin, Control: round.Control}
		}
	}
	if lister, ok := w.exec.(provider.Lister); ok && slices.Contains(needs, access.ProofEnded) {
		if standing, err := lister.List(ctx, lease); err == nil {
			seen.Listed = access.ListedGone
			if slices.Contains(standing, lease.KeyID) {
				seen.Listed = access.ListedStands
			}
		}
	}
	return seen
}
