package broker

import (
	"maps"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Refusals of one person get an entry each, up to refusedBurst at once and one
// more every refusedEvery; whatever is over that, and every stranger's, is only
// counted, so that nobody can fill the ledger by being refused.
const (
	refusedBurst = 20
	refusedEvery = 3 * time.Second
	refusedKept  = 10_000 // people whose rate is remembered
)

// refused says which refusals are recorded and counts the others.
type refused struct {
	mu     sync.Mutex
	rates  map[string]rate
	counts map[string]int64
}

type rate struct {
	left float64
	at   canon.Time
}

func newRefused() *refused {
	return &refused{rates: map[string]rate{}, counts: map[string]int64{}}
}

// record tells whether a refusal gets an entry; if not, it has counted it.
func (r *refused) record(refusal *cell.Refusal, at canon.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refusal.Person != "" && r.allowed(refusal.Person, at) {
		return true
	}
	r.counts[string(refusal.Reason)]++
	return false
}

func (r *refused) allowed(person string, at canon.Time) bool {
	now, known := r.rates[person]
	if !known {
		if len(r.rates) >= refusedKept {
			clear(r.rates)
		}
		now = rate{left: refusedBurst, at: at}
	}
	now.left = min(refusedBurst, now.left+at.Sub(now.at).Seconds()/refusedEvery.Seconds())
	now.at = at
	allowed := now.left >= 1
	if allowed {
		now.left--
	}
	r.rates[person] = now
	return allowed
}

// count counts an attempt that no rule refused, so that none can record it.
func (r *refused) count(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[reason]++
}

// take gives the counts since the last call and begins again at none.
func (r *refused) take() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := r.counts
	r.counts = map[string]int64{}
	return counts
}

// back adds counts again that could not be recorded.
func (r *refused) back(counts map[string]int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for reason, count := range maps.All(counts) {
		r.counts[reason] += count
	}
}
