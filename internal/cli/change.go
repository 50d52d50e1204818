package cli

import (
	"net/url"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// changeCommand is about changes of the cell itself.
type changeCommand struct {
	Propose changeProposeCommand `cmd:"" help:"Propose a change; it takes effect when the change quorum has signed."`
	Show    changeShowCommand    `cmd:"" help:"List the changes that wait, or check and show one."`
	Sign    changeSignCommand    `cmd:"" help:"Check a change on this machine, show it, and sign it."`
}

// changeProposeCommand has a command for each kind of change.
type changeProposeCommand struct {
	Amend  changeAmendCommand  `cmd:"" default:"withargs" help:"Propose what edited files say in place of what is in force."`
	Remove changeRemoveCommand `cmd:"" help:"Propose to remove a person, or one key of a person, for good."`

	LedgerKey changeLedgerKeyCommand `cmd:"" name:"ledger-key" help:"Propose to sign the ledger with another key."`
}

type changeRemoveCommand struct {
	Person string `arg:"" complete:"people" help:"Who: halligan people lists them."`
	Of     string `name:"key" help:"Only this key of theirs, by its fingerprint." placeholder:"SHA256:…"`
	Why    string `required:"" help:"Why. Security and the change quorum read it." placeholder:"TEXT"`
	profileFlags
	Signer string `name:"sign-with" help:"Key to sign with, where other commands have --key." env:"HALLIGAN_KEY" placeholder:"FILE"`
}

// Help is the long help of `change propose remove`.
func (changeRemoveCommand) Help() string {
	return `You are the first of the change quorum to sign. What the removed person has open ends as soon as the quorum is filled.

Examples:

    halligan change propose remove bob --why "left the company"
    halligan change propose remove bob --key SHA256:4w… --why "the laptop was stolen"`
}

// Run proposes a removal.
func (r changeRemoveCommand) Run(c *call) error {
	note, text, err := c.note(r.Why, "--why")
	if err != nil {
		return err
	}
	if err := canon.CheckID(r.Person); err != nil {
		return because(exitUsage, err, "cannot propose to remove %s", r.Person)
	}
	m, err := c.open(memberFlags{profileFlags: r.profileFlags, Key: r.Signer})
	if err != nil {
		return err
	}
	if err := r.known(m); err != nil {
		return err
	}
	a, err := m.submit(&statement.Change{Remove: statement.Removal{Person: r.Person, Key: r.Of}, Reason: note}, []client.Noted{text})
	if err != nil {
		return err
	}
	return m.proposed(a, "change")
}

// known demands that the cell has whom the flags name, before anybody signs.
func (r changeRemoveCommand) known(m *member) error {
	cell, err := readAs[view.People](m, "people")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(cell.People, func(p view.Person) bool { return p.ID == r.Person })
	if at < 0 {
		return failf(exitNotFound, "nobody in the cell is %s", r.Person).or("halligan people lists everybody")
	}
	if r.Of != "" && !slices.ContainsFunc(cell.People[at].Keys, func(k view.Key) bool { return k.Fingerprint == r.Of }) {
		return failf(exitNotFound, "%s has no key %s", r.Person, r.Of).or("halligan people lists everybody's keys")
	}
	return nil
}

// proposed says what became of a proposal to the change or the recovery quorum.
func (m *member) proposed(a answer, quorum string) error {
	sign := map[string]string{"change": "change", "recovery": "recover"}[quorum]
	out := struct {
		Change canon.Digest `json:"change"`
		Entry  int64        `json:"entry"`
	}{a.Digest, a.Entry}
	return m.c.answer(out, func() {
		m.c.say("Proposed and recorded as entry %d: change %s.", a.Entry, a.Digest.Short())
		if state, stands := changeOver(a); state != "" { // a quorum of one
			m.c.say("Now: %s.", stands)
			return
		}
		m.c.say("It waits for the %s quorum: halligan %s sign %s", quorum, sign, a.Digest.Short())
	})
}

type changeShowCommand struct {
	ID string `arg:"" optional:"" help:"A change: its id, or the first 8 or more digits of it."`
	memberFlags
}

// Help is the long help of `change show`.
func (changeShowCommand) Help() string {
	return `With an id, the change is fetched with its evidence, verified from your anchor and shown from the signed bytes.

Examples:

    halligan change show
    halligan change show 77a0c1de`
}

// Run shows.
func (s changeShowCommand) Run(c *call) error {
	return s.show(c, func(view.Change) bool { return true })
}

// show shows one change, or lists those that are meant.
func (s changeShowCommand) show(c *call, meant func(view.Change) bool) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	if s.ID == "" {
		now := canon.At(c.now())
		list, err := readAs[changeList](m, "changes")
		if err != nil {
			return err
		}
		list.Changes = slices.DeleteFunc(list.Changes, func(change view.Change) bool { return !meant(change) })
		return c.answer(list, func() { c.print(changesSheet(list, now)) })
	}
	p, id, err := m.provedChange(s.ID)
	if err != nil {
		return err
	}
	change, asked, err := p.change(id)
	if err != nil {
		return err
	}
	out := shownChange{Change: change}
	if change.Amends() {
		if proposed, err := p.world.Proposed(change); err == nil {
			out.Differences = cell.Compare(p.world.InForce(), proposed)
		}
	}
	return c.answer(out, func() { c.print(changeSheet(p, change, asked)) })
}

type changeList struct {
	Changes []view.Change `json:"changes"`
}

func changesSheet(list changeList, now canon.Time) string {
	s := new(sheet)
	for i := range list.Changes {
		change := &list.Changes[i]
		if !change.Until.IsZero() {
			s.recoveryWaits(change, now)
			continue
		}
		s.say("%s  %s; it lapses at %s.", change.Short, change.Text, clock(change.Lapses, now))
		for _, leg := range change.Legs {
			s.say("          %s", leg.Text)
		}
	}
	if len(list.Changes) == 0 {
		s.say("Nothing waits.")
	}
	return s.String()
}

type changeSignCommand struct {
	ID    string `arg:"" help:"The change: its id, or the first 8 or more digits of it."`
	Deny  bool   `help:"Sign no: it ends the change."`
	Check check  `complete:"call-back,video,in-person,not-checked" help:"How you made sure that the proposer proposes this: call-back, video, in-person, or not-checked (with --note)." placeholder:"HOW"`
	Note  string `help:"A sentence that goes with your decision. not-checked needs one." placeholder:"TEXT"`
	Yes   bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `change sign`.
func (changeSignCommand) Help() string {
	return `Examples:

    halligan change sign 77a0c1de --check in-person
    halligan change sign 77a0c1de --deny --check call-back --note "he is on leave, not gone"`
}

// Run signs a decision on a change.
func (s changeSignCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	p, id, err := m.provedChange(s.ID)
	if err != nil {
		return err
	}
	change, asked, err := p.change(id)
	if err != nil {
		return err
	}
	c.toPeople(changeSheet(p, change, asked))
	d := &statement.Decision{Of: id, Verdict: statement.Approve}
	if s.Deny {
		d.Verdict = statement.Deny
	}
	f := decideFlags{Check: s.Check, Note: s.Note}
	texts, err := f.complete(c, d)
	if err != nil {
		return err
	}
	c.toPeople("\n" + p.changeMeaning(change, m.person(), m.unripe(p), d) + "\n")
	if err := c.confirm(s.Yes, string(d.Verdict)); err != nil {
		return err
	}
	a, err := m.submitSeen(d, texts, p.seen())
	if err != nil {
		return err
	}
	out := done{Request: id.String(), Entry: a.Entry}
	var stands string
	out.State, stands = p.afterChange(change, m.person(), a)
	out.Known = stands
	return c.answer(out, func() {
		c.say("Signed and recorded as entry %d: %s to change %s.", a.Entry, verb(d.Verdict), id.Short())
		if stands != "" {
			c.say("Now: %s", sentence(stands))
		}
	})
}

// provedChange fetches and proves the change that digits name.
func (m *member) provedChange(digits string) (*proof, canon.Digest, error) {
	change, err := readAs[view.Change](m, "changes/"+url.PathEscape(digits))
	if err != nil {
		return nil, canon.Digest{}, err
	}
	if !strings.HasPrefix(change.ID.String(), digits) {
		return nil, canon.Digest{}, unproved("the server answered with another change than " + digits)
	}
	p, err := m.prove("changes/" + change.ID.String() + "/evidence")
	return p, change.ID, err
}
