package view

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Act is something that a person may sign about a request.
type Act string

// The acts. Those on an extension are on the one that waits.
const (
	MayApprove          Act = "approve"
	MayDeny             Act = "deny" // of a live grant: a late veto
	MayApproveExtension Act = "approve-extension"
	MayDenyExtension    Act = "deny-extension"
	MayStop             Act = "stop"
	MayWithdraw         Act = "withdraw"
	MayExtend           Act = "extend"
	MayGoAlone          Act = "alone"
	MayAttest           Act = "attest" // for each target that is closing
	MayWitness          Act = "witness-outage"
)

// May tells whether the viewer may do something, as Acts has it.
func (r Request) May(act Act) bool { return slices.Contains(r.Acts, act) }

// Stoppable are the live grants that a person may stop, the oldest first.
func (c *Cell) Stoppable(person string) []canon.Digest {
	return read(c, func(s *state) []canon.Digest {
		var may []canon.Digest
		for _, h := range slices.Backward(s.unsettled()) {
			if r := h.Request; r.State == access.Granted && s.stops(person, r) {
				may = append(may, r.ID)
			}
		}
		return may
	})
}

// acts are what the rules would take of a person about a request now, as far as can
// be known before it is signed: whether the key proves enough, the signature tells.
// It opens no door; it says which doors to show.
func (s *state) acts(person string, r *access.Request, at Instant) []Act {
	if !s.roster.Has(person) {
		return nil
	}
	var acts []Act
	add := func(act Act, may bool) {
		if may {
			acts = append(acts, act)
		}
	}
	asks, extension := asksNow(r)
	own, live := person == r.Requester, r.Live(at.Now)
	waits := r.State == access.Pending && at.Now.Before(r.Lapses)
	if extension == nil {
		add(MayApprove, waits && s.approvesOf(person, r))
	} else {
		add(MayApproveExtension, live && s.approvesOf(person, asks))
		add(MayDenyExtension, live && s.denies(person, asks))
	}
	add(MayDeny, (r.State == access.Pending || live) && s.denies(person, r))
	add(MayStop, (r.State == access.Pending || r.State == access.Granted) && s.stops(person, r))
	add(MayWithdraw, own && r.State == access.Pending)
	add(MayExtend, own && live && len(r.Held()) > 0 && len(r.Extensions) < access.ExtensionsMost)
	solo := s.solo(r, at.Now)
	add(MayGoAlone, own && waits && solo != nil && solo.Offered && solo.Taken.IsZero() && solo.Blocked == "")
	add(MayAttest, !own && len(targets(r, access.LeaseClosing)) > 0 && s.oversees(person, r))
	add(MayWitness, !own && waits && s.keeps(person) && !slices.Contains(s.outages(r), person) && len(r.Outages) < cell.OutagesMost)
	return acts
}

// approvesOf tells whether a person's yes would be counted, whether or not it fills
// a place that is empty.
func (s *state) approvesOf(person string, r *access.Request) bool {
	b, ok := s.ballotOf(r)
	return ok && b.may(person) && b.quorum.Names(person, b.in) && len(r.Decisions) < access.DecisionsMost
}

// denies tells whether a person's no would be counted.
func (s *state) denies(person string, r *access.Request) bool {
	b, ok := s.ballotOf(r)
	names := ok && b.quorum.Names(person, b.in) || r.Alone() && s.oversees(person, r)
	return person != r.Requester && names && len(r.Decisions) < 2*access.DecisionsMost
}

// stops tells whether a person may stop a request, while there is something to stop.
func (s *state) stops(person string, r *access.Request) bool {
	return s.roster.Has(person) && (person == r.Requester || s.oversees(person, r))
}

// oversees tells whether a person may stop what is another's.
func (s *state) oversees(person string, r *access.Request) bool {
	return s.security(person) || s.approves(person, r.Scenario) || s.addedTo(person, r)
}

// keeps tells whether a person keeps a share of some envelope of the cell.
func (s *state) keeps(person string) bool {
	for _, scenario := range s.Scenarios {
		for _, open := range scenario.Opens {
			if open.Envelope != nil && s.roster.In(person, open.Envelope.Custodians) && s.canSign(person, "", s.at) {
				return true
			}
		}
	}
	return false
}

// Stoppable are the live grants that the reader may stop, as they stand in n.
func (n Now) Stoppable() []Request {
	return slices.DeleteFunc(slices.Clone(n.Live), func(r Request) bool { return r.Limited || !r.May(MayStop) })
}
