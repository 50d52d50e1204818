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
	sorted  []string   // nil: to be made when a host asks; never changed in place
	soonest canon.Time // before it no id's time is over
	number  int64
}

// Revocations are the key ids on the revocation list, sorted, and the list's
// number. The slice is shared: it must not be changed.
func (c *Cell) Revocations() (keyIDs []string, number int64) {
	list := read(c, func(s *state) revoked { return s.revoked })
	if list.sorted != nil {
		return list.sorted, list.number
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.s.revoked
	if l.sorted == nil {
		l.sorted = slices.AppendSeq(make([]string, 0, len(l.ids)), maps.Keys(l.ids))
		slices.Sort(l.sorted)
	}
	return l.sorted, l.number
}

// apply puts the leases that an entry began to close on the list.
func (l *revoked) apply(r cell.Recorded, touched *access.Request) {
	grew := false
	for _, e := range r.Outcome.Events {
		closing, ok := e.(*cell.LeaseClosing)
		if !ok {
			continue
		}
		if lease, ok := touched.Lease(closing.Target); ok && touched.Grant != nil {
			until := canon.Later(touched.Grant.Until, lease.NotAfter).Add(cell.RevokedFor.Duration())
			l.ids[lease.KeyID] = cell.Revoked{List: closing.Closing.List, Until: until}
			l.soonest = canon.Earlier(l.soonest, until)
			grew = grew || closing.Closing.List > l.number
			l.number = max(l.number, closing.Closing.List)
		}
	}
	if grew {
		l.prune(r.Entry.At)
	}
}

// applyEpoch begins a list that covers what an epoch lost, or puts strays on it.
func (l *revoked) applyEpoch(e cell.Event) {
	switch e := e.(type) {
	case *cell.EpochBegun:
		l.number = e.Epoch.List
	case *cell.StraysFound:
		for _, id := range e.KeyIDs {
			l.ids[id] = cell.Revoked{List: e.List, Until: e.Until}
			l.soonest = canon.Earlier(l.soonest, e.Until)
		}
		l.number, l.sorted = e.List, nil
	}
}

// from takes the list of a world. When its newest list began is told by the
// lease that it is for; without that lease nothing is left out, which refuses
// more and never less.
func (l *revoked) from(w *cell.World) {
	l.ids, l.number = maps.Clone(w.Revoked), w.List
	var began canon.Time
	for _, r := range w.Requests {
		for _, lease := range r.Leases {
			if lease.Closing != nil && lease.Closing.List == l.number {
				began = lease.Closing.At
			}
		}
	}
	l.prune(began)
}

// prune drops the ids whose time was over at an instant.
func (l *revoked) prune(at canon.Time) {
	l.sorted = nil
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
}
