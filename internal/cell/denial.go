package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// DenialSeen: what the policy of denials does about the sessions of a lease's
// assignment, from now on.
type DenialSeen struct {
	Target string        `json:"target"`
	Denial access.Denial `json:"denial"`
	At     canon.Time    `json:"at"`
}

func (*DenialSeen) event() string { return "denial-seen" }

// denied takes what the policy of denials was seen to do about the sessions of an
// assignment. It does not stop before they are over, unless a live lease needs the same
// assignment: then that one's end denies them again. Evidence that leaves out other
// streams believes the entry.
func (w *World) denied(l *access.Lease, c Command) ([]Event, *Refusal) {
	switch seen := c.Observed.Denial; {
	case !slices.Contains(access.Denials, seen):
		return nil, refuse(TaskMismatch, "what is denied must be one of %v", access.Denials)
	case seen == l.Denial:
		return nil, refuse(NothingNew, "what the policy does about %s is known", l.Target)
	case seen == access.DenialOver && l.Deniable(c.At) && !w.partial && !w.holds(*l.Assignment):
		return nil, refuse(NotDue, "a session by the assignment of %s can live until it is seen gone for %s", l.Target, l.Session+access.AssignmentSettles)
	default:
		return []Event{&DenialSeen{Target: l.Target, Denial: seen, At: c.At}}, nil
	}
}

// holds tells whether a live lease that claimed an assignment needs it: its end denies.
func (w *World) holds(a access.Assignment) bool {
	for _, r := range w.Requests {
		if slices.ContainsFunc(r.Leases, func(l access.Lease) bool { return l.Holds(a) && l.Claimed }) {
			return true
		}
	}
	return false
}

// centerTarget is TargetOf for the events of IAM Identity Center.
func centerTarget(e Event) string {
	switch e := e.(type) {
	case *AssignmentClaimed:
		return e.Target
	case *DenialSeen:
		return e.Target
	case *UserMoved:
		return e.Person
	}
	return ""
}
