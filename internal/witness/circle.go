package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// pauseFirst and pauseMost bound the pause before a witness that failed is asked
// again; it doubles.
const (
	pauseFirst = 500 * time.Millisecond
	pauseMost  = 10 * time.Second
)

// CircleOptions is what a circle is made of.
type CircleOptions struct {
	Policy  ledger.Policy
	Clients []*Client // of the policy's witnesses; one that is missing is never asked
	// Head is the log's newest signed checkpoint; of size 0 before the first.
	Head  func() (size int64, text []byte)
	Tiles ledger.TileReader // of the log, for every size that Head gave
	Log   *slog.Logger
	Wall  func() time.Time // the machine's clock, which theirs are compared with; nil: time.Now
}

// Circle has the newest checkpoint of one log cosigned by the witnesses of its
// policy, as the log grows: one round at a time, all of them beside each other,
// so that a round holds what was written during the one before. It may be used
// concurrently.
type Circle struct {
	o    CircleOptions
	wake chan struct{}

	mu      sync.Mutex
	members []*member
	newest  Cosigned
	asked   int64         // size of the round under way
	grown   int64         // size that the log is known to have
	since   canon.Time    // since when what was written is not cosigned; zero: all is
	later   canon.Time    // the same of what came after the round under way began
	moved   chan struct{} // closed when newest moves on
}

// Cosigned is a checkpoint with enough cosignatures. The zero one is none.
type Cosigned struct {
	Size int64
	Text []byte // signed and cosigned
}

// Member says how it stands with one witness.
type Member struct {
	Name    string
	Size    int64  // that it cosigned last
	Trouble string // empty: it answered the last time it was asked
	// Ahead is by how much this machine's clock was before the witness's when it
	// cosigned last, to a second or what the answer took; Size 0: it has not.
	Ahead time.Duration
}

type member struct {
	Member
	client *Client
	busy   bool
	pause  time.Duration
	after  time.Time // not asked before
}

// NewCircle makes a circle; Run it.
func NewCircle(o CircleOptions) *Circle {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	c := &Circle{o: o, wake: make(chan struct{}, 1), moved: make(chan struct{})}
	for _, client := range o.Clients {
		c.members = append(c.members, &member{Member: Member{Name: client.Name()}, client: client})
	}
	return c
}

// Grew says that the log has a size, since a time. It is quick.
func (c *Circle) Grew(size int64, at canon.Time) {
	c.mu.Lock()
	c.grown = max(c.grown, size)
	if size > c.newest.Size && c.since.IsZero() {
		c.since = at
	}
	if size > c.asked && c.later.IsZero() {
		c.later = at
	}
	c.mu.Unlock()
	c.poke()
}

func (c *Circle) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Newest is the newest cosigned checkpoint, and since when what was written after
// it waits for cosignatures; zero when nothing does.
func (c *Circle) Newest() (Cosigned, canon.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest, c.since
}

// Await waits until an entry lies under a cosigned checkpoint, at most so long,
// and gives the newest one; false when there is none in time.
func (c *Circle) Await(ctx context.Context, entry int64, longest time.Duration) (Cosigned, bool) {
	late := time.NewTimer(longest)
	defer late.Stop()
	for {
		c.mu.Lock()
		newest, moved := c.newest, c.moved
		c.mu.Unlock()
		if newest.Size > entry {
			return newest, true
		}
		select {
		case <-moved:
		case <-late.C:
			return Cosigned{}, false
		case <-ctx.Done():
			return Cosigned{}, false
		}
	}
}

// Members says how it stands with each witness that is asked.
func (c *Circle) Members() []Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Member, 0, len(c.members))
	for _, m := range c.members {
		all = append(all, m.Member)
	}
	return all
}

// Run asks until the context ends, and waits for the answers that are under way.
func (c *Circle) Run(ctx context.Context) {
	var asking sync.WaitGroup
	defer func() {
		asking.Wait()
		for _, client := range c.o.Clients {
			client.Close()
		}
	}()
	// What was cosigned before this process is not known: the first round asks.
	tick := time.NewTicker(pauseFirst)
	defer tick.Stop()
	for {
		c.round(ctx, &asking)
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-tick.C:
		}
	}
}

// round offers the newest checkpoint to all who are not busy with an older one or
// in a pause, and waits until it has enough cosignatures or nobody more is asked.
func (c *Circle) round(ctx context.Context, asking *sync.WaitGroup) {
	size, text := c.o.Head()
	now := time.Now()
	c.mu.Lock()
	var ask []*member
	for _, m := range c.members {
		if size > c.newest.Size && !m.busy && !now.Before(m.after) {
			m.busy, ask = true, append(ask, m)
		}
	}
	if len(ask) > 0 {
		c.asked, c.later = size, canon.Time{}
	}
	c.mu.Unlock()
	if len(ask) == 0 {
		return
	}
	r := &round{circle: c, size: size, signed: text, text: text, left: len(ask), over: make(chan struct{})}
	for _, m := range ask {
		asking.Go(func() { r.ask(ctx, m) })
	}
	select {
	case <-r.over:
	case <-ctx.Done():
	}
}

// round is one checkpoint on its way to the witnesses.
type round struct {
	circle *Circle
	size   int64
	signed []byte // by the log alone
	over   chan struct{}

	// Guarded by the circle's mutex.
	text []byte // with the cosignatures so far
	left int    // witnesses that have not answered
	done bool
}

// ask offers the checkpoint to one witness.
func (r *round) ask(ctx context.Context, m *member) {
	c := r.circle
	c.mu.Lock()
	old := m.Size
	c.mu.Unlock()
	lines, err := r.offer(ctx, m.client, old)
	if news, err := r.answered(m, lines, err); news && ctx.Err() == nil {
		if forked(err) {
			c.o.Log.Error("a witness has seen another history of this ledger", "witness", m.Name, "size", r.size, "error", err)
		} else {
			c.o.Log.Warn("a witness did not cosign", "witness", m.Name, "size", r.size, "error", err)
		}
	}
}

// answered takes what one witness answered, and tells whether it fails anew.
func (r *round) answered(m *member, lines []byte, err error) (news bool, _ error) {
	c := r.circle
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		err = r.take(lines)
	}
	was := m.Trouble
	m.rest(err)
	found, checked := c.o.Policy.Check(r.text, ledger.Whenever)
	if err == nil {
		m.Size = r.size
		c.compare(m, found)
	}
	r.left--
	enough := checked == nil && found.Enough()
	if enough {
		c.cosigned(Cosigned{r.size, r.text})
	}
	if !r.done && (enough || r.left == 0) {
		r.done = true
		close(r.over)
	}
	return m.Trouble != "" && m.Trouble != was, err
}

// clockFar is how far two clocks may be from each other before that is told.
const clockFar = 30 * time.Second

// compare compares this machine's clock with that of a witness that has just
// cosigned. It is told when it becomes so: what the rules make of time rests on this
// clock, and a server that is started with a wrong one has nothing else to doubt it
// by. The circle is locked.
func (c *Circle) compare(m *member, found ledger.Witnessed) {
	for _, by := range found.By {
		if by.Witness != m.Name {
			continue
		}
		was := m.Ahead
		m.Ahead = canon.At(c.o.Wall()).Sub(by.At)
		if m.Ahead.Abs() > clockFar && was.Abs() <= clockFar {
			c.o.Log.Warn("this machine's clock is not the witness's: set it before credentials are needed", "witness", m.Name, "ahead", m.Ahead.Round(time.Second))
		}
	}
}

// take puts what a witness answered under the checkpoint; the circle is locked.
func (r *round) take(lines []byte) error {
	text, err := r.circle.o.Policy.Add(r.text, lines)
	if err != nil {
		return err
	}
	if bytes.Equal(text, r.text) {
		return fmt.Errorf("%w of its key", ErrAnswer)
	}
	r.text = text
	return nil
}

// offer offers once, and once more from where the witness says that it is.
func (r *round) offer(ctx context.Context, client *Client, old int64) ([]byte, error) {
	for range 2 {
		if old > r.size {
			return nil, fmt.Errorf("%w: it cosigned size %d, this ledger has %d entries", ErrBehind, old, r.size)
		}
		proof, err := ledger.ConsistencyProof(old, r.size, r.circle.o.Tiles)
		if err != nil {
			return nil, fmt.Errorf("cannot prove that size %d goes on from %d: %w", r.size, old, err)
		}
		lines, err := client.Add(ctx, Offer{Old: old, Proof: proof, Checkpoint: r.signed})
		var stale *Stale
		if !errors.As(err, &stale) || stale.Fork {
			return lines, err
		}
		old = stale.Size
	}
	return nil, fmt.Errorf("%w: it is at another size each time", ErrAnswer)
}

// ErrBehind says that a witness has cosigned more of this log than it holds: the
// log was set back, or shows another history here than it did to the witness.
var ErrBehind = errors.New("the witness has seen more of this ledger than is here")

// forked tells whether a failure tells of two histories.
func forked(err error) bool {
	var stale *Stale
	return errors.As(err, &stale) && stale.Fork || errors.Is(err, ErrBehind) || errors.Is(err, ErrProof)
}

// trouble names a failure for pages and figures.
func trouble(err error) string {
	switch {
	case forked(err):
		return "forked" // it knows another history
	case errors.Is(err, ErrUnknownLog), errors.Is(err, ErrSignature):
		return "unknown" // it does not know the ledger or its key
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrAnswer):
		return "answer"
	}
	return "unreachable"
}

// rest sets when the witness is asked next.
func (m *member) rest(err error) {
	m.busy = false
	if err == nil {
		m.pause, m.after, m.Trouble = 0, time.Time{}, ""
		return
	}
	m.Trouble = trouble(err)
	m.pause = min(max(2*m.pause, pauseFirst), pauseMost)
	m.after = time.Now().Add(m.pause)
}

// cosigned moves on to a newer checkpoint, or to more cosignatures of the newest;
// the circle is locked.
func (c *Circle) cosigned(newest Cosigned) {
	if newest.Size < c.newest.Size {
		return // an older round's late answer
	}
	if newest.Size > c.newest.Size {
		if newest.Size == c.asked {
			c.since = c.later
		} // else a late answer: what came since is older than is known
		if c.grown <= newest.Size {
			c.since = canon.Time{}
		}
		close(c.moved)
		c.moved = make(chan struct{})
	}
	c.newest = newest
}
