package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Extension is more time that was asked of a live grant.
type Extension struct {
	ID        canon.Digest  `json:"id"` // what a decision on it names
	Short     string        `json:"short"`
	State     access.State  `json:"state"`
	For       canon.Seconds `json:"for"` // from the last signature
	Targets   []string      `json:"targets"`
	Why       *Note         `json:"why"`
	At        canon.Time    `json:"at"`
	Until     canon.Time    `json:"until,omitzero"` // the end that it gave; while it waits, that it would give now
	By        []string      `json:"by,omitempty"`   // who filled its quorum
	Code      string        `json:"code,omitempty"` // one sentence: that it was asked with a code, and what that is worth
	Late      string        `json:"late,omitempty"` // one sentence: the overdue review that it was asked in spite of
	Legs      []Leg         `json:"legs,omitempty"` // only while it waits
	Decisions []Decision    `json:"decisions,omitempty"`
	Narrowed  *Narrowed     `json:"narrowed,omitzero"` // only while it waits
	Text      string        `json:"text"`
}

// extensions are those that were asked for under a grant, oldest first.
func (s *state) extensions(r *access.Request, at Instant) []Extension {
	var all []Extension
	for i := range r.Extensions {
		e := &r.Extensions[i]
		v := Extension{
			ID: e.ID, Short: e.ID.Short(), State: e.State, For: e.For, Targets: e.Targets, Why: &Note{Hash: e.Why}, At: e.At,
			Until: e.Until, By: e.By, Code: askedWith(e.Code, r.Requester), Late: lateText(e.Late),
		}
		for _, d := range e.Decisions {
			v.Decisions = append(v.Decisions, s.decision(d))
		}
		if e.State == access.Pending {
			s.waitingExtension(&v, r, at)
		}
		v.Text = extensionText(r, e, v.Until, at.Now)
		all = append(all, v)
	}
	return all
}

// waitingExtension adds what an extension still needs.
func (s *state) waitingExtension(v *Extension, r *access.Request, at Instant) {
	anew := r.Anew(r.Extending())
	length, targets := anew.Narrowed(s.counts)
	v.Until = r.Grant.Longer(length, at.Now)
	if length != anew.For || len(targets) != len(anew.Targets) {
		v.Narrowed = &Narrowed{For: length, Targets: targets}
	}
	if b, ok := s.ballotOf(anew); ok {
		v.Legs = b.legs(s.candidates(b.quorum, b.also...))
	}
}

// extensionText is one sentence about where an extension stands; until is when the
// grant ends by it, or would if it were agreed to now.
func extensionText(r *access.Request, e *access.Extension, until, now canon.Time) string {
	asked := fmt.Sprintf("%s asked at %s to go on for %s from the last signature, on %s", r.Requester, clock(e.At, now), e.For, both(e.Targets))
	switch e.State {
	case access.Pending:
		return fmt.Sprintf("%s: until %s if agreed to now; it waits, and lapses with the grant at %s.", asked, clock(until, now), clock(r.Grant.Until, now))
	case access.Granted:
		return fmt.Sprintf("%s: %s agreed, until %s.", asked, both(e.By), clock(e.Until, now))
	case access.Denied:
		return fmt.Sprintf("%s: %s said no.", asked, e.Decisions[len(e.Decisions)-1].Approver)
	case access.Withdrawn:
		return asked + ": then asked otherwise."
	}
	return asked + ": it lapsed with the grant."
}

// extensionSteps are what an extension that waits needs.
func (s *state) extensionSteps(r *access.Request) []Step {
	e := r.Extending()
	if e == nil {
		return nil
	}
	var steps []Step
	if b, ok := s.ballotOf(r.Anew(e)); ok {
		for _, leg := range b.legs(s.candidates(b.quorum, b.also...)) {
			if leg.Missing > 0 {
				steps = append(steps, Step{Text: "For more time, " + leg.Text + "."})
			}
		}
	}
	return steps
}

// asksNow is what a request asks of approvers now: itself while it waits, or more
// time while it is live.
func asksNow(r *access.Request) (*access.Request, *access.Extension) {
	e := r.Extending()
	if e == nil {
		return r, nil
	}
	return r.Anew(e), e
}

func (t teller) ofExtension(e cell.Event) string {
	switch e := e.(type) {
	case *cell.ExtensionAsked:
		x := e.Extension
		text := fmt.Sprintf("%s asks for more time: %s from the last signature on, for %s.", t.who, x.For, both(x.Targets))
		return sentences(text, askedWith(x.Code, t.who), lateText(x.Late))
	case *cell.ExtensionDecided:
		return fmt.Sprintf("%s %s, on more time.", e.Decision.Approver, verdict(e.Decision))
	case *cell.Extended:
		return fmt.Sprintf("The quorum is filled anew by %s: the window ends at %s.", both(e.By), clock(e.Until, t.at))
	}
	return ""
}

func extensionAlarm(e cell.Event, r *access.Request, of string) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.ExtensionAsked:
		x := e.Extension
		text := fmt.Sprintf("%s asks for more time for %s: %s from the last signature on, on %s. Its quorum decides anew.", r.Requester, of, x.For, both(x.Targets))
		return "extension.asked", sentences(text, askedWith(x.Code, r.Requester), lateText(x.Late))
	case *cell.Extended:
		return "grant.extended", fmt.Sprintf("%s is extended by %s: until %s.", of, both(e.By), whole(e.Until))
	}
	return "", ""
}

// extensionNotes are the notes of extensions whose texts the caller fills in.
func extensionNotes(all []Extension) []*Note {
	var notes []*Note
	for _, e := range all {
		notes = append(notes, e.Why)
	}
	return slices.Clip(notes)
}
