package cell

import (
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// SignerKind says whose key a kind of statement must be signed with.
type SignerKind string

// The signers.
const (
	ByFounder SignerKind = "founder" // a key of a founder, before the cell is sealed
	ByPerson  SignerKind = "person"  // a roster key of the actor
	ByHolder  SignerKind = "holder"  // the holder key of the request; the actor is the requester
)

// Rule is a line of the one table of statement kinds.
type Rule struct {
	Kind   statement.Kind
	Signer SignerKind
	Who    string // in words: who may sign
	Least  roster.Strength
	Stream string // that the entry changes
	Verb   string // of the command line
	Since  int    // the rules under which it is taken, and all later ones
	decide func(*World, *Signed, Command) (Outcome, *Refusal)
}

// Rules is the table of statement kinds: who may sign what, how strongly, what
// it changes, and what it is called on the command line.
func Rules() []Rule {
	return []Rule{
		{statement.KindFound, ByFounder, "each founder, once", roster.Possession, StreamCell, "init seal", 1, decideFound},
		{statement.KindSession, ByPerson, "anyone of the roster", roster.ServerAttested, StreamSession, "(any reading command)", 1, decideSession},
		{statement.KindRequest, ByPerson, "a member of the scenario's may_request", roster.ServerAttested, StreamRequest, "request", 1, decideRequest},
		{statement.KindDecision, ByPerson, "an approver of the request's severity, never the requester, for an extension too; for a change, a member of the change quorum; for a recovery, of the recovery quorum", roster.ServerAttested, StreamRequest, "approve, deny", 1, decideDecision},
		{statement.KindWithdraw, ByPerson, "the requester", roster.ServerAttested, StreamRequest, "withdraw", 1, decideWithdraw},
		{statement.KindFetch, ByHolder, "the requester", roster.Possession, StreamRequest, "credential, exec", 1, decideFetch},
		{statement.KindRelease, ByHolder, "the requester", roster.Possession, StreamRequest, "release", 1, decideRelease},
		{statement.KindStop, ByPerson, "the requester, any approver of the scenario, security", roster.ServerAttested, StreamRequest, "stop", 1, decideStop},
		{statement.KindAttest, ByPerson, "security or an approver of the scenario, never the requester", roster.Possession, StreamRequest, "attest", 1, decideAttest},
		{statement.KindChange, ByPerson, "a member of the change quorum", roster.Possession, StreamCell, "change propose", 1, decideChange},
		{statement.KindUpgrade, ByPerson, "a member of the change quorum", roster.Possession, StreamCell, "upgrade", 1, decideUpgrade},
		{statement.KindSeal, ByPerson, "a member of the envelope's sealed_by", roster.Possession, StreamCell, "envelope seal", 2, decideSeal},
		{statement.KindShare, ByPerson, "a custodian of the envelope, never the requester", roster.Possession, StreamRequest, "share", 2, decideShare},
		{statement.KindRotate, ByPerson, "a member of the envelope's sealed_by", roster.Possession, StreamCell, "envelope rotate", 2, decideRotate},
		{statement.KindInspect, ByPerson, "a custodian of the envelope", roster.Possession, StreamCell, "envelope inspect", 2, decideInspect},
		{statement.KindReview, ByPerson, "the requester, any approver of the scenario, security", roster.Possession, StreamRequest, "review sign", 2, decideReview},
		{statement.KindSignOff, ByPerson, "security or an approver of the scenario, never the requester nor who wrote the review", roster.Possession, StreamRequest, "review sign-off", 2, decideSignOff},
		{statement.KindClock, ByPerson, "a member of the change quorum", roster.Possession, StreamCell, "clock propose", 2, decideClock},
		{statement.KindEpoch, ByPerson, "a member of the change quorum, over what is lost", roster.Possession, StreamCell, "epoch sign", 2, decideEpoch},
		{statement.KindVouch, ByPerson, "the key's owner with an older key, or two who sit in one leg with them; each with a key that has cooled off", roster.Possession, StreamCell, "vouch", 2, decideVouch},
		{statement.KindWitnessedOutage, ByPerson, "a custodian of any envelope of the cell, never the requester", roster.Possession, StreamRequest, "outage", 2, decideOutage},
		{statement.KindRecover, ByPerson, "a member of the recovery quorum", roster.Possession, StreamCell, "recover propose", RulesOfRecovery, decideRecover},
		{statement.KindCancel, ByPerson, "anyone in a leg of any quorum of the cell, those whom the recovery removes too; two people's are the end of it", roster.Possession, StreamCell, "recover cancel", RulesOfRecovery, decideCancel},
		{statement.KindSuspend, ByPerson, "security", roster.Possession, StreamCell, "suspend", 2, decideSuspend},
		{statement.KindLift, ByPerson, "security and the change quorum, never the key's owner; two of security are the end of it, or those who fill the change quorum", roster.Possession, StreamCell, "lift", 2, decideLift},
		{statement.KindExtend, ByPerson, "the requester, while the grant is live", roster.ServerAttested, StreamRequest, "extend", 2, decideExtend},
		{statement.KindSolo, ByPerson, "the requester, when the ladder offers to go in alone", roster.UserVerified, StreamRequest, "solo", 2, decideSolo},
		{statement.KindReconcile, ByPerson, "anyone of the roster", roster.Possession, StreamRequest, "reconcile", 2, decideReconcile},
	}
}

// RuleOf finds the line of a kind.
func RuleOf(kind statement.Kind) (Rule, bool) {
	rule, ok := rules[kind]
	return rule, ok
}

var rules = func() map[statement.Kind]Rule {
	byKind := map[statement.Kind]Rule{}
	for _, rule := range Rules() {
		byKind[rule.Kind] = rule
	}
	return byKind
}()
