package view

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// centerOpening is the blast radius of a permission set.
func (s *state) centerOpening(target *access.IdentityCenter) Opening {
	v := Opening{Target: target.Name, Account: target.Account, Set: target.Set, Portal: s.portal(), Principals: []string{}}
	where := target.Account
	if account, ok := s.Genesis.Account(target.Account); ok {
		where = fmt.Sprintf("%s (%s)", account.ID, account.Account)
	}
	v.Text = strings.Join([]string{
		fmt.Sprintf("%s: permission set %s in AWS account %s, assigned to the requester's own user of IAM Identity Center.", strings.TrimSuffix(target.Allows, "."), target.Set, where),
		fmt.Sprintf("There is nothing to fetch: sign in at %s as yourself and choose %s. It does not help while the identity provider is down.", s.portal(), target.Set),
		s.lasts(target.Session),
	}, " ")
	return v
}

// portal is where people sign in to Identity Center.
func (s *state) portal() string {
	if s.Genesis == nil || s.Genesis.AWS.Center == nil {
		return "the access portal"
	}
	return s.Genesis.AWS.Center.Portal
}

var centerWords = map[access.ProofKind]string{
	access.ProofExpired:  "Identity Center lists the assignment no more, and the last session that it let in is over",
	access.ProofAttested: "a person attested", access.ProofUnissued: "the assignment was never asked for",
}

// centerKnown is what is known of the lease of an assignment that is open or closing.
func centerKnown(l *access.Lease, now canon.Time) string {
	if l.State == access.LeaseOpen {
		return "open: the permission set is assigned; sign in at the access portal as yourself"
	}
	since := fmt.Sprintf("closing since %s: ", clock(l.Closing.At, now))
	over := l.NotAfter.Add(access.ExpirySkew.Duration())
	switch {
	case l.Shut.IsZero():
		return since + "the assignment is not seen gone yet" + denialKnown(l, now)
	case over.After(now):
		return since + fmt.Sprintf("the assignment is gone since %s, but a session by it can live until %s", clock(l.Shut, now), clock(l.NotAfter, now)) + denialKnown(l, now)
	}
	return since + fmt.Sprintf("the last session ended at %s; that the assignment is still gone is to be seen", clock(l.NotAfter, now))
}

// centerSteps are what comes next for the lease of an assignment that is closing.
func centerSteps(l *access.Lease, now canon.Time) []Step {
	if l.Shut.IsZero() {
		return []Step{{Text: fmt.Sprintf("The assignment of %s is deleted as soon as no live grant needs it, until Identity Center lists it no more.", l.Target)}, pageStep(l, now)}
	}
	over := l.NotAfter.Add(access.ExpirySkew.Duration())
	return []Step{{At: over, Text: fmt.Sprintf("The last session by the assignment of %s is over, which proves its end; or an approver or security attests it before.", l.Target)}}
}

// assignmentStays says which other live grants keep the assignments of a request: one
// sentence each.
func (s *state) assignmentStays(r *access.Request) []string {
	var words []string
	for i := range r.Leases {
		l := &r.Leases[i]
		for _, id := range cell.SharesAssignment(s.open, r, l) {
			other := s.open[id]
			words = append(words, fmt.Sprintf("Request %s of %s (%s) needs the same assignment as %s: it stays until that one ends too. Stop both to take it away.", id.Short(), other.Requester, other.Scenario, l.Target))
		}
	}
	return words
}

// kept tells whether the assignment of a lease that is closing stays for another grant.
func (s *state) kept(l *access.Lease) bool {
	if l.Assignment == nil || !l.Shut.IsZero() {
		return false
	}
	for _, r := range s.open {
		for i := range r.Leases {
			if r.Leases[i].Holds(*l.Assignment) {
				return true
			}
		}
	}
	return false
}

// centerTakes says how soon the stop of a request takes hold in Identity Center; empty
// where it has nothing open there.
func (s *state) centerTakes(r *access.Request) string {
	longest := canon.Seconds(0)
	for i := range r.Leases {
		if l := &r.Leases[i]; l.Assignment != nil && l.Held() {
			longest = max(longest, l.Session)
		}
	}
	if longest == 0 {
		return ""
	}
	takes := fmt.Sprintf("In IAM Identity Center the assignment is deleted within minutes; %s.", s.goesOn(longest))
	return strings.Join(append([]string{takes}, s.assignmentStays(r)...), " ")
}

// ofCenter says who has the permission sets of scenarios by another hand.
func ofCenter(e *cell.AssignmentsFound) string {
	said := func(all []access.Assignment) string {
		var words []string
		for _, a := range all[:min(len(all), assignmentsSaid)] {
			words = append(words, fmt.Sprintf("%s in account %s (%s)", a.Who(), a.Account, a.Set))
		}
		if left := len(all) - len(words); left > 0 {
			words = append(words, count(left, "more"))
		}
		return both(words)
	}
	var words []string
	if len(e.Found) > 0 {
		words = append(words, "A permission set that only a grant should give is assigned by another hand to "+said(e.Found)+".")
	}
	if len(e.Gone) > 0 {
		words = append(words, "No more assigned by another hand: "+said(e.Gone)+".")
	}
	if len(words) == 0 {
		return "Nobody has by another hand what only a grant should give."
	}
	return strings.Join(words, " ")
}

const assignmentsSaid = 5

// standingFindings are the assignments that no lease accounts for.
func (s *state) standingFindings() (found []Finding) {
	for _, a := range s.standing {
		found = append(found, Finding{Kind: FindingStanding, Target: a.Account, Text: fmt.Sprintf(
			"%s of Identity Center has permission set %s in AWS account %s, and no grant gives it: whoever that is needs no approval.", strings.ToUpper(a.Who()[:1])+a.Who()[1:], a.Set, a.Account)})
	}
	return found
}

// AssignmentNeeded tells whether a live grant needs an assignment: then it must stay.
func (c *Cell) AssignmentNeeded(a access.Assignment) bool {
	return read(c, func(s *state) bool {
		for _, h := range s.requests {
			for i := range h.Request.Leases {
				if h.Request.Leases[i].Holds(a) {
					return true
				}
			}
		}
		return false
	})
}
