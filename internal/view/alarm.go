package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Alarm is what a channel is told of an event: a kind for programs and one
// sentence for people. The request is the one of the event's stream, nil when
// it is of none. It says nothing that a person wrote: no note, no incident.
// Both are empty for an event that no channel hears of.
func Alarm(e cell.Event, r *access.Request) (kind, sentence string) {
	if kind, sentence := custodyAlarm(e); kind != "" {
		return kind, sentence
	}
	if kind, sentence := amendAlarm(e); kind != "" {
		return kind, sentence
	}
	if kind, sentence := recoveryAlarm(e); kind != "" {
		return kind, sentence
	}
	if kind, sentence := suspensionAlarm(e); kind != "" {
		return kind, sentence
	}
	switch e := e.(type) {
	case *cell.RequestMade:
		q := e.Request
		text := fmt.Sprintf("%s asks for %s at %s: %s, for %s (%s). It waits for its quorum until %s.",
			q.Requester, q.Scenario, q.Severity, both(q.Targets), q.For, q.ID.Short(), whole(q.Lapses))
		return "request.made", sentences(text, askedWith(q.Code, q.Requester), lateText(q.Late))
	case *cell.ChangeProposed:
		return "change.proposed", fmt.Sprintf("%s proposes to %s (%s).", e.Change.Proposer, proposal(&e.Change), e.Change.ID.Short())
	case *cell.PersonRemoved:
		return "person.removed", fmt.Sprintf("%s was removed from the cell.", e.Person)
	case *cell.KeyRemoved:
		return "key.removed", fmt.Sprintf("The key %s of %s was removed.", e.Key, e.Person)
	case *cell.RulesRaised:
		return "rules.raised", fmt.Sprintf("The cell decides by rules %d from now on.", e.Rules)
	case *cell.LedgerKeyRotated:
		return "ledger-key.rotated", ofLedgerKey(e) + " If the change quorum does not know of it, tell security now."
	case *cell.EpochBegun:
		return "epoch.begun", ofEpoch(e)
	case *cell.StraysFound:
		return "strays.found", ofEpoch(e)
	case *cell.AssignmentsFound:
		return "assignments.found", ofCenter(e)
	case *cell.Witnessed, *cell.WitnessesSilent, *cell.WitnessesOverdue:
		return witnessAlarm(e)
	case *cell.ClockDoubted:
		return "clock.doubted", clockText(e) + ": nothing is granted for longer than the shortest window."
	}
	if e, ok := e.(*cell.Reconciled); ok {
		return offlineAlarm(e)
	}
	if r == nil {
		return "", ""
	}
	return requestAlarm(e, r)
}

func requestAlarm(e cell.Event, r *access.Request) (kind, sentence string) {
	of := fmt.Sprintf("%s's %s (%s)", r.Requester, r.Scenario, r.ID.Short())
	switch e := e.(type) {
	case *cell.LadderWidened:
		return "ladder.widened", fmt.Sprintf("Nobody has answered %s: %s may now sign%s. It waits until %s.", of, group(e.Widened.To), inPlaceOf(e.Widened.Legs), whole(r.Lapses))
	case *cell.Agreed:
		return "grant.agreed", fmt.Sprintf("%s is agreed by %s: %s until %s.", of, both(e.Grant.By), both(e.Grant.Targets), whole(e.Grant.Until))
	case *cell.RequestOver:
		text := fmt.Sprintf("%s came to nothing: it is %s", of, e.State)
		if e.By != "" {
			text += " by " + e.By
		}
		return "request.over", text + byCode(e.Code) + "."
	case *cell.DenialSeen:
		return "denial.seen", fmt.Sprintf("%s: %s", of, ofDenial(e))
	case *cell.GrantEnded:
		return "grant.ended", fmt.Sprintf("%s ended: %s.", of, endText(&e.End))
	case *cell.CredentialAuthorised:
		return "credential.authorised", fmt.Sprintf("%s: the first credential for %s is authorised.", of, e.Target)
	case *cell.OpenFailed:
		return "lease.open-failed", fmt.Sprintf("%s: %s could not be opened yet: %s.", of, e.Target, troubleAt(r, e.Target, e.Why))
	case *cell.LeaseClosed:
		return "lease.closed", fmt.Sprintf("%s: %s is closed and proved dead.", of, e.Target)
	case *cell.CredentialUnwitnessed:
		return "credential.unwitnessed", fmt.Sprintf("%s: a credential for %s left before the witnesses had cosigned that it was authorised.", of, e.Target)
	case *cell.ShareGiven:
		return "envelope.share-given", fmt.Sprintf("%s: %s gave a share of envelope %s.", of, e.Share.Custodian, e.Target)
	case *cell.HoneyTouched:
		return "envelope.honey", fmt.Sprintf("%s: %s touched envelope %s, which nobody has a reason to open. Somebody may be where they should not be.", of, e.By, e.Target)
	case *cell.ClosingOverdue:
		return "lease.overdue", fmt.Sprintf("%s: %s is closing since %s and is not proved dead.", of, e.Target, whole(e.Since))
	}
	if kind, sentence := soloAlarm(e, r, of); kind != "" {
		return kind, sentence
	}
	if kind, sentence := symptomAlarm(e, of); kind != "" {
		return kind, sentence
	}
	if kind, sentence := extensionAlarm(e, r, of); kind != "" {
		return kind, sentence
	}
	return reviewAlarm(e, r, of)
}

// Alarmed finds the event that an alarm task speaks of among those of the entry
// that enqueued it.
func Alarmed(events []cell.Event, task cell.Task) (cell.Event, bool) {
	for _, e := range events {
		if cell.NameOf(e) == task.Event && (task.Target == "" || cell.TargetOf(e) == task.Target) {
			return e, true
		}
	}
	return nil, false
}

// whole is an instant with its date.
func whole(t canon.Time) string { return clock(t, canon.Time{}) }
