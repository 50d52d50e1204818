package cell

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// decideEffect takes the result of a task. It must name a task that an earlier
// entry asked for and that is not done, and be a result that such a task gives.
func decideEffect(w *World, e Effect, c Command) (Outcome, *Refusal) {
	task, ok := w.Tasks[e.Task]
	if !ok {
		return Outcome{}, refuse(UnknownTask, "no task %s is waiting", e.Task)
	}
	if !slices.Contains(results[task.Kind], e.Kind) {
		return Outcome{}, refuse(TaskMismatch, "%s is no result of a task %s", e.Kind, task.Kind)
	}
	if c.At.Before(task.Due) {
		return Outcome{}, refuse(NotDue, "task %s is not due before %s", task.ID, task.Due)
	}
	if refusal := w.unasked(task, c); refusal != nil {
		return Outcome{}, refusal
	}
	switch task.Kind {
	case TaskWitness:
		return w.witnesses(c)
	case TaskSilent:
		return w.silent()
	case TaskClock:
		return w.clock(c)
	case TaskCount:
		return w.refusals(c)
	case TaskLapse:
		if task.Stream == StreamCell {
			return w.lapseChange(task)
		}
	case TaskRecover:
		return w.waits(task, c)
	case TaskSuspension:
		return w.suspensionDue(task, c)
	case TaskOwe, TaskOverdue:
		return w.custodyEffect(task, c)
	case TaskSurvey, TaskAssignments:
		return w.surveyed(task, c)
	case TaskOverlap:
		return w.overlapped(c)
	case TaskAlarm:
		return w.answered(task, c)
	}
	id, _ := RequestOf(task.Stream)
	r, ok := w.Requests[id]
	if !ok {
		return Outcome{}, refuse(UnknownSubject, "there is no open request %s in this cell", id.Short())
	}
	events, refusal := w.requestEffect(r, task, c)
	if refusal != nil {
		return Outcome{}, refusal
	}
	return Outcome{task.Stream, events}, nil
}

// answered takes what became of an alarm.
func (w *World) answered(task Task, c Command) (Outcome, *Refusal) {
	if c.Observed.Receipt == nil {
		return Outcome{}, refuse(TaskMismatch, "a receipt must be observed")
	}
	answered := &AlarmAnswered{Channel: task.Channel, Delivered: c.Observed.Receipt.Delivered, Status: c.Observed.Receipt.Status}
	events := []Event{answered}
	if answered.Delivered {
		events = append(events, w.heard(task, task.Channel, c.At)...)
	}
	return Outcome{task.Stream, events}, nil
}

// requestEffect takes the result of a task of a request.
func (w *World) requestEffect(r *access.Request, task Task, c Command) ([]Event, *Refusal) {
	switch task.Kind {
	case TaskLapse:
		return []Event{&RequestOver{State: access.Lapsed}}, nil
	case TaskRung:
		return w.climb(r, task, c)
	case TaskWaited:
		return w.waited(r, task, c)
	case TaskSolo:
		return w.unheard(r, c.At)
	case TaskEnd:
		return w.end(r, access.End{At: c.At, Why: access.EndExpired}), nil
	case TaskConsequence:
		return w.consequence(r, c)
	case TaskReview:
		return w.lapseReview(r, c)
	case TaskSymptom:
		return looked(task, c)
	}
	lease, ok := r.Lease(task.Target)
	if !ok {
		return nil, refuse(UnknownTarget, "request %s has no lease at %q", r.ID.Short(), task.Target)
	}
	switch task.Kind {
	case TaskOpen:
		if lease.Assignment != nil {
			return w.assigned(lease, c)
		}
		if c.Effect.Kind == EffectOpened && lease.Automation != "" && !w.partial && Waits(maps.Values(w.Requests), w.scenarioOf, r, lease) {
			return nil, refuse(NotDue, "an earlier execution for the same as %s is not closed", lease.Target)
		}
		return opened(lease, c)
	case TaskBaseline:
		return baseline(lease, c)
	case TaskDeliver:
		return w.delivered(task, c)
	case TaskProve:
		return refused(lease, c)
	case TaskList:
		return w.listed(lease, c)
	case TaskShut:
		if lease.Assignment != nil {
			return gone(lease, c)
		}
		return shut(lease, c)
	case TaskExpire:
		if lease.Assignment != nil {
			return w.outlived(lease, c)
		}
		return expired(lease, c)
	case TaskDeny:
		return w.denied(lease, c)
	case TaskRotated:
		return w.rotated(r, lease, c)
	case TaskPage:
		return []Event{&ClosingOverdue{Target: lease.Target, Since: lease.Closing.At}}, nil
	}
	return nil, refuse(TaskMismatch, "a task %s is not of a request", task.Kind)
}

func opened(l *access.Lease, c Command) ([]Event, *Refusal) {
	if c.Effect.Kind == EffectOpened {
		return []Event{&LeaseOpened{Target: l.Target}}, nil
	}
	if c.Effect.Kind != EffectOpenFailed {
		return nil, refuse(TaskMismatch, "%s is not listed to be opened", l.Target)
	}
	return openFailed(l, c)
}

// openFailed takes that a lease cannot be used yet, and why. One that is open already
// goes on: what is minted needs nothing at its target, and the next look may see it
// work.
func openFailed(l *access.Lease, c Command) ([]Event, *Refusal) {
	if refusal := failure(c); refusal != nil {
		return nil, refusal
	}
	if l.Trouble == c.Observed.Why {
		return nil, refuse(NothingNew, "that opening %s failed so is known", l.Target)
	}
	return []Event{&OpenFailed{Target: l.Target, Why: c.Observed.Why}}, nil
}

func failure(c Command) *Refusal {
	if !slices.Contains(Failures, c.Observed.Why) {
		return refuse(TaskMismatch, "a failure must say why: one of %v", Failures)
	}
	return nil
}

func baseline(l *access.Lease, c Command) ([]Event, *Refusal) {
	if c.Effect.Kind == EffectOpenFailed {
		return openFailed(l, c)
	}
	round := c.Observed.Round
	if round == nil || round.Twin != access.Accepted || round.Control != access.Accepted {
		return nil, refuse(NothingNew, "the twin was not seen to work at %s", l.Target)
	}
	return []Event{&TwinWorked{Target: l.Target}}, nil
}

func (w *World) delivered(task Task, c Command) ([]Event, *Refusal) {
	if c.Effect.Kind == EffectDelivered {
		return w.left(task, c)
	}
	if refusal := failure(c); refusal != nil {
		return nil, refusal
	}
	return []Event{&MintFailed{Target: task.Target, Fetch: task.Fetch, Why: c.Observed.Why}}, nil
}

func refused(l *access.Lease, c Command) ([]Event, *Refusal) {
	if c.Observed.Round == nil || !l.Refuses(*c.Observed.Round) {
		return nil, refuse(NothingNew, "the round at %s proves nothing: the twin must have worked before and be refused while the control is accepted", l.Target)
	}
	return proved(l, access.Proof{Kind: access.ProofRefused, At: c.At}), nil
}

func expired(l *access.Lease, c Command) ([]Event, *Refusal) {
	if c.At.Before(l.NotAfter.Add(access.ExpirySkew.Duration())) {
		return nil, refuse(NotDue, "the last credential of %s ends at %s", l.Target, l.NotAfter)
	}
	proof := access.Proof{Kind: access.ProofExpired, At: c.At}
	if l.State == access.LeaseClosed { // its slot is free now, and nothing else follows
		return []Event{&LeaseProved{Target: l.Target, Proof: proof}}, nil
	}
	return proved(l, proof), nil
}

// listed takes a host's signed report that no session of a lease is left. It
// counts only if the host listed after the door was proved shut: the list that
// it had then pulled was signed after that.
func (w *World) listed(l *access.Lease, c Command) ([]Event, *Refusal) {
	if l.Account != "" {
		return listedByAWS(l, c)
	}
	facts, refusal := w.facts(l.Host, c)
	if refusal != nil {
		return nil, refusal
	}
	switch {
	case facts.List < l.Closing.List:
		return nil, refuse(NothingNew, "host %s had revocation list %d; %s is on list %d and later", l.Host, facts.List, l.Target, l.Closing.List)
	case !l.DoorShut() || facts.ListAt.Before(l.ShutAt()):
		return nil, refuse(NothingNew, "host %s listed its sessions before the door was proved shut", l.Host)
	case slices.Contains(facts.KeyIDs, l.KeyID):
		return nil, refuse(NothingNew, "host %s still lists a session of %s", l.Host, l.KeyID)
	}
	return proved(l, access.Proof{Kind: access.ProofEnded, At: c.At, By: l.Host}), nil
}

// consequence ends what a removed requester, or a removed or suspended key, has
// open.
func (w *World) consequence(r *access.Request, c Command) ([]Event, *Refusal) {
	switch {
	case w.stands(r) && !w.outdated(r):
		return nil, refuse(NothingNew, "%s and the key that asked are in the roster", r.Requester)
	case r.State == access.Pending:
		return []Event{&RequestOver{State: access.Void}}, nil
	case r.State == access.Granted && w.predates(r):
		return w.end(r, access.End{At: c.At, Why: access.EndEpoch}), nil
	case r.State == access.Granted && w.Roster.Holds(r.Requester, r.Key):
		return w.end(r, access.End{At: c.At, Why: access.EndSuspended}), nil
	case r.State == access.Granted && w.Roster.Has(r.Requester):
		return w.end(r, access.End{At: c.At, Why: access.EndKeyGone}), nil
	case r.State == access.Granted:
		return w.end(r, access.End{At: c.At, Why: access.EndRemoved}), nil
	}
	return nil, refuse(NothingNew, "request %s is over already", r.ID.Short())
}

func (w *World) lapseChange(task Task) (Outcome, *Refusal) {
	id, err := canon.ParseDigest(task.Target)
	if change, ok := w.Changes[id]; err == nil && ok {
		return Outcome{StreamCell, []Event{&ChangeOver{Change: change.ID, State: ChangeLapsed}}}, nil
	}
	return Outcome{}, refuse(UnknownSubject, "there is no waiting change %s", task.Target)
}

// rulesCounted are the first rules by which counts of refused attempts stand
// with the other refusals. The stream of the cell is replayed at every start and
// goes with all evidence: it must not grow because somebody knocks every minute.
const rulesCounted = 2

func (w *World) refusals(c Command) (Outcome, *Refusal) {
	if len(c.Observed.Counts) == 0 {
		return Outcome{}, refuse(NothingNew, "nothing was counted")
	}
	stream := StreamCell
	if w.Rules >= rulesCounted {
		stream = StreamRefused
	}
	return Outcome{stream, []Event{&RefusalsCounted{Counts: c.Observed.Counts}}}, nil
}
