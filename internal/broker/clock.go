package broker

import (
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Wall reads the machine's clock: time.Now, or a test's. Its times must carry
// the monotonic reading that time.Now gives.
type Wall func() time.Time

// clock gives recorded time: the wall clock at the start, and from then on the
// monotonic clock. A step of the wall clock moves no recorded time; it shows in
// step, and the rules decide what to make of it.
type clock struct {
	wall  Wall
	mu    sync.Mutex
	begun time.Time  // wall and monotonic reading at the start
	base  canon.Time // recorded time at the start
}

// newClock begins at the wall clock's time, or at last if that is later: time
// in the ledger never goes back.
func newClock(wall Wall, last canon.Time) *clock {
	begun := wall()
	return &clock{wall: wall, begun: begun, base: canon.Later(canon.At(begun), last)}
}

// now is recorded time.
func (c *clock) now() canon.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base.Add(c.wall().Sub(c.begun))
}

// step is how far the wall clock is ahead of recorded time.
func (c *clock) step() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.wall()
	return canon.At(now).Sub(c.base.Add(now.Sub(c.begun)))
}

// advance moves recorded time ahead.
func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.base.Add(by)
}

// settle moves recorded time to the wall clock after a small step ahead, such
// as a time daemon makes, so that small steps do not add up to doubt. It never
// goes back.
func (c *clock) settle(most time.Duration) {
	step := c.step()
	if step <= 0 || step > most {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = c.wall()
	c.base = canon.At(c.begun)
}
