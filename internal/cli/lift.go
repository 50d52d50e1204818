package cli

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/statement"
)

type liftCommand struct {
	ofKeyFlags `embed:""`
}

// Help is the long help of `lift`.
func (liftCommand) Help() string {
	return `A suspended key signs again by itself when its four hours are over. Sooner it does when two of security sign this, or those who fill the change quorum. Nobody does so for their own key. Call its owner first, by a number that you know.

Examples:

    halligan lift SHA256:4wXg2k… --why "it was under the desk, I saw it"
    halligan lift dora --why "she read me the fingerprint"`
}

// Run lifts.
func (l liftCommand) Run(c *call) error {
	a, err := l.about(c)
	if err != nil {
		return err
	}
	key := a.key
	if key.Suspended == nil {
		return failf(exitRefused, "the key %s of %s is not suspended", key.Fingerprint, key.person).or("nothing is to be done: it signs; halligan people shows which keys are suspended")
	}
	c.toPeople(fmt.Sprintf("The %s %s of %s is suspended by %s until %s.\n", key.Kind(), key.Fingerprint, key.person, both(key.Suspended.By), clock(key.Suspended.Until, a.p.at)))
	if len(key.Suspended.Lifts) > 0 {
		c.toPeople(fmt.Sprintf("%s signed already that it shall sign again.\n", both(key.Suspended.Lifts)))
	}
	out := suspension{Person: key.person, Key: key.Fingerprint, Until: key.Suspended.Until}
	return l.sign(a, &statement.Lift{Person: key.person, Key: key.Fingerprint, Why: a.note}, out)
}
