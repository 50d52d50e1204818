package cli

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// ofKeyFlags say which key of somebody is meant.
type ofKeyFlags struct {
	Of     string `arg:"" name:"key-or-person" complete:"people" help:"The key: its fingerprint or the beginning of it, or the id of a person who has one key. halligan people lists them."`
	Why    string `required:"" help:"Why. Security and the key's owner read it." placeholder:"TEXT"`
	DryRun bool   `help:"Say what it would mean, and sign nothing."`
	Yes    bool   `help:"Do not ask again before signing."`
	memberFlags
}

type suspendCommand struct {
	ofKeyFlags `embed:""`
}

// Help is the long help of `suspend`.
func (suspendCommand) Help() string {
	return `For security, when a key may be in wrong hands. One signature is enough, and it acts at once: the key signs nothing for four hours, what was asked with it ends, and so do the sessions that read with it. Its owner signs on with another key. Every channel hears of it.

It is no removal. In the four hours the change quorum removes the key (halligan change propose remove), or two of security, or the change quorum, let it sign again (halligan lift). You may suspend one key once a day; another of security may suspend it again. What a suspended key alone had suspended is freed. It is refused where nobody of security but you could sign after it.

Examples:

    halligan suspend SHA256:4wXg2k… --why "the laptop was stolen"
    halligan suspend dora --dry-run --why "somebody else has her phone"`
}

// Run suspends.
func (s suspendCommand) Run(c *call) error {
	a, err := s.about(c)
	if err != nil {
		return err
	}
	p, key := a.p, a.key
	if key.Fingerprint == a.m.signsWith() {
		return suspendsItself(key, p)
	}
	now := canon.Later(p.at, canon.At(c.now()))
	after := p.world.Roster.Clone()
	cell.ApplySuspension(&after, &cell.KeySuspended{Key: key.Fingerprint})
	out := suspension{Person: key.person, Key: key.Fingerprint, Until: now.Add(cell.SuspendedFor.Duration()), Leaves: cell.Unfilled(p.world.InForce(), &p.world.Roster, &after)}
	c.toPeople(fmt.Sprintf("The %s %s is %s's by the ledger, as proved up to entry %d.\n"+
		"Your signature has it sign nothing until %s, and ends what was asked with it.\n", key.Kind(), key.Fingerprint, key.person, p.newest, clock(out.Until, now)))
	if !after.CanSign(key.person) {
		c.toPeople(fmt.Sprintf("%s has no other key that signs.\n", key.person))
	}
	if len(out.Leaves) > 0 {
		c.toPeople(fmt.Sprintf("Without it NOBODY CAN AGREE meanwhile by %s.\n", both(out.Leaves)))
	}
	return s.sign(a, &statement.Suspend{Person: key.person, Key: key.Fingerprint, Reason: a.note}, out)
}

// suspendsItself says, before anything is shown, that the rules take no key's word
// against itself, and who or what else can suspend it.
func suspendsItself(key heldKey, p *proof) *failure {
	f := failf(exitRefused, "no key suspends itself, and %s is the one that you sign with; nothing was signed", key.Fingerprint)
	var others []string
	for _, member := range p.world.Roster.Members(p.world.Genesis.Security) {
		if member != key.person && p.world.Roster.CanSign(member) {
			others = append(others, member)
		}
	}
	if len(others) == 0 {
		return f.or("sign with another key of yours (--key)")
	}
	return f.or("sign with another key of yours (--key), or call %s, who can suspend it: halligan suspend %s --why …", either(others), key.Fingerprint)
}

// suspension is what became of a suspension, or would.
type suspension struct {
	Person string     `json:"person"`
	Key    string     `json:"key"`
	Until  canon.Time `json:"until"`
	Leaves []string   `json:"leaves,omitempty"` // what nobody could agree to meanwhile
	Entry  int64      `json:"entry,omitzero"`   // of the ledger; none: nothing was signed
	Over   bool       `json:"over,omitzero"`    // the key signs again
}

// aboutKey is what is signed about a key.
type aboutKey struct {
	m    *member
	p    *proof // of the cell
	key  heldKey
	note statement.Note
	text client.Noted
}

// about finds the key in what is proved of the cell.
func (f ofKeyFlags) about(c *call) (*aboutKey, error) {
	a := new(aboutKey)
	var err error
	if a.note, a.text, err = c.note(f.Why, "--why"); err != nil {
		return nil, err
	}
	if a.m, err = c.open(f.memberFlags); err != nil {
		return nil, err
	}
	if a.p, err = a.m.provedCell(); err != nil {
		return nil, err
	}
	a.key, err = keyMeant(a.p, f.Of)
	return a, err
}

// sign asks again, signs and says what it became.
func (f ofKeyFlags) sign(of *aboutKey, body statement.Body, out suspension) error {
	c, kind := of.m.c, string(body.Kind())
	if f.DryRun {
		return c.answer(out, func() { c.say("Nothing was signed.") })
	}
	if err := c.confirm(f.Yes, kind); err != nil {
		return err
	}
	a, err := of.m.submitSeen(body, []client.Noted{of.text}, of.p.seen())
	if err != nil {
		return err
	}
	out.Entry = a.Entry
	events, _ := cell.DecodeEvents(a.Events) // of a later version: what is recorded stands all the same
	var freed []string
	for _, e := range events {
		switch e := e.(type) {
		case *cell.KeySuspended:
			out.Until, out.Leaves = e.Until, e.Leaves
		case *cell.SuspensionOver:
			out.Over = out.Over || e.Key == out.Key
			if e.Key != out.Key {
				freed = append(freed, e.Person)
			}
		}
	}
	return c.answer(out, func() {
		switch {
		case out.Over:
			c.say("Lifted: the key signs again (entry %d).", a.Entry)
		case body.Kind() == statement.KindLift:
			c.say("Signed and recorded as entry %d. It takes two of security, or the change quorum; until then the key signs nothing.", a.Entry)
		default:
			c.say("Suspended until %s (entry %d).", clock(out.Until, a.At), a.Entry)
		}
		if len(freed) > 0 {
			c.say("That key had suspended a key of %s, which signs again.", both(freed))
		}
	})
}

// heldKey is a key and whose it is.
type heldKey struct {
	view.Key
	person string
}

// keyMeant finds the key that somebody means, in what was proved.
func keyMeant(p *proof, named string) (heldKey, error) {
	var found, own []heldKey
	for _, person := range p.view.People(view.Instant{Now: p.at}).People {
		for _, key := range person.Keys {
			if key.Removed {
				continue
			}
			if person.ID == named {
				own = append(own, heldKey{key, person.ID})
			}
			if rest, ok := strings.CutPrefix(named, "SHA256:"); ok && len(rest) >= digitsLeast && strings.HasPrefix(key.Fingerprint, named) {
				found = append(found, heldKey{key, person.ID})
			}
		}
	}
	found = append(found, own...)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return heldKey{}, failf(exitNotFound, "no key in the cell is %s", named).or("give the fingerprint, or the first %d or more characters after SHA256:; halligan people lists them", digitsLeast)
	}
	var all []string
	for _, key := range found {
		all = append(all, key.Fingerprint)
	}
	return heldKey{}, failf(exitUsage, "%s may be one of %s", named, count(len(found), "key")).or("name one of %s", either(all))
}

// digitsLeast is how many characters of a fingerprint are enough to name a key.
const digitsLeast = 6
