package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// ChangesMost bounds the changes that wait at a time.
const ChangesMost = 100

// ChangesEach bounds those of one person, so that nobody keeps others from
// proposing. Under rules 1 only the sum is bounded.
const ChangesEach = 10

func decideChange(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Change)
	if body.Amend != nil {
		return w.decideAmend(Change{}, body.Amend, s, c)
	}
	if body.LedgerKey != "" {
		return w.decideLedgerKey(body.LedgerKey, s, c)
	}
	return w.propose(Change{Person: body.Remove.Person, Key: body.Remove.Key}, s, c)
}

func decideUpgrade(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	return w.propose(Change{Rules: s.Statement.Body.(*statement.Upgrade).Rules}, s, c)
}

// propose begins a change, with its proposer's consent.
func (w *World) propose(what Change, s *Signed, c Command) (Outcome, *Refusal) {
	change, person := &what, s.Statement.Actor
	change.ID, change.Proposer = s.Statement.Digest, person
	change.At, change.Lapses = c.At, c.At.Add(ChangeWaits.Duration())
	if refusal := w.mayPropose(change, s, c); refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.possible(change, c); refusal != nil {
		return Outcome{}, refusal
	}
	own := access.Decision{
		Statement: s.Statement.Digest, Approver: person, Key: s.Signer.Fingerprint,
		Approves: true, Check: "proposer", At: c.At,
	}
	events := []Event{&ChangeProposed{Change: *change}}
	return Outcome{StreamCell, append(events, w.changeEvents(change, own)...)}, nil
}

// mayPropose refuses whoever cannot be the first to agree to a change.
func (w *World) mayPropose(what *Change, s *Signed, c Command) *Refusal {
	if quorum, name := w.quorumOf(what); !quorum.Names(s.Statement.Actor, w.Roster.In) {
		return refuse(NotAllowed, "%s is in no leg of the %s quorum", s.Statement.Actor, name)
	}
	if len(w.Changes) >= ChangesMost {
		return refuse(TooMany, "%d changes are waiting already", len(w.Changes))
	}
	own := 0
	for _, change := range w.Changes {
		if change.Proposer == s.Statement.Actor {
			own++
		}
	}
	if w.Rules >= rulesAmend && own >= ChangesEach {
		return refuse(TooMany, "%d changes that %s proposed are waiting already", own, s.Statement.Actor)
	}
	return w.cool(s, c.At)
}

// decideOnChange counts one more verdict on a proposed change. Whoever is to be
// removed has no say in it.
func (w *World) decideOnChange(change *Change, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Decision), s.Statement.Actor
	quorum, name := w.quorumOf(change)
	switch {
	case !s.Signer.Strength.AtLeast(roster.Possession):
		return Outcome{}, refuse(TooWeak, "the signature proves %q; what is decided of the cell itself needs %s", s.Signer.Strength, roster.Possession)
	case !quorum.Names(person, w.Roster.In):
		return Outcome{}, refuse(NotApprover, "%s is in no leg of the %s quorum", person, name)
	case !change.Until.IsZero():
		return Outcome{}, refuse(NotPending, "the recovery is agreed and takes effect at %s, unless %d people cancel it", change.Until, cancelsLeast)
	case change.Removes(person):
		return Outcome{}, refuse(SelfApproval, "nobody decides on their own removal")
	case slices.ContainsFunc(change.Decisions, func(d access.Decision) bool { return d.Approver == person && d.Approves && w.counts(d) }) && body.Verdict == statement.Approve:
		return Outcome{}, refuse(AlreadyDecided, "%s has agreed to this change already", person)
	case !c.At.Before(change.Lapses):
		return Outcome{}, refuse(NotPending, "the change lapsed at %s", change.Lapses)
	case body.Narrow != nil:
		return Outcome{}, refuse(Widening, "a change cannot be narrowed; deny it and propose another")
	}
	d := access.Decision{
		Statement: s.Statement.Digest, Approver: person, Key: s.Signer.Fingerprint,
		Approves: body.Verdict == statement.Approve, Check: string(body.Check), At: c.At,
	}
	if !d.Approves {
		return Outcome{StreamCell, []Event{
			&ChangeDecided{Change: change.ID, Decision: d},
			&ChangeOver{Change: change.ID, State: ChangeDenied},
		}}, nil
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	if refusal := w.possible(change, c); refusal != nil {
		return Outcome{}, refusal
	}
	return Outcome{StreamCell, w.changeEvents(change, d)}, nil
}

// changeEvents counts a verdict and, when it fills the quorum, lets the change
// take effect in the same entry; a recovery begins to wait.
func (w *World) changeEvents(change *Change, d access.Decision) []Event {
	events := []Event{&ChangeDecided{Change: change.ID, Decision: d}}
	agreed := w.agreedTo(change, append(slices.Clone(change.Decisions), d))
	if quorum, _ := w.quorumOf(change); quorum.Missing(agreed, w.Roster.In) != nil {
		return events
	}
	if change.Recovers {
		return append(events, w.agreeRecovery(change, d.At)...)
	}
	events = append(events, &ChangeOver{Change: change.ID, State: ChangeDone})
	switch {
	case change.Amends():
		return append(events, w.amendEvents(change, agreed, d.At)...)
	case change.Asks():
		return append(events, agreedBy(change.Step, agreed))
	case change.Rotates():
		return append(events, &LedgerKeyRotated{From: w.SignedBy()[0], To: change.LedgerKey})
	case change.Rules != 0:
		return append(events, &RulesRaised{Rules: change.Rules})
	case change.Key == "":
		return append(append(events, &PersonRemoved{Person: change.Person}), w.freedWith([]string{change.Person}, nil)...)
	}
	return append(append(events, &KeyRemoved{Person: change.Person, Key: change.Key}), w.freedWith(nil, []string{change.Key})...)
}

// possible refuses a change that could not take effect in the world as it is.
func (w *World) possible(change *Change, c Command) *Refusal {
	if change.Amends() {
		if refusal := w.inForce(change); refusal != nil {
			return refusal
		}
		_, refusal := w.amendment(change)
		return refusal
	}
	if change.Asks() {
		return w.clockFits(change.Step)
	}
	if change.Rotates() {
		return w.rotatable(change.LedgerKey, c)
	}
	if change.Rules == 0 {
		return w.removable(change)
	}
	if change.Rules <= w.Rules || change.Rules > RulesNow {
		return refuse(NotAnUpgrade, "this cell decides by rules %d, and this version knows rules up to %d", w.Rules, RulesNow)
	}
	return nil
}

// removable refuses to remove who is not there, and whoever the change quorum
// cannot do without: then nobody could change anything any more.
func (w *World) removable(change *Change) *Refusal {
	after := w.Roster.Clone()
	after.Suspended = nil // what is for a while does not count for good
	var err error
	if change.Key == "" {
		err = after.RemovePerson(change.Person)
	} else {
		err = after.RemoveKey(change.Person, change.Key)
	}
	if err != nil {
		return refuse(NotRemovable, "%v", err)
	}
	if err := CheckQuorum(w.Genesis.Change, &after, ""); err != nil {
		return refuse(NotRemovable, "after that the change quorum could never be filled again: %v", err)
	}
	return nil
}

// Amends tells whether a change proposes another document.
func (c *Change) Amends() bool { return !c.To.IsZero() }
