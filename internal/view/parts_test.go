package view_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestInboxKnowsWhoCanStillHelp: mia is in both legs. When she took the place
// of security, another of security still helps, because she can move along.
func TestInboxKnowsWhoCanStillHelp(t *testing.T) {
	g := celltest.Genesis()
	g.Groups["leads"] = []string{"lea", "leo", "sam"} // sam is in both
	s := newStage(t, g, celltest.Scenario())
	id := s.ask("ann", "1", "db-1")
	s.do(s.Approve("sam", id))
	want := map[string]int{"ann": 0, "bob": 0, "sam": 0, "sue": 1, "lea": 1, "leo": 1}
	for person, n := range want {
		if got := s.View.Inbox(person, s.at()).Requests; len(got) != n {
			t.Errorf("inbox of %s has %d requests, want %d", person, len(got), n)
		}
	}
	same(t, "missing", s.show("ann", id).Missing, []string{"1 of leads is missing: lea, leo or sue could sign"})
	s.do(s.Approve("sue", id))
	v := s.show("ann", id)
	same(t, "state", v.State, access.Granted)
	same(t, "legs", []string{v.Legs[0].Text, v.Legs[1].Text}, []string{"1 of security: signed by sue", "1 of leads: signed by sam"})
	s.remove("sue", "leo", "bob", "")
	same(t, "legs stay what they were", s.show("ann", id).Legs, v.Legs)
}

// TestInboxForgetsWhoCannotSign: a lead asks, another has lost the only key.
func TestInboxForgetsWhoCannotSign(t *testing.T) {
	s := sample(t)
	id := s.ask("lea", "1", "db-1")
	same(t, "missing", s.show("sam", id).Missing, []string{"1 of security is missing: sam or sue could sign", "1 of leads is missing: leo could sign"})
	s.do(s.Approve("sue", id))
	s.remove("sam", "lea", "sue", celltest.Line("sue").Fingerprint)
	v := s.show("sam", id)
	same(t, "missing", v.Missing, []string{"1 of security is missing: sam could sign", "1 of leads is missing: leo could sign"})
	same(t, "void", v.Decisions[0].Void, true)
	same(t, "sue's inbox", len(s.View.Inbox("sue", s.at()).Requests), 0)
	s.later(time.Hour)
	same(t, "too late", len(s.View.Inbox("sam", s.at()).Requests), 0)
	same(t, "known", s.show("sam", id).Known, "too late: it could be agreed until 04:07:00 UTC; nothing is open")
}

func TestChangesWait(t *testing.T) {
	s := sample(t)
	s.remove("sam", "", "bob", "")
	for person, n := range map[string]int{"sam": 0, "sue": 1, "lea": 1, "leo": 1, "ann": 0, "bob": 0} {
		same(t, "changes of "+person, len(s.View.Inbox(person, s.at()).Changes), n)
	}
	change := s.View.Changes()[0]
	same(t, "text", change.Text, "sam proposes to remove bob")
	same(t, "leg", change.Legs[1].Text, "1 of leads is missing: lea or leo could sign")
	same(t, "found by its digits", s.View.Match(change.ID.String()[:8]), []canon.Digest{change.ID})
	same(t, "too few digits", len(s.View.Match(change.ID.String()[:3])), 0)
	same(t, "notes", s.View.Now("sam", s.at()).Notes, []string{"1 change waits for signatures"})
	s.do(s.Approve("leo", change.ID))
	same(t, "waiting", len(s.View.Changes()), 0)
	people := s.View.People(s.at())
	same(t, "bob", people.People[1], view.Person{ID: "bob", Removed: true, Keys: []view.Key{{
		Type: "ssh-ed25519", Fingerprint: celltest.Line("bob").Fingerprint, Line: celltest.Line("bob").Line, Removed: true, Proved: celltest.Start,
	}}})
	same(t, "on-call", people.Groups[1], view.Group{Group: "on-call", Members: []string{"ann", "lea"}})
	golden(t, "change.txt", text(t, s.Log))
}

func TestScenarioSaysWhatItOpens(t *testing.T) {
	s := sample(t)
	v := s.View.Scenarios("ann")
	golden(t, "scenarios.json", pretty(t, v))
	if !v[0].MayAsk || s.View.Scenarios("sam")[0].MayAsk {
		t.Error("who may ask is wrong")
	}
	id := s.ask("ann", "1", "db-2")
	opens := s.show("sam", id).Opens
	if len(opens) != 1 || !strings.Contains(opens[0].Text, "from 192.0.2.7 only") {
		t.Errorf("the approver is not shown the address: %+v", opens)
	}
}

func TestEveryControlIsSaid(t *testing.T) {
	scenario := celltest.Scenario()
	scenario.Controls = access.Controls{MFA: "user-verified", Source: []string{"10.0.0.0/8"}, Hours: []access.Hours{{From: "22:00", To: "06:00", Days: []string{"sat", "sun"}}}}
	scenario.Opens[0].SSH.Permit = []string{"pty", "port-forwarding", "user-rc"}
	scenario.Opens[0].SSH.SourceAddress = []string{"10.0.0.0/8", access.FromRequest}
	s := newStage(t, celltest.Genesis(), scenario)
	v, _ := s.View.Scenario("ann", scenario.ID)
	same(t, "conditions", v.Conditions, []string{
		`Requester and approvers must sign with a key that proves at least "user-verified".`,
		"It may be asked for and used from 10.0.0.0/8 only.",
		"It may be asked for from 22:00 to 06:00 UTC on sat and sun only.",
	})
	same(t, "opens", v.Opens[0].Text, "Log in to db-1 (db-1.example.com:22) as root, and as whoever else that host lets the principal emergency-dba in; "+
		"from 10.0.0.0/8 or the address that asked only; with a terminal, running the account's rc file, with forwarding of ports, without forwarding of the agent or X11. "+
		"Each certificate lives at most 5m and is renewed while the grant lives.")
	explain, _ := s.View.Explain(scenario.ID, "SEV1", view.Asking{Requester: "ann", Now: s.at().Now})
	same(t, "why not", explain.WhyNot, []string{"ann has no key that could sign for it."})
	same(t, "text", explain.Text, "Nobody can get it now: 1 of security and 1 of leads is needed, and there are not enough people who can sign.")
	explain, _ = s.View.Explain(scenario.ID, "SEV1", view.Asking{Now: s.Now.Add(9 * time.Hour)})
	same(t, "why not now", explain.WhyNot, []string{"It may not be asked for at this hour."})
}

func TestExplain(t *testing.T) {
	s := sample(t)
	explain := func(severity access.Severity, person string) view.Explain {
		v, ok := s.View.Explain("database-locked-out", severity, view.Asking{Requester: person, Now: s.at().Now})
		if !ok {
			t.Fatalf("no %s", severity)
		}
		return v
	}
	golden(t, "explain.json", pretty(t, explain("SEV1", "lea")))
	same(t, "single for ann", explain("SEV1", "ann").Single, []string(nil))
	same(t, "single for lea", explain("SEV1", "lea").Single, []string{"leo"})
	same(t, "two of two", explain("SEV2", "ann").Text, "It needs 2 of security, for 2h at most; it cannot be had without sam and sue.")
	same(t, "sam may not", explain("SEV1", "sam").WhyNot, []string{"sam is not in on-call."})
	s.remove("sam", "lea", "sue", celltest.Line("sue").Fingerprint)
	if v := explain("SEV2", "ann"); v.Fillable || len(v.Single) != 0 {
		t.Errorf("two of security are said to be there: %+v", v)
	}
	s.later(time.Minute)
	s.effect(cell.TaskClock, cell.EffectClock, canon.Digest{}, "", cell.Observed{Step: 31_500})
	same(t, "shortest window", explain("SEV1", "ann").Longest, canon.Seconds(900))
	same(t, "finding", s.View.Findings("ann", s.at()).Findings[0].Kind, view.FindingClock)
	same(t, "doubted", s.View.Now("ann", s.at()).Doubted, true)
	s.effect(cell.TaskClock, cell.EffectClock, canon.Digest{}, "", cell.Observed{})
	same(t, "trusted", s.View.Now("ann", s.at()).Doubted, false)
	if _, ok := s.View.Explain("database-locked-out", "SEV4", view.Asking{Requester: "ann", Now: s.at().Now}); ok {
		t.Error("a severity that the scenario has not was explained")
	}
	if _, ok := s.View.Explain("unknown", "SEV1", view.Asking{Requester: "ann", Now: s.at().Now}); ok {
		t.Error("an unknown scenario was explained")
	}
}

// TestListIsDueForWhatDoesNotYield: what is over by its own time is on the list, and
// no host has to hear of it before it asks next; a stop is due at once.
func TestListIsDueForWhatDoesNotYield(t *testing.T) {
	s := sample(t)
	over, stopped := s.fetched("1", "db-1"), s.fetched("2", "db-2")
	task, ok := first(s.World.Tasks, cell.TaskEnd, over, "")
	if !ok {
		t.Fatal("nothing ends the first grant")
	}
	s.Now = task.Due
	before := s.View.Revocations()
	s.do(s.Effect(cell.EffectDue, task.ID, cell.Observed{}))
	ended := s.View.Revocations()
	same(t, "due after an end", ended.Due, before.Due)
	if len(ended.KeyIDs) != 1 || ended.Number <= before.Number {
		t.Errorf("after an end: %+v", ended)
	}
	s.do(s.Stop("sam", stopped))
	list := s.View.Revocations()
	same(t, "due after a stop", list.Due, list.Number)
	same(t, "listed after both", len(list.KeyIDs), 2)
	made, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "due after a start", made.Revocations(), list)
}

// TestListOfANumberNeverChanges: a key id leaves the revocation list only when
// a newer closing gives the list another number.
func TestListOfANumberNeverChanges(t *testing.T) {
	s := sample(t)
	first := s.fetched("1", "db-1")
	s.do(s.Stop("sam", first))
	key := func(id canon.Digest) string { return "halligan:" + id.Short() + ":db-1" }
	list := s.View.Revocations()
	same(t, "ids", list.KeyIDs, []string{key(first)})
	same(t, "number", list.Number, s.Log[len(s.Log)-1].Index)
	s.later(24 * time.Hour)
	second := s.fetched("2", "db-1")
	same(t, "the list a day later", s.View.Revocations(), list)
	agrees(t, s)
	s.do(s.Stop("sam", second))
	next := s.View.Revocations()
	same(t, "ids after the next", next.KeyIDs, []string{key(second)})
	if next.Number <= list.Number {
		t.Errorf("the number went from %d to %d", list.Number, next.Number)
	}
	third := s.granted("3", "db-1", "db-2")
	s.do(s.Stop("sue", third))
	want := []string{key(second), key(third), "halligan:" + third.Short() + ":db-2"}
	if got := s.View.Revocations().KeyIDs; fmt.Sprint(got) != fmt.Sprint(canonSorted(want)) {
		t.Errorf("got %v, want %v", got, want)
	}
	agrees(t, s)
}

func canonSorted(words []string) []string { return statement.SortTargets(words) }

func TestFindings(t *testing.T) {
	s := sample(t)
	id := s.ask("ann", "1", "db-1")
	s.refused(s.Approve("bob", id))
	s.refused(s.Approve("bob", id))
	s.refused(s.Approve("ann", id))
	s.effect(cell.TaskCount, cell.EffectRefusedCount, canon.Digest{}, "", cell.Observed{Counts: map[string]int64{"unknown-key": 7, "not-an-approver": 1}})
	found := s.View.Findings("sue", s.at())
	same(t, "refused", found.Refused, view.Refusals{
		Count: 11, ByReason: map[string]int64{"not-an-approver": 3, "self-approval": 1, "unknown-key": 7},
		ByPerson: map[string]int64{"bob": 2, "ann": 1}, Last: s.Now,
	})
	same(t, "who was refused is security's", s.View.Findings("ann", s.at()).Refused.ByPerson, map[string]int64(nil))
	found.Refused.ByReason["unknown-key"] = 0
	same(t, "what was given is the reader's", s.View.Findings("sue", s.at()).Refused.ByReason["unknown-key"], int64(7))
	s.effect(cell.TaskAlarm, cell.EffectAlarmReceipt, id, "", cell.Observed{Receipt: &cell.Receipt{}})
	same(t, "unheard", s.View.Findings("ann", s.at()).Findings[0].Text, "Channel pager missed 1 alarm, the first at 03:07:00 UTC.")
	same(t, "told", s.show("ann", id).Told, []view.Told{{Channel: "pager", Event: "request-made", At: s.Now}})
	s.do(s.Deny("sam", id))
	s.effect(cell.TaskAlarm, cell.EffectAlarmReceipt, id, "", cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 204}})
	same(t, "heard again", len(s.View.Findings("ann", s.at()).Findings), 0)
	golden(t, "refused.txt", text(t, s.Log))
	agrees(t, s)
}

func TestNumbers(t *testing.T) {
	s := sample(t)
	for n := range 20 {
		id := s.ask("ann", fmt.Sprint(n), "db-1")
		s.do(s.Approve("sam", id))
		s.later(time.Duration(n+1) * time.Second)
		s.do(s.Approve("lea", id))
		s.do(s.Stop("ann", id))
	}
	n := s.View.Numbers("sam", s.at())
	same(t, "to agree", n.ToAgree, view.Spread{Count: 20, P50: 10_000, P90: 18_000, P95: 19_000})
	same(t, "to death", n.ToProvedDeath, view.Spread{})
	same(t, "ended", n.Requests[access.Ended], 20)
	same(t, "unissued", n.Proofs[access.ProofUnissued], 20)
	same(t, "states", len(n.Requests), len(access.States))
}

func TestListPages(t *testing.T) {
	s := sample(t)
	var all []canon.Digest
	for n := range 7 {
		all = append(all, s.ask([]string{"ann", "bob"}[n%2], fmt.Sprint(n), "db-1"))
	}
	s.do(s.Deny("sam", all[0]))
	var got []canon.Digest
	q := view.Query{Most: 3}
	for pages := 0; ; pages++ {
		page := s.View.List("sam", q, s.at())
		for _, row := range page.Rows {
			got = append(got, row.ID)
		}
		if q.Before = page.Next; q.Before == 0 {
			same(t, "pages", pages, 2)
			break
		}
	}
	same(t, "newest entry first", got, []canon.Digest{all[0], all[6], all[5], all[4], all[3], all[2], all[1]})
	count := func(q view.Query) int { return len(s.View.List("sam", q, s.at()).Rows) }
	same(t, "of bob", count(view.Query{Person: "bob"}), 3)
	same(t, "decided by sam", count(view.Query{Person: "sam"}), 1)
	same(t, "waiting", count(view.Query{States: []access.State{access.Pending}}), 6)
	same(t, "of another scenario", count(view.Query{Scenario: "other"}), 0)
	r, _ := s.View.Find(all[3])
	page := s.View.Rows("ann", view.Query{}, []view.Held{{Last: 3, Request: r}}, s.at())
	same(t, "rows of the store", len(page.Rows), 1)
}

// TestLastGoesWithWhatIsShown: whoever shows a request that has moved on since
// says of no newer entry that it was shown: its reader would wait past it.
func TestLastGoesWithWhatIsShown(t *testing.T) {
	s := sample(t)
	id := s.ask("ann", "moving", "db-1")
	before, _ := s.View.Held(id)
	same(t, "as it is", s.View.Show(before.Request, s.at()).Last, before.Last)
	s.do(s.Approve("sam", id))
	after, _ := s.View.Held(id)
	if after.Last <= before.Last {
		t.Fatalf("entry %d after entry %d", after.Last, before.Last)
	}
	same(t, "as it was", s.View.Show(before.Request, s.at()).Last, int64(0))
	same(t, "as it is now", s.View.Show(after.Request, s.at()).Last, after.Last)
}

// TestOldRequestsAreLetGo: a view holds a bounded number of settled requests,
// the newest, and every one that is not settled.
func TestOldRequestsAreLetGo(t *testing.T) {
	s := sample(t)
	waiting := s.ask("bob", "waiting", "db-1")
	settled := s.ask("ann", "settled", "db-1")
	s.do(s.Deny("sam", settled))
	r, _ := s.View.Find(settled)
	var newest canon.Digest
	for n := range int64(view.SettledMost + view.SettledMost/4 + 10) {
		old := r.Clone()
		old.ID = canon.Sum(fmt.Appendf(nil, "old %d", n))
		s.View.Recall(1000+n, old)
		newest = old.ID
	}
	_, heldOldest := s.View.Find(settled)
	_, heldNewest := s.View.Find(newest)
	_, heldWaiting := s.View.Find(waiting)
	if heldOldest || !heldNewest || !heldWaiting {
		t.Errorf("oldest settled %v, newest settled %v, waiting %v", heldOldest, heldNewest, heldWaiting)
	}
	if n := s.View.Numbers("sam", s.at()).Of; n < view.SettledMost || n > view.SettledMost+view.SettledMost/4+1 {
		t.Errorf("%d requests are held", n)
	}
	same(t, "shown without being held", s.View.Show(r, s.at()).Known, "denied by sam; nothing was opened")
	s.View.Recall(5, r.Clone())
	if kept, _ := s.View.Find(waiting); kept.State != access.Pending {
		t.Error("what is held was replaced")
	}
}

// oneOfEach has every event once; where a sentence depends on what is in it, the
// stories and golden files go through the rest.
var oneOfEach = []cell.Event{
	&cell.Founded{}, &cell.Sealed{}, &cell.ChangeProposed{}, &cell.ChangeDecided{}, &cell.ChangeOver{}, &cell.PersonRemoved{}, &cell.RulesRaised{},
	&cell.KeyRemoved{}, &cell.ClockDoubted{}, &cell.ClockTrusted{}, &cell.RefusalsCounted{}, &cell.SessionOpened{}, &cell.Refused{},
	&cell.RequestMade{Request: access.Request{Incident: "INC-1"}}, &cell.LadderWidened{}, &cell.Decided{}, &cell.Agreed{}, &cell.RequestOver{}, &cell.GrantEnded{},
	&cell.ReviewOpened{}, &cell.LeaseOpened{}, &cell.OpenFailed{}, &cell.TwinWorked{}, &cell.CredentialAuthorised{},
	&cell.CredentialDelivered{}, &cell.MintFailed{}, &cell.LeaseClosing{}, &cell.LeaseShut{}, &cell.LeaseProved{}, &cell.LeaseClosed{},
	&cell.ClosingOverdue{}, &cell.AlarmAnswered{}, &cell.EnvelopeSealed{}, &cell.EnvelopeRotated{}, &cell.EnvelopeInspected{}, &cell.EnvelopeOwed{},
	&cell.EnvelopeOverdue{}, &cell.ShareGiven{}, &cell.HoneyTouched{}, &cell.Witnessed{}, &cell.WitnessesSilent{},
	&cell.WitnessesOverdue{}, &cell.CredentialWitnessed{}, &cell.CredentialUnwitnessed{},
	&cell.ReviewWritten{Written: access.Written{By: "ann", Misuse: "yes"}}, &cell.ReviewReturned{}, &cell.ReviewSignedOff{}, &cell.ReviewOverdue{},
	&cell.Amended{Widened: []string{"s"}, Signers: []string{"a", "b"}}, &cell.KeyAdded{Person: "kim"},
	&cell.EpochSigned{}, &cell.EpochBegun{}, &cell.StraysFound{}, &cell.HostSurveyed{}, &cell.ClockAgreed{By: []string{"kim"}},
	&cell.SymptomLookedAt{Look: access.Look{Symptom: "port", Network: "office", Seen: access.Absent}}, &cell.OutageWitnessed{},
	&cell.RequestWitnessed{}, &cell.SoloOffered{}, &cell.SoloTaken{}, &cell.SoloHeard{}, &cell.SoloBegun{},
	&cell.KeyVouched{}, &cell.ExtensionAsked{}, &cell.ExtensionDecided{}, &cell.Extended{},
	&cell.Reconciled{Request: access.Request{Requester: "ann", Offline: &access.Offline{}}, By: "ann"},
	&cell.RecoveryAgreed{Removes: []string{"ann"}, Adds: make([]roster.Owned, 9)}, &cell.RecoveryWaits{}, &cell.RecoveryOver{},
	&cell.LedgerKeyRotated{}, &cell.OverlapRecorded{},
	&cell.KeySuspended{}, &cell.SuspensionOpposed{}, &cell.SuspensionOver{}, &cell.AssignmentClaimed{}, &cell.AssignmentsFound{Found: []access.Assignment{{Account: "123456789012", User: "u"}}},
	&cell.DenialSeen{Target: "console", Denial: access.DenialFull}, &cell.UserMoved{Person: "kim"},
}

// TestEveryEventHasWords: the timeline has a sentence for every event, and the
// alarms have one for each that channels hear of and for no other.
func TestEveryEventHasWords(t *testing.T) {
	r := &access.Request{Requester: "ann", Scenario: "database-locked-out", Incident: "INC-1"}
	table, err := os.ReadFile("../../docs/howto/receive-alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	heard := map[string]bool{}
	for _, name := range cell.Alarming {
		heard[name] = true
	}
	missing := map[string]bool{}
	for _, name := range cell.EventNames() {
		missing[name] = true
	}
	for _, e := range oneOfEach {
		name := cell.NameOf(e)
		delete(missing, name)
		moments, err := view.Timeline([]cell.Recorded{{Outcome: cell.Outcome{Events: []cell.Event{e}}}})
		if err != nil {
			t.Fatal(err)
		}
		if said := moments[0].Text; strings.Contains(said, "no words") || strings.Contains(said, "%!") || !strings.HasSuffix(said, ".") {
			t.Errorf("%s: %q", name, said)
		}
		kind, sentence := view.Alarm(e, r)
		if (kind != "") != heard[name] || (sentence != "") != heard[name] || strings.Contains(sentence, "%!") {
			t.Errorf("alarm of %s: %q, %q; channels hear of it: %v", name, kind, sentence, heard[name])
		}
		if kind != "" && !strings.Contains(string(table), "`"+kind+"`") {
			t.Errorf("docs/howto/receive-alarms.md does not name %s", kind)
		}
		if strings.Contains(sentence, "INC-1") {
			t.Errorf("alarm of %s tells what a person wrote: %q", name, sentence)
		}
	}
	if len(missing) != 0 || len(heard) == 0 {
		t.Errorf("events that were not tried: %v", missing)
	}
	if kind, _ := view.Alarm(&cell.LeaseClosed{}, nil); kind != "" {
		t.Error("an alarm of a request without the request")
	}
}

// TestAlarmsOfALife writes down what the pager hears.
func TestAlarmsOfALife(t *testing.T) {
	s := sample(t)
	id := s.fetched("1", "db-1", "db-2")
	s.do(s.Stop("sue", id))
	r, _ := s.View.Find(id)
	var b strings.Builder
	told := 0
	for _, recorded := range s.stream(id) {
		for _, task := range recorded.Changes.Enqueued {
			if task.Kind != cell.TaskAlarm {
				continue
			}
			e, ok := view.Alarmed(recorded.Outcome.Events, task)
			if !ok {
				t.Fatalf("the event of task %s was not found", task.ID)
			}
			kind, sentence := view.Alarm(e, r)
			fmt.Fprintf(&b, "%s: %s\n", kind, sentence)
			told++
		}
	}
	if _, ok := view.Alarmed(nil, cell.Task{Event: "agreed"}); ok || told == 0 {
		t.Error("nothing was told, or what never happened")
	}
	golden(t, "alarms.txt", b.String())
}

func FuzzRecorded(f *testing.F) {
	s := sample(f)
	id := s.fetched("1", "db-1")
	s.do(s.Stop("sue", id))
	for _, r := range s.Log {
		f.Add(r.Body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := view.Recorded(1, body)
		if err != nil {
			return
		}
		view.Salt(r)
		moments, err := view.Timeline([]cell.Recorded{r})
		if err == nil && len(moments) != len(r.Outcome.Events) {
			t.Errorf("%d events, %d sentences", len(r.Outcome.Events), len(moments))
		}
		fresh := sample(t)
		fresh.View.Learn(r)
		fresh.View.Findings("sam", fresh.at())
	})
}
