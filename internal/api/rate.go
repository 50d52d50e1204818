package api

import (
	"net/netip"
	"sync"
	"time"
)

// Rate is a token bucket: Burst at once, and Each a second more.
type Rate struct{ Each, Burst float64 }

// The usual rate. A signature costs some 0.1 ms to check, so that an address
// can cost two per cent of a core and no more; a whole office behind one
// address, all of it on call, does not come near.
var usualRate = Rate{Each: 200, Burst: 2000}

// bucketsMost bounds the addresses that are remembered.
const bucketsMost = 20_000

// limiter bounds work by address. Who turns out to be somebody is given back
// what it cost, so that only strangers run dry.
type limiter struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex
	buckets map[netip.Prefix]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(r Rate) *limiter {
	if r == (Rate{}) {
		r = usualRate
	}
	return &limiter{rate: r, now: time.Now, buckets: map[netip.Prefix]bucket{}}
}

// take charges an address for one piece of work; false says that it has had
// enough for now.
func (l *limiter) take(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, now := network(from), l.now()
	b := l.filled(key, now)
	ok := b.left >= 1
	if ok {
		b.left--
	}
	l.buckets[key] = b
	return ok
}

// give gives back what take charged.
func (l *limiter) give(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, now := network(from), l.now()
	b := l.filled(key, now)
	b.left = min(l.rate.Burst, b.left+1)
	l.buckets[key] = b
}

func (l *limiter) filled(key netip.Prefix, now time.Time) bucket {
	b, known := l.buckets[key]
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
func (l *limiter) forget(now time.Time) {
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

// network is what counts as one address: a whole /64 of IPv6, since one machine
// has that many.
func network(from netip.Addr) netip.Prefix {
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
