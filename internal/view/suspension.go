package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// FindingSuspended: a key signs nothing for a while.
const FindingSuspended FindingKind = "key-suspended"

// Suspension is why a key of somebody signs nothing now.
type Suspension struct {
	By    []string   `json:"by"`
	Since canon.Time `json:"since"`
	// Until is when it is over by itself. While the clock is in doubt that may be
	// over and still stand.
	Until canon.Time `json:"until"`
	Lifts []string   `json:"lifts,omitempty"` // who would have the key sign again
	Weak  bool       `json:"weak,omitzero"`   // no signature for it proved that its signer was there
}

// suspension is that of a key; nil where there is none.
func (s *state) suspension(key string) *Suspension {
	known, suspended := s.roster.Suspended[key]
	if !suspended {
		return nil
	}
	v := &Suspension{Since: known.By[0].At, Until: known.Until, Weak: true}
	for _, by := range known.By {
		if !slices.Contains(v.By, by.Person) {
			v.By = append(v.By, by.Person)
		}
		v.Weak = v.Weak && !by.Strength.AtLeast(roster.UserVerified)
	}
	for _, d := range known.Lifts {
		if s.counts(d) {
			v.Lifts = append(v.Lifts, d.Approver)
		}
	}
	return v
}

// suspended are findings about the keys that are suspended now, and about the
// quorums that cannot be filled without them.
func (s *state) suspended(now canon.Time) []Finding {
	var found []Finding
	for _, p := range s.roster.People {
		for _, key := range p.Keys {
			of := s.suspension(key.Fingerprint)
			if of == nil {
				continue
			}
			text := fmt.Sprintf("The key %s of %s is suspended by %s and signs nothing until %s.", key.Fingerprint, p.ID, both(of.By), clock(of.Until, now))
			if lacking := s.unfilled(); len(lacking) > 0 {
				text += fmt.Sprintf(" Without the keys that are suspended nobody can agree by %s.", both(lacking))
			}
			found = append(found, Finding{Kind: FindingSuspended, Since: of.Since, Text: text})
		}
	}
	return found
}

// unfilled are the quorums that could be filled if no key were suspended, and
// cannot now.
func (s *state) unfilled() []string {
	if s.Genesis == nil {
		return nil
	}
	whole := s.roster.Clone()
	whole.Suspended = nil
	return cell.Unfilled(cell.Document{Genesis: s.Genesis, Scenarios: s.Scenarios}, &whole, &s.roster)
}

// ofSuspension tells of suspended keys.
func (t teller) ofSuspension(e cell.Event) string {
	switch e := e.(type) {
	case *cell.KeySuspended:
		return suspendedText(e, clock(e.Until, t.at)) + "."
	case *cell.SuspensionOpposed:
		return fmt.Sprintf("%s signed that the key %s of %s shall sign again.", e.Lift.Approver, e.Key, e.Person)
	case *cell.SuspensionOver:
		return fmt.Sprintf("The key %s of %s signs again: %s.", e.Key, e.Person, say(overs, string(e.Why)))
	}
	return ""
}

// suspensionAlarm is what channels are told of suspended keys.
func suspensionAlarm(e cell.Event) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.KeySuspended:
		text := suspendedText(e, whole(e.Until)) + "."
		if len(e.Leaves) > 0 {
			text += fmt.Sprintf(" NOBODY CAN AGREE meanwhile by %s.", both(e.Leaves))
		}
		return "key.suspended", text + fmt.Sprintf(" If %s still has it and nobody else, tell two of security.", e.Person)
	case *cell.SuspensionOpposed:
		return "key.suspension-opposed", fmt.Sprintf("%s would have the suspended key %s of %s sign again.", e.Lift.Approver, e.Key, e.Person)
	case *cell.SuspensionOver:
		return "key.suspension-over", fmt.Sprintf("The key %s of %s signs again: %s. If it is not in %s's hands, have it removed.", e.Key, e.Person, say(overs, string(e.Why)), e.Person)
	}
	return "", ""
}

func suspendedText(e *cell.KeySuspended, until string) string {
	text := fmt.Sprintf("%s suspended the key %s of %s: it signs nothing until %s, and what was asked with it ends", e.By.Person, e.Key, e.Person, until)
	if !e.By.Strength.AtLeast(roster.UserVerified) {
		text += " (signed with a key that proves no presence)"
	}
	return text
}

var overs = map[string]string{
	string(cell.OverLapsed): "its suspension lapsed",
	string(cell.OverLifted): "its suspension was lifted",
	string(cell.OverFreed):  "the key that suspended it was suspended itself",
}
