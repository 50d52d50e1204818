package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Review is the post-incident review that the end of a grant opens. Somebody
// writes it and somebody else signs it off, by when it is due; until it is signed
// off it may be written anew, and what was written last counts.
type Review struct {
	Opened    canon.Time `json:"opened"`
	Due       canon.Time `json:"due"`               // to be signed off
	Overdue   canon.Time `json:"overdue,omitzero"`  // when it was found not to be
	Written   *Written   `json:"written,omitzero"`  // last
	Returned  *SignOff   `json:"returned,omitzero"` // who sent back what was written last
	SignedOff *SignOff   `json:"signed_off,omitzero"`
}

// Written is a review as somebody wrote it.
type Written struct {
	Statement canon.Digest `json:"statement"`
	By        string       `json:"by"`
	At        canon.Time   `json:"at"`
	Necessary string       `json:"necessary"` // yes, partly, no
	Misuse    string       `json:"misuse"`    // yes, no
	Note      canon.Digest `json:"note"`      // hash
}

// SignOff is a second person's word on what was written.
type SignOff struct {
	Statement canon.Digest `json:"statement"`
	By        string       `json:"by"`
	At        canon.Time   `json:"at"`
	Note      canon.Digest `json:"note,omitzero"` // hash
}

// Open tells whether a review is owed.
func (v *Review) Open() bool { return v != nil && v.SignedOff == nil }

// Late tells whether a review is owed and overdue.
func (v *Review) Late() bool { return v.Open() && !v.Overdue.IsZero() }

// Waits tells whether what was written waits for a second person's word.
func (v *Review) Waits() bool { return v.Open() && v.Written != nil && v.Returned == nil }

// Late says that a request was asked while a review of its scenario was overdue.
type Late struct {
	Review canon.Digest `json:"review"`       // of which request
	Leg    Leg          `json:"leg,omitzero"` // that the quorum got for it; none: nobody could have filled it
}

// Quorum is what terms demand of this request: one leg more where a review of its
// scenario was overdue when it was asked. Whoever counts decisions counts them
// by it, and never by the terms alone.
func (r *Request) Quorum(t Terms) Quorum {
	if r.Late == nil || r.Late.Leg.Count == 0 {
		return t.Quorum
	}
	return append(slices.Clip(t.Quorum), r.Late.Leg)
}

// Gravest is the severity that is never refused for an overdue review.
func (s *Scenario) Gravest() Severity {
	for _, severity := range Severities {
		if _, ok := s.Severities[severity]; ok {
			return severity
		}
	}
	return ""
}

// InDebt tells whether the review of a request is overdue and its scenario owes it.
// A request that was carried back and does not count was claimed by somebody: the
// scenario owes nothing for it.
func (r *Request) InDebt() bool {
	return r.Review.Late() && (r.Offline == nil || r.Offline.Counts(r.ID))
}
