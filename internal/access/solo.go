package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// SoloStep is the last rung of a ladder, where a scenario has it: whoever asked,
// and got no answer, may go in alone. It is the shortest and loudest way there is.
type SoloStep struct {
	Longest canon.Seconds `json:"longest"`
	RaiseTo Severity      `json:"raise_to"` // the gravest of the scenario, whose review is owed then
	Opens   []string      `json:"opens"`    // target names; of what was asked for, nothing else
}

// Solo is how far a request came on the solo step.
type Solo struct {
	Asked  canon.Time `json:"asked,omitzero"`  // by when witnesses had cosigned that it was asked, by their clocks
	Rung   int        `json:"rung,omitzero"`   // that was reached; 0: the step is not offered
	Entry  int64      `json:"entry,omitzero"`  // of the offer
	Offer  SoloStep   `json:"offer,omitzero"`  // with the targets that were asked for
	Passed int64      `json:"passed,omitzero"` // size of a checkpoint that, by the same clocks, was cosigned so long after Asked
	Taken  *Taken     `json:"taken,omitzero"`
	Heard  string     `json:"heard,omitempty"` // channel that took the alarm of it first
}

// Taken is the requester's second signature: they go in alone.
type Taken struct {
	Statement canon.Digest `json:"statement"`
	Key       string       `json:"key"` // fingerprint
	At        canon.Time   `json:"at"`
	Unproved  bool         `json:"unproved,omitzero"` // no witness proves that they waited
}

// Hearing says whether anybody is known to have heard before a grant without a
// quorum began. The zero Hearing is that of a grant with one.
type Hearing string

// The hearings.
const (
	Heard   Hearing = "heard"   // a channel took the alarm
	Unheard Hearing = "unheard" // none did in time
)

// Solo is the step of the scenario's ladder at which a requester may go in alone;
// nil when it has none.
func (s *Scenario) Solo() *SoloStep {
	if n := len(s.Ladder); n > 0 {
		return s.Ladder[n-1].Solo
	}
	return nil
}

// For is what the step offers to a request: of its targets those that the step
// opens. They can be none.
func (s SoloStep) For(r *Request) SoloStep {
	s.Opens = slices.DeleteFunc(slices.Clone(r.Targets), func(t string) bool { return !slices.Contains(s.Opens, t) })
	return s
}

// Offered tells whether the requester may sign to go in alone, or has.
func (r *Request) Offered() bool { return r.Solo != nil && r.Solo.Rung > 0 }

// GoesIn tells whether the requester has signed to go in alone, and waits.
func (r *Request) GoesIn() bool { return r.State == Pending && r.Offered() && r.Solo.Taken != nil }

// Alone tells whether the grant began without a quorum.
func (r *Request) Alone() bool { return r.Grant != nil && r.Grant.Hearing != "" }

// AloneUnreviewed tells whether the requester goes in alone, is in alone, or owes
// the review of it: until that is signed off nobody does so again, neither they
// nor under that scenario.
func (r *Request) AloneUnreviewed() bool {
	return r.GoesIn() || r.Alone() && (r.State == Granted || r.Review.Open())
}

// AloneFor is what the step still gives after every approval that counts: none
// gives more than somebody signed.
func (r *Request) AloneFor(counts func(Decision) bool) (canon.Seconds, []string) {
	length, targets := r.Narrowed(counts)
	targets = slices.DeleteFunc(targets, func(t string) bool { return !slices.Contains(r.Solo.Offer.Opens, t) })
	return min(length, r.Solo.Offer.Longest), targets
}
