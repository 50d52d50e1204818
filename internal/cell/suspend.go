package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// SuspendedFor is how long one person's word suspends a key, and SuspendAgain how
// long after it the same person may say it of that key anew: for longer it takes
// others.
const (
	SuspendedFor = canon.Seconds(4 * 3600)
	SuspendAgain = canon.Seconds(24 * 3600)
)

// liftersLeast is how many people of security lift a suspension.
const liftersLeast = 2

// leavesMost bounds what a suspension names as left without a quorum.
const leavesMost = 50

// Events of a suspension.
type (
	// KeySuspended: a key signs nothing until then, and what it asked for ends.
	KeySuspended struct {
		Person string           `json:"person"`
		Key    string           `json:"key"`
		By     roster.Suspender `json:"by"`
		Until  canon.Time       `json:"until"`
		// Leaves are the quorums that nobody could fill meanwhile: ids of scenarios,
		// LeavesChange and LeavesRecovery.
		Leaves []string `json:"leaves,omitempty"`
	}
	// SuspensionOpposed: somebody would have the key sign again.
	SuspensionOpposed struct {
		Person string          `json:"person"`
		Key    string          `json:"key"`
		Lift   access.Decision `json:"lift"`
	}
	// SuspensionOver: the key signs again.
	SuspensionOver struct {
		Person string  `json:"person"`
		Key    string  `json:"key"`
		Why    OverWhy `json:"why"`
	}
)

// OverWhy is why a suspension is over.
type OverWhy string

// The ways.
const (
	OverLapsed OverWhy = "lapsed" // its time was over
	OverLifted OverWhy = "lifted" // by two of security, or the change quorum
	OverFreed  OverWhy = "freed"  // whatever suspended it was suspended itself, or removed
)

// What a suspension leaves without a quorum, beside scenarios. No id has a space.
const (
	LeavesChange   = "the change quorum"
	LeavesRecovery = "the recovery quorum"
)

func (*KeySuspended) event() string      { return "key-suspended" }
func (*SuspensionOpposed) event() string { return "suspension-opposed" }
func (*SuspensionOver) event() string    { return "suspension-over" }

// decideSuspend takes one person of security's word that a key may be in wrong
// hands. It is no removal: it ends by itself, and nobody says it of one key over
// and over.
func decideSuspend(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Suspend), s.Statement.Actor
	again, spent := w.Spent[spentKey(person, body.Key)]
	switch {
	case !w.Roster.In(person, w.Genesis.Security):
		return Outcome{}, refuse(NotAllowed, "%s may suspend no key: security may", person)
	case !w.Roster.Holds(body.Person, body.Key):
		return Outcome{}, refuse(UnknownSubject, "%s has no key %s", body.Person, body.Key)
	case body.Key == s.Signer.Fingerprint:
		return Outcome{}, refuse(NotAllowed, "no key suspends itself: sign with another, or ask somebody of security")
	case spent && (w.Doubted || c.At.Before(again)):
		return Outcome{}, refuse(AlreadySuspended, "%s suspended this key lately and may do so again from %s on; somebody else of security may now", person, again)
	}
	if refusal := w.spareKey(s, roster.Possession, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	suspended := &KeySuspended{
		Person: body.Person, Key: body.Key, Until: c.At.Add(SuspendedFor.Duration()),
		By: roster.Suspender{Person: person, Key: s.Signer.Fingerprint, Strength: s.Signer.Strength, At: c.At},
	}
	freed := w.freed(func(by roster.Suspender) bool { return by.Key == suspended.Key }, func(key, owner string) bool { return key == suspended.Key || owner == person })
	after := w.Roster.Clone()
	after.Suspend(suspended.Key, suspended.By, suspended.Until)
	for _, over := range freed {
		after.Free(over.Key)
	}
	others := slices.DeleteFunc(after.Members(w.Genesis.Security), func(p string) bool { return p == person || !after.CanSign(p) })
	if person != body.Person && w.Roster.In(body.Person, w.Genesis.Security) && len(others) == 0 {
		return Outcome{}, refuse(LastOfSecurity, "after that nobody of security but %s could sign: the change quorum removes the key, and until then each request is denied or stopped", person)
	}
	suspended.Leaves = Unfilled(Document{Genesis: w.Genesis, Scenarios: w.Scenarios}, &w.Roster, &after)
	events := []Event{suspended}
	for _, over := range freed {
		events = append(events, over)
	}
	return Outcome{StreamCell, events}, nil
}

// freed are the suspensions that nobody signed but with a key that goes: else a stolen
// key of security would silence the others first. Whoever suspends a key frees none of
// their own, and what goes itself is not freed.
func (w *World) freed(goes func(by roster.Suspender) bool, stays func(key, owner string) bool) []*SuspensionOver {
	var over []*SuspensionOver
	for _, key := range sortedKeys(w.Roster.Suspended) {
		owner := w.formerOwner(key)
		others := slices.ContainsFunc(w.Roster.Suspended[key].By, func(by roster.Suspender) bool { return !goes(by) && w.Roster.Holds(by.Person, by.Key) })
		if !others && !stays(key, owner) {
			over = append(over, &SuspensionOver{Person: owner, Key: key, Why: OverFreed})
		}
	}
	return over
}

// freedWith are the suspensions that end when people and keys are removed.
func (w *World) freedWith(people, keys []string) []Event {
	var events []Event
	goes := func(key, owner string) bool { return slices.Contains(keys, key) || slices.Contains(people, owner) }
	for _, over := range w.freed(func(by roster.Suspender) bool { return goes(by.Key, by.Person) }, goes) {
		events = append(events, over)
	}
	return events
}

// Unfilled are the quorums of a document that the people of one roster could fill
// and those of another cannot: ids of scenarios, LeavesChange and LeavesRecovery.
func Unfilled(d Document, before, after *roster.Roster) []string {
	lost := func(q access.Quorum) bool {
		return CheckQuorum(q, after, "") != nil && CheckQuorum(q, before, "") == nil
	}
	var names []string
	if lost(d.Genesis.Change) {
		names = append(names, LeavesChange)
	}
	if lost(d.Genesis.Recovery.Quorum) {
		names = append(names, LeavesRecovery)
	}
	for _, id := range sortedKeys(d.Scenarios) {
		for _, terms := range d.Scenarios[id].Severities {
			if len(names) < leavesMost && !slices.Contains(names, id) && lost(terms.Quorum) {
				names = append(names, id)
			}
		}
	}
	return names
}

// decideLift counts one more who would have a key sign again. Its owner has no say
// in it: who has the key may be them.
func decideLift(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Lift), s.Statement.Actor
	suspension, suspended := w.Roster.Suspended[body.Key]
	switch {
	case !w.Roster.In(person, w.Genesis.Security) && !w.Genesis.Change.Names(person, w.Roster.In):
		return Outcome{}, refuse(NotAllowed, "%s may lift no suspension: security and the change quorum may", person)
	case !w.Roster.Holds(body.Person, body.Key):
		return Outcome{}, refuse(UnknownSubject, "%s has no key %s", body.Person, body.Key)
	case person == body.Person:
		return Outcome{}, refuse(SelfApproval, "nobody lifts the suspension of their own key")
	case !suspended:
		return Outcome{}, refuse(NotSuspended, "the key %s is not suspended", body.Key)
	case slices.ContainsFunc(suspension.Lifts, func(d access.Decision) bool { return d.Approver == person && w.counts(d) }):
		return Outcome{}, refuse(AlreadyDecided, "%s has signed that already; it takes %d of security, or the change quorum", person, liftersLeast)
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	lift := access.Decision{Statement: s.Statement.Digest, Approver: person, Key: s.Signer.Fingerprint, Approves: true, Check: "lift", At: c.At}
	events := []Event{&SuspensionOpposed{Person: body.Person, Key: body.Key, Lift: lift}}
	people, security := []string{person}, 0
	for _, d := range suspension.Lifts {
		if w.counts(d) && d.Approver != person {
			people = append(people, d.Approver)
		}
	}
	for _, p := range people {
		if w.Roster.In(p, w.Genesis.Security) {
			security++
		}
	}
	if security >= liftersLeast || w.Genesis.Change.Missing(people, w.Roster.In) == nil {
		events = append(events, &SuspensionOver{Person: body.Person, Key: body.Key, Why: OverLifted})
	}
	return Outcome{StreamCell, events}, nil
}

// suspensionDue ends a suspension whose time is over. While the clock is in doubt
// none ends: the task stays.
func (w *World) suspensionDue(task Task, c Command) (Outcome, *Refusal) {
	s, suspended := w.Roster.Suspended[task.Target]
	switch {
	case !suspended:
		return Outcome{}, refuse(NotSuspended, "the key %s is not suspended", task.Target)
	case w.Doubted:
		return Outcome{}, refuse(ClockInDoubt, "no suspension ends while the clock is in doubt")
	case c.At.Before(s.Until):
		return Outcome{}, refuse(NotDue, "the key %s is suspended until %s", task.Target, s.Until)
	}
	return Outcome{StreamCell, []Event{&SuspensionOver{Person: w.formerOwner(task.Target), Key: task.Target, Why: OverLapsed}}}, nil
}

// applySuspension moves on which keys are suspended.
func (w *World) applySuspension(e Event) {
	w.Roster = w.Roster.Clone()
	ApplySuspension(&w.Roster, e)
	if e, ok := e.(*KeySuspended); ok {
		spent := map[string]canon.Time{}
		for key, until := range w.Spent {
			if w.Doubted || until.After(e.By.At) {
				spent[key] = until
			}
		}
		w.Spent = spent
		w.Spent[spentKey(e.By.Person, e.Key)] = e.By.At.Add(SuspendAgain.Duration())
	}
}

// ApplySuspension moves the suspensions of a roster on, also for whoever follows
// the world. Other events change nothing.
func ApplySuspension(r *roster.Roster, e Event) {
	switch e := e.(type) {
	case *KeySuspended:
		r.Suspend(e.Key, e.By, e.Until)
	case *SuspensionOpposed:
		r.Oppose(e.Key, e.Lift)
	case *SuspensionOver:
		r.Free(e.Key)
	}
}

// spentKey names a person and a key in World.Spent.
func spentKey(person, key string) string { return person + ":" + key }

// followSuspension enqueues the end of a suspension, and what it means for requests
// that the key made: whoever has it has their holder keys too. Tasks of keys that
// are suspended no more, or are gone, are finished.
func (w *World) followSuspension(p place, e Event) {
	switch e := e.(type) {
	case *KeySuspended:
		w.finish(p.stream, func(t Task) bool { return t.Kind == TaskSuspension && t.Target == e.Key })
		w.enqueue(p, Task{Kind: TaskSuspension, Target: e.Key, Due: w.Roster.Suspended[e.Key].Until})
		w.followRemoval(p)
	case *SuspensionOver, *KeyRemoved, *PersonRemoved, *Amended:
		w.finish(p.stream, func(t Task) bool {
			_, suspended := w.Roster.Suspended[t.Target]
			return t.Kind == TaskSuspension && !suspended
		})
	}
}
