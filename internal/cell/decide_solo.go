package cell

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// SoloUnheard is how long a requester who goes in alone waits for a channel that
// takes the alarm of it, before they go in unheard.
const SoloUnheard = canon.Seconds(60)

// checkSolo refuses a solo step that is not the last resort, or gives more than
// the least, or that nobody would hear of.
func checkSolo(s *access.Scenario, g *Genesis, i int) error {
	rung := s.Ladder[i]
	switch step := rung.Solo; {
	case i != len(s.Ladder)-1:
		return errors.New("must be the last rung")
	case rung.Widen != "" || len(rung.Legs) > 0:
		return errors.New("must stand alone: a rung widens or is solo")
	case step.Longest < 60 || step.Longest > s.ShortestWindow():
		return fmt.Errorf("longest: must be 1 minute to the scenario's shortest window, %s", (&access.Scenario{Severities: s.Severities}).ShortestWindow())
	case step.RaiseTo != s.Gravest():
		return fmt.Errorf("raise_to: must be %s, the gravest that the scenario has", s.Gravest())
	case len(step.Opens) == 0:
		return errors.New("opens: must name a target")
	case len(g.Channels) == 0:
		return errors.New("needs a channel that hears of it: the cell has none")
	}
	for j, name := range rung.Solo.Opens {
		switch open, known := s.Opening(name); {
		case !known || slices.Contains(rung.Solo.Opens[:j], name):
			return fmt.Errorf("opens: %q must be a target of the scenario, named once", name)
		case open.Envelope != nil:
			return fmt.Errorf("opens: %q is an envelope, which nobody opens alone", name)
		}
	}
	return nil
}

func decideSolo(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	r, refusal := w.own(s)
	if refusal == nil {
		refusal = w.mayGoIn(r, s, c)
	}
	if refusal != nil {
		return Outcome{}, refusal
	}
	// By the signed checkpoint and the witnesses' clocks, not by ours: whoever
	// signed had seen what was cosigned so long after the request was.
	proved := r.Solo.Passed > 0 && s.Statement.Seen.Size >= r.Solo.Passed
	taken := access.Taken{Statement: s.Statement.Digest, Key: s.Signer.Fingerprint, At: c.At, Unproved: !proved}
	return Outcome{StreamOf(r.ID), []Event{&SoloTaken{Taken: taken}}}, nil
}

// mayGoIn asks of a requester whatever takes the place of a quorum: whatever such a
// way must show is asked here, and nowhere else. That the emergency is real is, where
// its scenario says how that can be seen.
func (w *World) mayGoIn(r *access.Request, s *Signed, c Command) *Refusal {
	scenario, _, refusal := w.terms(r.Scenario, r.ScenarioDigest, r.Severity)
	switch {
	case refusal != nil:
		return refusal
	case r.State != access.Pending || !c.At.Before(r.Lapses) || !w.stands(r):
		return refuse(NotPending, "request %s is %s, or who or what asked is gone; nobody goes in under it", r.ID.Short(), r.State)
	case !r.Offered():
		return refuse(NotOffered, "request %s is not so far on its ladder that its requester may go in alone", r.ID.Short())
	case r.Solo.Taken != nil:
		return refuse(AlreadyDecided, "%s goes in alone already", r.Requester)
	case w.Doubted:
		return refuse(ClockInDoubt, "nobody goes in alone while the clock is in doubt")
	case s.Statement.Seen.Size <= r.Solo.Entry:
		return refuse(SeenStale, "the statement was signed before going in alone was offered, at entry %d", r.Solo.Entry)
	case !slices.ContainsFunc(scenario.MayRequest, func(group string) bool { return w.Roster.In(r.Requester, group) }):
		return refuse(MayNotRequest, "%s is in none of %v", r.Requester, scenario.MayRequest)
	case !s.Signer.Strength.AtLeast(least(scenario)):
		return refuse(TooWeak, "the signature proves %q; scenario %s needs %s", s.Signer.Strength, scenario.ID, least(scenario))
	case !scenario.Controls.FromAllowed(c.Observed.Address):
		return refuse(WrongSource, "going in alone from %q is not allowed; %s may be asked for from %v", c.Observed.Address, scenario.ID, scenario.Controls.Source)
	}
	if refusal := cmp.Or(w.cool(s, c.At), w.unbarred(r.Requester, scenario.ID, c.At)); refusal != nil {
		return refusal
	}
	if review := w.late(c); !review.IsZero() {
		return refuse(LateReview, "the review of request %s of %s is overdue: until it is signed off nobody goes in alone", review.Short(), scenario.ID)
	}
	if other := w.AloneUnreviewed(r); !other.IsZero() {
		return refuse(AloneBefore, "somebody went in alone under request %s: until its review is signed off, neither %s nor anybody under %s does", other.Short(), r.Requester, scenario.ID)
	}
	if len(scenario.Symptoms) > 0 && !w.outageShown(r, c.At) {
		return refuse(OutageNotShown, "nothing shows that it is real: no symptom was shown lately from two networks, and no custodian says so")
	}
	if _, targets := r.AloneFor(w.counts); len(targets) == 0 {
		return refuse(NothingLeft, "with what others approved, nothing is left that may be opened alone")
	}
	return nil
}

// AloneUnreviewed is another request under which its requester, or anybody under
// its scenario, goes or went in alone without a review that is signed off; zero
// when there is none. Evidence that leaves out other streams shows none.
func (w *World) AloneUnreviewed(r *access.Request) canon.Digest {
	var found canon.Digest
	for id, other := range w.Requests {
		concerns := other.Requester == r.Requester || other.Scenario == r.Scenario
		if id != r.ID && concerns && other.AloneUnreviewed() && (found.IsZero() || bytes.Compare(id[:], found[:]) < 0) {
			found = id
		}
	}
	return found
}

// waited takes from witnesses when, by their clocks, a request was there; and once
// going in alone is offered, that so much time has passed since.
func (w *World) waited(r *access.Request, task Task, c Command) ([]Event, *Refusal) {
	cp, found, refusal := w.witnessed(c.Observed.Cosigned, task.Entry)
	if refusal != nil {
		return nil, refusal
	}
	if r.Offered() && task.Entry == r.Solo.Entry {
		ladder := w.scenarioOf(r).Ladder
		if len(ladder) < r.Solo.Rung {
			return nil, refuse(ScenarioChanged, "the scenario that request %s was signed for cannot be read", r.ID.Short())
		}
		if after := ladder[r.Solo.Rung-1].After; r.Solo.Asked.IsZero() || found.At().Before(r.Solo.Asked.Add(after.Duration())) {
			return nil, refuse(NotDue, "by the witnesses' clocks, %s have not passed since the request was cosigned", after)
		}
	}
	return []Event{&RequestWitnessed{Size: cp.Size, By: names(found), At: found.At()}}, nil
}

// heard takes that a channel took an alarm. The first receipt of the very alarm
// that somebody goes in alone lets them in.
func (w *World) heard(task Task, channel string, at canon.Time) []Event {
	id, _ := RequestOf(task.Stream)
	r, ok := w.Requests[id]
	if !ok || task.Event != soloTaken || !r.GoesIn() || r.Solo.Heard != "" {
		return nil
	}
	return append([]Event{&SoloHeard{Channel: channel}}, w.goIn(r, channel, at)...)
}

// unheard lets a requester in whose alarm no channel took in time, and who was
// heard when time was in doubt.
func (w *World) unheard(r *access.Request, at canon.Time) ([]Event, *Refusal) {
	if events := w.goIn(r, r.Solo.Heard, at); events != nil {
		return events, nil
	}
	return nil, refuse(NotPending, "%s cannot go in under request %s now", r.Requester, r.ID.Short())
}

// goIn begins a grant without a quorum, which a channel heard of or none, and then
// for the shortest window. Whoever signed must still be there, and time in no doubt.
func (w *World) goIn(r *access.Request, channel string, at canon.Time) []Event {
	length, targets := r.AloneFor(w.counts)
	by := access.Decision{Approver: r.Requester, Key: r.Solo.Taken.Key}
	switch {
	case w.Doubted || !at.Before(r.Lapses) || !w.stands(r) || !w.counts(by) || w.outdated(r):
		return nil
	case w.unbarred(r.Requester, r.Scenario, at) != nil || len(targets) == 0:
		return nil
	}
	scenario, hearing := w.Scenarios[r.Scenario], access.Heard
	if channel == "" {
		length, hearing = min(length, scenario.ShortestWindow()), access.Unheard
	}
	begun := &SoloBegun{Grant: access.Grant{From: at, Until: at.Add(length.Duration()), Targets: targets, By: []string{}, Hearing: hearing}}
	for _, name := range targets {
		begun.Leases = append(begun.Leases, w.newLease(scenario, r, name))
	}
	return []Event{begun}
}
