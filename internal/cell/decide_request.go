package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// PendingMost bounds the requests of one person that wait or live at a time.
// It never stands in another person's way.
const PendingMost = 20

func decideRequest(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Request), s.Statement.Actor
	if refusal := w.begun(); refusal != nil {
		return Outcome{}, refusal
	}
	scenario, terms, refusal := w.terms(body.Scenario, body.ScenarioDigest, access.Severity(body.Severity))
	if refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.mayAsk(s, c, asked{scenario, terms, body.For}); refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.roomFor(scenario, body, person, c.Observed.Address); refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.spare(person, body.Holder); refusal != nil {
		return Outcome{}, refusal
	}
	r := access.Request{
		ID: s.Statement.Digest, Requester: person, Key: s.Signer.Fingerprint, Scenario: scenario.ID, ScenarioDigest: body.ScenarioDigest,
		Severity: access.Severity(body.Severity), For: body.For, Targets: body.Targets, Incident: body.Incident,
		Why: body.Why.Hash, Holder: body.Holder.Ed25519, Sealed: body.Holder.X25519, Browser: body.Holder.P256, At: c.At,
		Address: c.Observed.Address, Lapses: c.At.Add(w.Genesis.Pending.Duration()), State: access.Pending, Code: s.byCode(),
	}
	if r.Late, refusal = w.owing(scenario, &r, c); refusal != nil {
		return Outcome{}, refusal
	}
	events := []Event{&RequestMade{Request: r}}
	for _, target := range r.Targets {
		events = append(events, honey(scenario, target, person)...)
	}
	return Outcome{StreamOf(r.ID), events}, nil
}

// asked is what somebody asks of a scenario.
type asked struct {
	scenario *access.Scenario
	terms    access.Terms
	length   canon.Seconds
}

// mayAsk checks that whoever signed may ask for that, so, now and for so long.
func (w *World) mayAsk(s *Signed, c Command, a asked) *Refusal {
	person, scenario := s.Statement.Actor, a.scenario
	switch controls := scenario.Controls; {
	case !slices.ContainsFunc(scenario.MayRequest, func(group string) bool { return w.Roster.In(person, group) }):
		return refuse(MayNotRequest, "%s is in none of %v", person, scenario.MayRequest)
	case !s.Signer.Strength.AtLeast(least(scenario)):
		return refuse(TooWeak, "the signature proves %q; scenario %s needs %s", s.Signer.Strength, scenario.ID, scenario.Controls.MFA)
	case a.length > a.terms.Longest:
		return refuse(TooLong, "%s was asked; %s gives at most %s at this severity", a.length, scenario.ID, a.terms.Longest)
	case !controls.FromAllowed(c.Observed.Address):
		return refuse(WrongSource, "asking from %q is not allowed; %s may be asked for from %v", c.Observed.Address, scenario.ID, controls.Source)
	case !controls.OpenAt(c.At):
		return refuse(WrongHour, "%s may not be asked for at this hour", scenario.ID)
	}
	if refusal := w.unbarred(person, scenario.ID, c.At); refusal != nil {
		return refusal
	}
	return w.spareKey(s, least(scenario), c.At)
}

// roomFor checks the targets that are asked for.
func (w *World) roomFor(scenario *access.Scenario, body *statement.Request, person, address string) *Refusal {
	for _, name := range body.Targets {
		open, known := scenario.Opening(name)
		if !known {
			return refuse(UnknownTarget, "%s opens no target %q; it opens %v", scenario.ID, name, scenario.Targets())
		}
		ok := true
		switch {
		case !body.Holder.P256.IsZero() && !open.InBrowser():
			return refuse(BrowserCannot, "the keys of the request were made in a browser, which can do nothing with target %s: it fetches links to consoles, and nothing else", name)
		case open.SSH != nil:
			_, ok = open.SSH.Sources(address)
		case open.AWS != nil:
			_, ok = open.AWS.Sources(address)
		case open.IdentityCenter != nil && w.userOf(person) == "":
			return refuse(MayNotRequest, "%s has no user of Identity Center in the roster, so that nothing can be assigned for target %s", person, name)
		}
		if !ok {
			return refuse(WrongSource, "target %s is opened only for the asking address, and %q is none", name, address)
		}
	}
	return nil
}

// spare checks that a person may have one more request open, and that the
// holder keys were made for it alone.
func (w *World) spare(person string, holder statement.Holder) *Refusal {
	if open := w.tally.open[person]; open >= PendingMost {
		return refuse(TooMany, "%s has %d requests waiting or live already; withdraw or release one", person, open)
	}
	if w.Roster.Knows(roster.Ed25519Fingerprint(holder.Ed25519)) || w.tally.holders[holder.Ed25519] > 0 {
		return refuse(HolderReused, "the holder key is in use already; make a new one for each request")
	}
	return nil
}

// terms finds the scenario that was signed and what it says for a severity.
func (w *World) terms(id string, digest canon.Digest, severity access.Severity) (*access.Scenario, access.Terms, *Refusal) {
	scenario, ok := w.Scenarios[id]
	if !ok {
		return nil, access.Terms{}, refuse(UnknownScenario, "there is no scenario %q in this cell", id)
	}
	if w.Digests[id] != digest {
		return nil, access.Terms{}, refuse(ScenarioChanged, "scenario %s is now %s; what was signed speaks of %s", id, w.Digests[id].Short(), digest.Short())
	}
	terms, ok := scenario.Severities[severity]
	if !ok {
		return nil, access.Terms{}, refuse(UnknownSeverity, "scenario %s has no severity %s", id, severity)
	}
	return scenario, terms, nil
}

func least(s *access.Scenario) roster.Strength {
	if s.Controls.MFA == "" {
		return roster.Possession
	}
	return roster.Strength(s.Controls.MFA)
}

func decideDecision(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Decision)
	if change, ok := w.Changes[body.Of]; ok {
		return w.decideOnChange(change, s, c)
	}
	r, ok := w.Requests[body.Of]
	of, extension := w.extending(body.Of)
	if extension != nil {
		r, ok = of.Anew(extension), true
	}
	if !ok {
		return Outcome{}, refuse(UnknownSubject, "there is no open request, extension or change %s in this cell", body.Of.Short())
	}
	decision, terms, refusal := w.judged(r, s, c.At)
	if refusal != nil {
		return Outcome{}, refusal
	}
	switch {
	case extension != nil:
		return w.extend(of, extension, decision)
	case decision.Approves:
		return w.approve(r, decision, terms)
	}
	return w.deny(r, decision, c.At)
}

// judged is a verdict on a request by whoever may have one, and the terms that it
// is counted by.
func (w *World) judged(r *access.Request, s *Signed, at canon.Time) (access.Decision, access.Terms, *Refusal) {
	body, person := s.Statement.Body.(*statement.Decision), s.Statement.Actor
	scenario, terms, refusal := w.terms(r.Scenario, r.ScenarioDigest, r.Severity)
	if body.Verdict == statement.Deny { // a no counts whatever is in force since
		scenario, refusal = w.scenarioOf(r), nil
		terms = scenario.Severities[r.Severity]
	}
	terms.Quorum = r.Quorum(terms)
	switch {
	case refusal != nil:
	case person == r.Requester:
		refusal = refuse(SelfApproval, "nobody decides on their own request")
	case !terms.Quorum.Names(person, w.admits(r)) && !(body.Verdict == statement.Deny && r.Alone() && w.overseer(person, r)):
		refusal = refuse(NotApprover, "%s is an approver of no leg of %s at %s", person, r.Scenario, r.Severity)
	case !s.Signer.Strength.AtLeast(least(scenario)):
		refusal = refuse(TooWeak, "the signature proves %q; scenario %s needs %s", s.Signer.Strength, scenario.ID, scenario.Controls.MFA)
	}
	decision := access.Decision{
		Statement: s.Statement.Digest, Approver: person, Key: s.Signer.Fingerprint,
		Approves: body.Verdict == statement.Approve, Check: string(body.Check), At: at, Code: s.byCode(),
	}
	if body.Narrow != nil {
		decision.For, decision.Targets = body.Narrow.For, body.Narrow.Targets
	}
	if refusal == nil && decision.Approves {
		refusal = w.cool(s, at)
		if refusal == nil { // a request that waited since before the change uses it no sooner
			refusal = w.unbarred(r.Requester, r.Scenario, at)
		}
	}
	return decision, terms, refusal
}

// counted is a request with one more approval, which counts.
func (w *World) counted(r *access.Request, d access.Decision) (*access.Request, *Refusal) {
	switch {
	case r.State != access.Pending:
		return nil, refuse(NotPending, "request %s is %s; an approval changes nothing any more", r.ID.Short(), r.State)
	case !d.At.Before(r.Lapses):
		return nil, refuse(NotPending, "request %s lapsed at %s", r.ID.Short(), r.Lapses)
	case slices.ContainsFunc(r.Decisions, func(made access.Decision) bool { return made.Approver == d.Approver && w.counts(made) }):
		return nil, refuse(AlreadyDecided, "%s has decided on request %s already", d.Approver, r.ID.Short())
	case len(r.Decisions) >= access.DecisionsMost:
		return nil, refuse(TooMany, "request %s has %d decisions already", r.ID.Short(), len(r.Decisions))
	case d.For > r.For:
		return nil, refuse(Widening, "%s was asked; an approval can only make it less than that, not %s", r.For, d.For)
	}
	for _, target := range d.Targets {
		if !slices.Contains(r.Targets, target) {
			return nil, refuse(Widening, "target %s was not asked for", target)
		}
	}
	after := r.Clone()
	after.Decisions = append(after.Decisions, d)
	if _, targets := after.Narrowed(w.counts); len(targets) == 0 {
		return nil, refuse(NothingLeft, "with what others approved, no target would be left of the request")
	}
	return after, nil
}

// approve adds an approval; when it fills the quorum, the grant begins here.
func (w *World) approve(r *access.Request, d access.Decision, terms access.Terms) (Outcome, *Refusal) {
	after, refusal := w.counted(r, d)
	if refusal != nil {
		return Outcome{}, refusal
	}
	length, targets := after.Narrowed(w.counts)
	events := []Event{&Decided{Decision: d}}
	approvers := after.Approvers(w.counts)
	if terms.Quorum.Missing(approvers, w.admits(r)) == nil && w.stands(r) {
		events = append(events, w.agree(r, approvers, access.Grant{From: d.At, Until: d.At.Add(length.Duration()), Targets: targets}))
	}
	return Outcome{StreamOf(r.ID), events}, nil
}

// agree makes the grant of what is left after narrowing: the window starts now,
// at the agreement.
func (w *World) agree(r *access.Request, approvers []string, g access.Grant) *Agreed {
	scenario := w.Scenarios[r.Scenario]
	if w.Doubted {
		g.Until = canon.Earlier(g.Until, g.From.Add(scenario.ShortestWindow().Duration()))
	}
	g.By = seated(r.Quorum(scenario.Severities[r.Severity]), approvers, w.admits(r))
	agreed := &Agreed{Grant: g}
	for _, name := range g.Targets {
		agreed.Leases = append(agreed.Leases, w.newLease(scenario, r, name))
	}
	return agreed
}

// deny ends a pending request, or vetoes a live grant.
func (w *World) deny(r *access.Request, d access.Decision, at canon.Time) (Outcome, *Refusal) {
	if !r.Live(at) && r.State != access.Pending || len(r.Decisions) >= 2*access.DecisionsMost {
		return Outcome{}, refuse(NotPending, "request %s is %s; there is nothing left to deny", r.ID.Short(), r.State)
	}
	events := []Event{&Decided{Decision: d}}
	if r.State == access.Pending {
		return Outcome{StreamOf(r.ID), append(events, &RequestOver{State: access.Denied, By: d.Approver, Code: d.Code})}, nil
	}
	end := access.End{At: at, Why: access.EndVetoed, By: d.Approver, Code: d.Code}
	return Outcome{StreamOf(r.ID), append(events, w.end(r, end)...)}, nil
}

// counts tells whether a decision still counts: whoever made it is in the
// roster now, and so is the key that signed it, which is not suspended.
func (w *World) counts(d access.Decision) bool {
	owner, ok := w.Roster.Owner(d.Key)
	return ok && owner == d.Approver
}

// stands tells whether a request may still become or be a grant: whoever asked
// is in the roster now, and so is the key that asked, which is not suspended. A
// thief's request ends with the stolen key, and nobody knows what became of one in entries that are
// lost.
func (w *World) stands(r *access.Request) bool {
	owner, ok := w.Roster.Owner(r.Key)
	return ok && owner == r.Requester && !w.predates(r)
}

func decideWithdraw(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	r, refusal := w.own(s)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if r.State != access.Pending {
		return Outcome{}, refuse(NotPending, "request %s is %s; only a waiting request can be withdrawn", r.ID.Short(), r.State)
	}
	return Outcome{StreamOf(r.ID), []Event{&RequestOver{State: access.Withdrawn, By: s.Statement.Actor, Code: s.byCode()}}}, nil
}

// own finds the request that a statement of its requester speaks of.
func (w *World) own(s *Signed) (*access.Request, *Refusal) {
	r, ok := w.Requests[subject(s.Statement.Body)]
	if !ok {
		return nil, refuse(UnknownSubject, "there is no open request %s in this cell", canon.Digest(subject(s.Statement.Body)).Short())
	}
	if r.Requester != s.Statement.Actor {
		return nil, refuse(NotAllowed, "request %s is %s's", r.ID.Short(), r.Requester)
	}
	return r, nil
}
