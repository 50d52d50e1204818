package host

import (
	"math/rand/v2"
	"time"
)

const (
	tick       = 2 * time.Second // between rounds, give or take a quarter
	maxBackoff = 30 * time.Second
)

// backoff makes attempts at one thing rarer while they fail.
type backoff struct {
	failures int       // in a row
	next     time.Time // no attempt before
}

func (b *backoff) ready(now time.Time) bool { return !now.Before(b.next) }

func (b *backoff) did(err error, now time.Time) {
	if err == nil {
		*b = backoff{}
		return
	}
	b.failures++
	delay := min(tick<<min(b.failures-1, 8), maxBackoff)
	b.next = now.Add(jitter(delay))
}

// jitter keeps hosts that were started together apart.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}
