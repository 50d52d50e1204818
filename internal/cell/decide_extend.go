package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// decideExtend takes a requester's ask for more time. Whatever would refuse the
// request if it were asked now refuses this.
func decideExtend(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Extend)
	r, refusal := w.own(s)
	if refusal != nil {
		return Outcome{}, refusal
	}
	switch {
	case !r.Live(c.At) || !w.stands(r):
		return Outcome{}, refuse(NotLive, "request %s has no live grant to extend: it is %s", r.ID.Short(), r.State)
	case len(r.Extensions) >= access.ExtensionsMost:
		return Outcome{}, refuse(TooMany, "an extension of request %s was asked for %d times already", r.ID.Short(), len(r.Extensions))
	}
	scenario, terms, refusal := w.terms(r.Scenario, r.ScenarioDigest, r.Severity)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.mayAsk(s, c, asked{scenario, terms, body.For}); refusal != nil {
		return Outcome{}, refusal
	}
	e := access.Extension{
		ID: s.Statement.Digest, Key: s.Signer.Fingerprint, For: body.For, Targets: body.Targets,
		Why: body.Why.Hash, At: c.At, State: access.Pending, Code: s.byCode(),
	}
	if len(e.Targets) == 0 {
		e.Targets = r.Held()
	}
	for _, target := range e.Targets {
		if !slices.Contains(r.Held(), target) {
			return Outcome{}, refuse(UnknownTarget, "the grant has no target %q to keep open; it has %v", target, r.Held())
		}
	}
	for _, target := range e.Targets {
		if l, _ := r.Lease(target); l.Automation != "" { // it was told when to end, and nobody can tell it otherwise
			return Outcome{}, refuse(NotLonger, "the execution of %s ends with the grant as it is: extend the others, and ask anew for it", target)
		}
	}
	if _, refusal := w.longer(r, e.For, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	if e.Late, refusal = w.owing(scenario, r, c); refusal != nil {
		return Outcome{}, refusal
	}
	return Outcome{StreamOf(r.ID), []Event{&ExtensionAsked{Extension: e}}}, nil
}

// extending finds the request whose extension waits under a digest: a grant that
// is over has none, and no extension has the digest of a request.
func (w *World) extending(of canon.Digest) (*access.Request, *access.Extension) {
	if _, other := w.Requests[of]; other {
		return nil, nil
	}
	for _, r := range w.Requests {
		if e := r.Extending(); e != nil && e.ID == of {
			return r, e
		}
	}
	return nil, nil
}

// longer is when a grant ends that is extended at an instant, by no more than the
// scenario gives from there. It never lives for over half a day in all, nor while
// the clock is in doubt for more than the shortest window from there.
func (w *World) longer(r *access.Request, length canon.Seconds, at canon.Time) (canon.Time, *Refusal) {
	if w.Doubted {
		length = min(length, w.scenarioOf(r).ShortestWindow())
	}
	until := r.Grant.Longer(length, at)
	if !until.After(r.Grant.Until) {
		return until, refuse(NotLonger, "the grant ends at %s as it is; extended now it would end at %s", r.Grant.Until, until)
	}
	return until, nil
}

// extend counts a verdict on an extension. When it fills the quorum, the grant
// ends later from this entry on, and what it leaves out begins to close.
func (w *World) extend(r *access.Request, e *access.Extension, d access.Decision) (Outcome, *Refusal) {
	anew := r.Anew(e)
	events := []Event{&ExtensionDecided{Extension: e.ID, Decision: d}}
	if !d.Approves {
		return Outcome{StreamOf(r.ID), events}, nil
	}
	after, refusal := w.counted(anew, d)
	if refusal != nil {
		return Outcome{}, refusal
	}
	length, targets := after.Narrowed(w.counts)
	targets = slices.DeleteFunc(targets, func(t string) bool { return !slices.Contains(r.Held(), t) })
	if len(targets) == 0 {
		return Outcome{}, refuse(NothingLeft, "nothing of what the extension would keep open is open any more")
	}
	quorum, approvers := anew.Quorum(w.Scenarios[r.Scenario].Severities[r.Severity]), after.Approvers(w.counts)
	if quorum.Missing(approvers, w.admits(r)) != nil || !w.stands(r) || !w.stands(anew) {
		return Outcome{StreamOf(r.ID), events}, nil
	}
	until, refusal := w.longer(r, length, d.At)
	if refusal != nil {
		return Outcome{}, refusal
	}
	events = append(events, &Extended{Extension: e.ID, Until: until, By: seated(quorum, approvers, w.admits(r))})
	for i := range r.Leases {
		if l := &r.Leases[i]; l.Held() && !slices.Contains(targets, l.Target) {
			events = append(events, w.close(r, l, access.EndNarrowed, d.At)...)
		}
	}
	return Outcome{StreamOf(r.ID), events}, nil
}

// seated are those of the approvers who fill a place.
func seated(q access.Quorum, approvers []string, in access.Membership) []string {
	seats := q.Seats(approvers, in)
	return slices.DeleteFunc(slices.Clone(approvers), func(p string) bool { return seats[p] == "" })
}
