package cli

import (
	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// upgradeCommand proposes newer rules.
type upgradeCommand struct {
	Rules int    `help:"The rules to decide by. Without it, the newest that this version knows." placeholder:"N"`
	Why   string `required:"" help:"Why. The change quorum reads it." placeholder:"TEXT"`
	memberFlags
}

// Help is the long help of `upgrade`.
func (upgradeCommand) Help() string {
	return `A cell goes on by the rules that it began with, under every later version, until its change quorum raises them. You are the first of the quorum to sign; the others use halligan change sign. It can never be taken back: first let every copy of the server, and everybody's halligan, be of a version that knows the new rules.

Examples:

    halligan upgrade --why "everybody runs the new version"
    halligan upgrade --rules 2 --why "everybody runs the new version"`
}

// Run proposes.
func (u upgradeCommand) Run(c *call) error {
	if u.Rules == 0 {
		u.Rules = cell.RulesNow
	}
	note, text, err := c.note(u.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(u.memberFlags)
	if err != nil {
		return err
	}
	a, err := m.submit(&statement.Upgrade{Rules: u.Rules, Reason: note}, []client.Noted{text})
	if err != nil {
		return err
	}
	return m.proposed(a, "change")
}
