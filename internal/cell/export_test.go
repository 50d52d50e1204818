package cell

import (
	"maps"
	"reflect"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// What the exhaustive search needs of the real world: the rules as they are,
// without the entry's bytes, which it would make a hundred million times.

// Lean is a copy that decides and applies like w and writes no entry: it skips
// what needs the tree, and remembers no nonce.
func (w *World) Lean() *World {
	c := w.Clone()
	c.partial = true
	clear(c.Used)
	return c
}

// Branch is Clone for a Lean world. It shares what apply never changes in place.
func (w *World) Branch() *World {
	c := *w
	c.Requests, c.Changes = maps.Clone(w.Requests), maps.Clone(w.Changes)
	c.tally = w.tally.clone()
	c.Tasks, c.tasksOf = maps.Clone(w.Tasks), maps.Clone(w.tasksOf)
	c.Revoked, c.Last = maps.Clone(w.Revoked), maps.Clone(w.Last)
	c.Used = map[string]Used{}
	c.changes = Changes{}
	return &c
}

// Advance moves a Lean world on by what Decide gave for a command.
func (w *World) Advance(c Command, outcome Outcome) error {
	p := place{index: w.index, stream: outcome.Stream, at: c.At}
	if err := w.apply(p, c, outcome.Events); err != nil {
		return err
	}
	clear(w.Used)
	w.index++
	return nil
}

// TasksOf are the ids of a stream's tasks, in the order they came.
func (w *World) TasksOf(stream string) []string { return w.tasksOf[stream] }

// OutageShown is what a way that needs fewer people asks.
func (w *World) OutageShown(r *access.Request, at canon.Time) bool { return w.outageShown(r, at) }

// CountsRight tells whether what the world counts of its requests is what counting
// them anew gives, and that no key id leaves the revocation list sooner than it knows.
func (w *World) CountsRight() bool {
	anew := newTally()
	for _, r := range w.Requests {
		anew.count(r, 1)
	}
	for _, r := range w.Revoked {
		if w.soonest.IsZero() || r.Until.Before(w.soonest) {
			return false
		}
	}
	return reflect.DeepEqual(anew, w.tally)
}
