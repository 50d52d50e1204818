package server

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// following keeps what people look at in step with what is durable.
type following struct {
	log    *slog.Logger
	now    atomic.Pointer[view.Cell]
	law    atomic.Pointer[law]
	mu     sync.Mutex
	others map[int]func(cell.Recorded)
	next   int
}

// Committed is broker.Follower.
func (f *following) Committed(w *cell.World, recorded []cell.Recorded) {
	f.law.Store(&law{genesis: w.Genesis, scenarios: w.Scenarios})
	if seen := f.now.Load(); seen == nil || recorded == nil {
		f.rebuild(w)
	} else if err := f.apply(seen, w, recorded); err != nil {
		f.log.Error("the view was rebuilt", "error", err)
		f.rebuild(w)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range recorded {
		for _, tell := range f.others {
			tell(r)
		}
	}
}

func (f *following) apply(seen *view.Cell, w *cell.World, recorded []cell.Recorded) error {
	for _, r := range recorded {
		id, _ := cell.RequestOf(r.Outcome.Stream)
		if err := seen.Apply(r, w.Requests[id]); err != nil {
			return err
		}
	}
	return nil
}

func (f *following) rebuild(w *cell.World) {
	if w.Genesis == nil {
		return
	}
	made, err := view.FromWorld(w)
	if err != nil {
		f.log.Error("the view cannot be made", "error", err)
		return
	}
	f.now.Store(made)
}

// view is what people look at now; nil before the first founder signed.
func (f *following) view() *view.Cell { return f.now.Load() }

// host finds a host of the cell.
func (f *following) host(id string) (*cell.Host, bool) {
	law := f.law.Load()
	if law == nil || law.genesis == nil {
		return nil, false
	}
	return law.genesis.Host(id)
}

// target finds what a scenario opens under a target name.
func (f *following) target(scenario, name string) (*access.SSH, bool) {
	law := f.law.Load()
	if law == nil || law.scenarios[scenario] == nil {
		return nil, false
	}
	return law.scenarios[scenario].Target(name)
}

// law is what never changes once the cell is founded.
type law struct {
	genesis   *cell.Genesis
	scenarios map[string]*access.Scenario
}

// Subscribe tells a function of every entry that becomes durable, in order,
// until the returned one is called. The function must not wait.
func (f *following) Subscribe(tell func(cell.Recorded)) (cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.others == nil {
		f.others = map[int]func(cell.Recorded){}
	}
	id := f.next
	f.next++
	f.others[id] = tell
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.others, id)
	}
}
