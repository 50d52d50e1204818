package storetest

import (
	"context"
	"errors"
	"sync"

	"github.com/halligan-dev/halligan/internal/broker"
)

// ErrInjected is how a Faulty fails, before or after the real call.
var ErrInjected = errors.New("injected fault")

// Faulty is a store whose appends fail when told to: before the real call, so
// that it did not happen, or after it, so that it happened anyway. The caller
// sees the same error. Everything else is the store's own. It is safe for
// concurrent use.
type Faulty struct {
	Store

	mu      sync.Mutex
	appends int
	loads   int
	before  map[int]bool
	after   map[int]bool
	load    map[int]bool
}

// NewFaulty wraps a store; until it is told otherwise, it does not fail.
func NewFaulty(s Store) *Faulty {
	return &Faulty{Store: s, before: map[int]bool{}, after: map[int]bool{}, load: map[int]bool{}}
}

// DidNot makes the nth Append from now on (1 is the next) fail without a trace.
func (f *Faulty) DidNot(nth int) { f.plan(f.before, &f.appends, nth) }

// DidAnyway makes the nth Append from now on happen and fail.
func (f *Faulty) DidAnyway(nth int) { f.plan(f.after, &f.appends, nth) }

// CannotLoad makes the nth Load from now on fail.
func (f *Faulty) CannotLoad(nth int) { f.plan(f.load, &f.loads, nth) }

func (f *Faulty) plan(faults map[int]bool, calls *int, nth int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	faults[*calls+nth] = true
}

// Appends is how often Append was called.
func (f *Faulty) Appends() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.appends
}

// Append is the store's, or fails as planned. A real failure goes before a planned
// one.
func (f *Faulty) Append(ctx context.Context, expected broker.Head, batch broker.Batch) error {
	f.mu.Lock()
	f.appends++
	before, after := f.before[f.appends], f.after[f.appends]
	f.mu.Unlock()
	if before {
		return ErrInjected
	}
	if err := f.Store.Append(ctx, expected, batch); err != nil {
		return err
	}
	if after {
		return ErrInjected
	}
	return nil
}

// Load is the store's, or fails as planned.
func (f *Faulty) Load(ctx context.Context) (broker.State, error) {
	f.mu.Lock()
	f.loads++
	fails := f.load[f.loads]
	f.mu.Unlock()
	if fails {
		return broker.State{}, ErrInjected
	}
	return f.Store.Load(ctx)
}
