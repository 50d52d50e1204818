package broker

import "time"

// Fresh is how many files are held that no entry has made durable. Nothing may be
// under way.
func (b *Broker) Fresh() int { return len(b.decider.fresh) }

// Pace is when it is the turn of what yields.
type Pace struct{ pace }

// Hears, Yielded and Wait do what those of the decider do.
func (p *Pace) Hears(now time.Time)                       { p.hears(now) }
func (p *Pace) Yielded(now time.Time, took time.Duration) { p.yielded(now, took) }
func (p *Pace) Wait(now time.Time) time.Duration          { return p.wait(now) }
