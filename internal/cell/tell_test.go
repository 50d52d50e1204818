package cell_test

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
)

func people(ids ...string) []roster.Person {
	var all []roster.Person
	for _, id := range ids {
		all = append(all, roster.Person{ID: id, Keys: []roster.Key{celltest.Line(id)}})
	}
	return all
}

// tellAll is what a command became, on one line, as the matrix shows it.
func tellAll(at canon.Time, outcome cell.Outcome, err error) string {
	if refusal := refusalOf(err); refusal != nil {
		if refusal.Person == "" {
			return fmt.Sprintf("no: %s", refusal.Reason)
		}
		return fmt.Sprintf("no: %s (%s)", refusal.Reason, refusal.Person)
	}
	if err != nil {
		return "fault: " + err.Error()
	}
	var told []string
	for _, e := range outcome.Events {
		told = append(told, tell(at, e))
	}
	return strings.Join(told, ", ")
}

// tell is an event in short: its name, and what of it an auditor asks for.
func tell(at canon.Time, e cell.Event) string {
	name := cell.NameOf(e)
	with := func(format string, args ...any) string { return name + "[" + fmt.Sprintf(format, args...) + "]" }
	switch e := e.(type) {
	case *cell.Founded:
		return with("%s", e.Person)
	case *cell.ChangeDecided:
		return with("%s %s", e.Decision.Approver, yes(e.Decision.Approves))
	case *cell.ChangeOver:
		return with("%s", e.State)
	case *cell.PersonRemoved:
		return with("%s", e.Person)
	case *cell.KeyRemoved:
		return with("%s", e.Person)
	case *cell.Amended:
		return with("widened %d, %s wait", len(e.Widened), strings.Join(e.Signers, " and "))
	case *cell.KeyAdded:
		return with("%s", e.Person)
	case *cell.RulesRaised:
		return with("%d", e.Rules)
	case *cell.ClockDoubted:
		return with("%s", time.Duration(e.Step)*time.Millisecond)
	case *cell.Refused:
		return with("%s", e.Reason)
	case *cell.RequestMade:
		if late := e.Request.Late; late != nil {
			return with("in spite of a review: %d more of %s", late.Leg.Count, cmp.Or(late.Leg.From, "nobody"))
		}
		return name
	case *cell.ReviewWritten:
		return with("%s: necessary %s, misuse %s", e.Written.By, e.Written.Necessary, e.Written.Misuse)
	case *cell.ReviewReturned:
		return with("%s", e.By.By)
	case *cell.ReviewSignedOff:
		return with("%s", e.By.By)
	case *cell.Decided:
		return with("%s %s", e.Decision.Approver, yes(e.Decision.Approves))
	case *cell.Agreed:
		return with("%s for %s by %s", strings.Join(e.Grant.Targets, " "), span(e.Grant.From, e.Grant.Until), strings.Join(e.Grant.By, " "))
	case *cell.RequestOver:
		return with("%s", strings.TrimSpace(string(e.State)+" "+e.By))
	case *cell.GrantEnded:
		return with("%s", strings.TrimSpace(e.End.Why+" "+e.End.By))
	case *cell.CredentialAuthorised:
		return with("%s for %s", e.Target, span(at, e.Before))
	default:
		return tellLease(e, with)
	}
}

func tellLease(e cell.Event, with func(string, ...any) string) string {
	switch e := e.(type) {
	case *cell.LeaseOpened:
		return with("%s", e.Target)
	case *cell.OpenFailed:
		return with("%s %s", e.Target, e.Why)
	case *cell.TwinWorked:
		return with("%s", e.Target)
	case *cell.CredentialDelivered:
		return with("%s", e.Target)
	case *cell.MintFailed:
		return with("%s %s", e.Target, e.Why)
	case *cell.LeaseClosing:
		return with("%s", e.Target)
	case *cell.LeaseProved:
		return with("%s %s", e.Target, strings.TrimSpace(string(e.Proof.Kind)+" "+e.Proof.By))
	case *cell.LeaseClosed:
		return with("%s", e.Target)
	case *cell.ClosingOverdue:
		return with("%s", e.Target)
	case *cell.ShareGiven:
		return with("%s by %s", e.Target, e.Share.Custodian)
	case *cell.HoneyTouched:
		return with("%s by %s", e.Target, e.By)
	case *cell.Reconciled:
		filled := map[bool]string{true: "filled", false: "NOT filled"}[e.Request.Offline.Filled]
		for _, act := range e.Request.Offline.Faulty() {
			filled += fmt.Sprintf(", %s of %s: %s", act.Kind, act.Person, act.Fault)
		}
		for _, l := range e.Request.Leases {
			for _, share := range l.Shares {
				filled += fmt.Sprintf(", %s of %s is out", l.Envelope, share.Custodian)
			}
		}
		return with("%s", filled)
	case *cell.EnvelopeSealed:
		return with("%s %d", e.Envelope, e.Sealing.Serial)
	case *cell.EnvelopeRotated:
		return with("%s %d", e.Envelope, e.Serial)
	case *cell.EnvelopeInspected:
		return with("%s %d by %s", e.Envelope, e.Serial, e.Custodian)
	case *cell.EnvelopeOwed:
		return with("%s %s", e.Envelope, strings.TrimSpace(e.Owed.Why+" "+e.Owed.Who))
	case *cell.EnvelopeOverdue:
		return with("%s", e.Envelope)
	case *cell.EpochSigned:
		return with("%s", e.Person)
	case *cell.EpochBegun:
		return with("%d by %s, %d to %d", e.Epoch.Number, strings.Join(e.Epoch.By, " "), e.Epoch.Base.Size, e.Epoch.Lost.Size)
	case *cell.StraysFound:
		return with("%s %s", e.Host, strings.Join(e.KeyIDs, " "))
	case *cell.HostSurveyed:
		return with("%s", e.Host)
	case *cell.ExtensionAsked:
		if late := e.Extension.Late; late != nil {
			return with("in spite of a review: %d more of %s", late.Leg.Count, cmp.Or(late.Leg.From, "nobody"))
		}
		return with("%s at %s", e.Extension.For, strings.Join(e.Extension.Targets, " "))
	case *cell.KeyVouched:
		if e.Until.IsZero() {
			return with("%s by %s", e.Person, e.Vouch.Approver)
		}
		return with("%s by %s until %s", e.Person, e.Vouch.Approver, e.Until)
	case *cell.KeySuspended:
		if len(e.Leaves) > 0 {
			return with("%s by %s, leaves %s", e.Person, e.By.Person, strings.Join(e.Leaves, ", "))
		}
		return with("%s by %s", e.Person, e.By.Person)
	case *cell.SuspensionOpposed:
		return with("%s by %s", e.Person, e.Lift.Approver)
	case *cell.SuspensionOver:
		return with("%s %s", e.Person, e.Why)
	case *cell.SymptomLookedAt:
		return with("%s %s", strings.TrimSpace(e.Look.Symptom+" "+e.Look.Network), e.Look.Seen)
	case *cell.OutageWitnessed:
		return with("%s", e.Outage.By)
	case *cell.RequestWitnessed:
		return with("by %s", strings.Join(e.By, " "))
	case *cell.SoloOffered:
		return with("%s for %s at %s", strings.Join(e.Offer.Opens, " "), e.Offer.Longest, e.Offer.RaiseTo)
	case *cell.SoloTaken:
		if e.Taken.Unproved {
			return with("time unproved")
		}
	case *cell.SoloHeard:
		return with("%s", e.Channel)
	case *cell.SoloBegun:
		return with("%s for %s, %s", strings.Join(e.Grant.Targets, " "), span(e.Grant.From, e.Grant.Until), e.Grant.Hearing)
	case *cell.RecoveryAgreed:
		return with("until %s, removes %s", e.Until, strings.Join(e.Removes, " "))
	case *cell.RecoveryWaits:
		return with("until %s", e.Until)
	case *cell.RecoveryOver:
		return with("%s", e.State)
	case *cell.LedgerKeyRotated:
		return with("%s to %s", keyName(e.From), keyName(e.To))
	case *cell.OverlapRecorded:
		return with("of size %d", e.Size)
	case *cell.ExtensionDecided:
		return with("%s %s", e.Decision.Approver, yes(e.Decision.Approves))
	case *cell.Extended:
		return with("until %s by %s", e.Until, strings.Join(e.By, " "))
	case *cell.ClockTrusted:
		if e.Step != 0 {
			return with("%dms", e.Step)
		}
	case *cell.ClockAgreed:
		return with("%dms by %s", e.Step, strings.Join(append(e.By, e.Witnesses...), " "))
	case *cell.AlarmAnswered:
		return with("%s %s", e.Channel, yes(e.Delivered))
	}
	return cell.NameOf(e)
}

func yes(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func span(from, to canon.Time) string { return to.Sub(from).String() }
