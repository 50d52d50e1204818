package scheduler

import (
	"context"
	"slices"

	"github.com/halligan-dev/halligan/internal/cell"
)

// group is jobs to be done together. Until a worker is free for it, jobs of its kind
// join it: after a storm thousands come due one by one.
type group struct {
	of   groupOf
	held []*held
	jobs []Job // as they are when it begins
}

// groupOf is what jobs of one group have alike.
type groupOf struct {
	kind   cell.TaskKind
	name   string
	yields bool
}

// groupMost bounds the jobs of one Do.
const groupMost = 256

// join puts a job into the group that waits, or into a new one, which is told.
func (s *Scheduler) join(of groupOf, h *held) (g *group, made bool) {
	g = s.groups[of]
	if made = g == nil || len(g.held) == groupMost; made {
		g = &group{of: of}
		s.groups[of] = g
	}
	g.held = append(g.held, h)
	return g, made
}

// begin takes a group off those that wait, without what is over by now.
func (s *Scheduler) begin(g *group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[g.of] == g {
		delete(s.groups, g.of)
	}
	g.held = slices.DeleteFunc(g.held, func(h *held) bool { return s.held[h.task.ID] != h })
	for _, h := range g.held {
		g.jobs = append(g.jobs, s.job(h))
	}
}

// slots bound the groups that are done at a time: all of them, and those that yield.
type slots struct{ all, yielding chan struct{} }

func newSlots(workers int) slots {
	return slots{make(chan struct{}, workers), make(chan struct{}, max(1, workers*3/4))}
}

// do has one group done and brings the results back. What yields holds its worker
// until people let its results through, so that it never has all of them.
func (s *Scheduler) do(ctx context.Context, b Broker, g *group) {
	slots := s.slots[g.of.kind]
	of := []chan struct{}{slots.all}
	if g.of.yields {
		of = []chan struct{}{slots.yielding, slots.all}
	}
	for _, slot := range of {
		select {
		case slot <- struct{}{}:
			defer func() { <-slot }()
		case <-ctx.Done():
			return
		}
	}
	if s.begin(g); len(g.held) > 0 {
		s.try(ctx, b, g)
	}
}
