package view

import (
	"fmt"
	"slices"
)

// Urgency says how soon somebody should look at a finding.
type Urgency string

// The urgencies. Something that is found now may be open that should be shut, or
// what is written may not be what happened.
const (
	UrgencyNow   Urgency = "now"
	UrgencyToday Urgency = "today"
	UrgencyLater Urgency = "later"
)

// answer is what a kind of finding asks of people.
type answer struct {
	urgency Urgency
	do      func(Finding) string
}

func always(text string) func(Finding) string { return func(Finding) string { return text } }

// findingAnswers has a row for every kind: a test compares both.
var findingAnswers = map[FindingKind]answer{
	FindingOverdue: {UrgencyNow, func(f Finding) string {
		return fmt.Sprintf("Look at %s yourself and end what is left of it there; it then proves itself dead. Whoever saw that nothing is left may say so: halligan attest %s %s", f.Target, f.Request.Short(), f.Target)
	}},
	FindingAlone: {UrgencyNow, func(f Finding) string {
		return fmt.Sprintf("Whoever went in writes what they did, and somebody else reads it: halligan review show %s", f.Request.Short())
	}},
	FindingOffline: {UrgencyNow, func(f Finding) string {
		return fmt.Sprintf("Take what it opened for known to others: rotate it, then review it: halligan status %s", f.Request.Short())
	}},
	FindingRecovery:  {UrgencyNow, always("If you did not expect it, call whoever agreed, by a number that you know, and cancel it: two people are enough.")},
	FindingSuspended: {UrgencyNow, always("Call its owner, by a number that you know. If the key is lost, the change quorum removes it before the suspension is over: halligan change propose remove. If all is well, two of security, or the change quorum, end it: halligan lift")},
	FindingEpoch: {UrgencyNow, func(f Finding) string {
		return fmt.Sprintf("Look at the sessions of %s yourself until it has reported that none is left over.", f.Target)
	}},
	FindingStanding: {UrgencyToday, always("Ask who made the assignment. If nobody needs it, delete it by hand: aws sso-admin delete-account-assignment. Until then its holder needs no grant, and a grant of the same does not open.")},
	FindingUndenied: {UrgencyNow, always("Deny them by hand, as the printed procedure says. The policy is halligan-denial, of the organisation: see what it says, and put back what halligan blueprint scp writes when nothing of it is needed any more; it is written again by itself from then on. No two cells can have one such policy: make another for the other cell.")},
	FindingUnlisted: {UrgencyToday, always("See who has the permission sets yourself: aws sso-admin list-account-assignments. The log of the server says what went wrong; it is listed again within ten minutes.")},
	FindingBroken: {UrgencyNow, func(f Finding) string {
		if f.byAWS {
			return rotatedByAWS(f)
		}
		return fmt.Sprintf("Change the secret at its system, seal the new one, and put that in force: halligan envelope rotate %s", f.Target)
	}},
	FindingSessions: {UrgencyToday, func(f Finding) string {
		return fmt.Sprintf("Unless you know that none was begun, have whoever administers the account deny what is older than %s in a policy of the user (aws:TokenIssueTime): docs/howto/keep-an-aws-key-in-an-envelope.md", f.Since)
	}},
	FindingClock:       {UrgencyNow, always("Set the machine's clock right. If it is right, and its own measure is not, the change quorum says so: halligan clock propose")},
	FindingUnwitnessed: {UrgencyNow, always("Ask those who run the witnesses whether theirs is up, and keep a copy of the ledger elsewhere meanwhile: halligan ledger mirror")},
	FindingUnheard:     {UrgencyNow, always("Mend the channel: until it takes an alarm, those who listen there hear of nothing. Watch by another way: halligan watch")},
	FindingUnderway:    {UrgencyToday, always("See whether the channel's receiver is up; what it missed is sent again by itself.")},
	FindingReview: {UrgencyToday, func(f Finding) string {
		return fmt.Sprintf("Write it, or sign it off when it is written: halligan review show %s", f.Request.Short())
	}},
	FindingDue: {UrgencyToday, func(f Finding) string {
		if f.byAWS {
			return rotatedByAWS(f)
		}
		return fmt.Sprintf("Change the secret at its system, and seal the new one: halligan envelope seal %s", f.Target)
	}},
	FindingOpening: {UrgencyToday, func(f Finding) string {
		return fmt.Sprintf("See whether %s is up and set up for this cell; it is tried again by itself as long as the grant lives.", f.Target)
	}},
	FindingCertificate: {UrgencyToday, always("On the server: halligan tls show says which certificate it is. Put a newer one over the same key in its place; one of the local authority renews itself, and the log says why it did not.")},
	FindingUnready:     {UrgencyNow, always("On the server: bring the file back from where you keep copies of the server's keys, mode 0600, and start it again. Until then an account is opened by its other way.")},
	FindingTried:       {UrgencyToday, always("Ask them, by a number that you know, whether that was them. If not, somebody has the name of their key and not the key: nothing is lost. A key that may be lost is suspended at once: halligan suspend")},
	FindingUnshown: {UrgencyLater, func(f Finding) string {
		return fmt.Sprintf("Its custodians show that they can open their part: halligan envelope inspect %s", f.Target)
	}},
	FindingOffered:  {UrgencyToday, always("Have its four words read to you by whom it is for, and propose it, or discard it: halligan invite --list")},
	FindingInvited:  {UrgencyLater, always("If nobody expects it, revoke it: halligan invite --list")},
	FindingUnproved: {UrgencyLater, always("Call them, and have each sign anything: halligan inbox. A key that is lost is removed: halligan change propose remove")},
}

// rotatedByAWS is what to do about an envelope whose content AWS can change: it is
// sealed and changed by one command.
func rotatedByAWS(f Finding) string {
	return fmt.Sprintf("Somebody who may change it there has it changed and sealed in one: halligan envelope rotate %s --aws", f.Target)
}

// Add puts what the server itself found where it belongs: behind what is as urgent.
func (v *Findings) Add(found []Finding) {
	for _, f := range answered(found) {
		behind := slices.IndexFunc(v.Findings, func(other Finding) bool { return other.Urgency.rank() > f.Urgency.rank() })
		if behind < 0 {
			behind = len(v.Findings)
		}
		v.Findings = slices.Insert(v.Findings, behind, f)
	}
}

func (u Urgency) rank() int {
	return slices.Index([]Urgency{UrgencyNow, UrgencyToday, UrgencyLater}, u)
}

// notShown is what to do about a finding that its reader may know of and no more.
const notShown = "Tell security, or an approver of the scenario: they may see it."

// Answer says what to do about findings that are not the view's own: what lies beside
// the ledger.
func Answer(found []Finding) []Finding { return answered(found) }

// answered says of each finding how soon, and what to do. It comes last, when what a
// viewer may not see is empty already.
func answered(found []Finding) []Finding {
	for i := range found {
		f := &found[i]
		known := findingAnswers[f.Kind]
		f.Urgency, f.Do = known.urgency, notShown
		if f.Text != "" {
			f.Do = known.do(*f)
		}
	}
	return found
}
