package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
)

// Shut is what a program answered when it was asked to end a lease and then to
// show that it is over: the server's word for the program's.
type Shut struct {
	Closed bool           `json:"closed"`
	Round  *access.Round  `json:"round,omitzero"`
	Listed access.Listing `json:"listed,omitempty"`
	Again  bool           `json:"again,omitzero"` // of an assignment that was gone: it was listed once more, and deleted
}

// newLease is the lease of a target that a grant begins with.
func (w *World) newLease(s *access.Scenario, r *access.Request, name string) access.Lease {
	if _, sealed := s.Envelope(name); sealed {
		return access.Lease{Target: name, Envelope: name, State: access.LeaseOpening}
	}
	l := access.Lease{Target: name, State: access.LeaseOpening, KeyID: KeyID(r.ID, name)}
	if target, ok := s.Target(name); ok {
		l.Host = target.Host
	}
	if target, ok := s.AWS(name); ok {
		l.Account, l.Role, l.Needs = target.Account, target.Role, target.Needs() // its slot is chosen when all is decided
	}
	if target, ok := s.RootTask(name); ok {
		l.Account, l.Role, l.Task, l.Needs = target.Account, target.Role, target.Task, target.Needs()
	}
	if target, ok := s.IdentityCenter(name); ok {
		l.Session, l.Assignment = target.Session, w.assignmentOf(target, r.Requester)
	}
	if target, ok := s.Automation(name); ok {
		l.Automation, l.Needs = target.Account, []access.ProofKind{access.ProofEnded}
	}
	if target, ok := s.Exec(name); ok {
		l.Program = target.Program
		if program, known := w.Genesis.Program(target.Program); known {
			l.Needs = program.Needs()
		}
	}
	return l
}

// shut takes what a program, or Systems Manager, answered about the end of a lease. Nothing that it
// probed or listed counts before it said that it closed: what was seen earlier
// may have been opened since.
func shut(l *access.Lease, c Command) ([]Event, *Refusal) {
	seen := c.Observed.Shut
	if seen == nil || !seen.Closed {
		return nil, refuse(NothingNew, "%s has not said that %s is closed", l.Driver(), l.Target)
	}
	var events []Event
	if l.Shut.IsZero() {
		events = append(events, &LeaseShut{Target: l.Target})
	}
	after := *l
	after.Proofs = slices.Clone(l.Proofs)
	prove := func(kind access.ProofKind, is bool) {
		if is && slices.Contains(l.Needs, kind) && !l.Has(kind) {
			proof := access.Proof{Kind: kind, At: c.At, By: l.Driver()}
			after.Proofs = append(after.Proofs, proof)
			events = append(events, &LeaseProved{Target: l.Target, Proof: proof})
		}
	}
	prove(access.ProofRefused, seen.Round != nil && l.Refuses(*seen.Round))
	prove(access.ProofEnded, seen.Listed == access.ListedGone)
	if after.Proved() {
		events = append(events, &LeaseClosed{Target: l.Target})
	}
	if len(events) == 0 {
		return nil, refuse(NothingNew, "%s shows nothing new of %s", l.Driver(), l.Target)
	}
	return events, nil
}

// followProgram enqueues what ends a lease of a program and shows it.
func (w *World) followProgram(p place, e *LeaseClosing) {
	w.enqueue(p, Task{Kind: TaskShut, Target: e.Target})
	w.enqueue(p, Task{Kind: TaskPage, Target: e.Target, Due: p.at.Add(PageAfter.Duration())})
}

// followShut lets a program rest that has closed and can show nothing: the rest
// is a person's.
func (w *World) followShut(p place, e *LeaseShut) {
	l := w.leaseOf(p.stream, e.Target)
	if l.Assignment != nil {
		w.followGone(p, l)
		return
	}
	if len(l.Needs) == 0 {
		w.finish(p.stream, func(t Task) bool { return t.Target == e.Target && t.Kind == TaskShut })
	}
}

// followOpened enqueues the probe that a later refusal is measured by, unless
// the target cannot be probed.
func (w *World) followOpened(p place, e *LeaseOpened) {
	l := w.leaseOf(p.stream, e.Target)
	if l.Envelope != "" || l.Task != "" || l.Assignment != nil {
		return // nothing of it can be probed
	}
	if !l.Driven() || slices.Contains(l.Needs, access.ProofRefused) {
		w.enqueue(p, Task{Kind: TaskBaseline, Target: e.Target})
	}
}

// leaseOf is the lease that an event just applied is about.
func (w *World) leaseOf(stream, target string) *access.Lease {
	id, _ := RequestOf(stream)
	l, _ := w.Requests[id].Lease(target)
	return l
}
