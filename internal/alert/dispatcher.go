package alert

import (
	"container/heap"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// DefaultWorkers is how many attempts a channel makes at a time.
	DefaultWorkers = 4
	// DefaultQueue is how many alarms a channel holds, under way or waiting.
	DefaultQueue = 1024
)

// What Submit refuses with.
var (
	ErrChannel  = errors.New("no such alarm channel")
	ErrUnderWay = errors.New("the alarm is under way on that channel")
	ErrFull     = errors.New("the alarm channel holds as many alarms as it may")
	ErrClosed   = errors.New("the alarm dispatcher is closed")
)

// Sink is where a dispatcher sends. Send makes one attempt; it is called from
// several goroutines, returns soon after ctx ends, and fails with *Undelivered;
// other errors count as temporary. *Webhook is one.
type Sink interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// Outcome is what became of one attempt.
type Outcome struct {
	Channel string
	Message Message
	Attempt int       // 1 for the first
	Receipt Receipt   // of a delivery
	Err     error     // why there was none; nil for a delivery
	Again   time.Time // of the next attempt; zero where there will be none
}

// Dispatch says how a dispatcher works.
type Dispatch struct {
	Sinks map[string]Sink // by channel
	// Report hears of each attempt, from several goroutines, for one alarm from
	// one at a time. While it runs it takes the place of an attempt on that
	// channel. It must not call Close.
	Report  func(Outcome)
	Workers int            // attempts at a time on one channel; DefaultWorkers for 0
	Queue   int            // alarms that one channel holds; DefaultQueue for 0
	Jitter  func() float64 // from 0 to 1, concurrent; the system's for nil
}

// Dispatcher sends alarms and repeats what failed, each channel by itself, until
// it is delivered or failed for good. It holds alarms in memory only: its caller
// submits again after a restart what has no outcome yet.
type Dispatcher struct {
	lanes map[string]*lane
	stop  context.CancelFunc
	works sync.WaitGroup
}

// NewDispatcher starts one goroutine for each channel. Close ends it.
func NewDispatcher(d Dispatch) (*Dispatcher, error) {
	if d.Report == nil {
		return nil, errors.New("cannot dispatch alarms that nobody hears the outcome of")
	}
	if d.Workers <= 0 {
		d.Workers = DefaultWorkers
	}
	if d.Queue <= 0 {
		d.Queue = DefaultQueue
	}
	if d.Jitter == nil {
		d.Jitter = rand.Float64
	}
	ctx, stop := context.WithCancel(context.Background())
	dispatcher := &Dispatcher{lanes: map[string]*lane{}, stop: stop}
	for channel, sink := range d.Sinks {
		l := &lane{channel: channel, sink: sink, dispatch: d, works: &dispatcher.works,
			known: map[string]bool{}, wake: make(chan struct{}, 1)}
		dispatcher.lanes[channel] = l
		dispatcher.works.Go(func() { l.run(ctx) })
	}
	return dispatcher, nil
}

// Submit takes m for one channel and returns at once; Report tells the rest. It
// fails with ErrMessage, ErrChannel, ErrClosed, ErrFull, or ErrUnderWay where
// that channel has an alarm of the same id.
func (d *Dispatcher) Submit(channel string, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	l, ok := d.lanes[channel]
	if !ok {
		return ErrChannel
	}
	return l.submit(m)
}

// Waiting is how many alarms each channel holds, under way or waiting.
func (d *Dispatcher) Waiting() map[string]int {
	count := map[string]int{}
	for channel, l := range d.lanes {
		l.mu.Lock()
		count[channel] = len(l.known)
		l.mu.Unlock()
	}
	return count
}

// Close cuts off what is under way and returns when all of it has ended. What
// had no outcome gets none.
func (d *Dispatcher) Close() {
	for _, l := range d.lanes {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
	}
	d.stop()
	d.works.Wait()
}

// lane is one channel of a dispatcher.
type lane struct {
	channel  string
	sink     Sink
	dispatch Dispatch
	works    *sync.WaitGroup
	wake     chan struct{} // holds one: something changed

	mu     sync.Mutex
	known  map[string]bool // ids in fresh, again and under way
	fresh  []*job          // never tried; before all others, so that old failures do not delay news
	again  jobs            // tried, by time of the next attempt
	busy   int
	pause  time.Time // the receiver asked to be left alone till then
	closed bool
}

type job struct {
	message Message
	tried   int
	due     time.Time
}

func (l *lane) submit(m Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case l.known[m.ID]:
		return ErrUnderWay
	case len(l.known) >= l.dispatch.Queue:
		return ErrFull
	}
	l.known[m.ID] = true
	l.fresh = append(l.fresh, &job{message: m})
	l.poke()
	return nil
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (l *lane) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
		for {
			j, wait := l.next(time.Now())
			if j == nil {
				timer.Reset(wait)
				break
			}
			l.works.Go(func() { l.try(ctx, j) })
		}
	}
}

// next takes the job that is to be tried now, or says how long there is none;
// whatever changes that earlier pokes.
func (l *lane) next(now time.Time) (*job, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed, l.busy >= l.dispatch.Workers:
		return nil, MaxWait
	case l.pause.After(now):
		return nil, l.pause.Sub(now)
	case len(l.fresh) > 0:
		j := l.fresh[0]
		l.fresh[0] = nil
		l.fresh = l.fresh[1:]
		l.busy++
		return j, 0
	case len(l.again) > 0 && !l.again[0].due.After(now):
		l.busy++
		return heap.Pop(&l.again).(*job), 0
	case len(l.again) > 0:
		return nil, l.again[0].due.Sub(now)
	}
	return nil, MaxWait
}

func (l *lane) try(ctx context.Context, j *job) {
	receipt, err := l.sink.Send(ctx, j.message)
	if err != nil && ctx.Err() != nil {
		return // closing: cut off, which says nothing about the channel
	}
	j.tried++
	now := time.Now()
	outcome := Outcome{Channel: l.channel, Message: j.message, Attempt: j.tried, Receipt: receipt, Err: err}
	var undelivered *Undelivered
	known := errors.As(err, &undelivered)
	if err != nil && !(known && undelivered.Permanent) {
		wait := Backoff(j.tried, l.dispatch.Jitter())
		if known {
			wait = max(wait, min(undelivered.RetryAfter, MaxWait))
		}
		j.due = now.Add(wait)
		outcome.Again = j.due
	}
	// Before the alarm is forgotten: a crash or a second Submit in between must
	// find it either under way or with its outcome on record.
	l.dispatch.Report(outcome)

	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	if known && undelivered.Status == 429 && !undelivered.Permanent {
		l.pause = now.Add(min(undelivered.RetryAfter, MaxWait))
	}
	if outcome.Again.IsZero() {
		delete(l.known, j.message.ID)
	} else {
		heap.Push(&l.again, j)
	}
	l.poke()
}

// jobs is a heap by due.
type jobs []*job

func (h jobs) Len() int           { return len(h) }
func (h jobs) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h jobs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *jobs) Push(x any)        { *h = append(*h, x.(*job)) }
func (h *jobs) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
