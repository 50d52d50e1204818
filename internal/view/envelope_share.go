package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Share is a granted request that waits for a person's share of an envelope.
type Share struct {
	ID        canon.Digest `json:"id"`
	Short     string       `json:"short"`
	Requester string       `json:"requester"`
	Scenario  string       `json:"scenario"`
	Envelope  string       `json:"envelope"`
	Serial    int64        `json:"serial"`
	Until     canon.Time   `json:"until"`
}

// sharesOf are the shares that a person could give now, oldest request first.
// Shares beyond the threshold are not asked for.
func (s *state) sharesOf(person string, at Instant) []Share {
	wanted := []Share{}
	for _, h := range slices.Backward(s.unsettled()) {
		r := h.Request
		if !r.Live(at.Now) || person == r.Requester || !s.roster.Has(person) || !s.roster.Has(r.Requester) {
			continue
		}
		for _, l := range r.Leases {
			if l.Envelope != "" && l.State == access.LeaseOpening && s.holds(person, l) {
				wanted = append(wanted, Share{
					ID: r.ID, Short: r.ID.Short(), Requester: r.Requester, Scenario: r.Scenario,
					Envelope: l.Envelope, Serial: s.sealings[l.Envelope].Current.Serial, Until: r.Grant.Until,
				})
			}
		}
	}
	return wanted
}

// holds tells whether a person has a share that a lease could take.
func (s *state) holds(person string, l access.Lease) bool {
	held := s.sealings[l.Envelope]
	if held == nil || len(l.Shares) > 0 && l.Shares[0].Serial != held.Current.Serial {
		return false
	}
	_, holds := held.Current.Holder(person)
	return holds && !slices.ContainsFunc(l.Shares, func(given access.Share) bool { return given.Custodian == person })
}

// envelopeSteps are what comes next for a lease of an envelope.
func envelopeSteps(l *access.Lease, now canon.Time) []Step {
	switch l.State {
	case access.LeaseOpening:
		return []Step{{Text: fmt.Sprintf("Custodians of envelope %s give their shares (halligan share).", l.Target)}}
	case access.LeaseClosing:
		changed := Step{Text: fmt.Sprintf("The secret of envelope %s is changed, and that is signed (halligan envelope rotate), or an approver or security attests that it is worth nothing.", l.Target)}
		return []Step{changed, pageStep(l, now)}
	}
	return nil
}

// asksFor tells whether a granted request is for an envelope of which a person
// may hold a share: who is asked for one must see for what.
func (s *state) asksFor(person string, r *access.Request) bool {
	scenario, known := s.Scenarios[r.Scenario]
	if r.Grant == nil || !known {
		return false
	}
	return slices.ContainsFunc(r.Grant.Targets, func(target string) bool {
		of, ok := scenario.Envelope(target)
		return ok && s.roster.In(person, of.Custodians)
	})
}
