package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// RungsMost bounds a ladder.
const RungsMost = 4

// Rung is a step of a scenario's ladder: whom else is asked, when a request
// still waits that long after it was made.
type Rung struct {
	After canon.Seconds `json:"after"`
	Widen string        `json:"widen,omitempty"` // group reference: who may then fill places as well
	Legs  []string      `json:"legs,omitempty"`  // of the legs of these groups only; none: of every leg
	Solo  *SoloStep     `json:"solo,omitzero"`   // in the place of both: the requester may go in alone
}

// Widened is a rung that a request has reached.
type Widened struct {
	Rung int        `json:"rung"` // 1 is the first
	To   string     `json:"to"`
	Legs []string   `json:"legs,omitempty"`
	At   canon.Time `json:"at"`
}

// Climb gives whom a rung adds, reached at an instant; false when the ladder
// has no such rung, or it adds nobody.
func (s *Scenario) Climb(rung int, at canon.Time) (Widened, bool) {
	if rung < 1 || rung > len(s.Ladder) || s.Ladder[rung-1].Solo != nil {
		return Widened{}, false
	}
	r := s.Ladder[rung-1]
	return Widened{Rung: rung, To: r.Widen, Legs: r.Legs, At: at}, true
}

// Reached tells whether the request stands on a rung already.
func (r *Request) Reached(rung int) bool {
	return r.Offered() && r.Solo.Rung == rung || slices.ContainsFunc(r.Widened, func(w Widened) bool { return w.Rung == rung })
}

// Admits is the membership by which the quorum of this request is counted: who
// is in a leg's group, and whom the ladder has added to that leg since. It says
// who may sit where, never that fewer must sit.
func (r *Request) Admits(in Membership) Membership {
	if len(r.Widened) == 0 {
		return in
	}
	return func(person, reference string) bool {
		return in(person, reference) || slices.ContainsFunc(r.Widened, func(w Widened) bool {
			return (len(w.Legs) == 0 || slices.Contains(w.Legs, reference)) && in(person, w.To)
		})
	}
}
