package custody

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// FreshWithin is how long after an envelope became due its content must be
// fresh; after that it alarms every day.
const FreshWithin = canon.Seconds(24 * 3600)

// State is where an envelope stands.
type State string

// The states. Of a sealing that another replaced nothing is kept here but in
// the ledger: it is retired.
const (
	Sealed  State = "sealed"
	Opening State = "opening" // fewer shares were given than open it
	Broken  State = "broken"  // as many as open it, to one request or to several
	Due     State = "due"     // fresh content is owed, though nobody opened it
	Retired State = "retired"
)

// Why fresh content is owed.
const (
	WhyLeft     = "custodian-left"
	WhyKeyGone  = "custodian-key-removed"
	WhyDamaged  = "damaged"
	WhyChanged  = "custodians-changed" // by an amendment: another circle holds shares than should
	WhySchedule = "schedule"
	WhyEpoch    = "epoch" // entries were lost: nobody knows whether it was opened in them
)

// Envelope is a sealed credential. At is of when it was last written.
type Envelope struct {
	Name    string   `json:"name"`
	Current *Sealing `json:"current"`       // in force
	Next    *Sealing `json:"next,omitzero"` // sealed, not yet in force
	Owed    *Owed    `json:"owed,omitzero"` // fresh content
}

// Sealing is one secret in one envelope.
type Sealing struct {
	Serial      int64        `json:"serial"`
	Threshold   int          `json:"threshold"`
	Physical    bool         `json:"physical,omitzero"`
	By          string       `json:"by"`
	At          canon.Time   `json:"at"`
	Statement   canon.Digest `json:"statement"`
	Description canon.Digest `json:"description,omitzero"`
	Content     canon.Digest `json:"content,omitzero"`
	Commitments canon.Digest `json:"commitments,omitzero"`
	Holders     []Holder     `json:"holders"`
}

// Holder is a custodian's part in a sealing, as it was last seen.
type Holder struct {
	Custodian string       `json:"custodian"`
	Sealed    canon.Digest `json:"sealed,omitzero"` // the share, encrypted to the custodian
	Proof     canon.Digest `json:"proof,omitzero"`  // the last one told
	Proved    canon.Time   `json:"proved,omitzero"` // when a proof was last told
	Bag       string       `json:"bag,omitempty"`
	Place     string       `json:"place,omitempty"`
	Seen      canon.Time   `json:"seen,omitzero"` // when the bag was last seen whole
}

// Owed says since when, why, because of whom and until when fresh content is.
type Owed struct {
	Why   string     `json:"why"`
	Who   string     `json:"who,omitempty"`
	Since canon.Time `json:"since"`
	By    canon.Time `json:"by"`
}

// Given is one share that was given away and not made worthless since.
type Given struct {
	Request   canon.Digest
	Custodian string
}

// State tells where the envelope stands, given which shares of the sealing in
// force were given away. Shares that went to different requests are counted
// together: one person may have asked for all of them.
func (e *Envelope) State(given []Given) State {
	var people []string
	for _, g := range given {
		if !slices.Contains(people, g.Custodian) {
			people = append(people, g.Custodian)
		}
	}
	switch {
	case len(people) >= e.Current.Threshold:
		return Broken
	case len(people) > 0:
		return Opening
	case e.Owed != nil:
		return Due
	}
	return Sealed
}

// Newest is the sealing that was made last.
func (e *Envelope) Newest() *Sealing {
	if e.Next != nil {
		return e.Next
	}
	return e.Current
}

// Sealing finds a sealing that is not retired.
func (e *Envelope) Sealing(serial int64) (*Sealing, bool) {
	for _, s := range []*Sealing{e.Current, e.Next} {
		if s != nil && s.Serial == serial {
			return s, true
		}
	}
	return nil, false
}

// Holder finds a custodian's part.
func (s *Sealing) Holder(custodian string) (*Holder, bool) {
	for i := range s.Holders {
		if s.Holders[i].Custodian == custodian {
			return &s.Holders[i], true
		}
	}
	return nil, false
}

// Shown is how many custodians have shown that they can open their share, or
// that their bag is there.
func (s *Sealing) Shown() int {
	n := 0
	for _, h := range s.Holders {
		if !h.Proved.IsZero() || s.Physical && !h.Seen.IsZero() {
			n++
		}
	}
	return n
}

// Fits tells what of a sealing is not as a scenario's envelope demands; empty if
// nothing is.
func (s *Sealing) Fits(of *access.Envelope, in access.Membership) string {
	if s.Physical != of.Physical {
		return "the scenario and the sealing differ in whether it is physical"
	}
	if s.Threshold < of.Threshold {
		return "its threshold is lower than the scenario's"
	}
	for _, h := range s.Holders {
		if !in(h.Custodian, of.Custodians) {
			return h.Custodian + " is not in " + of.Custodians
		}
	}
	return ""
}

// Clone is a deep copy.
func (e *Envelope) Clone() *Envelope {
	c := *e
	for _, s := range []**Sealing{&c.Current, &c.Next} {
		if *s != nil {
			copied := **s
			copied.Holders = slices.Clone(copied.Holders)
			*s = &copied
		}
	}
	return &c
}
