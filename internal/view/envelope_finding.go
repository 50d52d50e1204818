package view

import (
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/custody"
)

// The kinds of finding about envelopes.
const (
	FindingBroken  FindingKind = "envelope-broken"  // its secret may be known, and was not changed
	FindingDue     FindingKind = "envelope-due"     // it owes fresh content
	FindingUnshown FindingKind = "envelope-unshown" // too few have shown that they can open it
)

// envelopeFindings are the envelopes that are not as they should be: broken ones
// first, then those that owe, then those that may not open.
func (s *state) envelopeFindings(at Instant) []Finding {
	var broken, due, unshown []Finding
	for _, name := range s.envelopeNames() {
		held := s.sealings[name]
		if held == nil {
			continue
		}
		byAWS := s.contents(name) != ""
		if state := held.State(s.given(held)); state == custody.Broken {
			broken = append(broken, Finding{Kind: FindingBroken, Target: name, byAWS: byAWS, Text: fmt.Sprintf("Envelope %s is %s.", name, envelopeKnown(held, state, byAWS))})
		}
		if held.Owed != nil {
			text := fmt.Sprintf("Envelope %s owes fresh content since %s (%s).", name, clock(held.Owed.Since, at.Now), plain(held.Owed.Why))
			due = append(due, Finding{Kind: FindingDue, Target: name, byAWS: byAWS, Since: held.Owed.Since, Text: text})
		}
		if of := held.Current; of.Shown() < of.Threshold {
			unshown = append(unshown, Finding{Kind: FindingUnshown, Target: name, Since: of.At, Text: fmt.Sprintf("Envelope %s: %s.", name, unshownText(of))})
		} else if n := lately(of, at); n < of.Threshold {
			text := fmt.Sprintf("Envelope %s: %d of the %d who are needed have shown within %d days that they can still open it (halligan envelope inspect).", name, n, of.Threshold, shownDays)
			unshown = append(unshown, Finding{Kind: FindingUnshown, Target: name, Text: text})
		}
	}
	return append(append(broken, due...), unshown...)
}

// shownDays is how long it is believed that somebody can still open a share.
const shownDays = 90

// lately counts who has shown within that time that their part is good.
func lately(of *custody.Sealing, at Instant) int {
	since := at.Now.Add(-shownDays * 24 * time.Hour)
	n := 0
	for _, h := range of.Holders {
		if h.Proved.After(since) || h.Seen.After(since) {
			n++
		}
	}
	return n
}

// unshownText says how many must still show that an envelope can be opened.
func unshownText(of *custody.Sealing) string {
	return fmt.Sprintf("%d of the %d who are needed have shown that they can open serial %d (halligan envelope inspect)", of.Shown(), of.Threshold, of.Serial)
}
