package cli

import (
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/canon"
)

// unripe says of the member's own key that it cools off, and so will be refused
// when it agrees to something; empty when it may agree.
func (m *member) unripe(p *proof) string {
	key, err := ssh.ParsePublicKey(m.way.signer.Key())
	if err != nil {
		return "" // the rules will say what it is
	}
	until, cools := p.world.Cooling[ssh.FingerprintSHA256(key)]
	switch now := canon.Later(p.at, canon.At(m.c.now())); {
	case !cools:
		return ""
	case now.Before(until):
		return fmt.Sprintf("Your key was added lately and cools off until %s: it agrees to nothing before, and the rules will refuse it.", clock(until, now))
	case p.world.Doubted:
		return "Your key was added lately, and no cool-off ends while the clock is in doubt: the rules will refuse it."
	}
	return ""
}
