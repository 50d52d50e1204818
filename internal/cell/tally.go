package cell

import (
	"maps"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// tally is what rules ask of all requests in the world at once, kept as they come
// and go: after a storm there are thirty thousand, and each new one asks. It follows
// from Requests alone.
type tally struct {
	open    map[string]int       // by requester, those that wait or live
	holders map[canon.Key32]int  // by holder key, those that are not settled
	debts   map[canon.Digest]int // those whose review is overdue, each once
	aws     map[canon.Digest]int // those with sessions in AWS that may live, how many of their leases
}

func newTally() tally {
	return tally{open: map[string]int{}, holders: map[canon.Key32]int{}, debts: map[canon.Digest]int{}, aws: map[canon.Digest]int{}}
}

func (t tally) clone() tally {
	return tally{open: maps.Clone(t.open), holders: maps.Clone(t.holders), debts: maps.Clone(t.debts), aws: maps.Clone(t.aws)}
}

// count adds a request, or takes it off (-1).
func (t tally) count(r *access.Request, by int) {
	if r.State == access.Pending || r.State == access.Granted {
		add(t.open, r.Requester, by)
	}
	if !r.Settled() {
		add(t.holders, r.Holder, by)
	}
	if r.InDebt() {
		add(t.debts, r.ID, by)
	}
	for i := range r.Leases {
		if r.Leases[i].Lives() {
			add(t.aws, r.ID, by)
		}
	}
}

func add[K comparable](counts map[K]int, key K, by int) {
	if counts[key] += by; counts[key] == 0 {
		delete(counts, key)
	}
}

// put takes a request into the world, in place of what it was. It must not be
// changed afterwards.
func (w *World) put(r *access.Request) {
	w.drop(r.ID)
	w.Requests[r.ID] = r
	w.tally.count(r, 1)
}

// drop takes a request out of the world, if it is there.
func (w *World) drop(id canon.Digest) {
	if r, ok := w.Requests[id]; ok {
		w.tally.count(r, -1)
		delete(w.Requests, id)
	}
}
