package cli

import "github.com/halligan-dev/halligan/internal/statement"

type denyCommand struct {
	decideFlags `embed:""`
}

// Help is the long help of `deny`.
func (denyCommand) Help() string {
	return `One no ends a request that waits, and ends a grant as well (a late veto). It is shown, checked and signed like a yes. If the words that the requester reads to you are not the ones shown here, deny, and tell security.

Examples:

    halligan deny 5f0c1a2b --check call-back --note "it was not her"
    halligan deny 5f0c1a2b --check not-checked --note "nobody answers"`
}

// Run denies a request.
func (d denyCommand) Run(c *call) error { return d.decide(c, statement.Deny, nil) }
