package broker

import "time"

// What yields (cell.Task.Yields) shares the decider's time with people: after each
// batch that held some of it, it rests for yieldRest times as long as that batch
// took, so that a person who comes seldom finds the decider at it, and the rooms
// that bring it have little to do meanwhile. It never stops: however many people
// speak, it has its share of a batch after each rest, and no rest is longer than
// restMost. Once nobody has spoken for quietFor, it has all of the time.
const (
	yieldRest = 1
	restMost  = 500 * time.Millisecond
	quietFor  = time.Second
)

// pace says when it is the turn of what yields. Its instants are the caller's.
type pace struct {
	heard time.Time // when a person spoke last
	rests time.Time // until then what yields waits, while people are about
}

// about tells whether people are about.
func (p *pace) about(now time.Time) bool { return now.Sub(p.heard) < quietFor }

// hears that a person spoke.
func (p *pace) hears(now time.Time) { p.heard = now }

// yielded takes down that a batch with something that yields took so long.
func (p *pace) yielded(now time.Time, took time.Duration) {
	p.rests = now.Add(min(yieldRest*took, restMost))
}

// wait is how long what yields has to wait; zero: its turn is now.
func (p *pace) wait(now time.Time) time.Duration {
	if !p.about(now) {
		return 0
	}
	return max(0, p.rests.Sub(now))
}
