package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/custody"
)

// Envelope is a sealed credential as a viewer may see it. Where its bags lie,
// and that it is honey, is told to those who keep it only.
type Envelope struct {
	Name       string        `json:"envelope"`
	State      custody.State `json:"state,omitempty"` // none: it was never sealed
	Custodians string        `json:"custodians"`      // group whose members may hold shares
	SealedBy   string        `json:"sealed_by"`       // group whose members may seal and rotate
	Threshold  int           `json:"threshold"`       // the least that scenarios demand
	Physical   bool          `json:"physical,omitzero"`
	Honey      bool          `json:"honey,omitzero"`
	Contents   string        `json:"contents,omitempty"` // in words, where AWS can change it; empty: only those who seal it know
	Current    *Sealing      `json:"current,omitzero"`
	Next       *Sealing      `json:"next,omitzero"`
	Owed       *custody.Owed `json:"owed,omitzero"`
	Given      int           `json:"given"` // shares of the current sealing that were given away
	Scenarios  []string      `json:"scenarios"`
	Known      string        `json:"known"`
}

// Sealing is one sealing of an envelope.
type Sealing struct {
	Serial      int64            `json:"serial"`
	Threshold   int              `json:"threshold"`
	By          string           `json:"by"`
	At          canon.Time       `json:"at"`
	Shown       int              `json:"shown"` // custodians who have shown that they can open their share
	Description canon.Digest     `json:"description,omitzero"`
	Content     canon.Digest     `json:"content,omitzero"`
	Holders     []custody.Holder `json:"holders"`
}

// Envelopes shows every envelope that a scenario opens, by name.
func (c *Cell) Envelopes(viewer string) []Envelope {
	return read(c, func(s *state) []Envelope {
		all := []Envelope{}
		for _, name := range s.envelopeNames() {
			all = append(all, s.envelope(viewer, name))
		}
		return all
	})
}

func (s *state) envelopeNames() []string {
	names := map[string]bool{}
	for _, scenario := range s.Scenarios {
		for _, open := range scenario.Opens {
			if open.Envelope != nil {
				names[open.Envelope.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (s *state) envelope(viewer, name string) Envelope {
	v := Envelope{Name: name, Scenarios: []string{}}
	keeps := s.roster.In(viewer, s.Genesis.Security)
	for _, id := range slices.Sorted(maps.Keys(s.Scenarios)) {
		of, ok := s.Scenarios[id].Envelope(name)
		if !ok {
			continue
		}
		v.Scenarios = append(v.Scenarios, id)
		v.Custodians, v.SealedBy, v.Threshold, v.Physical = group(of.Custodians), group(of.SealedBy), max(v.Threshold, of.Threshold), of.Physical
		v.Honey = v.Honey || of.Honey
		keeps = keeps || s.roster.In(viewer, of.SealedBy)
	}
	v.Honey = v.Honey && keeps
	v.Contents = s.contents(name)
	held := s.sealings[name]
	if held == nil {
		v.Known = "never sealed: nothing can be opened"
		return v
	}
	given := s.given(held)
	v.State, v.Given, v.Owed = held.State(given), len(given), held.Owed
	v.Current, v.Next = sealingOf(held.Current, viewer, keeps), sealingOf(held.Next, viewer, keeps)
	v.Known = envelopeKnown(held, v.State, v.Contents != "")
	return v
}

// contents says what lies in an envelope, where AWS can change it.
func (s *state) contents(name string) string {
	for _, id := range slices.Sorted(maps.Keys(s.Scenarios)) {
		if of, ok := s.Scenarios[id].Envelope(name); ok && of.Contents != nil {
			return of.Contents.String()
		}
	}
	return ""
}

func sealingOf(of *custody.Sealing, viewer string, keeps bool) *Sealing {
	if of == nil {
		return nil
	}
	v := &Sealing{
		Serial: of.Serial, Threshold: of.Threshold, By: of.By, At: of.At, Shown: of.Shown(),
		Description: of.Description, Content: of.Content, Holders: slices.Clone(of.Holders),
	}
	for i, h := range v.Holders {
		if !keeps && h.Custodian != viewer {
			v.Holders[i].Bag, v.Holders[i].Place = "", ""
		}
	}
	return v
}

// envelopeKnown says how an envelope stands, and what is owed; byAWS is whether AWS
// can change what lies in it.
func envelopeKnown(of *custody.Envelope, state custody.State, byAWS bool) string {
	fresh := "seal it again (halligan envelope seal), change the secret, and sign that (halligan envelope rotate)"
	if byAWS {
		fresh = fmt.Sprintf("have it changed (halligan envelope rotate %s --aws)", of.Name)
	}
	switch state {
	case custody.Broken:
		return "broken: whoever got the shares may know the secret; " + fresh
	case custody.Opening:
		return fmt.Sprintf("shares were given, fewer than the %d that open it", of.Current.Threshold)
	case custody.Due:
		return fmt.Sprintf("owes fresh content since %s (%s): %s", whole(of.Owed.Since), plain(of.Owed.Why), fresh)
	}
	if of.Current.Shown() < of.Current.Threshold {
		return fmt.Sprintf("sealed; any %d of %d open it, but only %s", of.Current.Threshold, len(of.Current.Holders), unshownText(of.Current))
	}
	return fmt.Sprintf("sealed; any %d of %d open it", of.Current.Threshold, len(of.Current.Holders))
}

// given are the shares of the sealing in force that were given away, by the
// requests that are held: a lease that got one keeps its request from settling.
func (s *state) given(of *custody.Envelope) []custody.Given {
	var given []custody.Given
	for id, held := range s.requests {
		for _, l := range held.Request.Leases {
			for _, share := range l.Shares {
				if l.Envelope == of.Name && l.State != access.LeaseClosed && share.Serial == of.Current.Serial {
					given = append(given, custody.Given{Request: id, Custodian: share.Custodian})
				}
			}
		}
	}
	return given
}

// sealedOpening is an envelope among what a scenario opens.
func (s *state) sealedOpening(of *access.Envelope) Opening {
	v := Opening{Target: of.Name, Envelope: of.Name}
	needed := of.Threshold
	if held := s.sealings[of.Name]; held != nil {
		needed = held.Current.Threshold
	}
	v.Text = fmt.Sprintf("Open the envelope %s: learn the secret in it, when %d of %s have given their shares to this request. From then on it is broken until its secret is changed.", of.Name, needed, group(of.Custodians))
	return v
}

// envelopeLease is what is known of a lease of an envelope that is not closed.
func envelopeLease(l *access.Lease, at Instant) string {
	givers := make([]string, 0, len(l.Shares))
	for _, share := range l.Shares {
		givers = append(givers, share.Custodian)
	}
	switch {
	case l.State == access.LeaseClosing:
		return fmt.Sprintf("closing since %s: %s gave shares; it closes when the secret was changed", clock(l.Closing.At, at.Now), both(givers))
	case l.State == access.LeaseOpen:
		return fmt.Sprintf("open; %s gave their shares, and the secret may be known", both(givers))
	case len(l.Shares) == 0:
		return "sealed; no custodian has given a share yet"
	}
	return fmt.Sprintf("being opened; %s gave a share, and more are needed", both(givers))
}

func (t teller) ofCustody(e cell.Event) string {
	switch e := e.(type) {
	case *cell.EnvelopeSealed:
		return fmt.Sprintf("%s sealed envelope %s, serial %d: %d of %d open it.", e.Sealing.By, e.Envelope, e.Sealing.Serial, e.Sealing.Threshold, len(e.Sealing.Holders))
	case *cell.EnvelopeRotated:
		return fmt.Sprintf("%s signed that the secret of envelope %s was changed: the new one works, the old one is refused. Serial %d is in force.", e.By, e.Envelope, e.Serial)
	case *cell.EnvelopeInspected:
		return inspected(e)
	case *cell.EnvelopeOwed:
		return fmt.Sprintf("Envelope %s owes fresh content until %s: %s.", e.Envelope, clock(e.Owed.By, t.at), plain(e.Owed.Why))
	case *cell.EnvelopeOverdue:
		return fmt.Sprintf("Envelope %s owes fresh content since %s and has not got it.", e.Envelope, clock(e.Since, t.at))
	case *cell.ShareGiven:
		return fmt.Sprintf("%s gave a share of envelope %s to this request.", e.Share.Custodian, e.Target)
	case *cell.HoneyTouched:
		return fmt.Sprintf("%s touched envelope %s, which nobody has a reason to open.", e.By, e.Target)
	}
	return ""
}

func inspected(e *cell.EnvelopeInspected) string {
	text := fmt.Sprintf("%s looked after envelope %s, serial %d", e.Custodian, e.Envelope, e.Serial)
	if !e.Proof.IsZero() {
		text += ": can open their share"
	}
	if e.Bag != "" {
		text += "; saw bag " + e.Bag
	}
	if e.Damaged {
		text += "; it is damaged"
	}
	return text + "."
}

// custodyAlarm is what a channel is told of an envelope.
func custodyAlarm(e cell.Event) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.EnvelopeSealed:
		return "envelope.sealed", fmt.Sprintf("%s sealed envelope %s, serial %d.", e.Sealing.By, e.Envelope, e.Sealing.Serial)
	case *cell.EnvelopeRotated:
		return "envelope.rotated", fmt.Sprintf("%s signed that the secret of envelope %s was changed; serial %d is in force.", e.By, e.Envelope, e.Serial)
	case *cell.EnvelopeOwed:
		return "envelope.due", fmt.Sprintf("Envelope %s owes fresh content until %s: %s.", e.Envelope, whole(e.Owed.By), plain(e.Owed.Why))
	case *cell.EnvelopeOverdue:
		return "envelope.overdue", fmt.Sprintf("Envelope %s owes fresh content since %s and has not got it.", e.Envelope, whole(e.Since))
	}
	return "", ""
}
