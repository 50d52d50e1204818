package cell

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// rulesReview are the first rules by which a review is written and can be overdue.
const rulesReview = 2

// decideReview takes a review as somebody writes it, late ones too. Not only the
// requester may: who left, or will not, must not leave a scenario in debt.
func decideReview(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Review), s.Statement.Actor
	r, refusal := w.reviewed(body.Of)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if person != r.Requester && !w.overseer(person, r) {
		return Outcome{}, refuse(NotAllowed, "%s may not review request %s: the requester, approvers of %s and security may", person, r.ID.Short(), r.Scenario)
	}
	return Outcome{StreamOf(r.ID), []Event{&ReviewWritten{Written: access.Written{
		Statement: s.Statement.Digest, By: person, At: c.At,
		Necessary: string(body.Necessary), Misuse: string(body.Misuse), Note: body.Note.Hash,
	}}}}, nil
}

// reviewed finds a request whose review is open.
func (w *World) reviewed(of canon.Digest) (*access.Request, *Refusal) {
	r, ok := w.Requests[of]
	switch {
	case !ok:
		return nil, refuse(UnknownSubject, "there is no request %s in this cell", of.Short())
	case r.Review == nil:
		return nil, refuse(NoReview, "request %s has no review: it is %s, and a review opens when a grant ends", r.ID.Short(), r.State)
	case !r.Review.Open():
		return nil, refuse(NoReview, "the review of request %s was signed off by %s at %s", r.ID.Short(), r.Review.SignedOff.By, r.Review.SignedOff.At)
	}
	return r, nil
}

// decideSignOff takes a second person's word on a review, which names the one
// that they read: it may have been written anew since.
func decideSignOff(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.SignOff), s.Statement.Actor
	r, refusal := w.reviewed(body.Of)
	if refusal != nil {
		return Outcome{}, refusal
	}
	switch written := r.Review.Written; {
	case person == r.Requester:
		return Outcome{}, refuse(SelfReview, "nobody signs off the review of their own request")
	case !w.overseer(person, r):
		return Outcome{}, refuse(NotAllowed, "%s may not sign off the review of request %s: approvers of %s and security may", person, r.ID.Short(), r.Scenario)
	case !s.Signer.Strength.AtLeast(least(w.scenarioOf(r))):
		return Outcome{}, refuse(TooWeak, "the signature proves %q; scenario %s needs %s", s.Signer.Strength, r.Scenario, least(w.scenarioOf(r)))
	case written == nil || written.Statement != body.Review:
		return Outcome{}, refuse(WrongReview, "%s is not the review of request %s that was written last", body.Review.Short(), r.ID.Short())
	case person == written.By:
		return Outcome{}, refuse(SelfReview, "nobody signs off what they wrote")
	case r.Review.Returned != nil:
		return Outcome{}, refuse(WrongReview, "%s sent that review back; it must be written anew", r.Review.Returned.By)
	}
	by := access.SignOff{Statement: s.Statement.Digest, By: person, At: c.At}
	if body.Note != nil {
		by.Note = body.Note.Hash
	}
	if body.Verdict == statement.SendBack {
		return Outcome{StreamOf(r.ID), []Event{&ReviewReturned{By: by}}}, nil
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	return Outcome{StreamOf(r.ID), []Event{&ReviewSignedOff{By: by}}}, nil
}

// lapseReview finds a review overdue. While time is in doubt none is: the task
// stays, and is taken when time is trusted again.
func (w *World) lapseReview(r *access.Request, c Command) ([]Event, *Refusal) {
	if w.Doubted {
		return nil, refuse(ClockInDoubt, "the review of request %s is not found overdue while the clock is in doubt", r.ID.Short())
	}
	return []Event{&ReviewOverdue{At: c.At}}, nil
}

// Late is the request of a scenario whose review is overdue for the longest; zero
// when there is none.
func (w *World) Late(scenario string) canon.Digest {
	var late []*access.Request
	for id := range w.tally.debts {
		if r := w.Requests[id]; r.Scenario == scenario {
			late = append(late, r)
		}
	}
	if len(late) == 0 {
		return canon.Digest{}
	}
	return slices.MinFunc(late, func(a, b *access.Request) int {
		return cmp.Or(a.Review.Due.Std().Compare(b.Review.Due.Std()), bytes.Compare(a.ID[:], b.ID[:]))
	}).ID
}

// late is what an overdue review has to do with a command: Late for a request,
// for the extension of one, and for going in alone.
// Evidence that leaves out other streams cannot tell, and believes what stands
// in the entry.
func (w *World) late(c Command) canon.Digest {
	if c.Signed == nil {
		return canon.Digest{}
	}
	scenario := ""
	switch body := c.Signed.Statement.Body.(type) {
	case *statement.Request:
		scenario = body.Scenario
	case *statement.Extend, *statement.Solo:
		if r, ok := w.Requests[subject(body)]; ok {
			scenario = r.Scenario
		}
	}
	switch {
	case scenario == "":
		return canon.Digest{}
	case w.partial:
		return c.Observed.Late
	}
	return w.Late(scenario)
}

// owing says what an overdue review means for a new request or extension: refused, but at the
// gravest severity of its scenario, which is never; there the quorum gets a leg
// of security, unless nobody could fill it.
func (w *World) owing(scenario *access.Scenario, r *access.Request, c Command) (*access.Late, *Refusal) {
	review := w.late(c)
	if review.IsZero() {
		return nil, nil
	}
	if gravest := scenario.Gravest(); r.Severity != gravest {
		return nil, refuse(LateReview, "the review of request %s of %s is overdue: until it is signed off, %s is given at %s only", review.Short(), scenario.ID, scenario.ID, gravest)
	}
	late := &access.Late{Review: review, Leg: access.Leg{From: w.Genesis.Security, Count: 1}}
	able := slices.DeleteFunc(w.Roster.Present(), func(p string) bool { return p == r.Requester || !w.able(p, scenario, c.At) })
	with := *r
	with.Late = late
	if with.Quorum(scenario.Severities[r.Severity]).Missing(able, w.Roster.In) != nil {
		late.Leg = access.Leg{}
	}
	return late, nil
}

// able tells whether a person has a key that could agree to a request now.
func (w *World) able(person string, scenario *access.Scenario, at canon.Time) bool {
	p, _ := w.Roster.Person(person)
	return slices.ContainsFunc(p.Keys, func(key roster.Key) bool {
		until, cools := w.Cooling[key.Fingerprint]
		return w.Roster.Active(key) && key.MayProve(least(scenario)) && (!cools || !w.Doubted && !at.Before(until))
	})
}
