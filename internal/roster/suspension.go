package roster

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Suspension is why a key signs nothing for a while. Its owner's other keys sign on.
type Suspension struct {
	By    []Suspender       `json:"by"`    // in their order
	Until canon.Time        `json:"until"` // when it is over by itself
	Lifts []access.Decision `json:"lifts,omitempty"`
}

// Suspender is who suspended a key, and how well that was proved.
type Suspender struct {
	Person   string     `json:"person"`
	Key      string     `json:"key"` // that signed
	Strength Strength   `json:"strength"`
	At       canon.Time `json:"at"`
}

// Suspend takes a key out for a while: it counts as if it were removed, until Free.
func (r *Roster) Suspend(key string, by Suspender, until canon.Time) {
	s := r.Suspended[key]
	s.By, s.Until = append(slices.Clip(s.By), by), canon.Later(s.Until, until)
	r.suspend(key, s)
}

// Oppose says that somebody would have a suspended key sign again. Who says so
// anew counts once, by what they said last.
func (r *Roster) Oppose(key string, d access.Decision) {
	s, suspended := r.Suspended[key]
	if !suspended {
		return
	}
	s.Lifts = append(slices.DeleteFunc(slices.Clone(s.Lifts), func(other access.Decision) bool { return other.Approver == d.Approver }), d)
	r.suspend(key, s)
}

// Free ends the suspension of a key.
func (r *Roster) Free(key string) {
	if _, suspended := r.Suspended[key]; suspended {
		r.Suspended = maps.Clone(r.Suspended)
		delete(r.Suspended, key)
	}
}

func (r *Roster) suspend(key string, s Suspension) {
	r.Suspended = maps.Clone(r.Suspended)
	if r.Suspended == nil {
		r.Suspended = map[string]Suspension{}
	}
	r.Suspended[key] = s
}

// Active tells whether a key signs now: it is neither removed nor suspended.
func (r *Roster) Active(k Key) bool {
	_, suspended := r.Suspended[k.Fingerprint]
	return !k.Removed && !suspended
}

// Silenced tells whether every key that a present person has is suspended.
func (r *Roster) Silenced(person string) bool {
	p, _ := r.Person(person)
	held := func(k Key) bool { return r.Holds(person, k.Fingerprint) }
	return slices.ContainsFunc(p.Keys, held) && !slices.ContainsFunc(p.Keys, r.Active)
}

// Holds tells whether a key is a present person's, suspended or not.
func (r *Roster) Holds(person, fingerprint string) bool {
	p, known := r.Person(person)
	return known && !p.Removed && slices.ContainsFunc(p.Keys, func(k Key) bool { return k.Fingerprint == fingerprint && !k.Removed })
}

// stay keeps of the suspensions of the roster before this one those of keys that
// are still somebody's: an amendment ends none.
func (r *Roster) stay(before map[string]Suspension) {
	for key, s := range before {
		if at, known := r.owner[key]; known && r.Holds(r.People[at].ID, key) {
			r.suspend(key, s)
		}
	}
}
