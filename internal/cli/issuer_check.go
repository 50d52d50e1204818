package cli

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/server"
)

// issuerDaysFew is from how many days on a certificate is worth a word.
const issuerDaysFew = 21

type issuerCheckCommand struct {
	Folder string `arg:"" optional:"" help:"Where the cell lives. Without it, the hosts are held to the ledger, checked from your anchor."`
	memberFlags
}

// Help is the long help of `issuer check`.
func (issuerCheckCommand) Help() string {
	return `Asks every issuer of the cell, from this machine, for its two documents, as AWS does: over TLS, within five seconds, following nobody elsewhere. They must be, byte for byte, what the cell's document says. Run it from a machine that is not in the hosts' network, every day: whoever can change these files can sign in to your accounts. Exit code 6 says that one shows something else, or nothing.

Examples:

    halligan issuer check
    halligan issuer check /srv/halligan --json`
}

// Run looks.
func (i issuerCheckCommand) Run(c *call) error {
	of, err := c.issuers(i.Folder, i.memberFlags)
	if err != nil {
		return err
	}
	all, err := server.LookAtIssuers(c.ctx, of, c.now)
	if err != nil {
		return because(exitUsage, err, "cannot check the issuers")
	}
	bad, other := 0, false
	for _, seen := range all {
		if !seen.Good {
			bad++
			other = other || !seen.Digest.IsZero()
		}
	}
	err = c.answer(all, func() {
		for _, seen := range all {
			if !seen.Good {
				c.say("%s: %s", seen.Issuer, seen.Why)
				continue
			}
			c.say("%s: shows the cell's keys (SHA-256 %s)", seen.Issuer, seen.Digest)
			if seen.DaysLeft < issuerDaysFew {
				c.say("  its certificate ends %s, in %s", clock(seen.Until, canon.Time{}), count(seen.DaysLeft, "day"))
			}
		}
	})
	if err != nil || bad == 0 {
		return err
	}
	if !other {
		return failf(exitUnverified, "of %s, %d cannot be read", count(len(all), "issuer"), bad).
			or("bring the host back, or its certificate: while AWS reads none of them, no session begins")
	}
	return failf(exitUnverified, "of %s, %d: the cell's document does not say what is shown, or nothing is", count(len(all), "issuer"), bad).
		or("after a change of the keys: halligan issuer publish. Otherwise somebody else wrote it: delete the provider of that issuer in every account, and tell security")
}
