package cell_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestSoloHeard goes in alone from the request to the review that is signed off:
// nothing is open before a channel took the alarm, and what opens is the least of
// what was asked, offered and approved.
func TestSoloHeard(t *testing.T) {
	s := soloStory().ask("db-1", "db-2").climbed(1).later(10 * time.Minute)
	rung, _ := s.Task(cell.TaskRung, s.id, "2")
	expect(t, s.Must(s.Effect(cell.EffectDue, rung.ID, cell.Observed{})), "solo-offered")
	s.narrow("lea", statement.Narrow{For: 600})
	expect(t, s.Must(s.alone("ann")), "solo-taken")
	if r := s.request(); r.State != access.Pending || r.Severity != "SEV1" || !r.Solo.Taken.Unproved {
		t.Fatalf("%s at %s, %+v", r.State, r.Severity, r.Solo.Taken)
	}
	expect(t, s.Must(s.answered("solo-taken", "pager", false)), "alarm-answered")
	s.later(time.Second)
	expect(t, s.Must(s.answered("solo-taken", "siren", true)), "alarm-answered", "solo-heard", "solo-begun")
	want := access.Grant{From: s.Now, Until: s.Now.Add(10 * time.Minute), Targets: []string{"db-1"}, By: []string{}, Hearing: access.Heard}
	if diff := cmp.Diff(want, *s.request().Grant); diff != "" {
		t.Errorf("the grant (-want +got):\n%s", diff)
	}
	for _, kind := range []cell.TaskKind{cell.TaskSolo, cell.TaskLapse, cell.TaskRung} {
		if _, left := s.Task(kind, s.id, ""); left {
			t.Errorf("a task %s is left", kind)
		}
	}
	s.opened("db-1").fetched("db-1").worked("db-1").stopped().refused("db-1").listed("db-1").wrote("ann").signedOff("lea")
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestSoloUnheard: when every channel is dead the requester goes in after a
// minute, for the shortest window, and every channel is told once more.
func TestSoloUnheard(t *testing.T) {
	of := soloScenario()
	of.Severities["SEV3"] = access.Terms{Longest: 300, Quorum: of.Severities["SEV1"].Quorum, ReviewDue: 24 * 3600}
	of.Ladder[1].Solo.Longest = 300
	s := (&story{Cell: celltest.New(soloGenesis(), of)}).ask("db-1").offered().taken()
	nobody, _ := s.Task(cell.TaskSolo, s.id, "")
	s.later(time.Minute - time.Millisecond)
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, nobody.ID, cell.Observed{}), cell.NotDue)
	s.later(time.Millisecond)
	expect(t, s.Must(s.Effect(cell.EffectDue, nobody.ID, cell.Observed{})), "solo-begun")
	if g := s.request().Grant; g.Hearing != access.Unheard || g.Until.Sub(g.From) != 5*time.Minute {
		t.Errorf("%+v", g)
	}
	if s.alarm("solo-begun", "pager") == "none" || s.alarm("solo-begun", "siren") == "none" {
		t.Error("not every channel is told that somebody is in unheard")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT67SoloIsHeardEverywhere: whatever the scenario says of its alarms, every
// channel of the cell hears who goes in alone; the offer is heard as the request was.
func TestT67SoloIsHeardEverywhere(t *testing.T) {
	s := soloStory().ask("db-1").offered()
	if s.alarm("solo-offered", "pager") == "none" || s.alarm("solo-offered", "siren") != "none" {
		t.Error("the offer is not heard by the channel of the scenario, or by another")
	}
	s.taken()
	for _, channel := range []string{"pager", "siren"} {
		if s.alarm("solo-taken", channel) == "none" {
			t.Errorf("%s does not hear who goes in alone", channel)
		}
	}
}

// TestI1SoloNeverWithoutItsStep: nobody goes in alone but the requester, by a key
// that verified them, when the ladder came so far, and once.
func TestI1SoloNeverWithoutItsStep(t *testing.T) {
	s := soloWitnessed().ask("db-1").wait(false).climbed(1)
	expectRefusal(t, s.Cell, s.alone("ann"), cell.NotOffered)
	s.climbed(1)
	expectRefusal(t, s.Cell, s.alone("bob"), cell.NotAllowed)
	expectRefusal(t, s.Cell, s.alone("sam"), cell.NotAllowed)
	expectRefusal(t, s.Cell, s.By("ann", "ann", &statement.Solo{Of: s.id}), cell.TooWeak)
	s.taken()
	expectRefusal(t, s.Cell, s.alone("ann"), cell.AlreadyDecided)
	expectRefusal(t, s.Cell, s.fetch("db-1"), cell.NotLive)
	if s.request().State != access.Pending {
		t.Error("a signature opened something by itself")
	}

	of := soloScenario()
	of.Controls = access.Controls{MFA: "hardware", Source: []string{"192.0.2.0/24"}}
	s = &story{Cell: celltest.New(soloGenesis(), of)}
	ask := s.Ask("ann", "1", "db-1")
	ask.Signed.Signer.Strength = roster.Hardware
	s.id, _ = cell.RequestOf(s.Must(ask).Outcome.Stream)
	s.offered()
	expectRefusal(t, s.Cell, s.alone("ann"), cell.TooWeak) // the scenario wants more than the step does
	outside := s.alone("ann")
	outside.Signed.Signer.Strength, outside.Observed.Address = roster.Hardware, "203.0.113.7"
	expectRefusal(t, s.Cell, outside, cell.WrongSource)
	outside.Observed.Address = "192.0.2.8"
	s.Must(outside)
}

// TestSoloYieldsToPeople: whatever people say before it opens is what happens.
func TestSoloYieldsToPeople(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(*story) cell.Command
		want access.State
	}{
		"the quorum": {func(s *story) cell.Command { s.approve("sam"); return s.Approve("lea", s.id) }, access.Granted},
		"a no":       {func(s *story) cell.Command { return s.Deny("max", s.id) }, access.Denied},
		"a stop":     {func(s *story) cell.Command { return s.Stop("sue", s.id) }, access.Denied},
		"withdrawal": {func(s *story) cell.Command { return s.By("ann", "ann", &statement.Withdraw{Of: s.id}) }, access.Withdrawn},
	} {
		s := soloStory().ask("db-1", "db-2").offered().taken()
		nobody, _ := s.Task(cell.TaskSolo, s.id, "")
		s.Must(c.say(s))
		expect(t, s.Must(s.answered("solo-taken", "siren", true)), "alarm-answered")
		s.later(time.Minute)
		expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, nobody.ID, cell.Observed{}), cell.UnknownTask)
		r := s.request()
		if r.State != c.want || r.Alone() || r.AloneUnreviewed() || r.Grant != nil && len(r.Grant.Targets) != 2 {
			t.Errorf("%s: %s, %+v", name, r.State, r.Grant)
		}
		replays(t, s.Cell)
	}
}

// TestSoloGoesOnLikeAnyGrant: it is vetoed by whoever was asked, at whatever
// severity, and extended by nobody but a quorum, of the severity that it was raised to.
func TestSoloGoesOnLikeAnyGrant(t *testing.T) {
	raised := func() *story {
		s := soloStory()
		s.id, _ = cell.RequestOf(s.Must(s.askAt("ann", "SEV2")).Outcome.Stream)
		return s.offered().taken().heard().opened("db-1")
	}
	s := raised()
	if r := s.request(); r.Severity != "SEV1" {
		t.Errorf("it is still %s", r.Severity)
	}
	s.Must(s.Deny("max", s.id)) // of the quorum of SEV2, which was asked
	if r := s.request(); r.State != access.Ended || r.Review.Due.Sub(r.End.At) != 24*time.Hour {
		t.Errorf("%s, review due %s", r.State, r.Review.Due)
	}

	s = raised()
	until := s.request().Grant.Until
	s.extending()
	expect(t, s.Must(s.Approve("sam", s.waits())), "extension-decided")
	if s.request().Grant.Until != until {
		t.Fatal("one person extended it")
	}
	expect(t, s.Must(s.Approve("lea", s.waits())), "extension-decided", "extended")
	replays(t, s.Cell)
}

// TestSoloOwesItsReview: until it is signed off, neither the same person nor
// anybody under the same scenario goes in alone; the world keeps it so long.
func TestSoloOwesItsReview(t *testing.T) {
	for _, person := range []string{"ann", "bob"} {
		s := soloStory().wentIn()
		first := s.id
		if s.World.Evict(cell.StreamOf(first)); s.World.Requests[first] == nil {
			t.Fatal("the world let go of whoever went in alone")
		}
		s.again(person)
		expectRefusal(t, s.Cell, s.alone(person), cell.AloneBefore)
		asked := s.id
		s.id = first
		s.wrote("ann")
		s.id = asked
		expectRefusal(t, s.Cell, s.alone(person), cell.AloneBefore)
		s.id = first
		s.signedOff("lea")
		s.id = asked
		s.Must(s.alone(person))
		replays(t, s.Cell)
		restores(t, s.Cell)
	}

	s := soloStory().ask("db-1").offered().taken() // nor while the other has not opened yet
	s.later(-20 * time.Minute)
	s.Now = s.World.LastAt
	s.next("bob", "2")
	s.offered()
	expectRefusal(t, s.Cell, s.alone("bob"), cell.AloneBefore)
}

// TestSoloIsTakenByAnOverdueReview: a scenario in debt has nobody go in alone.
func TestSoloIsTakenByAnOverdueReview(t *testing.T) {
	s := soloStory().granted("db-1").opened("db-1").fetched("db-1").worked("db-1").stopped().refused("db-1").listed("db-1")
	old := s.id
	s.later(24*time.Hour - 25*time.Minute).again("bob")
	asked := s.id
	s.id = old
	s.late()
	s.id = asked
	expectRefusal(t, s.Cell, s.alone("bob"), cell.LateReview)
}

// TestT18NobodyBlocksAnothersSolo: a flood of one person's requests, and whatever
// they do alone under another scenario, is no hindrance to somebody else.
func TestT18NobodyBlocksAnothersSolo(t *testing.T) {
	second := soloScenario()
	second.ID = "other-database"
	s := &story{Cell: celltest.New(soloGenesis(), soloScenario(), second)}
	s.Must(s.askSecondAs("bob", "b0", second))
	for i := range cell.PendingMost - 1 {
		s.Must(s.Ask("bob", strings.Repeat("b", i+2), "db-1"))
	}
	expectRefusal(t, s.Cell, s.Ask("bob", "one more", "db-1"), cell.TooMany)
	s.ask("db-1").climbed(2)
	mine := s.id
	for id, r := range s.World.Requests {
		if r.Scenario == second.ID {
			s.id = id
		}
	}
	s.taken()
	s.heard()
	s.id = mine
	s.taken().heard()
	if !s.request().Alone() {
		t.Error("ann is not in")
	}
	replays(t, s.Cell)
}

// askSecondAs asks for db-1 under another scenario.
func (s *story) askSecondAs(person, name string, of access.Scenario) cell.Command {
	return s.By(person, person, &statement.Request{
		Scenario: of.ID, ScenarioDigest: canon.Sum(canon.MustEncode(of)), Severity: "SEV1", For: 1800,
		Targets: []string{"db-1"}, Why: celltest.Note("cannot connect"), Incident: "INC-1",
		Holder: statement.Holder{Ed25519: celltest.Public("holder " + name), X25519: celltest.Public("sealed " + name)},
	})
}

// TestT14NobodyMakesTheirOwnReceipt: only the receipt of the very alarm lets
// somebody in, as the result of the task that the ledger asked for, and once.
func TestT14NobodyMakesTheirOwnReceipt(t *testing.T) {
	s := soloStory().ask("db-1").offered()
	early := s.answered("solo-offered", "pager", true)
	expect(t, s.Must(early), "alarm-answered")
	s.taken()
	expect(t, s.Must(s.answered("request-made", "pager", true)), "alarm-answered")
	expectRefusal(t, s.Cell, early, cell.UnknownTask)
	bare := s.Effect(cell.EffectAlarmReceipt, s.alarm("solo-taken", "siren"), cell.Observed{})
	expectRefusal(t, s.Cell, bare, cell.TaskMismatch)
	expect(t, s.Must(s.answered("solo-taken", "siren", false)), "alarm-answered")
	if s.request().State != access.Pending {
		t.Fatal("an alarm that nobody took let ann in")
	}
	expect(t, s.Must(s.answered("solo-taken", "pager", true)), "alarm-answered", "solo-heard", "solo-begun")
}

// TestT14WhoWidensDoesNotGoInAlone: an added key, and whoever agreed to let more
// people in alone, wait for the cool-off.
func TestT14WhoWidensDoesNotGoInAlone(t *testing.T) {
	s := soloStory()
	s.Amend(s.Amending(withSpare("ann")))
	s.ask("db-1").offered()
	spare := s.alone("ann")
	spare.Signed.Signer.Fingerprint = celltest.Line("ann's spare").Fingerprint
	expectRefusal(t, s.Cell, spare, cell.CoolingOff)

	wider := soloScenario()
	wider.MayRequest = append(wider.MayRequest, "group:leads")
	s = soloStory()
	s.Amend(s.Amending(nil, wider))
	s.Scenario = canon.Sum(canon.MustEncode(wider))
	expectRefusal(t, s.Cell, s.Ask("lea", "1", "db-1"), cell.CoolingOff)
}

// TestT75SoloWaitsForTime: a clock that jumps offers nothing, takes nothing and
// opens nothing; a statement that was signed before the offer and held back is worth
// nothing; what a channel took in the meantime counts when time is trusted again.
func TestT75SoloWaitsForTime(t *testing.T) {
	s := soloStory().ask("db-1").climbed(1).later(10 * time.Minute).stepped(45_000)
	rung, _ := s.Task(cell.TaskRung, s.id, "2")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, rung.ID, cell.Observed{}), cell.ClockInDoubt)
	s.stepped(0)
	held := s.alone("ann")
	s.Must(s.Effect(cell.EffectDue, rung.ID, cell.Observed{}))
	expectRefusal(t, s.Cell, held, cell.SeenStale)
	s.stepped(45_000)
	expectRefusal(t, s.Cell, s.alone("ann"), cell.ClockInDoubt)
	s.stepped(0).taken().stepped(45_000)
	expect(t, s.Must(s.answered("solo-taken", "siren", true)), "alarm-answered", "solo-heard")
	s.later(time.Minute)
	nobody, _ := s.Task(cell.TaskSolo, s.id, "")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, nobody.ID, cell.Observed{}), cell.NotPending)
	s.stepped(0)
	expect(t, s.Must(s.Effect(cell.EffectDue, nobody.ID, cell.Observed{})), "solo-begun")
	if g := s.request().Grant; g.Hearing != access.Heard || g.From != s.Now {
		t.Errorf("%+v", g)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT75SoloTimeIsTheWitnesses: that the requester waited is proved by the clocks
// of witnesses and by what the requester had seen; recorded time proves nothing.
func TestT75SoloTimeIsTheWitnesses(t *testing.T) {
	s := soloWitnessed().ask("db-1").wait(false).offered()
	expectRefusal(t, s.Cell, s.waited(true, "w1"), cell.NotCosigned)
	seen := s.alone("ann") // before the offer is cosigned
	s.wait(true)
	proved := s.request().Solo.Passed
	if proved <= s.request().Solo.Entry {
		t.Fatalf("a checkpoint of size %d does not hold the offer", proved)
	}
	again := s.fork()
	again.Must(seen)
	s.taken()
	if s.request().Solo.Taken.Unproved {
		t.Error("two witnesses cosigned twenty minutes apart, and it is unproved")
	}
	if again.request().Solo.Taken.Unproved != (seen.Signed.Statement.Seen.Size < proved) {
		t.Errorf("seen %d, proved %d: %+v", seen.Signed.Statement.Seen.Size, proved, again.request().Solo.Taken)
	}
	replays(t, s.Cell)

	// A server whose clock runs ahead: by the witnesses only a minute has passed.
	s = soloWitnessed().ask("db-1").wait(false).offered()
	ahead := s.Effect(cell.EffectCosigned, s.waitedTask(true), cosigned(celltest.Signed(s.World.Newest(), s.request().Solo.Asked.Add(20*time.Minute-time.Second), "w1")))
	expectRefusal(t, s.Cell, ahead, cell.NotCosigned)
	ahead.Observed = cosigned(celltest.Signed(s.World.Newest(), s.request().Solo.Asked.Add(20*time.Minute-2*time.Second), "w1", "w2"))
	expectRefusal(t, s.Cell, ahead, cell.NotDue)
	s.taken()
	if !s.request().Solo.Taken.Unproved {
		t.Error("recorded time alone proves that somebody waited")
	}

	// The offer proves nothing while nobody cosigned the request.
	s = soloWitnessed().ask("db-1").offered()
	expectRefusal(t, s.Cell, s.waited(true, "w1", "w2"), cell.NotDue)
}

// TestEvidenceOfOneRequestShowsSolo: what leaves out other streams replays to the
// same bytes, with witnesses and with a review that was owed before.
func TestEvidenceOfOneRequestShowsSolo(t *testing.T) {
	s := soloWitnessed().wentIn()
	s.wrote("ann").signedOff("lea")
	s.next("bob", "2").wait(false).offered().wait(true).taken().heard().opened("db-1")
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for i, recorded := range s.Log {
		if stream := recorded.Outcome.Stream; stream != cell.StreamCell && stream != cell.StreamOf(s.id) {
			continue
		}
		if _, err := w.ReplayAt(recorded.Index, prepared(t, s, recorded)); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if r := w.Requests[s.id]; !r.Alone() || r.Solo.Taken.Unproved {
		t.Errorf("%+v", r.Solo)
	}
	replays(t, s.Cell)
}

// TestRandomSolo plays random lives from every state of the solo step.
func TestRandomSolo(t *testing.T) {
	lives := 1500
	if testing.Short() {
		lives = 200
	}
	starts, deeds := startsOf(statesOfSolo), append(soloDeeds(), append(effectDeeds(), deed{"solo", "ann, once more", func(s *story) cell.Command { return s.alone("ann") }})...)
	for seed := range lives {
		q := newSequence(seed, starts[seed%len(starts)], deeds, seed/len(starts)%len(deeds))
		if err := q.run(deeds); err != nil {
			t.Fatalf("seed %d, from %q: %s: %v", seed, q.state, strings.Join(q.steps, "; "), err)
		}
	}
}

// TestSoloStepsRefused: a step that is not the last resort is no scenario.
func TestSoloStepsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*access.Scenario, *cell.Genesis){
		"not last":            func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[0], s.Ladder[1].Solo = s.Ladder[1], nil },
		"it widens as well":   func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Widen = "group:managers" },
		"with legs":           func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Legs = []string{"group:leads"} },
		"too long":            func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.Longest = 901 },
		"longer than a grant": func(s *access.Scenario, _ *cell.Genesis) { s.Severities["SEV2"] = shorter(s.Severities["SEV2"]) },
		"no time":             func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.Longest = 0 },
		"raised to less":      func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.RaiseTo = "SEV2" },
		"to none that is":     func(s *access.Scenario, _ *cell.Genesis) { delete(s.Severities, "SEV1") },
		"to nothing":          func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.RaiseTo = "" },
		"opens nothing":       func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.Opens = nil },
		"opens what is not":   func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.Opens = []string{"db-3"} },
		"opens it twice":      func(s *access.Scenario, _ *cell.Genesis) { s.Ladder[1].Solo.Opens = []string{"db-1", "db-1"} },
		"an envelope": func(s *access.Scenario, _ *cell.Genesis) {
			s.Opens = append(s.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:security", Threshold: 2, SealedBy: "group:leads"}})
			s.Ladder[1].Solo.Opens = []string{"root"}
		},
		"nobody hears": func(s *access.Scenario, g *cell.Genesis) { g.Channels, s.Alarms.To = nil, nil },
		"rules 1":      func(_ *access.Scenario, g *cell.Genesis) { g.Rules = 1 },
	} {
		g, s := soloGenesis(), soloScenario()
		people, err := g.Check()
		if err != nil {
			t.Fatal(err)
		}
		if err := cell.CheckScenario(&s, &g, &people); err != nil {
			t.Fatalf("the good one: %v", err)
		}
		spoil(&s, &g)
		if err := cell.CheckScenario(&s, &g, &people); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func shorter(terms access.Terms) access.Terms {
	terms.Longest = 600
	return terms
}

// TestT75SoloNeedsTheOutageShown: where a scenario says how its emergency can be seen,
// nobody goes in alone before it is seen from two networks, or a custodian says so;
// what was seen when they asked is too old, so that it is looked at again.
func TestT75SoloNeedsTheOutageShown(t *testing.T) {
	g, of := soloGenesis(), soloScenario()
	g.Networks = []string{"office", "mobile"}
	of.Symptoms = []access.Symptom{{Name: "port", TCP: "db.example.com:5432"}}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:security", Threshold: 2, SealedBy: "group:leads"}})
	fresh := func() *story {
		s := &story{Cell: celltest.New(g, of)}
		return s.ask("db-1").looked("port", "office", access.Shown).looked("port", "mobile", access.Shown).offered()
	}
	s := fresh()
	expectRefusal(t, s.Cell, s.alone("ann"), cell.OutageNotShown)
	s.looked("port", "office", access.Shown)
	expectRefusal(t, s.Cell, s.alone("ann"), cell.OutageNotShown)
	s.looked("port", "mobile", access.Unknown)
	expectRefusal(t, s.Cell, s.alone("ann"), cell.OutageNotShown)
	s.later(cell.LookAgain.Duration()).looked("port", "mobile", access.Shown)
	s.fork().Must(s.alone("ann"))
	replays(t, s.Cell)
	s.later(cell.ShownFor.Duration())
	expectRefusal(t, s.Cell, s.alone("ann"), cell.OutageNotShown)
	s.Must(s.By("sam", "sam", outageOf(s)))
	s.looked("port", "mobile", access.Unknown).looked("port", "office", access.Unknown).taken().heard()
	if _, left := s.Task(cell.TaskSymptom, s.id, ""); left {
		t.Error("symptoms are looked at after it was let in")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
	if s = fresh(); s.approve("sam", "lea").request().State != access.Granted {
		t.Error("the full quorum waits for symptoms")
	}
}

// TestT64SoloIsNotRetold: what is recorded of a grant without a quorum cannot be made
// to look better: that it was waited for, heard of, shorter, or less.
func TestT64SoloIsNotRetold(t *testing.T) {
	s := soloStory().ask("db-1", "db-2").offered().taken().unheard()
	for name, retold := range map[string][2]string{
		"waited for":    {`,"unproved":true`, ``},
		"heard of":      {`"hearing":"unheard"`, `"hearing":"heard"`},
		"agreed":        {`,"hearing":"unheard"`, ``},
		"by somebody":   {`"by":[]`, `"by":["lea","sam"]`},
		"more targets":  {`"targets":["db-1"]`, `"targets":["db-1","db-2"]`},
		"raised to":     {`"raise_to":"SEV1"`, `"raise_to":"SEV2"`},
		"another event": {`"solo-begun"`, `"agreed"`},
	} {
		w, changed := cell.New(celltest.Origin, s.Attachments()), false
		var err error
		for _, recorded := range s.Log {
			p := prepared(t, s, recorded)
			if body := strings.Replace(string(p.Body), retold[0], retold[1], 1); body != string(p.Body) {
				changed, p.Body = true, []byte(body)
				if p.Entry, err = ledger.DecodeEntry(p.Body); err != nil {
					break // no entry at all
				}
			}
			if _, err = w.Replay(p); err != nil {
				break
			}
		}
		if !changed || err == nil {
			t.Errorf("%s: changed %v, and it replays: %v", name, changed, err)
		}
	}
}

// TestLostScenarioStopsNobody: where the file of a former scenario cannot be read, what
// witnesses say of a request under it is refused, and nothing breaks.
func TestLostScenarioStopsNobody(t *testing.T) {
	s := soloWitnessed().ask("db-1")
	s.Must(s.waited(false, "w1", "w2"))
	s.offered()
	gone := s.request().ScenarioDigest
	of := soloScenario()
	of.Title = "another"
	s.Amend(s.Amending(func(*cell.Genesis) {}, of))
	s.later(15 * time.Minute)
	c := s.waited(true, "w1", "w2")
	delete(s.Beside, gone)
	if _, err := s.World.Step(c); refusalOf(err) == nil || refusalOf(err).Reason != cell.ScenarioChanged {
		t.Errorf("without the file: %v", err)
	}
}
