package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Job is a task at hand. Request is as it was when the task was last touched;
// nil when the task is none's.
type Job struct {
	Task    cell.Task
	Request *access.Request
	Tries   int // before this one
}

// Lease is the lease that the job is about, if there is one.
func (j Job) Lease() (*access.Lease, bool) {
	if j.Request == nil {
		return nil, false
	}
	return j.Request.Lease(j.Task.Target)
}

// Result is what trying a job gave. The zero Result has nothing to report and
// asks to be tried again after a pause.
type Result struct {
	Kind     cell.EffectKind
	Observed cell.Observed
	After    time.Duration // pause before the next try, if one is needed; 0: the work's usual pause
}

// Work does jobs of one kind. Do gets jobs that share a group and gives as many
// results, in order. It must respect the context, be idempotent, and may be
// called concurrently for different groups; with Turn for one group too.
type Work struct {
	Do      func(ctx context.Context, jobs []Job) []Result
	Takes   func(Job) bool   // of which tasks of the kind this is the work; nil: of all
	Group   func(Job) string // jobs of one group are done together; nil: each alone
	Turn    func(Job) Turn   // set: jobs of one group are done one by one, by turns
	Yields  func(Job) bool   // which jobs may wait: they have groups of their own, and three quarters of the workers at most; nil: none
	Workers int              // groups at a time, or with Turn jobs of each group; 0: 16
	Pause   Pause
	Longest time.Duration // deadline of one Do; 0: 30 s
}

// Pause says how long to wait between tries: First, doubled up to Most, each
// with a quarter of jitter either way.
type Pause struct{ First, Most time.Duration }

// Broker takes results. Effect is idempotent by task: a result for a task that
// is over is refused.
type Broker interface {
	Effect(ctx context.Context, e cell.Effect, observed cell.Observed) (broker.Answer, error)
	Now() canon.Time
}

// Scheduler holds tasks. Make one with New, register it as the broker's
// follower, then Run it.
type Scheduler struct {
	work   map[cell.TaskKind]Work
	log    *slog.Logger
	jitter func() float64 // in [0, 1)

	mu       sync.Mutex
	waiting  queue
	held     map[string]*held
	hosts    map[place]map[string]*held // of kinds that nothing here does
	requests map[string]*requestOf      // stream → request, while it has tasks
	wake     chan struct{}
	slots    map[cell.TaskKind]slots
	groups   map[groupOf]*group // that wait for a worker
	lines    map[string]*line   // of work that takes turns, by kind and group
}

// place is where tasks of a kind are, for whoever brings their results: a host.
type place struct {
	kind cell.TaskKind
	host string
}

// held is a task and where it stands.
type held struct {
	task  cell.Task
	at    place      // zero: something here does it
	due   canon.Time // next try
	tries int
	busy  bool
	index int // in the queue; -1 when busy
}

type requestOf struct {
	request *access.Request
	tasks   int
}

// New makes a scheduler that does the kinds of work given. A task of another
// kind, or that its work does not take, is held and never tried: something else
// brings its result.
func New(work map[cell.TaskKind]Work, log *slog.Logger, jitter func() float64) *Scheduler {
	s := &Scheduler{
		work: work, log: log, jitter: jitter, held: map[string]*held{}, hosts: map[place]map[string]*held{}, requests: map[string]*requestOf{},
		wake: make(chan struct{}, 1), slots: map[cell.TaskKind]slots{}, groups: map[groupOf]*group{}, lines: map[string]*line{},
	}
	for kind, w := range work {
		s.slots[kind] = newSlots(w.workers())
	}
	return s
}

func (w Work) workers() int {
	if w.Workers == 0 {
		return 16
	}
	return w.Workers
}

// Committed takes up what entries asked for and drops what they made needless
// (broker.Follower). Without entries it takes the world's tasks as they are.
func (s *Scheduler) Committed(w *cell.World, recorded []cell.Recorded) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if recorded == nil {
		s.resetTo(w)
	}
	for _, r := range recorded {
		if known, ok := s.requests[r.Outcome.Stream]; ok {
			known.request = requestIn(w, r.Outcome.Stream)
		}
		for _, t := range r.Changes.Enqueued {
			s.add(w, t)
		}
		for _, t := range r.Changes.Done {
			s.drop(t.ID)
		}
	}
	s.poke()
}

func (s *Scheduler) resetTo(w *cell.World) {
	for id := range s.held {
		if _, still := w.Tasks[id]; !still {
			s.drop(id)
		}
	}
	for _, t := range w.Tasks {
		s.add(w, t)
	}
}

func (s *Scheduler) add(w *cell.World, t cell.Task) {
	if _, known := s.held[t.ID]; known {
		return
	}
	h := &held{task: t, due: t.Due, index: -1}
	s.held[t.ID] = h
	if known, ok := s.requests[t.Stream]; ok {
		known.tasks++
	} else {
		s.requests[t.Stream] = &requestOf{request: requestIn(w, t.Stream), tasks: 1}
	}
	if work, ok := s.work[t.Kind]; ok && (work.Takes == nil || work.Takes(s.job(h))) {
		s.waiting.push(h)
		return
	}
	h.at = place{t.Kind, t.Target}
	if lease, ok := s.job(h).Lease(); ok {
		h.at.host = lease.Host
	}
	if s.hosts[h.at] == nil {
		s.hosts[h.at] = map[string]*held{}
	}
	s.hosts[h.at][t.ID] = h
}

func (s *Scheduler) drop(id string) {
	h, ok := s.held[id]
	if !ok {
		return
	}
	delete(s.held, id)
	s.waiting.remove(h)
	if of := s.hosts[h.at]; of != nil {
		if delete(of, id); len(of) == 0 {
			delete(s.hosts, h.at)
		}
	}
	if known, ok := s.requests[h.task.Stream]; ok {
		if known.tasks--; known.tasks == 0 {
			delete(s.requests, h.task.Stream)
		}
	}
}

func requestIn(w *cell.World, stream string) *access.Request {
	id, ok := cell.RequestOf(stream)
	if !ok {
		return nil
	}
	return w.Requests[id]
}

// Waiting gives the jobs of a kind that are not over, for whoever brings their
// results from elsewhere.
func (s *Scheduler) Waiting(kind cell.TaskKind) []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	var jobs []Job
	for _, h := range s.held {
		if h.task.Kind == kind {
			jobs = append(jobs, s.job(h))
		}
	}
	return jobs
}

// WaitingAt is Waiting of the kinds that nothing here does, at one host: a storm
// leaves thousands of each, and every host asks for its own.
func (s *Scheduler) WaitingAt(kind cell.TaskKind, host string) []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := make([]Job, 0, len(s.hosts[place{kind, host}]))
	for _, h := range s.hosts[place{kind, host}] {
		jobs = append(jobs, s.job(h))
	}
	return jobs
}

func (s *Scheduler) job(h *held) Job {
	j := Job{Task: h.task, Tries: h.tries}
	if known, ok := s.requests[h.task.Stream]; ok {
		j.Request = known.request
	}
	return j
}

func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run does what is due until the context ends, and then waits for the work
// that is under way.
func (s *Scheduler) Run(ctx context.Context, b Broker) {
	var working sync.WaitGroup
	defer working.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		groups, lines, wait := s.due(b.Now())
		for _, g := range groups {
			working.Go(func() { s.do(ctx, b, g) })
		}
		for _, l := range lines {
			working.Go(func() { s.serve(ctx, b, l) })
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// due takes everything that is due off the queue, in groups or into lines, and
// says which lines want one more worker and how long nothing more will be due.
func (s *Scheduler) due(now canon.Time) ([]*group, []*line, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []*group
	var lines []*line
	for len(s.waiting) > 0 && !s.waiting[0].due.After(now) {
		h := s.waiting.pop()
		h.busy = true
		job := s.job(h)
		name := h.task.ID
		if by := s.work[h.task.Kind].Group; by != nil {
			name = by(job)
		}
		if turn := s.work[h.task.Kind].Turn; turn != nil {
			if l := s.line(string(h.task.Kind)+" "+name, h.task.Kind); l.put(h, turn(job)) {
				lines = append(lines, l)
			}
			continue
		}
		yields := s.work[h.task.Kind].Yields
		if g, made := s.join(groupOf{h.task.Kind, name, yields != nil && yields(job)}, h); made {
			groups = append(groups, g)
		}
	}
	if len(s.waiting) == 0 {
		return groups, lines, time.Hour
	}
	return groups, lines, min(time.Hour, max(0, s.waiting[0].due.Sub(now)))
}

func (s *Scheduler) try(ctx context.Context, b Broker, g *group) {
	work := s.work[g.of.kind]
	longest := work.Longest
	if longest == 0 {
		longest = 30 * time.Second
	}
	limited, cancel := context.WithTimeout(ctx, longest)
	results := work.Do(limited, g.jobs)
	cancel()
	var reporting sync.WaitGroup
	for i, h := range g.held {
		reporting.Add(1)
		go func() {
			defer reporting.Done()
			result := Result{}
			if i < len(results) {
				result = results[i]
			}
			s.report(ctx, b, result, h)
		}()
	}
	reporting.Wait()
}

// report brings a result to the broker and, if the task is not over then, has
// it tried again after a pause.
func (s *Scheduler) report(ctx context.Context, b Broker, result Result, h *held) {
	if result.Kind != "" {
		_, err := b.Effect(ctx, cell.Effect{Kind: result.Kind, Task: h.task.ID}, result.Observed)
		var refusal *cell.Refusal
		if err != nil && !errors.As(err, &refusal) && ctx.Err() == nil {
			s.log.Warn("a task's result was not taken", "task", h.task.ID, "error", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[h.task.ID] != h {
		return
	}
	pause := result.After
	if pause == 0 {
		pause = s.work[h.task.Kind].Pause.after(h.tries, s.jitter())
	}
	h.tries++
	h.busy = false
	h.due = b.Now().Add(pause)
	s.waiting.push(h)
	s.poke()
}

// after is the pause after a number of tries; jitter is in [0, 1).
func (p Pause) after(tries int, jitter float64) time.Duration {
	first, most := p.First, p.Most
	if first == 0 {
		first = time.Second
	}
	if most == 0 {
		most = 30 * time.Second
	}
	pause := min(most, first<<min(tries, 20))
	if pause <= 0 {
		pause = most
	}
	return time.Duration(float64(pause) * (0.75 + jitter/2))
}
