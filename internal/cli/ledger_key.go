package cli

import (
	"path/filepath"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
)

// keyCommand is about the server's keys.
type keyCommand struct {
	Next keyNextCommand `cmd:"" help:"Make another ledger key, which waits for the change quorum."`
}

type keyNextCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
}

// Help is the long help of `key next`.
func (keyNextCommand) Help() string {
	return `On the server's machine, while it runs or not. The private half is written beside the other keys, readable by its owner alone, under a name of its own: no key takes the place of another. Nothing is signed with it before the change quorum has agreed to its public half, which is printed: halligan change propose ledger-key.

Examples:

    halligan key next /srv/halligan`
}

// Run makes a key.
func (k keyNextCommand) Run(c *call) error {
	anchor, err := anchorOf(k.Folder)
	if err != nil {
		return err
	}
	settings, _, err := config.LoadServer(filepath.Join(k.Folder, config.ServerFile))
	if err != nil {
		return broken(err)
	}
	vkey, path, err := server.MakeLedgerKey(settings.KeysFolder, anchor.Origin)
	if err != nil {
		return because(exitUsage, err, "").or("run it as whoever runs the server, on its machine")
	}
	out := struct {
		LedgerKey string `json:"ledger_key"`
		File      string `json:"file"`
	}{vkey, path}
	return c.answer(out, func() {
		c.say("%s", vkey)
		c.tell("Wrote %s: keep a copy of it where the copies of the other keys are, give its public half to every witness, and then:", path)
		c.tell("halligan change propose ledger-key %s --why …", vkey)
	})
}

type changeLedgerKeyCommand struct {
	VKey string `arg:"" name:"vkey" help:"What halligan key next printed."`
	Why  string `required:"" help:"Why. Security and the change quorum read it." placeholder:"TEXT"`
	memberFlags
}

// Help is the long help of `change propose ledger-key`.
func (changeLedgerKeyCommand) Help() string {
	return `You are the first of the change quorum to sign; the others use halligan change sign. When it is filled the ledger is signed with the other key from that entry on. Anchors and profiles stay as they are: every machine follows by itself, by a checkpoint that both keys signed and a replay that shows who agreed. Witnesses do not follow: have each of them list the key first.

Examples:

    halligan change propose ledger-key halligan.example.com+0a1b2c3d+AX… --why "it is three years old"`
}

// Run proposes.
func (p changeLedgerKeyCommand) Run(c *call) error {
	note, text, err := c.note(p.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(p.memberFlags)
	if err != nil {
		return err
	}
	if err := ledger.CheckKeys(m.pinned.Origin, []string{p.VKey}); err != nil {
		return because(exitUsage, err, "cannot propose that key").or("copy the whole line that halligan key next printed on the server")
	}
	a, err := m.submit(&statement.Change{LedgerKey: p.VKey, Reason: note}, []client.Noted{text})
	if err != nil {
		return err
	}
	return m.proposed(a, "change")
}

// ledgerKeySheet says what agreeing to another ledger key means.
func (p *proof) ledgerKeySheet(s *sheet, change *cell.Change) {
	s.say("%s proposes that the ledger is signed with another key from then on:", change.Proposer)
	s.say("  %s", line(change.LedgerKey))
	s.say("in place of")
	for _, vkey := range p.world.SignedBy() {
		s.say("  %s", line(vkey))
	}
	s.say("The server says that it has the private half. Compare the key with what halligan key next printed there, by voice.")
	s.say("Whoever has the private half can sign checkpoints of this ledger. Anchors stay; witnesses must list the key before you sign.")
}
