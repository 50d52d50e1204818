package cell

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// yieldsFor is how long a lease's proofs yield after it began to close: three quarters of the
// time after which it pages, for thirty thousand pages are worse than waiting.
const yieldsFor = PageAfter * 3 / 4

// Yields tells whether the result of a task may wait for people at an instant: whether
// it ends, or proves the end of, what was over by its own time. A certificate is
// refused from the end that stands in it on, whether or not an entry says so. What was
// stopped, released or removed before its time never yields, nor what is shut by
// nothing but an act of ours: what a program opened, a role's slot, an envelope. R is
// the request of the task's stream; nil when it has none.
func (t Task) Yields(r *access.Request, at canon.Time) bool {
	if r == nil || r.Grant == nil {
		return false
	}
	switch t.Kind {
	case TaskEnd:
		for i := range r.Leases {
			if !timed(&r.Leases[i]) {
				return false
			}
		}
		return true
	case TaskExpire, TaskProve, TaskList:
		l, ok := r.Lease(t.Target)
		return ok && timed(l) && l.Closing != nil && l.Closing.Why == access.EndExpired && at.Sub(l.Closing.At) <= yieldsFor.Duration()
	}
	return false
}

// timed tells whether a lease's credentials end by themselves: certificates for a
// host do.
func timed(l *access.Lease) bool { return l.Host != "" && l.Program == "" && l.Envelope == "" }
