package server

import (
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// absentFor is how long a host that was not there is not asked again. Each lease at
// it would ask, and where the host is down in silence each asks for ten seconds; the
// pauses between the tries of one lease are longer than this.
const absentFor = 400 * time.Millisecond

// absent remembers which hosts were not there a moment ago.
type absent struct {
	mu    sync.Mutex
	since map[string]canon.Time
}

// was tells whether a host was not there a moment ago.
func (a *absent) was(host string, now canon.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, known := a.since[host]
	if known && now.Sub(at) >= absentFor {
		delete(a.since, host)
		return false
	}
	return known
}

// note takes down that a host was not there. Only hosts of the cell are asked, so
// that there are never many. What is at no host, as a program's lease, is not noted:
// one program says nothing of another.
func (a *absent) note(host string, now canon.Time) {
	if host == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since == nil {
		a.since = map[string]canon.Time{}
	}
	a.since[host] = now
}
