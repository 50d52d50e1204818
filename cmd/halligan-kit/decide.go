package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/statement"
)

func (k *kit) approve(args []string) error { return k.decide("approve", statement.Approve, args) }

func (k *kit) deny(args []string) error { return k.decide("deny", statement.Deny, args) }

// show prints what a file comes to, and signs nothing.
func (k *kit) show(args []string) error {
	f := newFlags("show")
	c, err := k.count(f, args)
	if err != nil {
		return err
	}
	_, err = io.WriteString(k.out, c.sheet())
	return err
}

// decide shows a request, from what is signed and from the reader's own evidence
// alone, and signs a verdict on it.
func (k *kit) decide(name string, verdict statement.Verdict, args []string) error {
	f := newFlags(name)
	check, why := f.String("check", "", ""), f.String("note", "", "")
	c, err := k.count(f, args)
	if err != nil {
		return err
	}
	fmt.Fprint(k.errOut, c.sheet())
	if err := c.asks(); err != nil {
		return err
	}
	s, err := k.signer(c.proved, *f.key)
	if err != nil {
		return err
	}
	body := &statement.Decision{Of: c.request.ID, Verdict: verdict, Check: statement.Check(*check)}
	if *check == "" {
		return fail(exitUsage, "--check call-back, video, in-person, or not-checked with --note", "say how you made sure who asks: there is no default")
	}
	if *why != "" {
		text, kept, err := noted(*why)
		if err != nil {
			return err
		}
		body.Note, c.bundle.Notes = &text, append(c.bundle.Notes, kept)
	}
	k.say("\nYour signature, as %s, says %s to exactly this request (%s), with no server. It is carried back later, recorded as yours, and reviewed.", s.person, map[statement.Verdict]string{statement.Approve: "yes", statement.Deny: "no, which ends it"}[verdict], c.request.ID.Short())
	if err := k.confirm(f, name); err != nil {
		return err
	}
	if err := k.add(c, f, s, body); err != nil {
		return err
	}
	k.say("Signed, into %s.", *f.output)
	switch missing := c.missing(); {
	case verdict == statement.Deny:
		k.say("Next: hand it back to %s, and to whoever has a copy. Nobody gives a share to it any more.", c.request.Requester)
	case len(missing) > 0:
		k.say("Next: %s must agree: hand it on.", legs(c.request, c.proved))
	default:
		k.say("Next: the quorum has signed. %s: halligan-kit share.", c.custodians())
	}
	return nil
}

// missing are the places of the quorum that are empty.
func (c *counted) missing() []access.Leg { return c.world.Wanting(c.request) }

// legs is "1 of security and 1 of leads", of the places that are empty.
func legs(r *access.Request, p *proved) string {
	var parts []string
	for _, leg := range p.world.Wanting(r) {
		group, _ := access.Group(leg.From)
		parts = append(parts, fmt.Sprintf("%d of %s (%s)", leg.Count, group, strings.Join(p.world.Roster.Members(leg.From), ", ")))
	}
	return both(parts)
}

// custodians is "2 of ben, cara and dan give their shares of prod-root".
func (c *counted) custodians() string {
	var parts []string
	for _, name := range c.request.Targets {
		envelope, ok := c.world.Envelopes[name]
		if !ok || envelope.Current == nil {
			parts = append(parts, name+" was never sealed, by your evidence")
			continue
		}
		var holders []string
		for _, h := range envelope.Current.Holders {
			if h.Custodian != c.request.Requester {
				holders = append(holders, h.Custodian)
			}
		}
		given := 0
		if lease, ok := c.request.Lease(name); ok {
			given = len(lease.Shares)
		}
		parts = append(parts, fmt.Sprintf("%d of %s give their shares of %s (%d did)", envelope.Current.Threshold, both(holders), name, given))
	}
	return strings.Join(parts, "; ")
}

// sheet is what people read before they sign.
func (c *counted) sheet() string {
	var s strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&s, format+"\n", args...) }
	say("Checked on this machine, from your own anchor and evidence: every signature, and every rule,")
	say("up to entry %d of %s, recorded at %s.", c.report.Checkpoint.Size-1, c.world.Origin, c.report.To)
	say("THERE IS NO SERVER IN THIS: who was removed and what was changed after that is not known here.\n")
	r := c.request
	say("%s asks, as an act with no server that is owed and reviewed later, to open %s.", r.Requester, both(r.Targets))
	scenario := c.world.ScenarioOf(r)
	say("Scenario: %s (%s), %s", plain(scenario.Title), r.Scenario, r.Severity)
	if r.Incident != "" {
		say("Incident: %s", r.Incident)
	}
	say("Why:")
	for line := range strings.Lines(c.bundle.Text(c.body.Why.Hash)) {
		say("  | %s", strings.TrimRight(line, "\n"))
	}
	say("Asked at %s, by their own clock; it lapses at %s.", clock(r.Offline.Signed), clock(r.Lapses))
	for _, text := range scenario.UseWhen {
		say("It is for when: %s", plain(text))
	}
	for _, text := range scenario.DoNotUseWhen {
		say("It is not for when: %s", plain(text))
	}
	say("\nCall back on a number that you know, and hear these words, and the digits %s:\n\n    %s\n", r.ID.Short(), words(r.ID))
	c.signed(say)
	return s.String()
}

// signed tells what was signed to it, and what of that does not count.
func (c *counted) signed(say func(string, ...any)) {
	r := c.request
	for _, d := range r.Decisions {
		verdict := "agrees"
		if !d.Approves {
			verdict = "SAYS NO"
		}
		say("%s %s (%s), at %s by their own clock.", d.Approver, verdict, d.Check, clock(d.At))
	}
	for _, l := range r.Leases {
		for _, share := range l.Shares {
			say("%s gave a share of %s, serial %d.", share.Custodian, l.Envelope, share.Serial)
		}
	}
	for _, act := range r.Offline.Faulty() {
		say("DOES NOT COUNT: the %s in the name of %s: %s.", act.Kind, act.Person, act.Fault)
	}
	switch {
	case !r.Offline.Counts(r.ID):
		say("The request itself does not count: sign nothing.")
	case r.Denied() != "":
		say("It is over: %s said no.", r.Denied())
	case r.Offline.Filled:
		say("The quorum has signed. %s.", c.custodians())
	default:
		say("Who must agree still: %s.", legs(r, c.proved))
	}
}

// plain is a text with nothing in it that moves a terminal.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
}

// wanted is the one envelope that is meant.
func (c *counted) wanted(named string) (string, error) {
	switch {
	case named == "" && len(c.request.Targets) == 1:
		return c.request.Targets[0], nil
	case named == "":
		return "", fail(exitUsage, "name one with --only", "the request is for several envelopes: %s", both(c.request.Targets))
	case !slices.Contains(c.request.Targets, named):
		return "", errors.New("the request is for " + both(c.request.Targets))
	}
	return named, nil
}
