package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

func decideFetch(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Fetch)
	r, refusal := w.own(s)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if !r.Live(c.At) {
		return Outcome{}, refuse(NotLive, "request %s has no live grant: it is %s", r.ID.Short(), r.State)
	}
	if !w.stands(r) {
		return Outcome{}, refuse(NotLive, "%s, or the key that asked, is no longer in the roster or is suspended, or the request is of an earlier epoch", r.Requester)
	}
	lease, ok := r.Lease(body.Target)
	if !ok {
		return Outcome{}, refuse(UnknownTarget, "the grant does not open %q; it opens %v", body.Target, r.Grant.Targets)
	}
	if lease.Envelope != "" {
		return Outcome{}, refuse(UnknownTarget, "target %s is an envelope: its custodians give shares of it, nothing is fetched", lease.Target)
	}
	if lease.State != access.LeaseOpen {
		return Outcome{}, refuse(LeaseNotOpen, "target %s is %s", lease.Target, lease.State)
	}
	if lease.Program != "" {
		return Outcome{}, refuse(NothingToFetch, "target %s is opened by the program %s for as long as the grant lives; it gives no credential", lease.Target, lease.Program)
	}
	if lease.Automation != "" {
		return Outcome{}, refuse(NothingToFetch, "target %s is opened by an execution of Systems Manager for as long as the grant lives; it gives no credential", lease.Target)
	}
	if lease.Assignment != nil {
		return Outcome{}, refuse(NothingToFetch, "target %s is assigned to your own user for as long as the grant lives: sign in at %s as yourself", lease.Target, w.portal())
	}
	scenario := w.scenarioOf(r)
	if !scenario.Controls.FromAllowed(c.Observed.Address) {
		return Outcome{}, refuse(WrongSource, "fetching from %q is not allowed; %s may be used from %v", c.Observed.Address, scenario.ID, scenario.Controls.Source)
	}
	if target, _ := scenario.AWS(lease.Target); body.Console && (target == nil || !target.Console) {
		return Outcome{}, refuse(NothingToFetch, "target %s gives no sign-in to a console", lease.Target)
	}
	if !r.Browser.IsZero() && !body.Console {
		return Outcome{}, refuse(BrowserCannot, "the keys of request %s were made in a browser: links to consoles are sealed to them, and nothing else", r.ID.Short())
	}
	credential, ok := CredentialOf(w.Genesis, scenario, r, Fetched{s.Statement.Digest, lease.Target, c.At, body.Console})
	if !ok || !credential.Before.After(c.At) || !c.At.Before(canon.At(r.Grant.Until.Std().Truncate(1e9))) {
		return Outcome{}, refuse(NotLive, "less than a second is left of the grant")
	}
	return Outcome{StreamOf(r.ID), []Event{&CredentialAuthorised{
		Target: lease.Target, Serial: credential.Serial, After: credential.After, Before: credential.Before,
		Unsigned: canon.Sum(credential.Unsigned), Fetch: s.Statement.Digest, Console: body.Console,
	}}}, nil
}

// Certificate is the certificate that a fetch at an instant authorises, before
// the CA signed it. False says that the request's address is needed and cannot be
// read, or that the target gives none.
func Certificate(g *Genesis, s *access.Scenario, r *access.Request, f Fetched) (access.Certificate, bool) {
	target, known := s.Target(f.Target)
	if !known || r.Grant == nil {
		return access.Certificate{}, false
	}
	sources, ok := target.Sources(r.Address)
	if !ok {
		return access.Certificate{}, false
	}
	c := access.Certificate{
		Key: r.Holder, KeyID: KeyID(r.ID, f.Target), Principals: target.Principals, Source: sources,
		Permit: target.Permit, Authority: g.Authority.Wire(),
	}
	c.Derive(f.Digest)
	c.After, c.Before = access.Window(f.At, r.Grant.Until)
	return c, true
}

// KeyID is the key id of every certificate of a lease, and of its twins.
func KeyID(request canon.Digest, target string) string {
	return keyMark + request.Short() + ":" + target
}

func decideRelease(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Release)
	r, refusal := w.own(s)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if !r.Live(c.At) {
		return Outcome{}, refuse(NotLive, "request %s has no live grant to release: it is %s", r.ID.Short(), r.State)
	}
	released := body.Targets
	if len(released) == 0 {
		released = r.Grant.Targets
	}
	var events []Event
	for _, name := range released {
		lease, ok := r.Lease(name)
		if !ok {
			return Outcome{}, refuse(UnknownTarget, "the grant does not open %q; it opens %v", name, r.Grant.Targets)
		}
		if lease.Held() {
			events = append(events, w.close(r, lease, access.EndReleased, c.At)...)
		}
	}
	if len(events) == 0 {
		return Outcome{}, refuse(LeaseNotOpen, "every target named is released already")
	}
	if !slices.ContainsFunc(r.Leases, func(l access.Lease) bool { return l.Held() && !slices.Contains(released, l.Target) }) {
		end := access.End{At: c.At, Why: access.EndReleased, By: r.Requester}
		return Outcome{StreamOf(r.ID), w.end(r, end)}, nil
	}
	return Outcome{StreamOf(r.ID), events}, nil
}

func decideStop(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Stop), s.Statement.Actor
	r, ok := w.Requests[body.Of]
	if !ok {
		return Outcome{}, refuse(UnknownSubject, "there is no open request %s in this cell", body.Of.Short())
	}
	if person != r.Requester && !w.overseer(person, r) {
		return Outcome{}, refuse(NotAllowed, "%s may not stop request %s: the requester, approvers of %s and security may", person, r.ID.Short(), r.Scenario)
	}
	switch {
	case r.State == access.Pending:
		return Outcome{StreamOf(r.ID), []Event{&RequestOver{State: access.Denied, By: person, Code: s.byCode()}}}, nil
	case r.State == access.Granted:
		end := access.End{At: c.At, Why: access.EndStopped, By: person, Code: s.byCode()}
		return Outcome{StreamOf(r.ID), w.end(r, end)}, nil
	}
	return Outcome{}, refuse(NotLive, "request %s is %s; there is nothing left to stop", r.ID.Short(), r.State)
}

// overseer tells whether a person may stop or attest what a request opened:
// security, and the approvers of any severity of its scenario.
func (w *World) overseer(person string, r *access.Request) bool {
	if w.Roster.In(person, w.Genesis.Security) {
		return true
	}
	for _, terms := range w.scenarioOf(r).Severities {
		if terms.Quorum.Names(person, w.admits(r)) {
			return true
		}
	}
	return false
}

func decideAttest(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Attest), s.Statement.Actor
	r, ok := w.Requests[body.Of]
	if !ok {
		return Outcome{}, refuse(UnknownSubject, "there is no open request %s in this cell", body.Of.Short())
	}
	if person == r.Requester || !w.overseer(person, r) {
		return Outcome{}, refuse(NotAllowed, "%s may not attest for request %s: approvers of %s and security may, and never the requester", person, r.ID.Short(), r.Scenario)
	}
	lease, ok := r.Lease(body.Target)
	if !ok || lease.State != access.LeaseClosing {
		return Outcome{}, refuse(NotClosing, "target %q of request %s is not closing", body.Target, r.ID.Short())
	}
	if lease.Task != "" && !lease.DoorShut() { // nobody sees that a root user's session is dead, and what it leaves it may leave yet
		return Outcome{}, refuse(NotDue, "a session of the root user can live until %s, whatever a person saw; attest after that", lease.NotAfter)
	}
	proof := access.Proof{Kind: access.ProofAttested, At: c.At, By: person}
	return Outcome{StreamOf(r.ID), proved(lease, proof)}, nil
}

// end ends a grant: every lease that is not closing yet begins to, and the
// review is opened.
func (w *World) end(r *access.Request, end access.End) []Event {
	events := []Event{&GrantEnded{End: end}}
	for i := range r.Leases {
		if r.Leases[i].Held() {
			events = append(events, w.close(r, &r.Leases[i], end.Why, end.At)...)
		}
	}
	terms := w.scenarioOf(r).Severities[r.Severity]
	due := end.At.Add(terms.ReviewDue.Duration())
	return append(events, &ReviewOpened{Review: access.Review{Opened: end.At, Due: due}})
}

// close begins to close a lease. The revocation list that names its key id gets
// the index of this entry as its number. A lease under which no credential was
// ever authorised is closed at once; one that a program or an execution opened is not,
// for that may have opened it whatever it answered, and neither is one that was
// open while entries were lost.
func (w *World) close(r *access.Request, l *access.Lease, why string, at canon.Time) []Event {
	closing := access.Closing{At: at, Why: why, Lost: w.predates(r)}
	if l.Driven() {
		return []Event{&LeaseClosing{Target: l.Target, Closing: closing}}
	}
	if l.Assignment != nil {
		return closeAssigned(l, closing)
	}
	if l.Account == "" { // no host lists what AWS lets in
		closing.List = w.ListNumber(w.index)
	}
	events := []Event{&LeaseClosing{Target: l.Target, Closing: closing}}
	if l.Issued == 0 && !closing.Lost {
		return append(events, proved(l, access.Proof{Kind: access.ProofUnissued, At: at})...)
	}
	return events
}

// proved adds a proof, and closes the lease if that suffices.
func proved(l *access.Lease, proof access.Proof) []Event {
	after := *l
	after.Proofs = append(slices.Clone(l.Proofs), proof)
	events := []Event{&LeaseProved{Target: l.Target, Proof: proof}}
	if after.Proved() {
		events = append(events, &LeaseClosed{Target: l.Target})
	}
	return events
}
