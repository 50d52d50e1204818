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

// recoverCommand is about other people and keys when the change quorum cannot sign
// any more. What it proposes, shows and signs is a change.
type recoverCommand struct {
	Propose recoverProposeCommand `cmd:"" help:"Propose the people and groups of edited files; they are in force when the recovery quorum has signed and the notice is over."`
	Show    recoverShowCommand    `cmd:"" help:"List the recoveries that wait, or check and show one."`
	Sign    recoverSignCommand    `cmd:"" help:"Check a recovery on this machine, show it, and sign it as one of the recovery quorum."`
	Cancel  recoverCancelCommand  `cmd:"" help:"Sign against a recovery; two people's signatures are the end of it."`
}

type recoverProposeCommand struct{ changeAmendCommand }

// Help is the long help of `recover propose`.
func (recoverProposeCommand) Help() string {
	return `When the people of the change quorum lost their keys, the recovery quorum of cell.yaml puts other keys, people and groups in place, and nothing else. Copy the cell's files, edit people and groups, and propose the copy, as for halligan change propose. When the recovery quorum has signed, every channel hears of it, and again each day, until the notice is over: a week, or what cell.yaml says. Until then two people of any quorum can cancel it, and so can those whom it removes. Keys that it adds cool off as any others.

Examples:

    halligan recover propose --files ./edited --dry-run
    halligan recover propose --files ./edited --why "the safe with both keys burnt"`
}

// Run proposes.
func (r recoverProposeCommand) Run(c *call) error { return r.propose(c, true) }

type recoverShowCommand struct{ changeShowCommand }

// Help is the long help of `recover show`.
func (recoverShowCommand) Help() string {
	return `With an id, the recovery is fetched with its evidence, verified from your anchor and shown from the signed bytes: whom it removes, which keys it adds, until when it can be cancelled, and who has signed against it.

Examples:

    halligan recover show
    halligan recover show 77a0c1de`
}

// Run shows.
func (r recoverShowCommand) Run(c *call) error {
	return r.show(c, func(change view.Change) bool { return change.Recovers })
}

type recoverSignCommand struct{ changeSignCommand }

// Help is the long help of `recover sign`.
func (recoverSignCommand) Help() string {
	return `You are one of the recovery quorum. Meet or call whoever shall have the keys that it adds, and compare the fingerprints: what takes effect after the notice is exactly what is shown. A no ends it while the quorum is not filled; after that, cancel it.

Examples:

    halligan recover sign 77a0c1de --check in-person
    halligan recover sign 77a0c1de --deny --check call-back --note "they have their keys"`
}

type recoverCancelCommand struct {
	ID  string `arg:"" help:"The recovery: its id, or the first 8 or more digits of it."`
	Why string `required:"" help:"Why. Everybody of the cell may read it." placeholder:"TEXT"`
	Yes bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `recover cancel`.
func (recoverCancelCommand) Help() string {
	return `Anybody in a leg of any quorum of the cell may sign against a recovery, those whom it removes too, with a key that has cooled off. The first signature stops nothing: it takes two people. Somebody who replaces keys while their owners have them is taking over: cancel it, and remove who signed it (halligan change propose remove).

Examples:

    halligan recover cancel 77a0c1de --why "we have our keys; nobody asked us"`
}

// Run signs against a recovery.
func (r recoverCancelCommand) Run(c *call) error {
	why, text, err := c.note(r.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	p, id, err := m.provedChange(r.ID)
	if err != nil {
		return err
	}
	change, asked, err := p.change(id)
	if err != nil {
		return err
	}
	if !change.Recovers {
		return failf(exitUsage, "%s is a change, and no recovery", id.Short()).or("whoever is of the change quorum says no to it: halligan change sign %s --deny", id.Short())
	}
	c.toPeople(changeSheet(p, change, asked))
	c.toPeople(fmt.Sprintf("\nYour signature, as %s, is against exactly this recovery (%s). It takes two people.\n", m.person(), id.Short()))
	if err := c.confirm(r.Yes, "cancel"); err != nil {
		return err
	}
	a, err := m.submitSeen(&statement.Cancel{Of: id, Why: why}, []client.Noted{text}, p.seen())
	if err != nil {
		return err
	}
	out := done{Request: id.String(), Entry: a.Entry, State: "waiting"}
	events, err := cell.DecodeEvents(a.Events)
	if err != nil {
		out.State = "" // of a later version; what is recorded stands all the same
	}
	for _, e := range events {
		if over, ok := e.(*cell.RecoveryOver); ok {
			out.State = string(over.State)
		}
	}
	return c.answer(out, func() {
		c.say("Signed and recorded as entry %d: no to recovery %s.", a.Entry, id.Short())
		if out.State == string(cell.ChangeCancelled) {
			c.say("It is cancelled.")
			return
		}
		if out.State == "" {
			return
		}
		c.say("It goes on until another person signs against it too: halligan recover cancel %s", id.Short())
	})
}

// beyondPeople names what files would change that no recovery can; empty when that
// is nothing.
func beyondPeople(differences []cell.Difference) string {
	for _, d := range differences {
		if !strings.HasPrefix(d.About, "person ") && !strings.HasPrefix(d.About, "group ") && d.Of != "founders" {
			return strings.TrimSpace(d.About + " " + d.Of)
		}
	}
	return ""
}

// recoverSheet says what a recovery would do, from the documents themselves, and
// until when it can be cancelled.
func (p *proof) recoverSheet(s *sheet, change *cell.Change, asked *statement.Recover) {
	s.say("A RECOVERY: it puts other people and keys in place, by the recovery quorum, after a notice of %s.", p.world.Genesis.Recovery.Notice)
	p.amendSheet(s, change, &asked.Amend)
}

// recoveryWaits is what everybody must know of a recovery that is agreed.
func (s *sheet) recoveryWaits(change *view.Change, now canon.Time) {
	s.say("RECOVERY %s: %s. It takes effect at %s, unless two people cancel it before.", change.Short, change.Text, clock(change.Until, now))
	if len(change.Against) > 0 {
		s.say("  Signed against it: %s.", both(change.Against))
	}
	s.say("  halligan recover show %s    halligan recover cancel %s --why …", change.Short, change.Short)
}
