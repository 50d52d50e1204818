package cli

import "github.com/halligan-dev/halligan/internal/statement"

type denyCommand struct {
	decideFlags `embed:""`
	Extension   bool `help:"Say no to more time only: the grant goes on to the end that it has." xor:"of"`
	Grant       bool `help:"End the live grant, although more time is asked for." xor:"of"`
}

// Help is the long help of `deny`.
func (denyCommand) Help() string {
	return `One no ends a request that waits, and ends a grant as well (a late veto). It is shown, checked and signed like a yes. While more time is asked for under a live grant, say which: --extension refuses it and leaves the grant as it is, --grant ends the grant. If the words that the requester reads to you are not the ones shown here, deny, and tell security. Exit code 9 says that nothing was signed.

Examples:

    halligan deny 5f0c1a2b --check call-back --note "it was not her"
    halligan deny 5f0c1a2b --check not-checked --note "nobody answers"
    halligan deny 5f0c1a2b --extension --check call-back --note "take over tomorrow"`
}

// Run denies a request.
func (d denyCommand) Run(c *call) error {
	of := ofEither
	switch {
	case d.Extension:
		of = ofExtension
	case d.Grant:
		of = ofRequest
	}
	return d.decide(c, &statement.Decision{Verdict: statement.Deny}, of)
}
