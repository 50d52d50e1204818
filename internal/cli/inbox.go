package cli

import (
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type inboxCommand struct{ memberFlags }

// Help is the long help of `inbox`.
func (inboxCommand) Help() string {
	return `Oldest first: the requests, and extensions of grants, with an empty place that your yes would fill (what one person asks for again is one row, which names each), the changes that you have not signed, a recovery that you could sign against, the granted requests that wait for your share of an envelope, the reviews that you are to write or to sign off, and your own requests under which you may go in alone.

Examples:

    halligan inbox
    halligan inbox --json`
}

// Run lists.
func (i inboxCommand) Run(c *call) error {
	m, err := c.open(i.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	return show(m, "inbox", func(in view.Inbox) string { return inboxSheet(in, now) })
}

func inboxSheet(in view.Inbox, now canon.Time) string {
	s := new(sheet)
	for _, ask := range in.Requests {
		if !ask.Extends.IsZero() {
			s.say("%s  %s asks to go on with %s at %s, on %s: until %s if agreed to now; it lapses at %s, with the grant.", ask.Short,
				ask.Requester, ask.Scenario, ask.Severity, both(ask.Targets), clock(ask.Until, now), clock(ask.Lapses, now))
			s.say("          Your yes would fill a place of %s.  halligan approve %s", strings.Join(ask.Legs, " or "), ask.Short)
			continue
		}
		s.say("%s  %s asks for %s at %s, for %s on %s; it lapses at %s.", ask.Short, ask.Requester, ask.Scenario,
			ask.Severity, ask.For, both(ask.Targets), clock(ask.Lapses, now))
		if n := len(ask.Before); n > 0 {
			s.say("          It is the same as before, asked %d times since %s: %s.", n+1, clock(ask.Before[0].At, now), both(askedBefore(ask.Before)))
		}
		s.say("          Your yes would fill a place of %s.  halligan approve %s", strings.Join(ask.Legs, " or "), ask.Short)
	}
	if in.Recovery != nil {
		s.recoveryWaits(in.Recovery, now)
	}
	for _, change := range in.Changes {
		sign := "change"
		if change.Recovers {
			sign = "recover"
		}
		s.say("%s  %s; it lapses at %s.", change.Short, change.Text, clock(change.Lapses, now))
		s.say("          halligan %s sign %s", sign, change.Short)
	}
	for _, share := range in.Shares {
		s.say("%s  %s is granted %s until %s: your share of envelope %s is wanted.", share.Short, share.Requester, share.Scenario,
			clock(share.Until, now), share.Envelope)
		s.say("          halligan share %s %s", share.Short, share.Envelope)
	}
	for _, owed := range in.Reviews {
		s.say("%s  %s asked for %s at %s. %s", owed.Short, owed.Requester, owed.Scenario, owed.Severity, owed.Text)
		s.say("          halligan review %s %s", owed.Do, owed.Short)
	}
	for _, alone := range in.Alone {
		s.say("%s  Nobody answered your %s: you may go in alone.", alone.Short, alone.Scenario)
		s.say("          halligan solo %s", alone.Short)
	}
	if len(in.Requests)+len(in.Changes)+len(in.Shares)+len(in.Reviews)+len(in.Alone) == 0 && in.Recovery == nil {
		s.say("Nothing waits for your signature.")
	}
	return s.String()
}

// repeatsNamed bounds the ids on one line.
const repeatsNamed = 5

// askedBefore are the ids of requests that were asked before, the latest of them.
func askedBefore(before []view.Repeat) (ids []string) {
	if more := len(before) - repeatsNamed; more > 0 {
		before = before[more:]
		ids = append(ids, count(more, "other"))
	}
	for _, r := range before {
		ids = append(ids, r.Short)
	}
	return ids
}
