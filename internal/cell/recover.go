package cell

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Recovery is who may put other people and other keys in place when the change
// quorum cannot sign any more, and for how long everybody hears of it before. The
// zero Recovery is filled by nobody.
type Recovery struct {
	Quorum access.Quorum `json:"quorum"`
	Notice canon.Seconds `json:"notice"`
}

// NoticeLeast and NoticeMost bound the notice of a recovery: whoever is away for
// a weekend must hear of it in time, and a cell must not be lost for a year.
const (
	NoticeLeast = canon.Seconds(7 * 24 * 3600)
	NoticeMost  = canon.Seconds(90 * 24 * 3600)
)

// RemindEvery is how often channels hear of a recovery that waits.
const RemindEvery = canon.Seconds(24 * 3600)

// RulesOfRecovery is the number of the first rules that know a recovery quorum.
const RulesOfRecovery = 2

// cancelsLeast is how many people cancel a recovery.
const cancelsLeast = 2

// recoverable tells whether there is a recovery quorum.
func (g *Genesis) recoverable() bool { return g.Recovery.Quorum != nil || g.Recovery.Notice != 0 }

// checkRecovery refuses a recovery quorum that could recover nothing, or too soon.
func (g *Genesis) checkRecovery(r *roster.Roster) error {
	if !g.recoverable() {
		return nil
	}
	alone := func(person string) bool { return g.Recovery.Quorum.Missing([]string{person}, r.In) == nil }
	switch err := CheckQuorum(g.Recovery.Quorum, r, ""); {
	case g.Recovery.Notice < NoticeLeast || g.Recovery.Notice > NoticeMost:
		return fmt.Errorf("recovery.notice: must be %s to %s", NoticeLeast, NoticeMost)
	case err != nil:
		return fmt.Errorf("recovery: %w", err)
	case slices.ContainsFunc(r.Present(), alone):
		return errors.New("recovery: quorum: must take two people: else one stolen key is a takeover that only waits")
	}
	return nil
}

// beyondPeople names what another document says otherwise beside people and
// groups; empty when that is all. Founders leave with the people: fixed sees to
// that.
func (g *Genesis) beyondPeople(after *Genesis) string {
	rest := *g
	rest.Founders, rest.People, rest.Groups = after.Founders, after.People, after.Groups
	before, now := members(&rest), members(after)
	for _, member := range union(before, now) {
		if string(before[member]) != string(now[member]) {
			return member
		}
	}
	return ""
}

// members are the members of a document, each as canonical JSON: one that this
// room gets later is among them by itself.
func members(g *Genesis) map[string]jsontext.Value {
	var members map[string]jsontext.Value
	_ = json.Unmarshal(canon.MustEncode(g), &members) // what was just encoded is an object
	return members
}

// quorumOf is who agrees to a change, and what they are called.
func (w *World) quorumOf(change *Change) (access.Quorum, string) {
	if !change.Recovers {
		return w.Genesis.Change, "change"
	}
	return w.Genesis.Recovery.Quorum, "recovery"
}

// agreedTo are those whose yes to a change counts in the present roster, in their
// order.
func (w *World) agreedTo(change *Change, decisions []access.Decision) []string {
	var agreed []string
	for _, d := range decisions {
		// With two keys each counts once, when a suspension of the first is over.
		if d.Approves && !change.Removes(d.Approver) && w.counts(d) && !slices.Contains(agreed, d.Approver) {
			agreed = append(agreed, d.Approver)
		}
	}
	return agreed
}

// recovering is the recovery that is agreed and waits; nil when there is none.
// Another is agreed to only after it: nobody has to cancel a hundred.
func (w *World) recovering() *Change {
	for _, change := range w.Changes {
		if !change.Until.IsZero() {
			return change
		}
	}
	return nil
}

func decideRecover(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Recover)
	return w.decideAmend(Change{Recovers: true}, &body.Amend, s, c)
}

// decideCancel counts a no on a recovery, agreed or not, of anybody who agrees to
// anything in this cell. Whom it removes may say it too: they are who must hear.
func decideCancel(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Cancel), s.Statement.Actor
	change, ok := w.Changes[body.Of]
	switch {
	case !ok || !change.Recovers:
		return Outcome{}, refuse(UnknownSubject, "no recovery %s waits in this cell", body.Of.Short())
	case !slices.ContainsFunc(w.legs(), func(leg access.Leg) bool { return w.Roster.In(person, leg.From) }):
		return Outcome{}, refuse(NotApprover, "%s is in no leg of any quorum of this cell", person)
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	others := 0
	for _, d := range change.Decisions {
		switch {
		case d.Approves || !w.counts(d):
		case d.Approver == person:
			return Outcome{}, refuse(AlreadyDecided, "%s has signed against this recovery already; it takes %d", person, cancelsLeast)
		default:
			others++
		}
	}
	events := []Event{&ChangeDecided{Change: change.ID, Decision: access.Decision{
		Statement: s.Statement.Digest, Approver: person, Key: s.Signer.Fingerprint, Check: "cancel", At: c.At,
	}}}
	if others+1 >= cancelsLeast {
		events = append(events, &RecoveryOver{Change: change.ID, State: ChangeCancelled})
	}
	return Outcome{StreamCell, events}, nil
}

// agreeRecovery is what a filled recovery quorum means: from here on everybody
// hears, for as long as the notice is, whom it would remove and which keys it
// would add.
func (w *World) agreeRecovery(change *Change, at canon.Time) []Event {
	made, refusal := w.amendment(change)
	if refusal != nil {
		return nil // possible refused it before
	}
	return []Event{&RecoveryAgreed{change.ID, at.Add(w.Genesis.Recovery.Notice.Duration()), made.Gone, made.Lost, made.Arrived}}
}

// waits is what a day means for an agreed recovery: it is void when it could not
// take effect any more, it takes effect when its notice is over, and else
// everybody is reminded. While the clock is in doubt no notice ends.
//
// That a key which agreed is suspended is no end of it: one person's word would do then
// what takes two to sign (decideCancel). It waits until the key signs again.
func (w *World) waits(task Task, c Command) (Outcome, *Refusal) {
	id, err := canon.ParseDigest(task.Target)
	change, ok := w.Changes[id]
	if err != nil || !ok {
		return Outcome{}, refuse(UnknownSubject, "no recovery %s waits in this cell", task.Target)
	}
	quorum, _ := w.quorumOf(change)
	free := *w
	free.Roster.Suspended = nil
	agreed := free.agreedTo(change, change.Decisions)
	waits := Outcome{StreamCell, []Event{&RecoveryWaits{Change: id, Until: change.Until}}}
	switch {
	case quorum.Missing(agreed, w.Roster.In) != nil || w.possible(change, c) != nil:
		return Outcome{StreamCell, []Event{&RecoveryOver{Change: id, State: ChangeVoid}}}, nil
	case w.Doubted || c.At.Before(change.Until):
		return waits, nil
	case quorum.Missing(w.agreedTo(change, change.Decisions), w.Roster.In) != nil: // for a while
		return waits, nil
	}
	events := []Event{&ChangeOver{Change: id, State: ChangeDone}}
	return Outcome{StreamCell, append(events, w.amendEvents(change, agreed, c.At)...)}, nil
}
