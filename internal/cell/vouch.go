package cell

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// CoolOffVouched is how long a key cools off once it is vouched for: long enough
// for whoever heard of it to say no.
const CoolOffVouched = CoolOffLeast

// vouchersLeast is how many others vouch for a key.
const vouchersLeast = 2

// KeyVouched: somebody vouches for a key that cools off. With Until it is the last
// of those that are needed, and the key cools off sooner.
type KeyVouched struct {
	Person string          `json:"person"`
	Key    string          `json:"key"`
	Vouch  access.Decision `json:"vouch"`
	Until  canon.Time      `json:"until,omitzero"`
}

func (*KeyVouched) event() string { return "key-vouched" }

// decideVouch takes somebody's word that a key which cools off is its owner's:
// the owner's own, by an older key that is no weaker, or that of two who sit with
// them in one leg.
func decideVouch(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.Vouch), s.Statement.Actor
	owner, known := w.Roster.Owner(body.Key)
	until, cools := w.Cooling[body.Key]
	sooner := c.At.Add(CoolOffVouched.Duration())
	switch {
	case !known || owner != body.Person:
		return Outcome{}, refuse(UnknownSubject, "%s has no key %s", body.Person, body.Key)
	case w.Doubted:
		return Outcome{}, refuse(ClockInDoubt, "no cool-off ends sooner while the clock is in doubt")
	case !cools || !until.After(sooner):
		return Outcome{}, refuse(NothingNew, "the key %s has cooled off by %s as it is", body.Key, sooner)
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	switch {
	case person == owner && w.key(owner, body.Key).MayProve(roster.UserVerified) && !s.Signer.Strength.AtLeast(roster.UserVerified):
		return Outcome{}, refuse(TooWeak, "the signature proves %q; the key that it vouches for can prove more", s.Signer.Strength)
	case person != owner && !w.sitTogether(owner, person):
		return Outcome{}, refuse(NotAllowed, "%s sits in no leg with %s", person, owner)
	case slices.ContainsFunc(w.Vouched[body.Key], func(d access.Decision) bool { return d.Approver == person && w.counts(d) }):
		return Outcome{}, refuse(AlreadyDecided, "%s has vouched for this key already", person)
	}
	vouched := &KeyVouched{Person: owner, Key: body.Key, Vouch: access.Decision{
		Statement: s.Statement.Digest, Approver: person, Key: s.Signer.Fingerprint, Approves: true, Check: string(body.How), At: c.At,
	}}
	people := []string{owner, person}
	for _, d := range w.Vouched[body.Key] {
		if w.counts(d) && d.Approver != person {
			people = append(people, d.Approver)
		}
	}
	if person == owner || w.enough(people) {
		vouched.Until = sooner
	}
	return Outcome{StreamCell, []Event{vouched}}, nil
}

// key is a key of a person.
func (w *World) key(person, fingerprint string) roster.Key {
	p, _ := w.Roster.Person(person)
	i := slices.IndexFunc(p.Keys, func(k roster.Key) bool { return k.Fingerprint == fingerprint })
	return p.Keys[i]
}

// enough tells whether of an owner and those who vouch for them so many vouchers
// sit in one leg with the owner.
func (w *World) enough(people []string) bool {
	return slices.ContainsFunc(w.legs(), func(leg access.Leg) bool {
		together := 0
		for _, person := range people[1:] {
			if w.Roster.In(people[0], leg.From) && w.Roster.In(person, leg.From) {
				together++
			}
		}
		return together >= vouchersLeast
	})
}

// sitTogether tells whether two people sit in one leg.
func (w *World) sitTogether(a, b string) bool {
	return slices.ContainsFunc(w.legs(), func(leg access.Leg) bool { return w.Roster.In(a, leg.From) && w.Roster.In(b, leg.From) })
}

// legs are the legs of every quorum in force.
func (w *World) legs() []access.Leg {
	legs := slices.Concat(w.Genesis.Change, w.Genesis.Recovery.Quorum)
	for _, scenario := range w.Scenarios {
		for _, terms := range scenario.Severities {
			legs = append(legs, terms.Quorum...)
		}
	}
	return legs
}

// applyVouched remembers who vouched for a key until that has its effect.
func (w *World) applyVouched(e *KeyVouched) {
	if !e.Until.IsZero() {
		w.Cooling[e.Key] = canon.Earlier(w.Cooling[e.Key], e.Until)
		delete(w.Vouched, e.Key)
		return
	}
	others := slices.DeleteFunc(slices.Clone(w.Vouched[e.Key]), func(d access.Decision) bool { return d.Approver == e.Vouch.Approver })
	w.Vouched[e.Key] = append(others, e.Vouch)
}

// forgetVouched forgets who vouched for keys that cool off no more.
func (w *World) forgetVouched() {
	maps.DeleteFunc(w.Vouched, func(key string, _ []access.Decision) bool { _, cools := w.Cooling[key]; return !cools })
}
