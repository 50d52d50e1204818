package cli

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// extend makes the brief one of the extension that waits: what is asked is what
// the requester signed for it, and who has signed is who has signed it.
func (b *brief) extend(e *access.Extension) error {
	signed, ok := b.statements[e.ID].Body.(*statement.Extend)
	if !ok || signed.Of != b.request.ID || signed.For != e.For || signed.Why.Hash != e.Why {
		return unproved("the extension that was signed is not in the evidence")
	}
	if _, ok := b.text(e.Why); !ok {
		return unproved("the reason that was signed is not in the evidence")
	}
	shown := b.shown.Extensions[len(b.shown.Extensions)-1]
	b.shown.Legs, b.shown.Decisions, b.shown.Narrowed, b.shown.Late = shown.Legs, shown.Decisions, shown.Narrowed, shown.Late
	asked := *b.asked
	asked.For, asked.Targets, asked.Why = e.For, e.Targets, signed.Why
	b.of, b.extension, b.grant = e.ID, e, b.request.Grant
	b.asked, b.request = &asked, b.request.Anew(e)
	return nil
}

// extensionSheet is the one screen that an approver of more time reads.
func (b *brief) extensionSheet(s *sheet) {
	b.who(s, "has emergency access, and asks for more time")
	s.say("Scenario: %s (%s), %s", line(b.scenario.Title), b.scenario.ID, b.asked.Severity)
	if b.asked.Incident != "" {
		s.say("Incident: %s", b.asked.Incident)
	}
	why, _ := b.text(b.asked.Why.Hash)
	s.say("Why it takes longer:")
	s.WriteString(quoted("  ", why))
	by := "by " + both(b.grant.By)
	if b.grant.Hearing != "" {
		by = "without a quorum: it was TAKEN ALONE"
	}
	s.say("Granted at %s %s. It ends at %s as it is.", clock(b.grant.From, b.at), by, clock(b.grant.Until, b.at))
	until := b.grant.Longer(b.asked.For, b.at)
	s.say("More time was asked for at %s. Agreed to at %s, it makes it %s longer: until %s.", clock(b.extension.At, b.at),
		clock(b.at, b.at), canon.SecondsOf(until.Sub(b.grant.Until)), clock(until, b.at))
	s.say("Each minute until the last signature is a minute more.")
	for _, e := range b.shown.Extensions {
		if e.ID == b.of {
			s.late(e.Code)
		}
	}
	s.say("")
	s.say("Call back on a number that you know, and hear these words, which are those of the request:")
	s.say("")
	s.say("    %s", b.words)
	s.say("")
	s.say("It keeps open, for %s at most from the last signature:", b.asked.For)
	for _, o := range b.shown.Opens {
		if slices.Contains(b.asked.Targets, o.Target) {
			s.say("  - %s: %s", o.Target, o.Text)
		}
	}
	s.late(b.shown.Late)
	s.signed(b.shown, b.at)
	if n := b.shown.Narrowed; n != nil {
		s.say("Narrowed so far to %s on %s.", n.For, both(n.Targets))
	}
	s.say("No signature on the request counts for it. A no (halligan deny %s --extension) refuses more time and leaves the grant; halligan stop %s ends it.", b.request.ID.Short(), b.request.ID.Short())
	s.say("Not known from here: what was recorded after entry %d.", b.newest)
}

// what names what a decision is on.
func (b *brief) what() string {
	if b.extension != nil {
		return "extension of " + b.request.ID.Short()
	}
	return "request"
}

// stays is what a no leaves as it is.
func (b *brief) stays() string {
	if b.extension != nil {
		return "; the grant ends at " + clock(b.grant.Until, b.at) + " as before"
	}
	return ""
}

// effect is what the last signature does.
func (b *brief) effect(length canon.Seconds) string {
	if b.extension != nil {
		return fmt.Sprintf("the window ends %s after it is recorded, and what is left out begins to close", length)
	}
	return "access opens at once"
}
