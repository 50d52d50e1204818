package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// follow enqueues what an event asks for, and finishes what it makes needless.
func (w *World) follow(p place, e Event) {
	switch e := e.(type) {
	case *Sealed:
		w.enqueue(p, Task{Kind: TaskClock})
		w.enqueue(p, Task{Kind: TaskCount})
		w.followCenter(p)
	case *RequestMade:
		w.enqueue(p, Task{Kind: TaskLapse, Due: e.Request.Lapses})
		w.followAsk(p, &e.Request)
	case *Agreed:
		w.followGrant(p, &e.Grant, e.Leases)
	case *SoloBegun:
		w.followGrant(p, &e.Grant, e.Leases)
	case *Extended:
		w.followExtended(p, e)
	case *RequestOver:
		w.finish(p.stream, func(t Task) bool {
			return t.Kind == TaskLapse || t.Kind == TaskRung || t.Kind == TaskConsequence || t.Kind == TaskSymptom
		})
	case *GrantEnded:
		w.finish(p.stream, func(t Task) bool { return t.Kind == TaskEnd || t.Kind == TaskConsequence })
	case *LeaseOpened:
		w.followOpened(p, e)
	case *CredentialAuthorised:
		w.enqueue(p, Task{Kind: TaskDeliver, Target: e.Target, Fetch: e.Fetch})
	case *LeaseClosing:
		w.followClosing(p, e)
	case *LeaseShut:
		w.followShut(p, e)
	case *LeaseProved:
		w.followProved(p, e)
	case *LeaseClosed:
		l := w.leaseOf(p.stream, e.Target)
		slot, owes := l.Lives(), l.Owes() // until its sessions are over, also when they are shut out
		w.finish(p.stream, func(t Task) bool {
			return t.Target == e.Target && t.Kind != TaskAlarm && t.Kind != TaskDeliver && (t.Kind != TaskExpire || !slot) && (t.Kind != TaskShut || !owes) && t.Kind != TaskDeny
		})
	case *Reconciled:
		w.followReconciled(p, e)
	case *ClosingOverdue:
		w.enqueue(p, Task{Kind: TaskPage, Target: e.Target, Due: p.at.Add(PageAgain.Duration())})
	case *ChangeProposed:
		w.enqueue(p, Task{Kind: TaskLapse, Target: e.Change.ID.String(), Due: e.Change.Lapses})
	case *PersonRemoved, *KeyRemoved:
		w.followRemoval(p)
	case *LedgerKeyRotated:
		w.enqueue(p, Task{Kind: TaskOverlap})
	case *Amended:
		w.followAmended(p)
		w.followCenter(p)
	}
	w.followCustody(p, e)
	w.followWitness(p, e)
	w.followReview(p, e)
	w.followSolo(p, e)
	w.followEpoch(p, e)
	w.followRecovery(p, e)
	w.followSuspension(p, e)
	w.alarm(p, e)
}

// followGrant enqueues what opens a grant's leases, and what ends it.
func (w *World) followGrant(p place, g *access.Grant, leases []access.Lease) {
	w.finish(p.stream, func(t Task) bool { return t.Kind == TaskLapse || t.Kind == TaskRung })
	w.enqueue(p, Task{Kind: TaskEnd, Due: g.Until})
	for _, lease := range leases {
		if lease.Envelope == "" { // custodians open the others
			w.enqueue(p, Task{Kind: TaskOpen, Target: lease.Target, Due: w.slotOver(&lease)})
		}
	}
}

// followClosing enqueues what proves a lease dead. A lease without credentials
// is closed in the same entry.
func (w *World) followClosing(p place, e *LeaseClosing) {
	w.finish(p.stream, func(t Task) bool {
		return t.Target == e.Target && (t.Kind == TaskOpen || t.Kind == TaskBaseline)
	})
	l := w.leaseOf(p.stream, e.Target)
	if l.Driven() {
		w.followProgram(p, e)
		return
	}
	if l.Assignment != nil {
		w.followUnassign(p, l)
		return
	}
	if l.Issued == 0 {
		return
	}
	if l.Envelope != "" { // its rotation closes it, or a person who attests
		w.enqueue(p, Task{Kind: TaskPage, Target: e.Target, Due: p.at.Add(PageAfter.Duration())})
		return
	}
	if l.Task == "" { // of a root user's session nothing but its end is a proof
		w.enqueue(p, Task{Kind: TaskProve, Target: e.Target})
	}
	if l.Account == "" { // what outlives sessions of AWS is listed when the door is shut
		w.enqueue(p, Task{Kind: TaskList, Target: e.Target})
	}
	w.enqueue(p, Task{Kind: TaskExpire, Target: e.Target, Due: l.NotAfter.Add(access.ExpirySkew.Duration())})
	w.enqueue(p, Task{Kind: TaskPage, Target: e.Target, Due: p.at.Add(PageAfter.Duration())})
}

// followRemoval enqueues, for each request that nobody present stands for any
// more, the command that ends it: an entry changes one stream.
func (w *World) followRemoval(p place) {
	for _, id := range w.openRequests() {
		waits := slices.ContainsFunc(w.tasksOf[StreamOf(id)], func(task string) bool { return w.Tasks[task].Kind == TaskConsequence })
		if (!w.stands(w.Requests[id]) || w.outdated(w.Requests[id])) && !waits {
			consequence := place{index: p.index, stream: StreamOf(id), at: p.at}
			w.enqueue(consequence, Task{Kind: TaskConsequence})
		}
	}
}

// openRequests are the requests that wait or live, in order.
func (w *World) openRequests() []canon.Digest {
	var ids []canon.Digest
	for id, r := range w.Requests {
		if r.State == access.Pending || r.State == access.Granted {
			ids = append(ids, id)
		}
	}
	sortDigests(ids)
	return ids
}

// repeats tells whether a task goes on after a result: the standing ones do,
// an opening that failed, and the shutting of what may want one more proof.
func (t Task) repeats(events []Event) bool {
	if t.Kind == TaskClock || t.Kind == TaskCount || t.Kind == TaskShut || t.Kind == TaskWitness || t.Kind == TaskAssignments {
		return true
	}
	for _, e := range events {
		switch e := e.(type) {
		case *DenialSeen:
			return e.Denial != access.DenialOver
		case *OpenFailed, *StraysFound, *AssignmentClaimed:
			return true
		}
	}
	return false
}

// genesisOf is the genesis that a command signs.
func genesisOf(c Command) (canon.Digest, bool) {
	if c.Signed == nil {
		return canon.Digest{}, false
	}
	body, ok := c.Signed.Statement.Body.(*statement.Found)
	if !ok {
		return canon.Digest{}, false
	}
	return body.Genesis, true
}
