package server

import (
	"os"
	"runtime/debug"
	"runtime/metrics"

	"github.com/halligan-dev/halligan/internal/cell"
)

// How much memory may grow beyond what is in use before it is swept, in percent of
// that. What a server keeps is small beside what it makes and forgets with each
// request, and sweeping at twice of it took a twentieth of its processor time. A
// storm keeps much: then what is spared by sweeping seldom is little beside the
// memory that it costs, and sparely is a bound on that.
const (
	often    = 100 // Go's own
	seldom   = 300
	sparely  = 192 << 20 // bytes that wait to be swept, unless more than that are in use
	lookedAt = 4096      // entries after which it is looked at again
)

// sweeping sets how often memory is swept, once the cell is loaded. Whoever set GOGC
// is obeyed.
type sweeping struct {
	percent int
	entries int // since it was looked at
}

// Committed is broker.Follower. It must be called by one goroutine at a time.
func (s *sweeping) Committed(_ *cell.World, recorded []cell.Recorded) {
	if s.entries += len(recorded); s.entries < lookedAt || os.Getenv("GOGC") != "" {
		return
	}
	s.entries = 0
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if percent := percentOf(live[0].Value.Uint64()); percent != s.percent {
		s.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentOf is how much memory may grow when so many bytes are in use.
func percentOf(live uint64) int {
	return int(min(seldom, max(often, sparely*100/max(live, 1))))
}

// collectSeldom is called once older entries were read, and gives back what a start
// took: it makes much more than it keeps.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(seldom)
	}
	debug.FreeOSMemory()
}
