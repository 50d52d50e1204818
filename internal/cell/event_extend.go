package cell

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Events of an extension.
type (
	// ExtensionAsked: it waits for the quorum of its request, in the place of one
	// that waited before.
	ExtensionAsked struct {
		Extension access.Extension `json:"extension"`
	}
	// ExtensionDecided: one more verdict on it. A no is the end of it, and leaves
	// the grant as it is.
	ExtensionDecided struct {
		Extension canon.Digest    `json:"extension"`
		Decision  access.Decision `json:"decision"`
	}
	// Extended: the quorum is filled anew; the grant ends later.
	Extended struct {
		Extension canon.Digest `json:"extension"`
		Until     canon.Time   `json:"until"`
		By        []string     `json:"by"`
	}
)

func (*ExtensionAsked) event() string   { return "extension-asked" }
func (*ExtensionDecided) event() string { return "extension-decided" }
func (*Extended) event() string         { return "extended" }

// applyExtension changes a copy of a request by an event of its extension.
func applyExtension(r *access.Request, e Event) bool {
	waits := r.Extending()
	switch e := e.(type) {
	case *ExtensionAsked:
		if waits != nil {
			waits.State = access.Withdrawn
		}
		r.Extensions = append(r.Extensions, e.Extension)
	case *ExtensionDecided:
		waits.Decisions = append(waits.Decisions, e.Decision)
		if !e.Decision.Approves {
			waits.State = access.Denied
		}
	case *Extended:
		grant := *r.Grant
		grant.Until = e.Until
		r.Grant, waits.State, waits.Until, waits.By = &grant, access.Granted, e.Until, e.By
	default:
		return false
	}
	return true
}

// followExtended moves the end of the grant, and tells programs of it.
func (w *World) followExtended(p place, e *Extended) {
	w.finish(p.stream, func(t Task) bool { return t.Kind == TaskEnd })
	w.enqueue(p, Task{Kind: TaskEnd, Due: e.Until})
	id, _ := RequestOf(p.stream)
	for _, l := range w.Requests[id].Leases {
		if l.Program != "" && l.Held() {
			w.enqueue(p, Task{Kind: TaskOpen, Target: l.Target})
		}
	}
}
