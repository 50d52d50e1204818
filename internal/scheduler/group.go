package scheduler

import (
	"context"

	"github.com/halligan-dev/halligan/internal/cell"
)

// group is jobs to be done together.
type group struct {
	kind   cell.TaskKind
	yields bool
	held   []*held
	jobs   []Job
}

// groupOf is what jobs of one group have alike.
type groupOf struct {
	name   string
	yields bool
}

// slots bound the groups that are done at a time: all of them, and those that yield.
type slots struct{ all, yielding chan struct{} }

func newSlots(workers int) slots {
	return slots{make(chan struct{}, workers), make(chan struct{}, max(1, workers*3/4))}
}

// do has one group done and brings the results back. What yields holds its worker
// until people let its results through, so that it never has all of them.
func (s *Scheduler) do(ctx context.Context, b Broker, g *group) {
	slots := s.slots[g.kind]
	of := []chan struct{}{slots.all}
	if g.yields {
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
	s.try(ctx, b, g)
}
