package cell

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Events of a requester who goes in alone, in the stream of the request.
type (
	// RequestWitnessed: enough witnesses cosigned a checkpoint, which the entry
	// holds, with the request in it; the second time with the offer in it, and so
	// long after the first as the ladder waits.
	RequestWitnessed struct {
		Size int64      `json:"size"`
		By   []string   `json:"by"` // names
		At   canon.Time `json:"at"` // by when enough had cosigned, by their clocks
	}
	// SoloOffered: nobody answered in time; the requester may sign to go in alone.
	SoloOffered struct {
		Rung  int             `json:"rung"`
		Offer access.SoloStep `json:"offer"`
	}
	// SoloTaken: they did. Nothing is open before somebody heard, or nobody did.
	SoloTaken struct {
		Taken access.Taken `json:"taken"`
	}
	// SoloHeard: a channel took the alarm of it, the first.
	SoloHeard struct {
		Channel string `json:"channel"`
	}
	// SoloBegun: the grant begins, without a quorum, and its leases open.
	SoloBegun struct {
		Grant  access.Grant   `json:"grant"`
		Leases []access.Lease `json:"leases"`
	}
)

func (*RequestWitnessed) event() string { return "request-witnessed" }
func (*SoloOffered) event() string      { return "solo-offered" }
func (*SoloTaken) event() string        { return soloTaken }
func (*SoloHeard) event() string        { return "solo-heard" }
func (*SoloBegun) event() string        { return "solo-begun" }

// LookAgain is how often symptoms are looked at while a requester may go in alone.
const LookAgain = canon.Seconds(5 * 60)

// soloTaken is the alarm whose receipt lets somebody in.
const soloTaken = "solo-taken"

// applySolo changes how far a copy of a request came on the solo step; false says
// that the event is not of one.
func applySolo(p place, r *access.Request, e Event) bool {
	var solo access.Solo
	if r.Solo != nil {
		solo = *r.Solo
	}
	switch e := e.(type) {
	case *RequestWitnessed:
		if solo.Asked.IsZero() {
			solo.Asked = e.At
		} else {
			solo.Passed = e.Size
		}
	case *SoloOffered:
		solo.Rung, solo.Entry, solo.Offer = e.Rung, p.index, e.Offer
	case *SoloTaken:
		taken := e.Taken
		solo.Taken = &taken
	case *SoloHeard:
		solo.Heard = e.Channel
	case *SoloBegun:
		grant := e.Grant
		r.State, r.Grant, r.Leases = access.Granted, &grant, append([]access.Lease(nil), e.Leases...)
		r.Severity = solo.Offer.RaiseTo
	default:
		return false
	}
	r.Solo = &solo
	return true
}

// followSolo enqueues what proves that the requester waited, and what lets them
// in when no channel takes the alarm.
func (w *World) followSolo(p place, e Event) {
	id, _ := RequestOf(p.stream)
	switch e := e.(type) {
	case *SoloOffered:
		w.followWait(p)
		w.look(p, w.Requests[id])
	case *SymptomLookedAt: // what was seen long ago lets nobody in: whoever may go in alone decides when
		if r := w.Requests[id]; r.State == access.Pending && r.Offered() && e.Look.Network != "" {
			w.enqueueOnce(p, Task{Kind: TaskSymptom, Target: e.Look.Symptom, Channel: e.Look.Network, Due: p.at.Add(LookAgain.Duration())})
		}
	case *SoloTaken:
		w.enqueue(p, Task{Kind: TaskSolo, Due: p.at.Add(SoloUnheard.Duration())})
	case *Agreed, *RequestOver, *SoloBegun:
		w.finish(p.stream, func(t Task) bool {
			return t.Kind == TaskWaited || t.Kind == TaskSolo || t.Kind == TaskSymptom && t.Due.After(p.at)
		})
	}
}

// followWait has witnesses cosign where a request stands now.
func (w *World) followWait(p place) {
	if !w.Genesis.Policy().None() {
		w.enqueue(p, Task{Kind: TaskWaited})
	}
}
