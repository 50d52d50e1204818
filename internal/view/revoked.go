package view

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// revoked is the revocation list that hosts are served. A list with a number
// never changes: ids whose time is over leave only when the number grows.
type revoked struct {
	ids     map[string]cell.Revoked
	sorted  []string   // the ids but for fresh, never changed in place
	fresh   []string   // the ids that are not yet among sorted
	settled int        // how often sorted was made
	soonest canon.Time // before it no id's time is over
	number  int64
	due     int64
}

// Revocations is the revocation list as of the entries that the view follows.
type Revocations struct {
	KeyIDs []string // sorted; shared, so not to be changed
	Number int64
	// Due is the number of the newest list with something that does not yield: one
	// with a lower number must not be served any more. What came after it is refused
	// by the end in its certificate too.
	Due int64
}

// Revocations gives the revocation list. Sorting a long one takes a while: it is
// done beside the view, which everybody reads.
func (c *Cell) Revocations() Revocations {
	list := read(c, func(s *state) revoked { return s.revoked })
	if len(list.fresh) > 0 {
		sorted := merged(list.sorted, list.fresh)
		c.mu.Lock()
		c.s.revoked.settle(list, sorted)
		c.mu.Unlock()
		list.sorted = sorted
	}
	return Revocations{list.sorted, list.number, list.due}
}

// settle keeps what was sorted of the list as it was, unless somebody has before.
func (l *revoked) settle(was revoked, sorted []string) {
	if l.settled == was.settled {
		l.sorted, l.fresh = sorted, l.fresh[len(was.fresh):]
		l.settled++
	}
}

// merged gives both, sorted. They have none in common.
func merged(sorted, fresh []string) []string {
	fresh = slices.Clone(fresh)
	slices.Sort(fresh)
	out := make([]string, 0, len(sorted)+len(fresh))
	for _, id := range fresh {
		before, _ := slices.BinarySearch(sorted, id)
		out = append(append(out, sorted[:before]...), id)
		sorted = sorted[before:]
	}
	return append(out, sorted...)
}

// put puts an id on the list, in place of one of the same name.
func (l *revoked) put(id string, r cell.Revoked) {
	if _, listed := l.ids[id]; !listed {
		l.fresh = append(l.fresh, id)
	}
	l.ids[id] = r
	l.soonest = canon.Earlier(l.soonest, r.Until)
}

// apply puts the leases that an entry began to close on the list, as the law does: what
// is over by then leaves it first, where the number grows.
func (l *revoked) apply(r cell.Recorded, touched *access.Request) {
	for _, e := range r.Outcome.Events {
		closing, ok := e.(*cell.LeaseClosing)
		if !ok {
			continue
		}
		lease, ok := touched.Lease(closing.Target)
		if !ok || touched.Grant == nil || !lease.Listed() {
			continue
		}
		list := closing.Closing.List
		if list != l.number {
			l.prune(closing.Closing.At)
		}
		until := canon.Later(touched.Grant.Until, lease.NotAfter).Add(cell.RevokedFor.Duration())
		l.put(lease.KeyID, cell.Revoked{List: list, Until: until})
		l.number = max(l.number, list)
		if proof := (cell.Task{Kind: cell.TaskList, Target: closing.Target}); !proof.Yields(touched, r.Entry.At) {
			l.due = max(l.due, list)
		}
	}
}

// applyEpoch begins a list that covers what an epoch lost, or puts strays on it.
func (l *revoked) applyEpoch(e cell.Event) {
	switch e := e.(type) {
	case *cell.EpochBegun:
		l.number, l.due = e.Epoch.List, e.Epoch.List
	case *cell.StraysFound:
		for _, id := range e.KeyIDs {
			l.put(id, cell.Revoked{List: e.List, Until: e.Until})
		}
		l.number, l.due = e.List, e.List
	}
}

// from takes the list of a world.
func (l *revoked) from(w *cell.World) {
	l.ids, l.number, l.due = maps.Clone(w.Revoked), w.List, w.List
	l.resort()
}

// prune drops the ids whose time was over at an instant.
func (l *revoked) prune(at canon.Time) {
	if at.Before(l.soonest) {
		return
	}
	maps.DeleteFunc(l.ids, func(_ string, r cell.Revoked) bool { return r.Until.Before(at) })
	l.soonest = canon.Time{}
	for _, r := range l.ids {
		if l.soonest.IsZero() || r.Until.Before(l.soonest) {
			l.soonest = r.Until
		}
	}
	l.resort()
}

// resort makes sorted anew.
func (l *revoked) resort() {
	l.sorted, l.fresh = slices.Sorted(maps.Keys(l.ids)), nil
	l.settled++
}
