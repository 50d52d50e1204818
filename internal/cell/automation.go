package cell

import (
	"bytes"
	"cmp"
	"iter"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Waits tells whether the execution of a lease is not to begin yet: another that was
// agreed to before opened the same thing, or may, and is not closed. The end of the one
// takes away what the other opened, so that they follow each other. Nothing that is agreed
// to later makes a lease wait that does not.
func Waits(requests iter.Seq[*access.Request], scenarioOf func(*access.Request) *access.Scenario, r *access.Request, l *access.Lease) bool {
	mine, known := scenarioOf(r).Automation(l.Target)
	if !known {
		return false
	}
	for other := range requests {
		for i := range other.Leases {
			o := &other.Leases[i]
			if o.Automation != l.Automation || o.State == access.LeaseClosed || !agreedBefore(other, o, r, l) {
				continue
			}
			if theirs, known := scenarioOf(other).Automation(o.Target); known && theirs.Same(other.Requester, mine, r.Requester) {
				return true
			}
		}
	}
	return false
}

// agreedBefore orders leases as they were agreed to; those of one instant by their ids.
func agreedBefore(a *access.Request, of *access.Lease, b *access.Request, than *access.Lease) bool {
	return cmp.Or(cmp.Compare(a.Grant.From.Sub(b.Grant.From), 0), bytes.Compare(a.ID[:], b.ID[:]), strings.Compare(of.Target, than.Target)) < 0
}
