package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// cancelled is the check of a no that would cancel a recovery.
const cancelled = "cancel"

// applyRecovery moves on the recovery that waits.
func (s *state) applyRecovery(e cell.Event) {
	switch e := e.(type) {
	case *cell.RecoveryAgreed:
		if before, ok := s.changes[e.Change]; ok {
			change := *before
			change.Until = e.Until
			s.changes[e.Change] = &change
		}
	case *cell.RecoveryOver:
		delete(s.changes, e.Change)
	}
}

// quorumOf is who agrees to a change.
func (s *state) quorumOf(change *cell.Change) access.Quorum {
	if change.Recovers {
		return s.Genesis.Recovery.Quorum
	}
	return s.Genesis.Change
}

// recovering is the recovery that is agreed and waits for its notice; nil when there
// is none.
func (s *state) recovering() *Change {
	for _, change := range s.sortedChanges() {
		if !change.Until.IsZero() {
			v := s.change(change)
			return &v
		}
	}
	return nil
}

// against are those who signed against a change and whose no counts.
func (s *state) against(change *cell.Change) []string {
	var people []string
	for _, d := range change.Decisions {
		if !d.Approves && s.counts(d) {
			people = append(people, d.Approver)
		}
	}
	return people
}

// mayCancel tells whether a person's no would help to cancel a recovery: they sit
// in a leg of some quorum, and have not signed against it.
func (s *state) mayCancel(person string, change *cell.Change) bool {
	legs := slices.Concat(s.Genesis.Change, s.Genesis.Recovery.Quorum)
	for _, scenario := range s.Scenarios {
		for _, terms := range scenario.Severities {
			legs = append(legs, terms.Quorum...)
		}
	}
	return legs.Names(person, s.roster.In) && s.canSign(person, "", s.at) && !slices.Contains(s.against(change), person)
}

// recoveryFindings is the recovery that waits: whoever does not know of it must hear.
func (s *state) recoveryFindings() []Finding {
	waits := s.recovering()
	if waits == nil {
		return nil
	}
	return []Finding{{Kind: FindingRecovery, Since: waits.At, Text: fmt.Sprintf(
		"%s. It takes effect at %s, unless two people cancel it before (halligan recover cancel %s).", waits.Text, whole(waits.Until), waits.Short)}}
}

// RecoveryCoverage answers for a recovery of the cell. False says that it has no
// recovery quorum.
func (c *Cell) RecoveryCoverage(at canon.Time, away ...string) (Coverage, bool) {
	v, known := c.cellCoverage(func(g *cell.Genesis) access.Quorum { return g.Recovery.Quorum }, at, away)
	v.Recovery = true
	return v, known
}

// whoAgrees is the quorum of a change, in words.
func whoAgrees(change *cell.Change) string {
	if change.Recovers {
		return "the recovery quorum"
	}
	return "the change quorum"
}

// ofRecovery tells of a recovery.
func (t teller) ofRecovery(e cell.Event) string {
	switch e := e.(type) {
	case *cell.ChangeDecided:
		if e.Decision.Check == cancelled {
			return fmt.Sprintf("%s signed against recovery %s.", e.Decision.Approver, e.Change.Short())
		}
	case *cell.ChangeOver:
		if e.State == cell.ChangeDone && strings.HasPrefix(t.task, string(cell.TaskRecover)+":") {
			return fmt.Sprintf("The notice of recovery %s is over; it takes effect.", e.Change.Short())
		}
	case *cell.RecoveryAgreed:
		return fmt.Sprintf("The recovery quorum is filled: recovery %s takes effect at %s, unless two people cancel it before. It %s.",
			e.Change.Short(), clock(e.Until, t.at), replaces(e))
	case *cell.RecoveryWaits:
		return fmt.Sprintf("Recovery %s waits, and takes effect at %s unless two people cancel it before.", e.Change.Short(), clock(e.Until, t.at))
	case *cell.RecoveryOver:
		return fmt.Sprintf("Recovery %s %s; nothing was changed by it.", e.Change.Short(), overText(e))
	}
	return ""
}

// recoveryAlarm is what channels are told of a recovery.
func recoveryAlarm(e cell.Event) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.RecoveryAgreed:
		return "recovery.agreed", fmt.Sprintf("RECOVERY %s of the cell is agreed: at %s it %s. If you do not know of it, cancel it now, with a second person (halligan recover cancel %s).",
			e.Change.Short(), whole(e.Until), replaces(e), e.Change.Short())
	case *cell.RecoveryWaits:
		return "recovery.waits", fmt.Sprintf("RECOVERY %s of the cell waits, and puts other people and keys in place at %s. If you do not know of it, cancel it now, with a second person (halligan recover cancel %s).",
			e.Change.Short(), whole(e.Until), e.Change.Short())
	case *cell.RecoveryOver:
		return "recovery.over", fmt.Sprintf("Recovery %s of the cell %s; nothing was changed by it.", e.Change.Short(), overText(e))
	}
	return "", ""
}

func overText(e *cell.RecoveryOver) string {
	if e.State == cell.ChangeCancelled {
		return "was cancelled by two people"
	}
	return "is void: another document is in force, or who agreed to it does not count any more"
}

// keysMost bounds the keys that a sentence names.
const keysMost = 8

// keysTold is "adds the key SHA256:… to ann" for each key.
func keysTold(keys []roster.Owned, does, whose string) []string {
	var parts []string
	for i, key := range keys {
		if i == keysMost {
			return append(parts, fmt.Sprintf("%s %s more", does, count(len(keys)-i, "key")))
		}
		parts = append(parts, fmt.Sprintf("%s the key %s %s %s", does, key.Key, whose, key.Person))
	}
	return parts
}

// replaces is what a recovery would do to people and keys.
func replaces(e *cell.RecoveryAgreed) string {
	var parts []string
	if len(e.Removes) > 0 {
		parts = append(parts, "removes "+both(e.Removes))
	}
	parts = append(parts, keysTold(e.Loses, "removes", "of")...)
	parts = append(parts, keysTold(e.Adds, "adds", "to")...)
	if len(parts) == 0 {
		return "puts other groups or names in place"
	}
	return both(parts)
}
