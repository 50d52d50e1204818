package cli

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

type vouchCommand struct {
	Person string `arg:"" complete:"people" help:"Whose key it is: halligan people lists them."`
	Of     string `name:"key" required:"" help:"The key, by the fingerprint that they showed you." placeholder:"SHA256:…"`
	Yes    bool   `help:"Do not ask again before signing."`
	profileFlags
	Signer string `name:"sign-with" help:"Key to sign with, where other commands have --key." env:"HALLIGAN_KEY" placeholder:"FILE"`
}

// Help is the long help of `vouch`.
func (vouchCommand) Help() string {
	return `A key that a change added agrees to nothing for the cell's cool-off, 72 hours unless it says otherwise. That becomes an hour when two people who sit with its owner in one leg of a quorum vouch that they met them in person and saw the fingerprint on their own machine (ssh-keygen -l), or when the owner does so with an older key that is no weaker. Every channel hears of it. A key that cools off itself vouches for nothing.

Examples:

    halligan vouch dora --key SHA256:4w…`
}

// Run vouches.
func (v vouchCommand) Run(c *call) error {
	if err := canon.CheckID(v.Person); err != nil {
		return because(exitUsage, err, "cannot vouch for %s", v.Person)
	}
	if err := statement.CheckFingerprint(v.Of); err != nil {
		return because(exitUsage, err, "cannot use --key").or("give it whole, as ssh-keygen -l prints it: SHA256: and 43 characters after it; halligan people lists those that the cell has")
	}
	m, err := c.open(memberFlags{profileFlags: v.profileFlags, Key: v.Signer})
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	owner, known := p.world.Roster.Owner(v.Of)
	if !known || owner != v.Person {
		return failf(exitNotFound, "%s has no key %s", v.Person, v.Of).or("compare it with the one that they showed you: if it is another, sign nothing and tell security")
	}
	now := canon.Later(p.at, canon.At(c.now()))
	until, cools := p.world.Cooling[v.Of]
	switch {
	case !cools, !p.world.Doubted && !now.Before(until):
		return failf(exitRefused, "the key %s of %s has cooled off", v.Of, v.Person).or("nothing is to be done: it agrees to things already")
	case !p.world.Doubted && !until.After(now.Add(cell.CoolOffVouched.Duration())):
		return failf(exitRefused, "the key %s of %s cools off at %s as it is: vouching makes that no sooner", v.Of, v.Person, clock(until, now)).or("wait until then")
	}
	c.toPeople(fmt.Sprintf("The key %s is %s's by the ledger, as proved up to entry %d, and cools off until %s.\n"+
		"Your signature says that you met %s in person, and that they showed you this fingerprint on their own machine.\n"+
		"With enough of them it cools off in %s.\n", v.Of, v.Person, p.newest, clock(until, p.at), v.Person, cell.CoolOffVouched))
	if err := c.confirm(v.Yes, "vouch"); err != nil {
		return err
	}
	a, err := m.submitSeen(&statement.Vouch{Person: v.Person, Key: v.Of, How: statement.InPerson}, nil, p.seen())
	if err != nil {
		return err
	}
	out := done{Entry: a.Entry, Known: vouched(p, v.Of, a)}
	return c.answer(out, func() {
		c.say("Vouched for and recorded as entry %d.", a.Entry)
		if out.Known != "" {
			c.say("Now: %s", sentence(out.Known))
		}
	})
}

// vouched is what somebody's word on a key came to; empty when the answer does not
// tell.
func vouched(p *proof, key string, a answer) string {
	events, err := cell.DecodeEvents(a.Events)
	if err != nil {
		return "" // of a later version; what is recorded stands all the same
	}
	for _, e := range events {
		e, ok := e.(*cell.KeyVouched)
		if !ok || e.Key != key {
			continue
		}
		if !e.Until.IsZero() {
			return fmt.Sprintf("that is enough: the key cools off at %s", clock(e.Until, a.At))
		}
		before := 0
		for _, d := range p.world.Vouched[key] {
			if p.counts(d) && d.Approver != e.Vouch.Approver {
				before++
			}
		}
		return fmt.Sprintf("%s, and that is not enough: it takes two who sit in one leg with %s, or %s with an older key; the key cools off at %s as before",
			vouchers(before+1), e.Person, e.Person, clock(p.world.Cooling[key], a.At))
	}
	return ""
}

func vouchers(n int) string {
	if n == 1 {
		return "1 has vouched"
	}
	return fmt.Sprintf("%d have vouched", n)
}
