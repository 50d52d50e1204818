package cell

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/statement"
)

// opening gives what each scenario that opens an envelope demands of it, by the
// scenario's id.
func (w *World) opening(envelope string) []*access.Envelope {
	var demands []*access.Envelope
	for _, id := range sortedKeys(w.Scenarios) {
		if of, ok := w.Scenarios[id].Envelope(envelope); ok {
			demands = append(demands, of)
		}
	}
	return demands
}

// keeper checks that a person may seal and rotate an envelope: by every
// scenario that opens it.
func (w *World) keeper(person, envelope string) ([]*access.Envelope, *Refusal) {
	demands := w.opening(envelope)
	if len(demands) == 0 {
		return nil, refuse(UnknownEnvelope, "no scenario opens an envelope %s", envelope)
	}
	for _, of := range demands {
		if !w.Roster.In(person, of.SealedBy) {
			return nil, refuse(NotAllowed, "%s may not seal or rotate envelope %s: members of %s may", person, envelope, of.SealedBy)
		}
	}
	return demands, nil
}

// decideSeal takes a sealing. The first is in force at once; a later one when
// a rotate statement says that its secret works and the one before does not.
func decideSeal(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Seal), s.Statement.Actor
	demands, refusal := w.keeper(person, body.Envelope)
	if refusal == nil {
		refusal = w.cool(s, c.At)
	}
	if refusal != nil {
		return Outcome{}, refusal
	}
	serial := int64(1)
	if known, ok := w.Envelopes[body.Envelope]; ok {
		serial = known.Newest().Serial + 1
	}
	if body.Serial != serial {
		return Outcome{}, refuse(WrongSerial, "the next sealing of envelope %s has serial %d, not %d", body.Envelope, serial, body.Serial)
	}
	sealing := custody.Sealing{
		Serial: serial, Threshold: body.Threshold, Physical: body.Physical, By: person, At: c.At, Statement: s.Statement.Digest,
		Commitments: body.Commitments,
	}
	if !body.Physical {
		sealing.Description, sealing.Content = body.Description.Digest, body.Content.Digest
	}
	for _, h := range body.Holders {
		holder := custody.Holder{Custodian: h.Custodian, Proof: h.Proof, Bag: h.Bag, Place: h.Place}
		if h.Sealed != nil {
			holder.Sealed = h.Sealed.Digest
		}
		if !w.Roster.Has(h.Custodian) {
			return Outcome{}, refuse(NotCustodian, "%s is not in the roster", h.Custodian)
		}
		sealing.Holders = append(sealing.Holders, holder)
	}
	for _, of := range demands {
		if fault := sealing.Fits(of, w.Roster.In); fault != "" {
			return Outcome{}, refuse(NotCustodian, "envelope %s: %s", body.Envelope, fault)
		}
	}
	return Outcome{StreamCell, []Event{&EnvelopeSealed{Envelope: body.Envelope, Sealing: sealing}}}, nil
}

// decideRotate puts the newest sealing in force. As many custodians as open it
// must have shown that they can: a secret that nobody can take out again would
// lock everybody out.
func decideRotate(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Rotate), s.Statement.Actor
	if _, refusal := w.keeper(person, body.Envelope); refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	envelope, ok := w.Envelopes[body.Envelope]
	if !ok || envelope.Next == nil || envelope.Next.Serial != body.Serial {
		return Outcome{}, refuse(WrongSerial, "envelope %s has no sealing %d that waits to be put in force", body.Envelope, body.Serial)
	}
	if shown := envelope.Next.Shown(); shown < envelope.Next.Threshold {
		return Outcome{}, refuse(NotShown, "%d of the %d custodians who are needed have shown that they can open sealing %d", shown, envelope.Next.Threshold, body.Serial)
	}
	return Outcome{StreamCell, []Event{&EnvelopeRotated{Envelope: body.Envelope, Serial: body.Serial, By: person}}}, nil
}

// decideInspect takes what a custodian saw of their share or bag.
func decideInspect(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Inspect), s.Statement.Actor
	envelope, holder, refusal := w.holder(person, body.Envelope, body.Serial)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if !body.Proof.IsZero() && canon.Sum(body.Proof[:]) != holder.Proof {
		return Outcome{}, refuse(WrongProof, "that is not the proof that %s owes for sealing %d of %s", person, body.Serial, body.Envelope)
	}
	events := []Event{&EnvelopeInspected{
		Envelope: body.Envelope, Serial: body.Serial, Custodian: person, Proof: body.Proof,
		Bag: body.Bag, Place: body.Place, Damaged: body.Damaged,
	}}
	if body.Damaged && envelope.Owed == nil {
		events = append(events, owe(envelope.Name, custody.WhyDamaged, person, c.At))
	}
	return Outcome{StreamCell, events}, nil
}

// holder finds a custodian's part in a sealing that is not retired.
func (w *World) holder(person, name string, serial int64) (*custody.Envelope, *custody.Holder, *Refusal) {
	envelope, ok := w.Envelopes[name]
	if !ok {
		return nil, nil, refuse(UnknownEnvelope, "there is no envelope %s in this cell", name)
	}
	sealing, ok := envelope.Sealing(serial)
	if !ok {
		return nil, nil, refuse(WrongSerial, "sealing %d of envelope %s is not one that is kept; %d is in force", serial, name, envelope.Current.Serial)
	}
	holder, ok := sealing.Holder(person)
	if !ok {
		return nil, nil, refuse(NotCustodian, "%s holds no share of sealing %d of envelope %s", person, serial, name)
	}
	return envelope, holder, nil
}

// decideShare counts a custodian's share to the one request that it was sealed
// for. With as many as open the envelope its lease is open.
func decideShare(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Share), s.Statement.Actor
	r, ok := w.Requests[body.Of]
	if !ok {
		return Outcome{}, refuse(UnknownSubject, "there is no open request %s in this cell", body.Of.Short())
	}
	lease, ok := r.Lease(body.Envelope)
	switch {
	case person == r.Requester:
		return Outcome{}, refuse(SelfShare, "nobody gives a share to their own request")
	case !r.Live(c.At):
		return Outcome{}, refuse(NotLive, "request %s has no live grant: it is %s", r.ID.Short(), r.State)
	case !w.stands(r):
		return Outcome{}, refuse(NotLive, "%s, or the key that asked, is no longer in the roster or is suspended, or the request is of an earlier epoch", r.Requester)
	case !ok || lease.Envelope != body.Envelope:
		return Outcome{}, refuse(UnknownTarget, "the grant opens no envelope %q; it opens %v", body.Envelope, r.Grant.Targets)
	case !lease.Held():
		return Outcome{}, refuse(LeaseNotOpen, "target %s is %s", lease.Target, lease.State)
	}
	current, refusal := w.fits(s, r, lease.Shares, c.At)
	if refusal != nil {
		return Outcome{}, refusal
	}
	events := honey(w.scenarioOf(r), body.Envelope, person)
	events = append(events, &ShareGiven{Target: lease.Target, Share: shareOf(s, c.At)})
	if len(lease.Shares)+1 == current.Threshold {
		events = append(events, &LeaseOpened{Target: lease.Target})
	}
	return Outcome{StreamOf(r.ID), events}, nil
}

// fits checks that a share is of the sealing in force, by who holds it, for the key
// of a request, beside what was given to that before.
func (w *World) fits(s *Signed, r *access.Request, before []access.Share, at canon.Time) (*custody.Sealing, *Refusal) {
	body, person := s.Statement.Body.(*statement.Share), s.Statement.Actor
	if refusal := w.cool(s, at); refusal != nil {
		return nil, refusal
	}
	envelope, holder, refusal := w.holder(person, body.Envelope, body.Serial)
	if refusal != nil {
		return nil, refusal
	}
	current := envelope.Current
	switch {
	case body.Serial != current.Serial || len(before) > 0 && before[0].Serial != body.Serial:
		return nil, refuse(WrongSerial, "sealing %d of envelope %s is in force, and one request takes shares of one sealing, not %d", current.Serial, envelope.Name, body.Serial)
	case slices.ContainsFunc(before, func(given access.Share) bool { return given.Custodian == person }):
		return nil, refuse(AlreadyShared, "%s has given this request a share already", person)
	case current.Physical && (body.Bag == "" || body.Bag != holder.Bag):
		return nil, refuse(WrongShare, "%s holds bag %q of envelope %s, not %q", person, holder.Bag, envelope.Name, body.Bag)
	case !current.Physical && (body.Sealed == nil || body.Holder != r.Sealed):
		return nil, refuse(WrongShare, "a share is sealed to the key that was made for request %s, and to no other", r.ID.Short())
	}
	return current, nil
}

// shareOf is a share as it is kept.
func shareOf(s *Signed, at canon.Time) access.Share {
	body := s.Statement.Body.(*statement.Share)
	given := access.Share{Custodian: s.Statement.Actor, Serial: body.Serial, Statement: s.Statement.Digest, Bag: body.Bag, At: at}
	if body.Sealed != nil {
		given.Sealed = body.Sealed.Digest
	}
	return given
}

// honey tells that somebody touches an envelope that nobody has a reason to.
func honey(scenario *access.Scenario, target, by string) []Event {
	if of, ok := scenario.Envelope(target); ok && of.Honey {
		return []Event{&HoneyTouched{Target: target, By: by}}
	}
	return nil
}

// custodyEffect takes the result of a task of an envelope.
func (w *World) custodyEffect(task Task, c Command) (Outcome, *Refusal) {
	envelope, ok := w.Envelopes[task.Target]
	switch {
	case !ok:
		return Outcome{}, refuse(UnknownEnvelope, "there is no envelope %s in this cell", task.Target)
	case task.Kind == TaskOverdue && envelope.Owed != nil:
		return Outcome{StreamCell, []Event{&EnvelopeOverdue{Envelope: envelope.Name, Since: envelope.Owed.Since}}}, nil
	case task.Kind == TaskOwe && envelope.Owed == nil:
		return Outcome{StreamCell, []Event{owe(envelope.Name, task.Event, task.Person, c.At)}}, nil
	}
	return Outcome{}, refuse(NothingNew, "that is known of envelope %s", envelope.Name)
}

func owe(envelope, why, who string, at canon.Time) *EnvelopeOwed {
	return &EnvelopeOwed{Envelope: envelope, Owed: custody.Owed{Why: why, Who: who, Since: at, By: at.Add(custody.FreshWithin.Duration())}}
}

// rotated closes a lease whose envelope holds another secret now.
func (w *World) rotated(r *access.Request, l *access.Lease, c Command) ([]Event, *Refusal) {
	if l.State == access.LeaseClosed || !w.worthless(r, l) {
		return nil, refuse(NothingNew, "no share of an envelope that was rotated since was given at %s", l.Target)
	}
	var events []Event
	if l.Held() {
		events = w.close(r, l, access.EndRotated, c.At)
	}
	return append(events, proved(l, access.Proof{Kind: access.ProofRotated, At: c.At})...), nil
}

// worthless tells whether the shares that were given at a lease open nothing any
// more. Of a lease from before entries were lost nobody knows of which sealings
// they were: only what was sealed afterwards is not among them.
func (w *World) worthless(r *access.Request, l *access.Lease) bool {
	envelope, ok := w.Envelopes[l.Envelope]
	if !ok || envelope.Current == nil {
		return false
	}
	if w.predates(r) {
		return envelope.Current.At.After(w.epoch().At)
	}
	return len(l.Shares) > 0 && !slices.ContainsFunc(l.Shares, func(s access.Share) bool { return s.Serial >= envelope.Current.Serial })
}

// Given are the shares of the sealing in force that were given away and are not
// known to be worth nothing: their leases are not closed.
func (w *World) Given(envelope *custody.Envelope) []custody.Given {
	var given []custody.Given
	ids := slices.Collect(maps.Keys(w.Requests))
	sortDigests(ids)
	for _, id := range ids {
		for _, l := range w.Requests[id].Leases {
			for _, share := range l.Shares {
				if l.Envelope == envelope.Name && l.State != access.LeaseClosed && share.Serial == envelope.Current.Serial {
					given = append(given, custody.Given{Request: id, Custodian: share.Custodian})
				}
			}
		}
	}
	return given
}
