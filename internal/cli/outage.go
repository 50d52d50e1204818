package cli

import (
	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

type outageCommand struct {
	ID  string `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	Saw string `required:"" help:"What you saw, and how." placeholder:"TEXT"`
	memberFlags
}

// Help is the long help of `outage`.
func (outageCommand) Help() string {
	return `A request is served by its full quorum whatever anybody sees. A way that needs fewer people wants more: that a symptom of the scenario was seen from two networks, or that a custodian signs to have seen it. You may sign as the custodian of any envelope of the cell, never for your own request. Look for yourself, and not at what the requester shows you: what you sign may let one person in alone.

Examples:

    halligan outage 5f0c1a2b --saw "the sign-in page answers 503 from my own line too"`
}

// Run signs.
func (o outageCommand) Run(c *call) error {
	note, text, err := c.note(o.Saw, "--saw")
	if err != nil {
		return err
	}
	m, err := c.open(o.memberFlags)
	if err != nil {
		return err
	}
	id, err := m.id(o.ID)
	if err != nil {
		return err
	}
	err = m.act(&statement.WitnessedOutage{Of: id, Note: note}, []client.Noted{text}, "Witnessed")
	return hinting(err, "self-approval", "ask a custodian to look for themselves and to sign: halligan outage %s; halligan envelope list names custodians", id.Short())
}
