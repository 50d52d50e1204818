package cell_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// defect is a mistake that somebody could make in the law, and the test that
// must notice it.
type defect struct {
	name string
	file string // below internal
	old  string // stands there once
	new  string
	test string // below internal: room and name of the test
}

var defects = []defect{
	{"quorum off by one", "access/quorum.go", "if empty > 0 {", "if empty > 1 {", "cell TestT04OneApproverFillsOneLeg"},
	{"one person fills two legs", "access/quorum.go", "if s.taken[place] == 0 || s.find(", "if s.taken[place] == 0 && s.find(person, tried) || s.taken[place] == 0 || s.find(", "access TestOnePersonFillsOnePlace"},
	{"a person named twice is two", "access/quorum.go", "if !slices.Contains(people[:person], id) {", "if !slices.Contains([]string(nil), id) {", "access TestOnePersonFillsOnePlace"},
	{"the first seat is kept", "access/quorum.go", "|| s.find(s.taken[place]-1, tried) {", "{", "cell TestT04OneApproverFillsOneLeg"},
	{"a quorum of nothing is filled", "access/quorum.go", `return []Leg{{From: "nobody", Count: 1}}`, "return nil", "access TestZeroQuorumIsFilledByNobody"},
	{"deny ignored", "cell/decide_request.go", "return Outcome{StreamOf(r.ID), append(events, &RequestOver{State: access.Denied, By: d.Approver, Code: d.Code})}, nil", "return Outcome{StreamOf(r.ID), events}, nil", "cell TestT07NoApprovalAfterTheEnd"},
	{"late veto ignored", "cell/decide_request.go", "if !r.Live(at) && r.State != access.Pending ||", "if r.State != access.Pending ||", "cell TestT12LateDenyRevokes"},
	{"self-approval allowed", "cell/decide_request.go", "case person == r.Requester:", "case false:", "cell TestT01NobodyWithoutThePartApproves"},
	{"a removed approver fills a leg", "roster/roster.go", "if !ok || !r.Has(person) {", "if !ok {", "roster TestRemovedPersonIsNobody"},
	{"a removed key's approval counts", "cell/decide_request.go", "return ok && owner == d.Approver", "return (ok || true) && owner == d.Approver", "cell TestRemovedKeysApprovalDoesNotCount"},
	{"a removed requester is granted", "cell/decide_request.go", "w.admits(r)) == nil && w.stands(r) {", "w.admits(r)) == nil {", "cell TestRemovedRequesterIsNotGranted"},
	{"a rung lowers the number of signatures", "access/ladder.go", "return in(person, reference) || slices.ContainsFunc(", "return person != \"\" || in(person, reference) || slices.ContainsFunc(", "cell TestLadderOnlyWidens"},
	{"the ladder climbs while the clock is in doubt", "cell/decide_ladder.go", "case w.Doubted:", "case false:", "cell TestLadderWaitsForTime"},
	{"a cool-off ends while the clock is in doubt", "cell/cooloff.go", "cools && (w.Doubted || at.Before(until)) {", "cools && at.Before(until) {", "cell TestNoCoolOffEndsWhileTheClockIsInDoubt"},
	{"a removed key's request lives on", "cell/follow.go", "case *PersonRemoved, *KeyRemoved:", "case *PersonRemoved:", "cell TestRemovedKeyEndsWhatItAskedFor"},
	{"the window begins at the request", "cell/decide_request.go", "access.Grant{From: d.At, Until: d.At.Add(", "access.Grant{From: r.At, Until: r.At.Add(", "cell TestWindowBeginsAtAgreement"},
	{"the clock's doubt ignored", "cell/decide_request.go", "if w.Doubted {", "if false {", "cell TestDoubtShortensTheWindow"},
	{"narrowing of time ignored", "access/request.go", "length = min(length, d.For)", "length = max(length, d.For)", "access TestNarrowedIsMonotone"},
	{"narrowing of targets ignored", "access/request.go", "return !slices.Contains(d.Targets, t) })", "return len(d.Targets) == 0 })", "access TestNarrowedIsMonotone"},
	{"approval after the lapse", "cell/decide_request.go", "case !d.At.Before(r.Lapses):", "case false:", "cell TestT07NoApprovalAfterTheEnd"},
	{"nonce reuse allowed", "cell/decide.go", "if w.nonceUsed(s.Header, c.At) {", "if false {", "cell TestT08OneApprovalInAThousand"},
	{"a refused repeat takes the nonce's place", "cell/world.go", "if w.nonceUsed(h, p.at) || refused.Person", "if refused.Person", "cell TestT22NoReplayAfterARefusedRepeat"},
	{"anybody spends a nonce", "cell/world.go", "|| refused.Person != h.Actor ||", "||", "cell TestT22NobodySpendsAnothersNonce"},
	{"an expired statement taken", "cell/decide.go", "if w.signers(c.At).After(s.Expires) {", "if false {", "cell TestT22NoReplayAfterRestart"},
	{"a clock that is set back revives", "cell/world.go", "used.Expires = canon.Later(h.Expires, p.at.Add(nonceFor.Duration()))", "_ = nonceFor", "cell TestClockSetBackRevivesNothing"},
	{"people behind recorded time are refused", "cell/clock.go", "true, e.Step, w.behind(e.Step)", "true, e.Step, 0*w.behind(e.Step)", "cell TestClockSetBackRevivesNothing"},
	{"any key signs for the holder", "cell/decide.go", "&& s.Signer.Ed25519 == r.Holder &&", "&&", "cell TestFetchNeedsTheHolderKey"},
	{"stop refused to the requester", "cell/decide_grant.go", "if person != r.Requester && !w.overseer(person, r) {", "if !w.overseer(person, r) {", "cell TestWhoeverIsEligibleStops"},
	{"the requester attests", "cell/decide_grant.go", "if person == r.Requester || !w.overseer(person, r) {", "if person != r.Requester && !w.overseer(person, r) {", "cell TestMatrix"},
	{"a certificate outlives its grant", "access/certificate.go", "canon.Earlier(after.Add(CertificateLongest.Duration()), canon.At(until.Std().Truncate(1e9)))", "after.Add(CertificateLongest.Duration())", "access TestWindow"},
	{"fetching after the window", "access/request.go", "&& r.Grant != nil && at.Before(r.Grant.Until)", "&& r.Grant != nil", "access TestLive"},
	{"an execution is closed by its word alone", "access/exec.go", "return len(l.Needs) > 0 && !slices.ContainsFunc(l.Needs, func(kind ProofKind) bool { return !l.Has(kind) })", "return len(l.Needs) > 0 && !slices.ContainsFunc(l.Needs, func(kind ProofKind) bool { return kind == \"\" })", "cell TestExecutionClosesByItsStep"},
	{"an execution is extended", "cell/decide_extend.go", "if l, _ := r.Lease(target); l.Automation != \"\" {", "if l, _ := r.Lease(target); l.Automation == \"-\" {", "cell TestExecutionIsNotExtended"},
	{"an execution that never opened is unissued", "cell/decide_grant.go", "if l.Driven() {\n\t\treturn []Event{&LeaseClosing", "if l.Program != \"\" {\n\t\treturn []Event{&LeaseClosing", "cell TestExecutionClosesByItsStep"},
	{"an account is taken away under an execution", "cell/aws.go", "case l.Automation != \"\" && g.moved(l.Automation, after):", "case l.Automation == \"-\" && g.moved(l.Automation, after):", "cell TestAccountOfAnExecutionStays"},
	{"a value refers to a parameter", "access/automation.go", "&& !strings.Contains(text, \"{{\")", "", "cell TestDocumentsAreChecked"},
	{"closed on refused alone", "access/lease.go", "l.DoorShut() && l.Has(ProofEnded)", "l.DoorShut()", "cell TestLife"},
	{"the control ignored in the round", "access/lease.go", "&& round.Control == Accepted", "", "cell TestLife"},
	{"listed before the door was shut", "cell/decide_effect.go", "case !l.DoorShut() || facts.ListAt.Before(l.ShutAt()):", "case false:", "cell TestLife"},
	{"a session is overlooked", "cell/decide_effect.go", "case slices.Contains(facts.KeyIDs, l.KeyID):", "case false:", "cell TestT47GrantsOverlap"},
	{"nothing is revoked", "cell/apply.go", "w.revoke(after, closing)", "_ = closing", "cell TestT12LateDenyRevokes"},
	{"what is over stays on the list", "cell/apply.go", "if e.Closing.List != w.List {", "if e.Closing.List == 0 {", "cell TestRevokedLeaveWithANewNumber"},
	{"key ids leave the list before they are over", "cell/apply.go", "if old.Until.Before(at) {", "if true || old.Until.Before(at) {", "cell TestRevokedLeaveOneByOne"},
	{"time goes back", "cell/decide.go", "if c.At.Before(w.LastAt) {", "if false {", "cell TestTimeNeverGoesBack"},
	{"a restart forgets that it published", "cell/snapshot.go", "w.published = len(w.Published) > 0", "w.published = len(w.Published) < 0", "cell TestRandomSequences"},
	{"a store may forget a nonce at its last instant", "cell/snapshot.go", "used.Expires.Add(instant)", "used.Expires", "cell TestT22NoReplayAtTheLastInstant"},
	{"an added key agrees at once", "cell/cooloff.go", "cools && (w.Doubted || at.Before(until)) {", "cools && until.Before(at) {", "cell TestT31AnAddedKeyAgreesToNothing"},
	{"whoever widens asks at once", "cell/cooloff.go", "barred && (w.Doubted || at.Before(until)) {", "barred && until.Before(at) {", "cell TestT14WhoWidensWaits"},
	{"an amendment of what is not in force", "cell/amend.go", "if change.From != w.Document {", "if change.From == change.To {", "cell TestT20NoTwoAmendmentsOfOneDocument"},
	{"a grant goes on under what is in force", "cell/amend.go", "ok && w.Digests[r.Scenario] == r.ScenarioDigest {", "ok {", "cell TestAmendmentEndsWhatNobodyMayHave"},
	{"whoever an amendment removes has a say", "cell/amend.go", "return person == c.Person || slices.Contains(c.Without, person)", "return person == c.Person", "cell TestOneAloneAmendsNothing"},
	{"who was removed comes back", "roster/amend.go", "if known && before.Removed {", "if known && before.Removed && p.ID == \"\" {", "roster TestAmendKeepsWhoWentKnown"},
	{"a scenario widened by a group is not named", "cell/compare.go", "if wider[aboutScenario][id] || byGroup ||", "_ = byGroup\n\t\tif wider[aboutScenario][id] ||", "cell TestAmendmentIsInForceInOrder"},
	{"what one network saw is an outage", "access/symptom.go", "len(from) >= 2", "len(from) >= 1", "cell TestT75OutageTakesTwoNetworks"},
	{"an incident is an outage", "access/symptom.go", "return symptom.Looked() && ", "return ", "cell TestT14AnIncidentShowsNoOutage"},
	{"who asks witnesses the outage", "cell/symptom.go", "case person == r.Requester:", "case false:", "cell TestOutageIsWitnessedByCustodians"},
	{"who is no more still witnesses an outage", "cell/symptom.go", "return w.custodian(o.By) && ", "return true || ", "cell TestOutageIsWitnessedByCustodians"},
	{"anybody's key takes a statement's place", "access/offline.go", "a.Statement == statement && a.Own })", "a.Statement == statement && a.Key != \"\" })", "cell TestT75AnothersKeyTakesNobodysPlace"},
	{"a no counts again and again", "cell/offline.go", "slices.ContainsFunc(r.Decisions, again)", "again(access.Decision{}) && r == nil", "cell TestT75NoFillsNoRequest"},
	{"the first share says of which sealing all are", "cell/decide_custody.go", "!slices.ContainsFunc(l.Shares, func(s access.Share) bool { return s.Serial >= envelope.Current.Serial })", "l.Shares[0].Serial < envelope.Current.Serial", "cell TestT75SharesOfTheNextSealing"},
	{"what somebody made up is a debt", "access/review.go", "(r.Offline == nil || r.Offline.Counts(r.ID))", "r != nil", "cell TestT18ClaimedRequestsAreNoDebtOfAScenario"},
	{"who asked signs off", "cell/decide_review.go", "case person == r.Requester:", "case false:", "cell TestReviewIsWrittenByOneAndSignedOffByAnother"},
	{"who wrote signs off", "cell/decide_review.go", "case person == written.By:", "case false:", "cell TestReviewIsWrittenByOneAndSignedOffByAnother"},
	{"what was not read is signed off", "cell/decide_review.go", "written == nil || written.Statement != body.Review", "written == nil", "cell TestReviewIsWrittenByOneAndSignedOffByAnother"},
	{"what was sent back is signed off", "cell/decide_review.go", "case r.Review.Returned != nil:", "case false:", "cell TestReviewIsWrittenByOneAndSignedOffByAnother"},
	{"an approval forgets the leg", "cell/decide_request.go", "terms.Quorum = r.Quorum(terms)", "_ = r.Quorum(terms)", "cell TestOverdueReviewAddsALeg"},
	{"the ladder forgets the leg", "cell/decide_ladder.go", "r.Quorum(w.Scenarios[r.Scenario].Severities[r.Severity]).Missing(", "w.Scenarios[r.Scenario].Severities[r.Severity].Quorum.Missing(", "cell TestOverdueReviewAddsALeg"},
	{"a leg that nobody can fill", "cell/decide_review.go", "Missing(able, w.Roster.In) != nil", "Missing(able, w.Roster.In) == nil && able == nil", "cell TestOverdueReviewNeverBlocksTheGravest"},
	{"a key that cools off fills the leg", "cell/decide_review.go", "&& (!cools || !w.Doubted && !at.Before(until))", "&& (!cools || until != at)", "cell TestOverdueReviewNeverBlocksTheGravest"},
	{"a clock in doubt makes debts", "cell/decide_review.go", "if w.Doubted {", "if false {", "cell TestOverdueWaitsForTheClock"},
	{"the world forgets an overdue review", "access/request.go", "&& !r.Review.Late()", "", "cell TestTheWorldKeepsAnOverdueReview"},
	{"the ledger is believed about what is overdue", "cell/decide_review.go", "case w.partial:", "case w.partial || !c.Observed.Late.IsZero():", "cell TestEvidenceOfOneRequestShowsTheLeg"},
	{"one alone begins an epoch", "cell/epoch.go", "if w.Genesis.Change.Missing(by, w.Roster.In) == nil {", "if len(by) > 0 {", "cell TestEpochNeedsItsQuorum"},
	{"an epoch goes on from elsewhere", "cell/epoch.go", "case h.Seen.Size+int64(len(by)) != w.index || len(by) == 0", "case len(by) == 0", "cell TestMatrix"},
	{"a grant outlives what is lost", "cell/decide_request.go", "&& !w.predates(r)", "", "cell TestEpochEndsWhatWasOpen"},
	{"what is lost issued nothing", "cell/decide_grant.go", "if l.Issued == 0 && !closing.Lost {", "if l.Issued == 0 {", "cell TestEpochEndsWhatWasOpen"},
	{"lists go back at an epoch", "cell/epoch.go", "body.Lost.Size - s.Seen.Size + ListsAhead", "0*ListsAhead", "cell TestEpochEndsWhatWasOpen"},
	{"a host lists before the epoch", "cell/epoch.go", "if facts.List < w.epoch().List {", "if false {", "cell TestEpochSurveysEveryHost"},
	{"one witness gives the time", "cell/clock.go", "if len(agree) < clockSources {", "if len(agree) == 0 {", "cell TestClockNeedsTwoSources"},
	{"any step is agreed to", "cell/clock.go", "!w.Doubted || off > ClockStep || off < -ClockStep {", "!w.Doubted || off > ClockStep && off < -ClockStep {", "cell TestClockAgreedByPeople"},
	{"an extension begins with the approvals of the request", "access/extension.go", "e.Why, e.Decisions\n", "e.Why, r.Decisions\n", "cell TestT44ExtendNeverWithoutANewQuorum"},
	{"an extension outlives its grant", "cell/apply.go", "waits.State = access.Lapsed", "waits.State = access.Pending", "cell TestT44ExtendNeverWithoutANewQuorum"},
	{"an extension needs no quorum", "cell/decide_extend.go", "quorum.Missing(approvers, w.admits(r)) != nil ||", "approvers == nil ||", "cell TestRandomExtensions"},
	{"an extension revives what was lost", "cell/decide_extend.go", "|| !w.stands(r) || !w.stands(anew) {", "{", "cell TestI3ExtendRevivesNothingAfterAnEpoch"},
	{"whatever is asked for is short enough", "cell/decide_request.go", "case a.length > a.terms.Longest:", "case false:", "cell TestI4ExtendHasCeilings"},
	{"an extension is for ever", "access/extension.go", "g.From.Add(WindowMost.Duration())", "at.Add(WindowMost.Duration())", "cell TestI4ExtendHasCeilings"},
	{"an extension trusts a doubted clock", "cell/decide_extend.go", "\tif w.Doubted {", "\tif false {", "cell TestI4ExtendHasCeilings"},
	{"an extension forgets the overdue review", "access/extension.go", "if e.Late != nil && e.Late.Leg.Count > 0 {", "if false {", "cell TestExtendOwesTheReview"},
	{"the end of the grant stays due", "cell/event_extend.go", "return t.Kind == TaskEnd })", "return false })", "cell TestT44ExtendAsksTheQuorumAnew"},
	{"an extension widens back", "cell/decide_extend.go", "if l := &r.Leases[i]; l.Held() && !slices.Contains(targets, l.Target) {", "if l := &r.Leases[i]; false && l.Held() {", "cell TestI5ExtendNarrows"},
	{"a code proves what its signature shows", "roster/key.go", "if k.Code && shown.AtLeast(ServerAttested) {", "if false {", "cell TestT20ACodeIsTheServersWord"},
	{"a code agrees to changes of the cell", "cell/decide_change.go", "case !s.Signer.Strength.AtLeast(roster.Possession):", "case false:", "cell TestT20NoCodeTouchesTheCell"},
	{"a code founds a cell", "cell/decide.go", "!key.Proves(s.Signer.Strength).AtLeast(roster.Possession)", "key.Line == \"\" || !s.Signer.Strength.AtLeast(roster.Possession)", "cell TestT20NoCodeTouchesTheCell"},
	{"a code device becomes a key", "roster/amend.go", "case at >= 0 && before.Keys[at].Code != key.Code:", "case false:", "cell TestT20NoCodeTouchesTheCell"},
	{"a code device counts as a key for the cell", "roster/roster.go", "return r.Active(k) && !k.Code })", "return r.Active(k) })", "cell TestT20NoCodeTouchesTheCell"},
	{"a key that is listed for codes alone is believed to prove more", "roster/key.go", "\t\treturn least == ServerAttested", "\t\treturn true", "cell TestT20ACodeIsTheServersWord"},
	{"one other's word is enough", "cell/vouch.go", "together >= vouchersLeast", "together >= 1", "cell TestT31VouchTakesTwoOfOneLeg"},
	{"whoever vouches need not sit with the owner", "cell/vouch.go", "person != owner && !w.sitTogether(owner, person)", "false", "cell TestT31VouchTakesTwoOfOneLeg"},
	{"a key that cools off vouches", "cell/vouch.go", "if refusal := w.cool(s, c.At); refusal != nil {", "if false {\n\t\tvar refusal *Refusal", "cell TestT31VouchNotByWhatCoolsOff"},
	{"who was removed vouches still", "cell/vouch.go", "if w.counts(d) && d.Approver != person {", "if d.Approver != person {", "cell TestT31VouchOfWhoIsRemoved"},
	{"a weak key vouches for a strong one", "cell/vouch.go", "case person == owner && w.key(", "case false && w.key(", "cell TestT31VouchByAnOlderKey"},
	{"a doubted clock ends a cool-off", "cell/vouch.go", "case w.Doubted:", "case false:", "cell TestI4VouchWaitsForTheClock"},
	{"any certificate is a maker's", "attestation/check.go", "}); err != nil {\n\t\treturn ErrRoot", "}); err != nil && len(roots) == 0 {\n\t\treturn ErrRoot", "cell TestHardwareIsWhatAMakerAttests"},
	{"an attestation of another key is taken", "attestation/check.go", "case !ours:", "case !ours && len(rest) == 0:", "attestation TestT23NotOfThisKey"},
	{"the signature of an attestation is not checked", "attestation/check.go", "if leaf.CheckSignature(algorithm, signed, signature) != nil {", "if leaf.CheckSignature(algorithm, signed, signature) != nil && len(signature) > 1<<20 {", "cell TestT23NoAttestationOfAnotherKey"},
	{"a certificate of an authority attests", "attestation/check.go", "if leaf.IsCA {", "if false {", "attestation TestT23NotOfThisKey"},
	{"another model is attested", "attestation/check.go", "|| e.Critical || !bytes.Equal(named, model)", "|| e.Critical", "attestation TestT23NotOfThisKey"},
	{"models are not asked for", "attestation/check.go", "case len(models) > 0 && !listed:", "case false:", "cell TestAMakerThatIsTakenAwayIsBelievedNoMore"},
	{"certificates are asked about anew", "cell/maker.go", "made.At = was.Made.At", "_ = was", "cell TestAMakerThatIsTakenAwayIsBelievedNoMore"},
	{"a document says who made a key", "cell/maker.go", "case k.Made != roster.Made{}:", "case false:", "cell TestT23NoAttestationOfAnotherKey"},
	{"hardware without verifying anybody", "roster/key.go", "if shown == UserVerified && k.Made.By != \"\" {", "if shown.AtLeast(Possession) && k.Made.By != \"\" {", "cell TestHardwareIsWhatAMakerAttests"},
	{"a maker that is added widens nothing", "cell/compare.go", "|| byAWS || byMaker ||", "|| byAWS || byMaker && false ||", "cell TestMakersAreCompared"},
	{"a suspended key signs", "roster/suspension.go", "return !k.Removed && !suspended", "return !k.Removed && (!suspended || true)", "cell TestT46ASuspendedKeySignsNothing"},
	{"anybody suspends a key", "cell/suspend.go", "case !w.Roster.In(person, w.Genesis.Security):", "case false:", "cell TestMatrix"},
	{"one person suspends for ever", "cell/suspend.go", "case spent && (w.Doubted || c.At.Before(again)):", "case spent && again.IsZero():", "cell TestT31NobodySuspendsForEver"},
	{"the last of security is silenced", "cell/suspend.go", "len(others) == 0 {", "len(others) < 0 {", "cell TestT31NobodySilencesSecurity"},
	{"what a stolen key suspended stays so", "cell/suspend.go", "if !others && !stays(key, owner) {", "if key == \"\" && !others && !stays(key, owner) {", "cell TestT31NobodySilencesSecurity"},
	{"whoever suspends frees their own key", "cell/suspend.go", " || owner == person }", " }", "cell TestT31NobodyFreesTheirOwnKey"},
	{"one frees what two suspended", "cell/suspend.go", "!others &&", "(others || !others) &&", "cell TestT31NobodyFreesTheirOwnKey"},
	{"a removal frees nobody", "cell/suspend.go", "return slices.Contains(keys, key) || slices.Contains(people, owner) }", "return false }", "cell TestT31AThiefsKeyThatIsRemovedFreesWhomItSuspended"},
	{"a key that is gone still suspends", "cell/suspend.go", "!goes(by) && w.Roster.Holds(by.Person, by.Key) })", "!goes(by) })", "cell TestT31AThiefsKeyThatIsRemovedFreesWhomItSuspended"},
	{"a suspended yes blocks another key", "cell/decide_change.go", "d.Approver == person && d.Approves && w.counts(d) })", "d.Approver == person && d.Approves })", "cell TestT07ASuspendedYesBlocksNoOtherKey"},
	{"each look alarms", "access/symptom.go", "newest.Absent == 1", "newest.Absent > 0", "cell TestAnAbsentSymptomAlarmsOnce"},
	{"the owner lifts a suspension", "cell/suspend.go", "case person == body.Person:", "case false:", "cell TestT31ALiftTakesTwoOfSecurity"},
	{"one of security lifts a suspension", "cell/suspend.go", "security >= liftersLeast ||", "security >= 1 ||", "cell TestT31ALiftTakesTwoOfSecurity"},
	{"a suspended key lifts a suspension", "cell/suspend.go", "if w.counts(d) && d.Approver != person {", "if d.Approver != person {", "cell TestT31ALiftTakesTwoOfSecurity"},
	{"a key that cools off lifts a suspension", "cell/suspend.go", "if refusal := w.cool(s, c.At); refusal != nil {", "if false {\n\t\tvar refusal *Refusal", "cell TestT31ALiftNotByWhatCoolsOff"},
	{"a doubted clock ends a suspension", "cell/suspend.go", "case w.Doubted:", "case false:", "cell TestT31ASuspensionLapses"},
	{"an amendment frees a suspended key", "roster/amend.go", "after.stay(r.Suspended)", "_ = after.stay", "cell TestT31NoAmendmentFreesAKey"},
	{"a suspension forgets what it leaves", "cell/suspend.go", "CheckQuorum(q, before, \"\") == nil", "CheckQuorum(q, before, \"\") != nil", "cell TestASuspensionSaysWhatItLeaves"},
	{"what a suspended key opened goes on", "cell/follow.go", "if (!w.stands(w.Requests[id]) || ", "if (!w.Roster.Holds(w.Requests[id].Requester, w.Requests[id].Key) || ", "cell TestT46WhatASuspendedKeyOpenedEnds"},
	{"alone before the ladder came so far", "cell/decide_solo.go", "case !r.Offered():", "case r.Solo == nil:", "cell TestI1SoloNeverWithoutItsStep"},
	{"a signature before the offer is held back", "cell/decide_solo.go", "case s.Statement.Seen.Size <= r.Solo.Entry:", "case false:", "cell TestT75SoloWaitsForTime"},
	{"any alarm that is taken lets somebody in", "cell/decide_solo.go", "|| task.Event != soloTaken ||", "||", "cell TestT14NobodyMakesTheirOwnReceipt"},
	{"nobody took the alarm, and it counts", "cell/decide_effect.go", "if answered.Delivered {", "if true {", "cell TestT14NobodyMakesTheirOwnReceipt"},
	{"recorded time proves the waiting", "cell/decide_solo.go", "r.Solo.Asked.IsZero() || found.At().Before(", "false && found.At().Before(", "cell TestT75SoloTimeIsTheWitnesses"},
	{"somebody goes in by a doubted clock", "cell/decide_solo.go", "case w.Doubted || !at.Before(r.Lapses)", "case !at.Before(r.Lapses)", "cell TestT75SoloWaitsForTime"},
	{"alone again without a review", "access/solo.go", "r.Alone() && (r.State == Granted || r.Review.Open())", "r.Alone() && r.State == Granted", "cell TestSoloOwesItsReview"},
	{"alone with more than somebody signed", "access/solo.go", "length, targets := r.Narrowed(counts)", "length, targets := r.For, slices.Clone(r.Targets)", "cell TestSoloHeard"},
	{"alone without anything that shows that it is real", "cell/decide_solo.go", "if len(scenario.Symptoms) > 0 && !w.outageShown(r, c.At) {", "if len(scenario.Symptoms) > 9 && !w.outageShown(r, c.At) {", "cell TestT75SoloNeedsTheOutageShown"},
	{"the scenario says who hears of it", "cell/alarm.go", "case *HoneyTouched, *SoloTaken, *SoloBegun, *Reconciled:", "case *HoneyTouched, *Reconciled:", "cell TestT67SoloIsHeardEverywhere"},
	{"what was signed with no server counts", "cell/decide.go", "if s.Statement.Offline {", "if false {", "cell TestT75OfflineCountsForNothingLive"},
	{"a digest is taken again", "cell/offline.go", "|| r.Offline.Known(digest) || r.Offline.Told(digest, act.Signer.Fingerprint) {", "|| digest.IsZero() {", "cell TestT75EachDigestIsTakenOnce"},
	{"a forged copy takes the place of what was signed", "access/offline.go", "a.Statement == statement && a.Own })", "a.Statement == statement })", "cell TestT75ForgedTakesNobodysPlace"},
	{"what does not count fills the room", "access/offline.go", "return old.Fault != \"\" })", "return old.Fault == \"\" })", "cell TestT75ForgedTakesNobodysPlace"},
	{"a share is out only if it should be", "cell/offline.go", "if unknown != nil || !w.isOf(s) ||", "if refusal != nil || unknown != nil || !w.isOf(s) ||", "cell TestT75WhatIsOutIsOut"},
	{"a no with no server is forgotten", "cell/offline.go", "&& r.Denied() == \"\" &&", "&&", "cell TestOfflineNoIsTheEnd"},
	{"what was signed is still to come", "cell/offline.go", "s.Statement.SignedAt().Sub(at) > ValidMost.Duration():", "false:", "cell TestT75ClockOfTheSigner"},
	{"what is carried back is a grant", "cell/offline.go", "State: access.Reconciled, Offline:", "State: access.Pending, Offline:", "cell TestT75OfflineCountsForNothingLive"},
	{"a recovery gives no notice", "cell/recover.go", "case w.Doubted || c.At.Before(change.Until):", "case w.Doubted:", "cell TestRecoveryAfterEveryKeyIsLost"},
	{"a doubted clock ends a notice", "cell/recover.go", "case w.Doubted || c.At.Before(change.Until):", "case c.At.Before(change.Until):", "cell TestI4RecoveryWaitsForTheClock"},
	{"the change quorum agrees to a recovery", "cell/recover.go", "if !change.Recovers {", "if change != nil {", "cell TestT10NobodyRecoversAlone"},
	{"one cancels a recovery", "cell/recover.go", "others+1 >= cancelsLeast", "others+1 >= 1", "cell TestT31TakeoverThroughRecovery"},
	{"whoever it removes may not cancel", "cell/recover.go", "case !ok || !change.Recovers:", "case !ok || !change.Recovers || change.Removes(person):", "cell TestT31TakeoverThroughRecovery"},
	{"a removed key cancels a recovery", "cell/recover.go", "case d.Approves || !w.counts(d):", "case d.Approves:", "cell TestRecoveryCountsWhoIsThere"},
	{"a removed key's yes lasts through the notice", "cell/recover.go", "case quorum.Missing(agreed, w.Roster.In) != nil || w.possible", "case quorum == nil || w.possible", "cell TestRecoveryCountsWhoIsThere"},
	{"a recovery touches anything", "cell/amend.go", "change.Recovers && fault != \"\" {", "fault != \"\" && fault == change.Person {", "cell TestT10RecoveryTouchesPeopleAlone"},
	{"a recovery outlives the document that it was compared with", "cell/amend.go", "waits != nil && waits.ID != change.ID { // it", "waits != nil && waits.ID == change.ID { // it", "cell TestRecoveryIsVoidWithAnotherDocument"},
	{"a hundred recoveries wait", "cell/amend.go", "change.Recovers && waits != nil && waits.ID != change.ID {", "change.Recovers && waits != nil && waits.ID == change.From {", "cell TestOneRecoveryWaits"},
	{"a key is agreed to that nobody can sign with", "cell/ledgerkey.go", "if !c.Observed.Held {", "if false {", "cell TestLedgerKeyNotHeld"},
	{"an old ledger key comes back", "cell/ledgerkey.go", "ledger.CheckKeys(w.Name, append(w.ledgerKeys(), key))", "ledger.CheckKeys(w.Name, []string{key})", "cell TestT64LedgerKeyNeverAgain"},
	{"the key of revocation lists signs the ledger", "cell/ledgerkey.go", "if key == w.Genesis.Revocations {", "if false {", "cell TestT64LedgerKeyNeverAgain"},
	{"the old key alone is an overlap", "cell/ledgerkey.go", "for _, vkey := range []string{r.From, r.To} {", "for _, vkey := range []string{r.From} {", "cell TestT64OverlapIsOfThisLedger"},
	{"the new key alone is an overlap", "cell/ledgerkey.go", "for _, vkey := range []string{r.From, r.To} {", "for _, vkey := range []string{r.To} {", "cell TestT64OverlapIsOfThisLedger"},
	{"an overlap need not count the exchange", "cell/ledgerkey.go", "\tcase err != nil:\n\t\treturn Outcome{}, refuse(NotOverlapping", "\tcase err != nil && !w.partial && r.Leaf == cp.Root:\n\t\treturn Outcome{}, refuse(NotOverlapping", "cell TestT64EvidenceShowsTheOverlap"},
	{"the old key signs on", "cell/ledgerkey.go", "if r.Entry < size {", "if r.Entry < 0 {", "cell TestT64WitnessedUnderTheKeyInForce"},
	{"a condition is asked once", "cell/condition.go", "	case *statement.Fetch:\n		f.Action, f.Targets = policy.Fetch,", "	case *statement.Fetch:\n		f.Targets =", "cell TestT29ConditionsHoldAtReissue"},
	{"an approver is asked no condition", "cell/condition.go", "if body.Verdict == statement.Approve {", "if false {", "cell TestConditionsAreAskedEachTime"},
	{"a condition keeps somebody from saying no", "cell/condition.go", "if body.Verdict == statement.Approve {", "if body.Verdict != \"\" {", "cell TestI6NoConditionKeepsAnybodyFromEndingIt"},
	{"the address that asked is taken for that of each fetch", "cell/condition.go", "f.At, f.Address, f.Overdue,", "if r != nil {\n\t\tc.Observed.Address = r.Address\n\t}\n\tf.At, f.Address, f.Overdue,", "cell TestConditionsAreAskedEachTime"},
	{"guard rails are forgotten", "cell/condition.go", "return f, r, slices.Concat(w.Genesis.guardRails(), scenario.Conditions)", "return f, r, scenario.Conditions", "cell TestGuardRailsHoldForEveryScenario"},
	{"the list does not know what leaves it first", "cell/apply.go", "if w.soonest.IsZero() || r.Until.Before(w.soonest) {", "if w.soonest.IsZero() {", "cell TestRevokedLeaveOneByOne"},
	{"a condition that fails says yes", "policy/decide.go", "if len(why.Errors) > 0 {", "if len(why.Errors) > 9 {", "policy TestWhatCannotBeJudgedIsRefused"},
	{"a policy that cannot be read says yes", "policy/decide.go", "\t\tif file == nil {\n\t\t\tno(", "\t\tif file == nil {\n\t\t\t_ = (", "policy TestWhatCannotBeJudgedIsRefused"},
	{"a policy permits", "policy/decode.go", "if p.Effect() != cedar.Forbid {", "if false {", "policy TestEveryFaultHasItsPlaceAndMend"},
	{"a rule less is no wider", "cell/condition.go", "\t\t\t\td.Bearing = Widens\n", "\t\t\t\td.Bearing = Tightens\n", "cell TestWhatAPolicyThatChangesWidens"},
	{"a policy need not come with its change", "cell/amend.go", "if !brought && !slices.Contains(w.Genesis.Policies, ref) {", "if !brought && ref.ID == \"\" {", "cell TestPoliciesThatAreRefused"},
	{"what was signed with no server came from somewhere", "cell/condition.go", "if s == c.Signed {", "if s != nil {", "cell TestConditionsOfWhatWasSignedOffline"},
	{"any engine may have judged otherwise", "cell/replay.go", "condition && by != \"\" && by != policy.Engine", "condition && by != \"\"", "cell TestAnotherEngineIsToldFromALie"},
	{"the search: ended grants keep their leases", "cell/decide_grant.go", "if r.Leases[i].Held() {\n\t\t\tevents = append(events, w.close(r, &r.Leases[i], end.Why", "if r.Leases[i].State == access.LeaseOpen {\n\t\t\tevents = append(events, w.close(r, &r.Leases[i], end.Why", "cell TestSearch"},
	{"a session outlives its grant", "access/session.go", "canon.Earlier(whole.Add(longest.Duration()), canon.At(until.Std().Truncate(1e9)))", "canon.Later(whole.Add(longest.Duration()), until)", "access TestSessionLasts"},
	{"a role is closed with something left behind", "access/aws.go", "return l.DoorShut() && !slices.ContainsFunc(l.Needs", "return l.DoorShut() || !slices.ContainsFunc(l.Needs", "cell TestT43SessionsAreDeadBeforeALeaseIsClosed"},
	{"a slot is free while its sessions live", "access/aws.go", `l.Task == "" && !l.Has(ProofExpired)`, `l.Task == "" && l.State != LeaseClosed`, "cell TestT47SlotsKeepGrantsApart"},
	{"a closed lease is forgotten with its slot", "cell/follow.go", "(t.Kind != TaskExpire || !slot)", "(t.Kind != TaskExpire || slot || !slot)", "cell TestSlotIsNotForgotten"},
	{"a grant opens where somebody is being stopped", "cell/follow.go", "Due: w.slotOver(&lease)}", "Due: p.at}", "cell TestT47SharedSlotOpensWhenTheStoppedAreOver"},
	{"who is being stopped is not counted", "cell/tally.go", "if r.Leases[i].Lives() {", "if r.Leases[i].Lives() && r.Leases[i].Held() {", "cell TestT47SharedSlotOpensWhenTheStoppedAreOver"},
	{"grants share a slot while others are free", "cell/slot.go", "return a.shared - b.shared", "return b.shared - a.shared", "cell TestT47SlotsKeepGrantsApart"},
	{"the ledger is believed about slots", "cell/slot.go", "case w.partial:", "case w.partial || len(c.Observed.Slots) > 0:", "cell TestNobodySaysWhichSlotIsFree"},
	{"a session is of another role than the lease", "cell/session.go", "|| lease.Account != target.Account || lease.Role != target.Role {", "{", "cell TestT33AccountAndRoleArePinned"},
	{"keys are fetched for a console", "cell/session.go", "session.Lasts(f.At, r.Grant.Until, f.Console)", "session.Lasts(f.At, r.Grant.Until, false)", "cell TestConsoleIsFetchedByItself"},
	{"whoever has a role signs in to the console", "cell/decide_grant.go", "(target == nil || !target.Console)", "(target == nil || target.Console && s == nil)", "cell TestConsoleIsFetchedByItself"},
	{"a session works from anywhere", "access/session.go", "if len(sources) > 0 {", "if len(sources) > 99 {", "cell TestT29SessionKeepsItsRestrictionsOnRenewal"},
	{"the twin may do everything", "access/session.go", "Action: []string{s.Probe.IAM()}", `Action: []string{"*"}`, "access TestTwinMayOnlyProbe"},
	{"another case is another action", "access/iam.go", "return Matches(strings.ToLower(pattern), strings.ToLower(action))", "return Matches(pattern, action)", "access TestT50PolicyIsReadAsIAMReadsIt"},
	{"what is denied on one resource is denied", "access/iam.go", "return p.has(IAMDeny, func(s *IAMStatement) bool { return s.names(action) && s.everywhere() })", "return p.has(IAMDeny, func(s *IAMStatement) bool { return s.names(action) })", "access TestT50PolicyIsReadAsIAMReadsIt"},
	{"a root user's lease is closed with something left behind", "access/roottask.go", `ok && task.Leaves == ""`, `ok && task.ID != ""`, "cell TestT43RootSessionIsOverBeforeItsLeaseIsClosed"},
	{"a person ends a root user's session by a word", "cell/decide_grant.go", `lease.Task != "" && !lease.DoorShut()`, `lease.Task != "" && lease.DoorShut() && !lease.DoorShut()`, "cell TestT43RootSessionIsOverBeforeItsLeaseIsClosed"},
	{"a root user's session is begun for a probe", "cell/decide_program.go", `l.Envelope != "" || l.Task != ""`, `l.Envelope != ""`, "cell TestT43RootSessionIsOverBeforeItsLeaseIsClosed"},
	{"a root task of another account", "cell/session.go", "lease.Account != target.Account || lease.Role != target.Role || lease.Task != target.Task", "lease.Role != target.Role || lease.Task != target.Task", "cell TestRootTaskIsRebuilt"},
	{"a digest without the root user's call", "access/session.go", "s.RoleARN, s.Root}", "s.RoleARN, nil}", "cell TestRootTaskIsRebuilt"},
	{"becoming a root user is tried", "access/session.go", "if s.Root != nil {", "if false {", "cell TestRootTaskIsRebuilt"},
	{"a digest without the door", "access/session.go", "call{s.Door,", `call{"",`, "cell TestDoorIsAuthorised"},
	{"anybody takes roles by an external id", "cell/aws.go", `(kind == "role" || kind == "user") && access.IsRoleName(name)`, `kind+name != ""`, "cell TestT49DoorNamesOneCaller"},
	{"another caller by an external id widens nothing", "cell/compare_aws.go", `differ("base", Widens,`, `differ("base", Neutral,`, "cell TestDoorWidens"},
	{"an account is moved under a lease", "cell/aws.go", "!has || before.Account != now.Account ||", "!has ||", "cell TestBusyAccountStays"},
	{"another number widens nothing", "cell/compare_aws.go", `differ("account", Widens, was.In()`, `differ("account", Neutral, was.In()`, "cell TestAmendingMovesNoAccount"},
	{"an assignment is asked for before it is claimed", "cell/assignment.go", "case c.Effect.Kind == EffectOpened && l.Claimed:", "case c.Effect.Kind == EffectOpened && (l.Claimed || l.Target != \"\"):", "cell TestAssignmentIsClaimedFirst"},
	{"what stood before is claimed", "cell/assignment.go", "listed == access.ListedStands && w.shared(c):", "listed == access.ListedStands && (w.shared(c) || l.Target != \"\"):", "cell TestT47AssignmentStoodBefore"},
	{"an assignment that came back is over", "cell/assignment.go", "case listed != access.ListedGone && !(listed", "case listed == \"\" && !(listed", "cell TestT43AssignmentComesBack"},
	{"a session by an assignment is over when it is gone", "access/assignment.go", "return gone.Add((l.Session + AssignmentSettles).Duration())", "return gone.Add(AssignmentSettles.Duration())", "cell TestT43AssignmentComesBack"},
	{"what is attested is left assigned", "cell/follow.go", "(t.Kind != TaskShut || !owes)", "(t.Kind != TaskShut || owes || !owes)", "cell TestT46AttestedAssignmentIsStillDeleted"},
	{"two of the same are open at once", "cell/decide_effect.go", "!w.partial && Waits(", "w.partial && Waits(", "cell TestExecutionsOfTheSameFollowEachOther"},
	{"of two of the same the second is first", "cell/automation.go", "strings.Compare(of.Target, than.Target)) < 0", "strings.Compare(of.Target, than.Target)) != 0", "cell TestExecutionsOfTheSameFollowEachOther"},
	{"the ledger is believed about shared assignments", "cell/assignment.go", "	if w.partial {\n\t\treturn c.Observed.Shared", "	if w.partial || c.Observed.Shared {\n\t\treturn c.Observed.Shared", "cell TestNobodySaysThatAnAssignmentIsShared"},
	{"Identity Center goes away under a lease", "cell/aws.go", "case l.Assignment != nil && !g.AWS.Center.same(after.AWS.Center):", "case l.Assignment != nil && g.AWS.Center == nil:", "cell TestCenterStaysWhileItIsUsed"},
}

// TestDefects builds the law with every defect in it, each asleep until it is
// named, and demands that the test of each fails when it is, and passes while all
// sleep. A defect that no longer fits the source fails too: it must follow the law.
func TestDefects(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: runs one test for each seeded defect")
	}
	if len(defects) < 12 {
		t.Fatalf("only %d defects", len(defects))
	}
	law, alone, err := seed(t.Context(), t.TempDir(), defects)
	if err != nil {
		t.Fatal(err)
	}
	if err := law.asleep(t.Context(), defects); err != nil {
		t.Fatal(err)
	}
	work := make(chan int)
	var runners sync.WaitGroup
	for range 2 {
		runners.Go(func() {
			for i := range work {
				built, number := law, i+1
				if own, ok := alone[i]; ok {
					built, number = own, 0
				}
				if err := built.notices(t.Context(), defects[i], number); err != nil {
					t.Errorf("%s: %v", defects[i].name, err)
				}
			}
		})
	}
	for i := range defects {
		work <- i
	}
	close(work)
	runners.Wait()
	if t.Failed() {
		return
	}
	t.Logf("%d defects, each noticed by the test named for it; %d of them built alone", len(defects), len(alone))
}

// TestDefectsFitTheSource is the quick half of TestDefects: what each defect
// replaces must stand in the law, once.
func TestDefectsFitTheSource(t *testing.T) {
	for _, d := range defects {
		if _, _, err := d.source(); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
}

// source is the file that a defect is in, and what it becomes.
func (d defect) source() (file, changed string, err error) {
	if file, err = filepath.Abs(filepath.Join("..", filepath.FromSlash(d.file))); err != nil {
		return "", "", err
	}
	source, err := os.ReadFile(file)
	if err != nil {
		return "", "", err
	}
	if n := strings.Count(string(source), d.old); n != 1 {
		return "", "", errors.New("what it replaces stands not exactly once in " + d.file + ": " + d.old)
	}
	return file, strings.Replace(string(source), d.old, d.new, 1), nil
}
