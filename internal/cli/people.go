package cli

import (
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type peopleCommand struct{ memberFlags }

// Help is the long help of `people`.
func (peopleCommand) Help() string {
	return `Everybody of the cell with groups, keys and contact; removed people and keys are marked, suspended keys, keys that a change added and that agree to nothing yet, and keys that have signed nothing for 90 days.

Examples:

    halligan people
    halligan people --json`
}

// Run lists.
func (p peopleCommand) Run(c *call) error {
	m, err := c.open(p.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	return show(m, "people", func(p view.People) string { return peopleSheet(p, now) })
}

func peopleSheet(p view.People, now canon.Time) string {
	s := new(sheet)
	for _, person := range p.People {
		text := person.ID
		if person.Name != nil && person.Name.Text != "" {
			text += " (" + line(person.Name.Text) + ")"
		}
		if len(person.Groups) > 0 {
			text += ", in " + strings.Join(person.Groups, ", ")
		}
		switch {
		case person.Removed:
			text += "; REMOVED"
		case !person.CanSign:
			text += "; cannot sign: no key is left that its owner holds and that is not suspended"
		}
		s.say("%s", text)
		if person.Contact != nil && person.Contact.Text != "" {
			s.say("  contact: %s", line(person.Contact.Text))
		}
		for _, key := range person.Keys {
			state := ""
			switch {
			case key.Removed:
				state = " (removed)"
			case key.Suspended != nil:
				state = " (SUSPENDED by " + both(key.Suspended.By) + " until " + clock(key.Suspended.Until, now) + ": signs nothing)"
			case key.Cools.After(now):
				state = " (cools off until " + clock(key.Cools, now) + ", and agrees to nothing before)"
			case !key.Cools.IsZero():
				state = " (agrees to nothing while the clock is in doubt)"
			case key.Unproved:
				state = " (has signed nothing for 90 days)"
			}
			s.say("  %s %s%s", key.Kind(), key.Fingerprint, state)
		}
		for _, identity := range person.OIDC {
			s.say("  reads as subject %s at %s", line(identity.Subject), line(identity.Issuer))
		}
	}
	s.say("\nChanges of the cell need %s. Security is the group %s.", p.Change, p.Security)
	s.say("%s", recoveryWords(p.Recovery))
	return s.String()
}

// recoveryWords says what is left when the change quorum loses its keys.
func recoveryWords(recovery string) string {
	if recovery == "" {
		return "There is no recovery quorum: when the people of the change quorum lose their keys, nobody can change anything any more."
	}
	return "When they lose their keys, people and groups are recovered by " + recovery + "."
}
