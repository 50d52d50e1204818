package cli

import "github.com/halligan-dev/halligan/internal/statement"

type denyCommand struct {
	decideFlags `embed:""`
	Extension   bool `help:"Say no to more time only: the grant goes on to the end that it has."`
}

// Help is the long help of `deny`.
func (denyCommand) Help() string {
	return `One no ends a request that waits, and ends a grant as well (a late veto). It is shown, checked and signed like a yes. With --extension it refuses more time and leaves the grant as it is. If the words that the requester reads to you are not the ones shown here, deny, and tell security.

Examples:

    halligan deny 5f0c1a2b --check call-back --note "it was not her"
    halligan deny 5f0c1a2b --check not-checked --note "nobody answers"
    halligan deny 5f0c1a2b --extension --check call-back --note "take over tomorrow"`
}

// Run denies a request.
func (d denyCommand) Run(c *call) error {
	return d.decide(c, &statement.Decision{Verdict: statement.Deny}, d.Extension)
}
