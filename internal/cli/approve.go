package cli

import (
	"time"

	"github.com/halligan-dev/halligan/internal/statement"
)

type approveCommand struct {
	decideFlags `embed:""`
	For         time.Duration `help:"Agree to less time than was asked for." placeholder:"TIME"`
	Only        []string      `help:"Agree to this target only; once for each." placeholder:"TARGET" sep:","`
}

// Help is the long help of `approve`.
func (approveCommand) Help() string {
	return `It fetches the evidence of the request, verifies it from the anchor in your profile, replays the rules, and shows what the signed bytes say: who asks, why, what it opens, for how long, who has signed, and four words. Call the person back on a number that you know and hear the words. Then say with --check how you made sure who it is. If anything does not verify, it refuses to sign, and there is no flag that changes its mind. When the request is granted and more time is asked for, it is that which you are shown and sign. Exit code 9 says that nothing was signed.

Examples:

    halligan approve 5f0c1a2b
    halligan approve 5f0c1a2b --check call-back
    halligan approve 5f0c1a2b --check video --for 30m --only db-1
    halligan approve 5f0c1a2b --check not-checked --note "line is dead, I know the voice"`
}

// Run approves a request.
func (a approveCommand) Run(c *call) error {
	narrow, err := narrowing(a.For, a.Only)
	if err != nil {
		return err
	}
	return a.decide(c, &statement.Decision{Verdict: statement.Approve, Narrow: narrow}, ofExtension)
}
