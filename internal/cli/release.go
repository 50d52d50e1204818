package cli

import "github.com/halligan-dev/halligan/internal/statement"

type releaseCommand struct {
	ID      string   `arg:"" help:"Your request: its id, or the first 8 or more digits of it."`
	Targets []string `arg:"" optional:"" name:"target" help:"Targets to give back. Default: all."`
	memberFlags
}

// Help is the long help of `release`.
func (releaseCommand) Help() string {
	return `It is signed with the key that was made for the request, so it works only on the machine that asked; anywhere else use halligan stop. Sessions on the target are ended, and the end is proved.

Examples:

    halligan release 5f0c1a2b
    halligan release 5f0c1a2b db-1`
}

// Run releases.
func (r releaseCommand) Run(c *call) error {
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	h, err := m.holder(r.ID)
	if err != nil {
		return err
	}
	a, err := m.submitAs(h, &statement.Release{Of: h.id, Targets: statement.SortTargets(r.Targets)})
	if err != nil {
		return err
	}
	return m.said(a, "Released")
}
