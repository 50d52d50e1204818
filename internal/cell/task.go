package cell

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// TaskKind names what is to be done.
type TaskKind string

// The kinds of task.
const (
	TaskOpen        TaskKind = "open"          // open a lease at its target
	TaskBaseline    TaskKind = "baseline"      // see the twin accepted while the lease is open
	TaskDeliver     TaskKind = "deliver"       // mint an authorised credential and hand it over
	TaskProve       TaskKind = "prove"         // close at the target and see the twin refused
	TaskList        TaskKind = "list"          // have the host list its sessions
	TaskShut        TaskKind = "shut"          // have a program, or Identity Center, close a lease, and show that it is over
	TaskExpire      TaskKind = "expire"        // the lease's last credential is over
	TaskPage        TaskKind = "page"          // the lease should be closed by now
	TaskRung        TaskKind = "rung"          // the request climbs its ladder, unless it is agreed before
	TaskWaited      TaskKind = "waited"        // have witnesses cosign where a waiting request stands
	TaskSolo        TaskKind = "solo"          // no channel took the alarm that the requester goes in alone
	TaskLapse       TaskKind = "lapse"         // the request or proposal waited long enough
	TaskEnd         TaskKind = "end"           // the grant's window is over
	TaskAlarm       TaskKind = "alarm"         // tell a channel
	TaskConsequence TaskKind = "consequence"   // what a removal means for a request
	TaskClock       TaskKind = "clock"         // standing: report the clock's steps
	TaskCount       TaskKind = "refused-count" // standing: report refused attempts
	TaskRotated     TaskKind = "rotated"       // what a rotation means for a lease of its envelope
	TaskOwe         TaskKind = "envelope-owe"  // an envelope owes fresh content
	TaskOverdue     TaskKind = "envelope-due"  // it owes that for too long
	TaskWitness     TaskKind = "witness"       // standing: report what the witnesses cosign
	TaskSilent      TaskKind = "silent"        // the witnesses should cosign again by now
	TaskReview      TaskKind = "review"        // the review should be signed off by now
	TaskSurvey      TaskKind = "survey"        // have a host list its sessions after an epoch began
	TaskSymptom     TaskKind = "symptom"       // look at a symptom, over the network that Channel names
	TaskRecover     TaskKind = "recover"       // a day of an agreed recovery is over, or its notice is
	TaskSuspension  TaskKind = "suspension"    // a key was suspended for long enough
	TaskOverlap     TaskKind = "overlap"       // bring a checkpoint that both ledger keys signed
	TaskAssignments TaskKind = "assignments"   // standing: list who has the permission sets that scenarios give
	TaskDeny        TaskKind = "deny"          // have the sessions of an assignment denied by policy until they are over
)

// Task is an effect that an entry asked for. Its results come back as effects
// that name it.
type Task struct {
	ID      string       `json:"id"`
	Kind    TaskKind     `json:"kind"`
	Stream  string       `json:"stream"`
	Target  string       `json:"target,omitempty"`
	Channel string       `json:"channel,omitempty"` // that an alarm is told on; of a look: the network
	Fetch   canon.Digest `json:"fetch,omitzero"`
	Due     canon.Time   `json:"due"`             // not before
	Entry   int64        `json:"entry"`           // that asked for it
	Event   string       `json:"event,omitempty"` // that an alarm speaks of, or why content is owed
	Person  string       `json:"person,omitempty"`
}

// results says which effects may come back from which task.
var results = map[TaskKind][]EffectKind{
	TaskOpen:        {EffectOpened, EffectOpenFailed, EffectListed},
	TaskBaseline:    {EffectProbed, EffectOpenFailed},
	TaskDeliver:     {EffectDelivered, EffectMintFailed},
	TaskProve:       {EffectProbed},
	TaskList:        {EffectListed},
	TaskShut:        {EffectShut},
	TaskExpire:      {EffectDue},
	TaskPage:        {EffectDue},
	TaskRung:        {EffectDue},
	TaskWaited:      {EffectCosigned},
	TaskSolo:        {EffectDue},
	TaskLapse:       {EffectDue},
	TaskEnd:         {EffectDue},
	TaskAlarm:       {EffectAlarmReceipt},
	TaskConsequence: {EffectConsequence},
	TaskClock:       {EffectClock},
	TaskCount:       {EffectRefusedCount},
	TaskRotated:     {EffectConsequence},
	TaskOwe:         {EffectDue},
	TaskOverdue:     {EffectDue},
	TaskWitness:     {EffectCosigned, EffectUnwitnessed},
	TaskSilent:      {EffectDue},
	TaskReview:      {EffectDue},
	TaskSurvey:      {EffectListed},
	TaskSymptom:     {EffectLooked},
	TaskRecover:     {EffectDue},
	TaskOverlap:     {EffectOverlapped},
	TaskSuspension:  {EffectDue},
	TaskAssignments: {EffectListed},
	TaskDeny:        {EffectDenied},
}

// PageAfter is how long a lease may be closing before it pages, and how often
// it pages again.
const PageAfter = canon.Seconds(120)

// PageAgain is how long after a page the next one comes.
const PageAgain = canon.Seconds(15 * 60)

// enqueueOnce is enqueue, but for what the same entry asked for already: of
// several events of one name in an entry, one alarm tells.
func (w *World) enqueueOnce(p place, t Task) {
	if _, asked := w.Tasks[t.id(p)]; !asked {
		w.enqueue(p, t)
	}
}

// id is the id of a task that an entry asks for.
func (t Task) id(p place) string {
	id := fmt.Sprintf("%s:%s:%d", t.Kind, shortStream(p.stream), p.index)
	for _, part := range []string{t.Target, t.Channel, t.Event} {
		if part != "" {
			id += ":" + part
		}
	}
	return id
}

func (w *World) enqueue(p place, t Task) {
	t.Stream, t.Entry = p.stream, p.index
	if t.Due.IsZero() {
		t.Due = p.at
	}
	t.ID = t.id(p)
	w.addTask(t)
	w.changes.Enqueued = append(w.changes.Enqueued, t)
}

func (w *World) addTask(t Task) {
	w.Tasks[t.ID] = t
	w.tasksOf[t.Stream] = append(slices.Clip(w.tasksOf[t.Stream]), t.ID)
}

// finish takes tasks of a stream that are no longer wanted out of the world.
func (w *World) finish(stream string, over func(Task) bool) {
	for _, id := range slices.Clone(w.tasksOf[stream]) {
		if over(w.Tasks[id]) {
			w.done(id)
		}
	}
}

func (w *World) done(id string) {
	t, ok := w.Tasks[id]
	if !ok {
		return
	}
	delete(w.Tasks, id)
	left := slices.DeleteFunc(slices.Clone(w.tasksOf[t.Stream]), func(other string) bool { return other == id })
	if len(left) == 0 {
		delete(w.tasksOf, t.Stream)
	} else {
		w.tasksOf[t.Stream] = left
	}
	w.changes.Done = append(w.changes.Done, t)
}

func shortStream(stream string) string {
	if id, ok := RequestOf(stream); ok {
		return id.Short()
	}
	return stream
}
