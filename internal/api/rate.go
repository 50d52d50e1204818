package api

import (
	"net/netip"
	"sync"
	"time"
)

// Rate is a token bucket: Burst at once, and Each a second more.
type Rate struct{ Each, Burst float64 }

// PerMinute is so many a minute, and as many at once.
func PerMinute(n int) Rate { return Rate{Each: float64(n) / 60, Burst: float64(n)} }

// usualRate lets a stranger read the tiles of a million entries in one go. A
// signature costs some 0.1 ms to check, so that an address that proves nothing
// can cost one per cent of a core and no more.
var usualRate = PerMinute(6000)

// bucketsMost bounds the callers that are remembered.
const bucketsMost = 20_000

// limiter bounds the work of each caller: of a person, or of an address whose
// callers have proved nothing.
type limiter[Caller comparable] struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex
	buckets map[Caller]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter[Caller comparable](r Rate) *limiter[Caller] {
	return &limiter[Caller]{rate: r, now: time.Now, buckets: map[Caller]bucket{}}
}

// take charges a caller for one piece of work; false says that it has had
// enough for now.
func (l *limiter[Caller]) take(from Caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.filled(from)
	ok := b.left >= 1
	if ok {
		b.left--
	}
	l.buckets[from] = b
	return ok
}

// give takes back what a caller was charged for one piece of work.
func (l *limiter[Caller]) give(to Caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.filled(to)
	b.left = min(l.rate.Burst, b.left+1)
	l.buckets[to] = b
}

// dry tells whether a caller has had enough, and charges nothing.
func (l *limiter[Caller]) dry(from Caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.filled(from).left < 1
}

func (l *limiter[Caller]) filled(from Caller) bucket {
	now := l.now()
	b, known := l.buckets[from]
	if !known {
		l.forget(now)
		return bucket{left: l.rate.Burst, at: now}
	}
	b.left = min(l.rate.Burst, b.left+now.Sub(b.at).Seconds()*l.rate.Each)
	b.at = now
	return b
}

// forget makes room: full buckets say nothing. If that is not enough, all go,
// which errs towards letting people in.
func (l *limiter[Caller]) forget(now time.Time) {
	if len(l.buckets) < bucketsMost {
		return
	}
	for key, b := range l.buckets {
		if b.left+now.Sub(b.at).Seconds()*l.rate.Each >= l.rate.Burst {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= bucketsMost*3/4 {
		clear(l.buckets)
	}
}

// Network is what counts as one address: a whole /64 of IPv6, since one machine
// has that many.
func Network(from netip.Addr) netip.Prefix {
	bits := 32
	if from.Is6() {
		bits = 64
	}
	prefix, err := from.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: one bucket for all of those
	}
	return prefix
}

// places bounds what happens at a time, altogether and for each person.
type places struct {
	most, each int

	mu    sync.Mutex
	all   int
	taken map[string]int
}

func newPlaces(most, each int) *places {
	return &places{most: most, each: each, taken: map[string]int{}}
}

func (p *places) take(person string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= p.most || p.taken[person] >= p.each {
		return false
	}
	p.all++
	p.taken[person]++
	return true
}

func (p *places) leave(person string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.taken[person]--; p.taken[person] == 0 {
		delete(p.taken, person)
	}
}
