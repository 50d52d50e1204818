package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Extension is what its requester asks of a live grant: more time. It is decided
// anew, by the quorum of the request; no approval of the request counts for it.
type Extension struct {
	ID        canon.Digest  `json:"id"`      // digest of the extend statement
	Key       string        `json:"key"`     // fingerprint of the key that asked
	For       canon.Seconds `json:"for"`     // from the agreement
	Targets   []string      `json:"targets"` // that stay open; the others begin to close
	Why       canon.Digest  `json:"why"`     // hash of the note
	At        canon.Time    `json:"at"`
	Code      bool          `json:"code,omitzero"` // asked with a code: that it was them is the server's word
	State     State         `json:"state"`         // pending, granted, denied; withdrawn when another took its place; lapsed with the grant
	Late      *Late         `json:"late,omitzero"` // the overdue review that it was asked in spite of
	Decisions []Decision    `json:"decisions,omitempty"`
	Until     canon.Time    `json:"until,omitzero"` // where it moved the end of the grant
	By        []string      `json:"by,omitempty"`   // whose decisions filled the quorum
}

// ExtensionsMost bounds the extensions that are asked for under one grant.
const ExtensionsMost = 16

// Extending is the extension that waits for its quorum; nil when none does.
func (r *Request) Extending() *Extension {
	if n := len(r.Extensions); n > 0 && r.Extensions[n-1].State == Pending {
		return &r.Extensions[n-1]
	}
	return nil
}

// Anew is the request as an extension asks it: of the same quorum, with the same
// ladder reached, for its own time and targets, decided by its own decisions
// alone. It lapses with the grant.
func (r *Request) Anew(e *Extension) *Request {
	anew := *r
	anew.State, anew.Lapses, anew.Grant, anew.Leases, anew.Extensions = Pending, r.Grant.Until, nil, nil, nil
	anew.Key, anew.For, anew.Targets, anew.Why, anew.Decisions = e.Key, e.For, e.Targets, e.Why, e.Decisions
	if e.Late != nil && e.Late.Leg.Count > 0 {
		anew.Late = e.Late
	}
	return &anew
}

// WindowMost is how long a grant lives at most, however often it is extended.
const WindowMost = canon.Seconds(12 * 3600)

// Longer is when the grant ends if it is extended at an instant by a length.
func (g *Grant) Longer(length canon.Seconds, at canon.Time) canon.Time {
	return canon.Earlier(at.Add(length.Duration()), g.From.Add(WindowMost.Duration()))
}

// Held are the targets of a grant that have not begun to close.
func (r *Request) Held() []string {
	var held []string
	for i := range r.Leases {
		if r.Leases[i].Held() {
			held = append(held, r.Leases[i].Target)
		}
	}
	return held
}

// Held tells whether a lease has not begun to close.
func (l *Lease) Held() bool { return l.State == LeaseOpening || l.State == LeaseOpen }

// extensions is a deep copy.
func (r *Request) extensions() []Extension {
	all := slices.Clone(r.Extensions)
	for i := range all {
		all[i].Decisions = slices.Clone(all[i].Decisions)
	}
	return all
}
