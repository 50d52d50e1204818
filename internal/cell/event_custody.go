package cell

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
)

// Events of envelopes, in the stream of the cell.
type (
	// EnvelopeSealed: a secret was sealed. The first of an envelope is in force.
	EnvelopeSealed struct {
		Envelope string          `json:"envelope"`
		Sealing  custody.Sealing `json:"sealing"`
	}
	// EnvelopeRotated: the newest sealing is in force, what was before it retired.
	EnvelopeRotated struct {
		Envelope string `json:"envelope"`
		Serial   int64  `json:"serial"`
		By       string `json:"by"`
	}
	// EnvelopeInspected: a custodian looked after their share.
	EnvelopeInspected struct {
		Envelope  string       `json:"envelope"`
		Serial    int64        `json:"serial"`
		Custodian string       `json:"custodian"`
		Proof     canon.Digest `json:"proof,omitzero"`
		Bag       string       `json:"bag,omitempty"`
		Place     string       `json:"place,omitempty"`
		Damaged   bool         `json:"damaged,omitzero"`
	}
	// EnvelopeOwed: fresh content is owed.
	EnvelopeOwed struct {
		Envelope string       `json:"envelope"`
		Owed     custody.Owed `json:"owed"`
	}
	// EnvelopeOverdue: it is owed for too long.
	EnvelopeOverdue struct {
		Envelope string     `json:"envelope"`
		Since    canon.Time `json:"since"`
	}
)

// Events of a lease of an envelope, in the stream of its request.
type (
	// ShareGiven: one custodian's share, sealed to the requester alone.
	ShareGiven struct {
		Target string       `json:"target"`
		Share  access.Share `json:"share"`
	}
	// HoneyTouched: somebody asked for, or gave a share of, an envelope that
	// nobody has a reason to open.
	HoneyTouched struct {
		Target string `json:"target"`
		By     string `json:"by"`
	}
)

func (*EnvelopeSealed) event() string    { return "envelope-sealed" }
func (*EnvelopeRotated) event() string   { return "envelope-rotated" }
func (*EnvelopeInspected) event() string { return "envelope-inspected" }
func (*EnvelopeOwed) event() string      { return "envelope-owed" }
func (*EnvelopeOverdue) event() string   { return "envelope-overdue" }
func (*ShareGiven) event() string        { return "share-given" }
func (*HoneyTouched) event() string      { return "honey-touched" }

// ApplyCustody moves envelopes on by an event of an entry at an instant; other
// events change nothing. What is in the map is replaced, never changed.
func ApplyCustody(envelopes map[string]*custody.Envelope, at canon.Time, e Event) {
	name := envelopeOf(e)
	if name == "" {
		return
	}
	envelope := &custody.Envelope{Name: name}
	if known, ok := envelopes[name]; ok {
		envelope = known.Clone()
	}
	switch e := e.(type) {
	case *EnvelopeSealed:
		sealing := e.Sealing
		if envelope.Current == nil {
			envelope.Current = &sealing
		} else {
			envelope.Next = &sealing
		}
	case *EnvelopeRotated:
		envelope.Current, envelope.Next, envelope.Owed = envelope.Next, nil, nil
	case *EnvelopeInspected:
		sealing, _ := envelope.Sealing(e.Serial)
		holder, _ := sealing.Holder(e.Custodian)
		if !e.Proof.IsZero() {
			holder.Proof, holder.Proved = e.Proof, at
		}
		if e.Bag != "" {
			holder.Bag, holder.Place = e.Bag, e.Place
		}
		if e.Bag != "" && !e.Damaged {
			holder.Seen = at
		}
	case *EnvelopeOwed:
		owed := e.Owed
		envelope.Owed = &owed
	}
	envelopes[name] = envelope
}

// envelopeOf is the envelope that an event of the cell speaks of.
func envelopeOf(e Event) string {
	switch e := e.(type) {
	case *EnvelopeSealed:
		return e.Envelope
	case *EnvelopeRotated:
		return e.Envelope
	case *EnvelopeInspected:
		return e.Envelope
	case *EnvelopeOwed:
		return e.Envelope
	case *EnvelopeOverdue:
		return e.Envelope
	}
	return ""
}

// followCustody enqueues what an event of an envelope asks for, and what the
// going of a person or a key means for the envelopes that they hold shares of.
func (w *World) followCustody(p place, e Event) {
	name := envelopeOf(e)
	switch e := e.(type) {
	case *EnvelopeSealed:
		if e.Sealing.Serial == 1 {
			w.schedule(p, name)
		}
	case *EnvelopeRotated:
		w.finish(p.stream, func(t Task) bool { return t.Target == name && (t.Kind == TaskOwe || t.Kind == TaskOverdue) })
		w.schedule(p, name)
		w.followRotation(p, e)
	case *EnvelopeOwed:
		w.finish(p.stream, func(t Task) bool { return t.Target == name && t.Kind == TaskOwe })
		w.enqueue(p, Task{Kind: TaskOverdue, Target: name, Due: e.Owed.By})
	case *EnvelopeOverdue:
		w.enqueue(p, Task{Kind: TaskOverdue, Target: name, Due: p.at.Add(custody.FreshWithin.Duration())})
	case *PersonRemoved:
		w.followCustodian(p, e.Person, custody.WhyLeft)
	case *KeyRemoved:
		w.followCustodian(p, e.Person, custody.WhyKeyGone)
	}
}

// schedule says when fresh content is owed though nothing happened: the
// soonest that any scenario asks for.
func (w *World) schedule(p place, envelope string) {
	soonest := canon.Seconds(0)
	for _, of := range w.opening(envelope) {
		if every := of.RotateEvery; every > 0 && (soonest == 0 || every < soonest) {
			soonest = every
		}
	}
	if soonest > 0 {
		w.enqueue(p, Task{Kind: TaskOwe, Target: envelope, Event: custody.WhySchedule, Due: p.at.Add(soonest.Duration())})
	}
}

// followCustodian makes fresh content owed for every envelope that a person
// holds a share of.
func (w *World) followCustodian(p place, person, why string) {
	for _, name := range sortedKeys(w.Envelopes) {
		envelope := w.Envelopes[name]
		if envelope.Owed != nil {
			continue
		}
		for _, sealing := range []*custody.Sealing{envelope.Current, envelope.Next} {
			if sealing == nil {
				continue
			}
			if _, holds := sealing.Holder(person); holds {
				w.finish(p.stream, func(t Task) bool { return t.Target == name && t.Kind == TaskOwe })
				w.enqueue(p, Task{Kind: TaskOwe, Target: name, Event: why, Person: person})
				break
			}
		}
	}
}

// followRotation enqueues, for each lease that got shares of what is retired
// now, or may have got some in entries that are lost, the command that closes it.
func (w *World) followRotation(p place, e *EnvelopeRotated) {
	var ids []canon.Digest
	for id, r := range w.Requests {
		if l, ok := r.Lease(e.Envelope); ok && l.Envelope == e.Envelope && (len(l.Shares) > 0 || w.predates(r)) && l.State != access.LeaseClosed {
			ids = append(ids, id)
		}
	}
	sortDigests(ids)
	for _, id := range ids {
		w.enqueue(place{index: p.index, stream: StreamOf(id), at: p.at}, Task{Kind: TaskRotated, Target: e.Envelope})
	}
}
