package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Ended is a lease that is over, of a request; neither may be changed.
type Ended struct {
	Request *access.Request
	Lease   access.Lease
}

// Deniable is every lease whose sessions are to be denied at an instant, unless a live
// grant needs the same assignment: the first that ended first.
func (c *Cell) Deniable(at canon.Time) []Ended {
	return read(c, func(s *state) (all []Ended) {
		held := map[access.Assignment]bool{}
		for _, h := range s.requests {
			for _, l := range h.Request.Leases {
				if l.Assignment != nil && l.Claimed && l.Held() { // the end of what is not claimed denies nobody
					held[*l.Assignment] = true
				}
			}
		}
		for _, h := range s.requests {
			for _, l := range h.Request.Leases {
				if l.Deniable(at) && !held[*l.Assignment] {
					all = append(all, Ended{h.Request, l})
				}
			}
		}
		slices.SortFunc(all, func(a, b Ended) int {
			return cmp.Or(cmp.Compare(a.Lease.Closing.At.Sub(b.Lease.Closing.At), 0), strings.Compare(a.Lease.KeyID, b.Lease.KeyID))
		})
		return all
	})
}

// Denied tells whether a policy may deny the sessions of an assignment.
func (c *Cell) Denied(a access.Assignment) bool {
	return read(c, func(s *state) bool {
		for _, h := range s.requests {
			if slices.ContainsFunc(h.Request.Leases, func(l access.Lease) bool { return l.Denying() && l.Assignment != nil && *l.Assignment == a }) {
				return true
			}
		}
		return false
	})
}

// undenied says why nothing denies the sessions of an assignment; empty where a policy
// does, or is not meant to.
var undenied = map[access.Denial]string{
	access.DenialFull:    "the policy of denials has no room for them",
	access.DenialOthers:  "somebody else wrote into the policy of denials, which is left as it is",
	access.DenialRefused: "AWS does not let the policy of denials be read or written",
}

// denialKnown is what a policy does about the sessions of an assignment that is over.
func denialKnown(l *access.Lease, now canon.Time) string {
	switch why := undenied[l.Denial]; {
	case l.Denial == access.DenialStands:
		return fmt.Sprintf("; sessions by it are denied by policy since %s, which AWS heeds within minutes and nobody can try", clock(l.DenialAt, now))
	case why != "":
		return "; sessions by it are NOT denied: " + why
	}
	return ""
}

// ofDenial says what a policy does about the sessions of an assignment from now on.
func ofDenial(e *cell.DenialSeen) string {
	switch e.Denial {
	case access.DenialStands:
		return fmt.Sprintf("The policy of denials denies everything to sessions by the assignment of %s. AWS heeds that within minutes; it is no proof that they are over.", e.Target)
	case access.DenialOver:
		return fmt.Sprintf("The policy of denials has nothing to deny because of %s any more.", e.Target)
	}
	return fmt.Sprintf("Sessions by the assignment of %s are NOT denied: %s.", e.Target, undenied[e.Denial])
}

// denialFindings are the leases whose sessions should be denied and are not. A policy
// denies by what was claimed; where entries are lost, what was claimed in them is not known.
func (s *state) denialFindings(viewer string, now canon.Time) []Finding {
	var v Findings
	held := make([]Held, 0, len(s.requests))
	for _, h := range s.requests {
		held = append(held, h)
	}
	slices.SortFunc(held, func(a, b Held) int { return strings.Compare(a.Request.ID.String(), b.Request.ID.String()) })
	v.add(viewer, s, held, func(l *access.Lease) (Finding, bool) {
		found := Finding{Kind: FindingUndenied, Target: l.Target, Since: l.DenialAt}
		why, wrong := undenied[l.Denial]
		found.Text = fmt.Sprintf("Sessions by the assignment of %s are not denied: %s.", l.Target, why)
		if s.cutsOff() && unclaimed(l) && (l.Shut.IsZero() || now.Before(l.NotAfter)) {
			wrong, found.Since = true, l.Closing.At
			found.Text = fmt.Sprintf("Sessions by the assignment of %s are not denied: whether it was ever made stands in entries that are lost.", l.Target)
		}
		return found, wrong
	})
	return v.Findings
}

// unclaimed tells whether a lease ends of whose assignment nobody knows whether it was
// asked for, because entries are lost.
func unclaimed(l *access.Lease) bool {
	return l.Assignment != nil && !l.Claimed && l.State == access.LeaseClosing && l.Closing.Lost
}

// cutsOff tells whether the cell has a policy of denials.
func (s *state) cutsOff() bool {
	return s.Genesis != nil && s.Genesis.AWS.Center != nil && s.Genesis.AWS.Center.Denial != ""
}

// goesOn says what becomes of sessions when an assignment is gone.
func (s *state) goesOn(longest canon.Seconds) string {
	if s.cutsOff() {
		return fmt.Sprintf("a session that was begun is then denied everything by a policy of the organisation, which AWS heeds within minutes; that is no proof, and by itself one goes on for up to %s", longest)
	}
	return fmt.Sprintf("a session that was begun goes on for up to %s, unless somebody denies it by a service control policy on identitystore:userId", longest)
}

// lasts says how long sessions by a permission set can go on, to whoever agrees to one.
func (s *state) lasts(longest canon.Seconds) string {
	if s.cutsOff() {
		return fmt.Sprintf("When the assignment is gone a policy of the organisation denies everything to sessions that were begun, within minutes; the end is known when the longest, of %s, is over, or a person attests it.", longest)
	}
	return fmt.Sprintf("A session that was begun goes on for up to %s when the assignment is gone, and nobody here can end it: its end is known when that is over, or a person attests it.", longest)
}
