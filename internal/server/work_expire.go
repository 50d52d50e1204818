package server

import (
	"context"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// expireAgain is when a lease whose door is shut is looked at again.
const expireAgain = time.Minute

// expire says that the last credential of a lease is over, where that proves
// something. Once a refusal has shown that the door is shut it proves nothing more,
// and thirty thousand entries that say so would stand in the way of the hosts'
// lists, which close the leases.
func (w *works) expire(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	if ofAccount(jobs[0]) {
		return w.expireAccount(ctx, jobs)
	}
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		if ofCenter(j) {
			results[i] = w.outlived(ctx, j)
			continue
		}
		results[i] = scheduler.Result{Kind: cell.EffectDue}
		if lease, ok := j.Lease(); ok && lease.DoorShut() {
			results[i] = scheduler.Result{After: expireAgain}
		}
	}
	return results
}
