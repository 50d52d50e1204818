package scheduler

import (
	"context"

	"github.com/halligan-dev/halligan/internal/cell"
)

// Turn is how a job that shares a line with others is chosen: the least Class
// first, and within a class one job of each Share by turns. Whoever fills a line
// waits for themselves.
type Turn struct {
	Class int
	Share string
}

// line is the due jobs of one group whose work takes turns, each done alone, a
// few at a time. A line that hangs delays no other line.
type line struct {
	name    string
	kind    cell.TaskKind
	workers int // at most
	working int
	waiting int
	classes map[int]*ring
}

// ring is the jobs of one class: shares in order, each with its jobs as they
// became due.
type ring struct {
	shares []string
	jobs   map[string][]*held
}

// line finds or makes a line. A line without jobs and workers is not kept.
func (s *Scheduler) line(name string, kind cell.TaskKind) *line {
	l := s.lines[name]
	if l == nil {
		l = &line{name: name, kind: kind, workers: s.work[kind].workers(), classes: map[int]*ring{}}
		s.lines[name] = l
	}
	return l
}

// serve is one worker of a line: it does what waits until nothing does.
func (s *Scheduler) serve(ctx context.Context, b Broker, l *line) {
	for {
		g := s.turn(l, ctx.Err() != nil)
		if g == nil {
			return
		}
		s.try(ctx, b, g)
	}
}

// turn is the next job of a line; nil when the worker is to go.
func (s *Scheduler) turn(l *line, over bool) *group {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !over {
		h := l.next()
		if h == nil {
			break
		}
		if s.held[h.task.ID] == h { // not over by now
			return &group{of: groupOf{kind: l.kind}, held: []*held{h}, jobs: []Job{s.job(h)}}
		}
	}
	if l.working--; l.working == 0 && l.waiting == 0 {
		delete(s.lines, l.name)
	}
	return nil
}

// put takes a job in, and tells whether to start one more worker for it.
func (l *line) put(h *held, turn Turn) (start bool) {
	r := l.classes[turn.Class]
	if r == nil {
		r = &ring{jobs: map[string][]*held{}}
		l.classes[turn.Class] = r
	}
	if len(r.jobs[turn.Share]) == 0 {
		r.shares = append(r.shares, turn.Share)
	}
	r.jobs[turn.Share] = append(r.jobs[turn.Share], h)
	l.waiting++
	if start = l.working < l.workers; start {
		l.working++
	}
	return start
}

// next takes the job whose turn it is; nil when none waits.
func (l *line) next() *held {
	var first *ring
	least := 0
	for class, r := range l.classes {
		if first == nil || class < least {
			first, least = r, class
		}
	}
	if first == nil {
		return nil
	}
	share := first.shares[0]
	h := first.jobs[share][0]
	first.shares = first.shares[1:]
	if rest := first.jobs[share][1:]; len(rest) > 0 {
		first.jobs[share] = rest
		first.shares = append(first.shares, share) // behind all others
	} else {
		delete(first.jobs, share)
	}
	if len(first.shares) == 0 {
		delete(l.classes, least)
	}
	l.waiting--
	return h
}
