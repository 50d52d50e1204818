package cell

import (
	"cmp"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Reconciled: what was signed to a request with no server was carried back. The
// request is as all of that leaves it. It is a debt: nothing of it is granted.
type Reconciled struct {
	Request access.Request `json:"request"`
	By      string         `json:"by"`
}

func (*Reconciled) event() string { return "reconciled" }

// offlineKinds are what can be signed with no server, in the order in which they
// are counted, in whatever order they come.
var offlineKinds = []statement.Kind{statement.KindRequest, statement.KindDecision, statement.KindShare}

// Acts checks the signatures of the offline statements that a statement carries.
// One that is not good has no signer: it is told of, and counts for nothing.
func Acts(body statement.Body, check Verifier) ([]*Signed, error) {
	carried, ok := body.(*statement.Reconcile)
	if !ok {
		return nil, nil
	}
	acts := make([]*Signed, 0, len(carried.Acts))
	for _, act := range carried.Acts {
		s, err := statement.Decode(act.Statement)
		if err != nil {
			return nil, err
		}
		signature := ledger.Signature{SSHSig: act.Signature}
		signer, err := check.Statement(s.Body.Kind(), act.Statement, signature)
		if err != nil {
			signer = Signer{}
		}
		acts = append(acts, &Signed{Statement: s, Bytes: act.Statement, Signature: signature, Signer: signer})
	}
	return acts, nil
}

// decideReconcile takes what was signed with no server. What does not count is
// recorded as well, for it happened; only what was carried back before is not,
// and what nobody signed.
func decideReconcile(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Reconcile)
	after, refusal := w.Offline(body.Of, s.Acts, c.At)
	if refusal != nil {
		return Outcome{}, refusal
	}
	events := []Event{&Reconciled{Request: *after, By: s.Statement.Actor}}
	for _, act := range s.Acts {
		if share, ok := act.Statement.Body.(*statement.Share); ok && w.isOf(act) {
			events = append(events, honey(w.scenarioOf(after), share.Envelope, act.Statement.Actor)...)
		}
	}
	if after.OutSince(c.At) && !after.Review.Open() { // somebody says what for
		due := w.scenarioOf(after).Severities[after.Severity].ReviewDue
		if due == 0 {
			due = offlineReview
		}
		events = append(events, &ReviewOpened{Review: access.Review{Opened: c.At, Due: c.At.Add(due.Duration())}})
	}
	return Outcome{StreamOf(body.Of), events}, nil
}

// offlineReview is when a review is due under a scenario that says nothing of it.
const offlineReview = canon.Seconds(24 * 3600)

// Offline counts what was signed to a request with no server, beside what was
// carried back of it before, by the same rules as what is signed with one, and by
// the people, scenarios and envelopes that are in force in this world: whoever was
// removed since counts no more. It gives the request as that leaves it, which is no
// grant whatever counts. At is now; what a signer's clock says counts up to it.
func (w *World) Offline(of canon.Digest, acts []*Signed, at canon.Time) (*access.Request, *Refusal) {
	r := w.offlineRequest(of, acts, at)
	if r == nil {
		return nil, refuse(UnknownSubject, "the request %s is not among what was carried back, nor was it before", of.Short())
	}
	fresh, signed := 0, 0
	for _, kind := range offlineKinds {
		for _, act := range acts {
			digest := act.Statement.Digest
			if act.Statement.Body.Kind() != kind || r.Offline.Known(digest) || r.Offline.Told(digest, act.Signer.Fingerprint) {
				continue
			}
			taken := access.Act{Statement: digest, Kind: string(kind), Person: act.Statement.Actor, Key: act.Signer.Fingerprint, Own: w.isOf(act)}
			if refusal := w.count(r, act, at); refusal != nil {
				taken.Fault = string(refusal.Reason)
			}
			if !r.Offline.Take(taken) {
				return nil, refuse(TooMany, "more than %d statements that count were signed to the request %s", access.ActsMost, of.Short())
			}
			fresh++
			if taken.Key != "" {
				signed++
			}
		}
	}
	switch {
	case fresh == 0:
		return nil, refuse(AlreadyReconciled, "all of it was carried back before: each offline statement is taken once")
	case signed == 0:
		return nil, refuse(BadSignature, "nothing new in it bears a good signature")
	}
	r.Offline.Filled = r.Offline.Counts(of) && r.Denied() == "" && w.Wanting(r) == nil
	return r, nil
}

// isOf tells whether a key of its actor signed an act, one that was removed too.
// Whoever signs in another's name takes nobody's place.
func (w *World) isOf(act *Signed) bool {
	if act.Signer == (Signer{}) {
		return false
	}
	owner, _ := w.Roster.Owner(act.Signer.Fingerprint)
	return cmp.Or(owner, w.formerOwner(act.Signer.Fingerprint)) == act.Statement.Actor
}

// offlineRequest is the request as it was left, or as it begins.
func (w *World) offlineRequest(of canon.Digest, acts []*Signed, at canon.Time) *access.Request {
	if known, ok := w.Requests[of]; ok && known.Offline != nil {
		r, offline := known.Clone(), *known.Offline
		r.Offline = &offline
		return r
	}
	for _, act := range acts {
		if body, ok := act.Statement.Body.(*statement.Request); ok && act.Statement.Digest == of {
			// What is in force says who answers for it, and never what a signer named:
			// nobody knows that to have been in force.
			return &access.Request{
				ID: of, Requester: act.Statement.Actor, Key: act.Signer.Fingerprint, Scenario: body.Scenario, ScenarioDigest: w.Digests[body.Scenario],
				Severity: access.Severity(body.Severity), For: body.For, Targets: body.Targets, Incident: body.Incident,
				Why: body.Why.Hash, Holder: body.Holder.Ed25519, Sealed: body.Holder.X25519, Browser: body.Holder.P256, At: at,
				Lapses: act.Statement.Expires, State: access.Reconciled, Offline: &access.Offline{Signed: act.Statement.SignedAt()},
			}
		}
	}
	return nil
}

// Wanting are the places of the quorum that what was signed with no server leaves
// empty. A scenario that is not in force any more is filled by nobody.
func (w *World) Wanting(r *access.Request) []access.Leg {
	_, terms, refusal := w.terms(r.Scenario, r.ScenarioDigest, r.Severity)
	if refusal != nil {
		terms = access.Terms{}
	}
	return terms.Quorum.Missing(r.Approvers(w.counts), w.Roster.In)
}

// count adds one offline statement to a request, or says why it does not count.
func (w *World) count(r *access.Request, s *Signed, at canon.Time) *Refusal {
	s = w.worth(s)
	if s.Signer == (Signer{}) {
		return refuse(BadSignature, "the signature of the %s by %s is not good", s.Statement.Body.Kind(), s.Statement.Actor)
	}
	signed := canon.Earlier(s.Statement.SignedAt(), at)
	refusal := w.authenticate(s, Rule{Kind: s.Statement.Body.Kind(), Signer: ByPerson, Least: roster.Possession})
	switch {
	case refusal == nil && !w.ours(s.Statement.Ledger):
		refusal = refuse(WrongLedger, "the statement is for the ledger %s, not for %s", s.Statement.Ledger, w.Origin)
	case refusal == nil && s.Statement.SignedAt().Sub(at) > ValidMost.Duration():
		refusal = refuse(StatementTooLong, "the statement says that it was signed at %s, which is to come", s.Statement.SignedAt())
	case refusal == nil && !signed.Before(r.Lapses):
		refusal = refuse(StatementExpired, "the offline request lapsed at %s", r.Lapses)
	}
	if refusal == nil {
		refusal = w.forbidden(s, r, Command{At: signed})
	}
	switch body := s.Statement.Body.(type) {
	case *statement.Request:
		if refusal == nil {
			r.Key = s.Signer.Fingerprint
			refusal = w.countAsk(s, body, signed)
		}
	case *statement.Decision:
		if refusal == nil {
			refusal = w.countDecision(r, s, signed)
		}
	case *statement.Share:
		refusal = w.countShare(r, s, refusal, at)
	}
	return refusal
}

// ours tells whether an origin is of this ledger, now or in an earlier epoch.
func (w *World) ours(origin string) bool {
	return origin == w.Origin || slices.ContainsFunc(w.Epochs, func(e Epoch) bool { return e.Before == origin })
}

// countAsk asks of an offline request what is asked of any, and that it opens
// envelopes alone: nothing else opens with no server.
func (w *World) countAsk(s *Signed, body *statement.Request, signed canon.Time) *Refusal {
	scenario, terms, refusal := w.terms(body.Scenario, body.ScenarioDigest, access.Severity(body.Severity))
	if refusal == nil {
		refusal = w.begun()
	}
	if refusal == nil { // where it was asked from nobody saw: a scenario that minds is not opened so
		refusal = w.mayAsk(s, Command{At: signed}, asked{scenario, terms, body.For})
	}
	if refusal != nil {
		return refusal
	}
	for _, target := range body.Targets {
		if of, ok := scenario.Envelope(target); !ok || of.Physical {
			return refuse(UnknownTarget, "%s is no envelope that can be opened with no server", target)
		}
	}
	if w.Roster.Knows(roster.Ed25519Fingerprint(body.Holder.Ed25519)) {
		return refuse(HolderReused, "the holder key is a person's; make a new one for each request")
	}
	return nil
}

// countDecision counts a verdict as it would be counted on a request that waits.
func (w *World) countDecision(r *access.Request, s *Signed, signed canon.Time) *Refusal {
	d, _, refusal := w.judged(r, s, signed)
	again := func(made access.Decision) bool { return made.Approver == d.Approver && !made.Approves }
	if refusal == nil && !d.Approves && slices.ContainsFunc(r.Decisions, again) {
		refusal = refuse(AlreadyDecided, "%s has said no to request %s already", d.Approver, r.ID.Short())
	}
	if refusal == nil && d.Approves {
		waits := r.Clone()
		waits.State = access.Pending
		_, refusal = w.counted(waits, d)
	}
	if refusal == nil {
		r.Decisions = append(r.Decisions, d)
	}
	return refusal
}

// countShare counts a share. One of what is in force is out whether it should have
// been given or not, and not to be had back: it stands in the request until the
// secret was changed.
func (w *World) countShare(r *access.Request, s *Signed, refusal *Refusal, at canon.Time) *Refusal {
	body, person := s.Statement.Body.(*statement.Share), s.Statement.Actor
	lease, ok := r.Lease(body.Envelope)
	if !ok || lease.State == access.LeaseClosed {
		lease = &access.Lease{
			Target: body.Envelope, Envelope: body.Envelope, State: access.LeaseClosing,
			Closing: &access.Closing{At: at, Why: access.EndOffline},
		}
	}
	switch {
	case refusal != nil:
	case person == r.Requester:
		refusal = refuse(SelfShare, "nobody gives a share to their own request")
	case !slices.Contains(r.Targets, body.Envelope):
		refusal = refuse(UnknownTarget, "the request is not for envelope %s", body.Envelope)
	default:
		_, refusal = w.fits(s, r, lease.Shares, canon.Earlier(s.Statement.SignedAt(), at))
	}
	envelope, _, unknown := w.holder(person, body.Envelope, body.Serial)
	gave := func(given access.Share) bool { return given.Custodian == person }
	if unknown != nil || !w.isOf(s) || body.Serial < envelope.Current.Serial || slices.ContainsFunc(lease.Shares, gave) {
		return refusal
	}
	lease.Shares, lease.Issued = append(slices.Clip(lease.Shares), shareOf(s, at)), lease.Issued+1
	if known, ok := r.Lease(body.Envelope); ok {
		*known = *lease
	} else {
		r.Leases = append(r.Leases, *lease)
	}
	return refusal
}

// followReconciled pages until the secret is changed, as for any share that is out.
func (w *World) followReconciled(p place, e *Reconciled) {
	for _, l := range e.Request.Leases {
		pages := slices.ContainsFunc(w.tasksOf[p.stream], func(id string) bool { return w.Tasks[id].Kind == TaskPage && w.Tasks[id].Target == l.Target })
		if l.State == access.LeaseClosing && !pages {
			w.enqueue(p, Task{Kind: TaskPage, Target: l.Target, Due: p.at.Add(PageAfter.Duration())})
		}
	}
}
