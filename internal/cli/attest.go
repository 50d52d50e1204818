package cli

import (
	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

type attestCommand struct {
	ID     string `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	Target string `arg:"" help:"The target that is closing."`
	Why    string `required:"" help:"What you saw, and how." placeholder:"TEXT"`
	memberFlags
}

// Help is the long help of `attest`.
func (attestCommand) Help() string {
	return `For a target that cannot prove by itself that access has ended. You sign, as security or as an approver of the scenario and never as the requester, that nobody is in and that no login is possible; that you signed it stays visible as what the end rests on.

Examples:

    halligan attest 5f0c1a2b db-1 --why "host is powered off, seen on the console"`
}

// Run attests.
func (a attestCommand) Run(c *call) error {
	note, text, err := c.note(a.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(a.memberFlags)
	if err != nil {
		return err
	}
	id, err := m.id(a.ID)
	if err != nil {
		return err
	}
	err = m.act(&statement.Attest{Of: id, Target: a.Target, Note: note}, []client.Noted{text}, "Attested")
	return hinting(err, "not-allowed", "ask one of them to look, and to sign: halligan attest %s %s --why …", a.ID, shellQuoted(a.Target))
}
