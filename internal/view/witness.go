package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// How it stands with the witnesses, in a word.
const (
	witnessNone    = "none"
	witnessWaiting = "waiting"
)

func (s *state) witnessed() string {
	switch {
	case s.Genesis == nil || s.Genesis.Policy().None():
		return witnessNone
	case s.witness == cell.Unwitnessed:
		return witnessWaiting
	}
	return string(s.witness)
}

// unwitnessed are the notes of a cell that should be cosigned and is not.
func (s *state) unwitnessed() []string {
	switch {
	case !s.sealed:
	case s.witnessed() == witnessWaiting:
		return []string{"the witnesses have not cosigned the ledger yet: nothing is opened before"}
	case s.witness == cell.Silent:
		return []string{"what was written since " + whole(s.silent) + " is not cosigned"}
	}
	return nil
}

// witnessing is what should be looked at.
func (s *state) witnessing(now canon.Time) []Finding {
	switch {
	case !s.sealed:
	case s.witnessed() == witnessWaiting:
		return []Finding{{Kind: FindingUnwitnessed, Text: "The witnesses have not cosigned the ledger yet; nothing is opened before they have."}}
	case s.witness == cell.Silent:
		return []Finding{{Kind: FindingUnwitnessed, Since: s.silent, Text: fmt.Sprintf(
			"Nothing that was written since %s is cosigned: fewer than %d of the witnesses answer. Until they do, only readers' own checkpoints show whether it is taken back.",
			clock(s.silent, now), s.Genesis.Policy().Need())}}
	}
	return nil
}

func witnessAlarm(e cell.Event) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.Witnessed:
		return "witnesses.cosigned", fmt.Sprintf("The ledger is cosigned up to entry %d, by %s.", e.Size-1, both(e.By))
	case *cell.WitnessesSilent:
		return "witnesses.silent", fmt.Sprintf("What was written since %s is not cosigned by enough witnesses.", whole(e.Since))
	case *cell.WitnessesOverdue:
		return "witnesses.overdue", fmt.Sprintf("Since %s the ledger is not cosigned: it could be cut back to then without a trace but what readers kept.", whole(e.Since))
	}
	return "", ""
}

// ofWitness tells a moment of the cell's witnesses.
func (t teller) ofWitness(e cell.Event) string {
	switch e := e.(type) {
	case *cell.Witnessed:
		return fmt.Sprintf("The ledger was cosigned up to entry %d by %s, by %s.", e.Size-1, both(e.By), clock(e.At, t.at))
	case *cell.WitnessesSilent:
		return fmt.Sprintf("Nothing written since %s is cosigned.", clock(e.Since, t.at))
	case *cell.WitnessesOverdue:
		return fmt.Sprintf("Nothing written since %s is cosigned yet; this pages.", clock(e.Since, t.at))
	}
	return ""
}
