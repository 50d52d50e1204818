package cell

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// A slot ends the sessions of one grant: whoever bears its tag is denied
// everything. It is used until the last session under it can live no more, also
// when its lease is long proved closed.

// slotted gives the leases of AWS roles with which a grant begins their slots.
// Evidence that leaves out other streams cannot tell which are free, and believes
// what stands in the entry.
func (w *World) slotted(o Outcome, c Command) Outcome {
	for _, leases := range begun(o) {
		for i := range leases {
			l := &leases[i]
			switch {
			case l.Account == "" || l.Task != "":
			case w.partial:
				l.Slot = c.Observed.Slots[l.Target]
			default:
				l.Slot = w.freeSlot(l, leases[:i])
			}
		}
	}
	return o
}

// begun are the leases that an outcome begins.
func begun(o Outcome) (all [][]access.Lease) {
	for _, e := range o.Events {
		switch e := e.(type) {
		case *Agreed:
			all = append(all, e.Leases)
		case *SoloBegun:
			all = append(all, e.Leases)
		}
	}
	return all
}

// slotsOf are the slots that an outcome gives, by target.
func slotsOf(o Outcome) map[string]int {
	var slots map[string]int
	for _, leases := range begun(o) {
		for _, l := range leases {
			if l.Account != "" && l.Task == "" {
				if slots == nil {
					slots = map[string]int{}
				}
				slots[l.Target] = l.Slot
			}
		}
	}
	return slots
}

// freeSlot chooses the slot of a new lease: the first that nobody uses; else that
// which fewest share, and rather one where nobody is being ended, for a grant that
// shares such a one begins only when it is over.
func (w *World) freeSlot(l *access.Lease, with []access.Lease) int {
	type use struct{ slot, stopped, shared int }
	uses := make([]use, w.slotsOfRole(l))
	for i := range uses {
		uses[i].slot = i + 1
	}
	count := func(other *access.Lease) {
		if other.Account == l.Account && other.Role == l.Role && other.Lives() && 0 < other.Slot && other.Slot <= len(uses) {
			uses[other.Slot-1].shared++
			if other.Stopped() {
				uses[other.Slot-1].stopped++
			}
		}
	}
	for id := range w.tally.aws {
		for i := range w.Requests[id].Leases {
			count(&w.Requests[id].Leases[i])
		}
	}
	for i := range with {
		count(&with[i])
	}
	return slices.MinFunc(uses, func(a, b use) int {
		switch {
		case min(a.stopped, 1) != min(b.stopped, 1):
			return min(a.stopped, 1) - min(b.stopped, 1)
		case a.shared != b.shared:
			return a.shared - b.shared
		}
		return a.slot - b.slot
	}).slot
}

// slotsOfRole is how many slots the role of a lease has.
func (w *World) slotsOfRole(l *access.Lease) int {
	if slots, opened := slotsIn(w.Scenarios, l); opened {
		return slots
	}
	return access.SlotsUsual
}

// slotsIn is how many slots scenarios give the role of a lease; false if none opens it.
func slotsIn(scenarios map[string]*access.Scenario, l *access.Lease) (slots int, opened bool) {
	for _, id := range sortedKeys(scenarios) {
		for _, open := range scenarios[id].Opens {
			if a := open.AWS; a != nil && a.Account == l.Account && a.Role == l.Role {
				return a.SlotCount(), true
			}
		}
	}
	return 0, false
}

// slotLost says which living session is in a slot that scenarios to come take away;
// empty when there is none. Its policy would be deleted with the next deployment.
func (w *World) slotLost(scenarios map[string]*access.Scenario) string {
	for _, id := range sortedRequests(w.Requests) {
		for i := range w.Requests[id].Leases {
			l := &w.Requests[id].Leases[i]
			if slots, opened := slotsIn(scenarios, l); l.Lives() && opened && l.Slot > slots {
				return fmt.Sprintf("request %s lives in stop slot %d of %s, and the document leaves that role %d", id.Short(), l.Slot, l.Role, slots)
			}
		}
	}
	return ""
}

// slotOver is when what stops others in the slot of a lease may go: then the last
// of their sessions is over. The zero instant: nobody is being stopped there.
func (w *World) slotOver(l *access.Lease) (over canon.Time) {
	for id := range w.tally.aws {
		for i := range w.Requests[id].Leases {
			if other := &w.Requests[id].Leases[i]; other.Stopped() && other.SameSlot(l) {
				over = canon.Later(over, other.NotAfter.Add(access.ExpirySkew.Duration()))
			}
		}
	}
	return over
}

// followProved has what outlives the sessions of an AWS lease listed, once the
// door is proved shut: what was listed before may have been begun since.
func (w *World) followProved(p place, e *LeaseProved) {
	l := w.leaseOf(p.stream, e.Target)
	if l.Account == "" || l.State != access.LeaseClosing || !l.DoorShut() || !slices.Contains(l.Needs, access.ProofEnded) {
		return
	}
	asked := slices.ContainsFunc(w.tasksOf[p.stream], func(id string) bool {
		return w.Tasks[id].Kind == TaskList && w.Tasks[id].Target == e.Target
	})
	if !asked {
		w.enqueue(p, Task{Kind: TaskList, Target: e.Target})
	}
}

// listedByAWS takes that no session is left which outlives those of a lease.
func listedByAWS(l *access.Lease, c Command) ([]Event, *Refusal) {
	if c.Observed.Listed != access.ListedGone {
		return nil, refuse(NothingNew, "account %s does not show that nothing is left of %s", l.Account, l.Target)
	}
	return proved(l, access.Proof{Kind: access.ProofEnded, At: c.At, By: access.ByAWS + l.Account}), nil
}

// SharesSlot are the other grants that are ended with a lease: their requests, in
// order.
func SharesSlot(requests map[canon.Digest]*access.Request, of *access.Request, l *access.Lease) []canon.Digest {
	var shared []canon.Digest
	for _, id := range sortedRequests(requests) {
		leases := requests[id].Leases
		if id != of.ID && slices.ContainsFunc(leases, func(other access.Lease) bool { return other.Held() && other.SameSlot(l) }) {
			shared = append(shared, id)
		}
	}
	return shared
}

func sortedRequests(requests map[canon.Digest]*access.Request) []canon.Digest {
	ids := slices.Collect(maps.Keys(requests))
	sortDigests(ids)
	return ids
}
