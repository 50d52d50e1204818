package cell_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// second is a scenario that is not in force yet: bob asks, and one of security
// and one lead agree.
func second() access.Scenario {
	s := celltest.Scenario()
	s.ID, s.Title = "second", "Another door"
	s.Opens = s.Opens[:1]
	return s
}

// withKim adds kim, with a key, to those on call and to the leads.
func withKim(g *cell.Genesis) {
	g.People = append(g.People, people("kim")...)
	g.Groups["on-call"] = append(g.Groups["on-call"], "kim")
	g.Groups["leads"] = append(g.Groups["leads"], "kim")
	withoutRoy(g)
}

// withoutRoy leaves out roy, who was removed: a document names nobody who was.
func withoutRoy(g *cell.Genesis) {
	g.People = slices.DeleteFunc(g.People, func(p roster.Person) bool { return p.ID == "roy" })
	for group, members := range g.Groups {
		g.Groups[group] = slices.DeleteFunc(members, func(id string) bool { return id == "roy" })
	}
}

// without leaves out one more person.
func without(person string) func(*cell.Genesis) {
	return func(g *cell.Genesis) {
		withoutRoy(g)
		g.People = slices.DeleteFunc(g.People, func(p roster.Person) bool { return p.ID == person })
		for group, members := range g.Groups {
			g.Groups[group] = slices.DeleteFunc(members, func(id string) bool { return id == person })
		}
		g.Founders = slices.DeleteFunc(g.Founders, func(id string) bool { return id == person })
	}
}

// amended is a story in which sam and lea added kim and the scenario second.
func (s *story) amended() *story {
	s.change = s.Amend(s.Amending(withKim, second()))
	return s
}

func (s *story) askSecond(person, name string) cell.Command {
	return s.By(person, person, &statement.Request{
		Scenario: "second", ScenarioDigest: canon.Sum(canon.MustEncode(second())), Severity: "SEV1", For: 900, Targets: []string{"db-1"},
		Why: celltest.Note("door"), Holder: statement.Holder{Ed25519: celltest.Public("holder " + name), X25519: celltest.Public("sealed " + name)},
	})
}

func TestAmendmentIsInForceInOrder(t *testing.T) {
	s := newStory()
	genesis, before := s.World.GenesisDigest, s.World.Document
	body := s.Amending(withKim, second())
	proposed := s.Must(s.By("sam", "sam", body))
	expect(t, proposed, "change-proposed", "change-decided")
	if s.World.Document != before || s.World.Roster.Has("kim") || s.World.Scenarios["second"] != nil {
		t.Fatal("a proposal is in force")
	}
	id := proposed.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	done := s.Must(s.Approve("lea", id))
	expect(t, done, "change-decided", "change-over", "amended", "key-added")
	if s.World.GenesisDigest != genesis {
		t.Error("what anchors pin has changed")
	}
	if s.World.Document != body.Amend.To.Digest || s.World.Document == before || !s.World.Roster.In("kim", "group:leads") || s.World.Scenarios["second"] == nil {
		t.Error("the document is not in force")
	}
	amended := done.Outcome.Events[2].(*cell.Amended)
	if want := []string{"database-locked-out", "guarded", "second"}; !slices.Equal(amended.Widened, want) {
		t.Errorf("widened %v, want %v: kim may ask under each of them", amended.Widened, want)
	}
	again, err := replayed(s.Cell)
	if err != nil {
		t.Fatal(err)
	}
	again.Publish()
	same(t, s.World, again)
	same(t, s.World, restored(t, s.Cell))
}

// TestT14WhoWidensWaits: nobody makes themselves one who may ask and then asks:
// whoever signed a change waits for what it widened until the cool-off is over;
// others may ask at once.
func TestT14WhoWidensWaits(t *testing.T) {
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withoutRoy(g)
		g.Groups["leads"] = append(g.Groups["leads"], "bob")
	}, second()))
	expectRefusal(t, s.Cell, s.askSecond("lea", "9"), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.Ask("lea", "9", "db-1"), cell.CoolingOff)
	expect(t, s.Must(s.askSecond("ann", "2")), "request-made")
	s.later(72*time.Hour - time.Second)
	expectRefusal(t, s.Cell, s.askSecond("lea", "9"), cell.CoolingOff)
	s.later(time.Second)
	expect(t, s.Must(s.askSecond("lea", "9")), "request-made")
}

// TestOneAloneAmendsNothing: whoever is no member of the quorum, whoever
// agrees twice, and whoever is removed by it, do not count.
func TestOneAloneAmendsNothing(t *testing.T) {
	s := newStory()
	for person, want := range map[string]cell.Reason{"ann": cell.NotAllowed, "max": cell.NotAllowed, "eve": cell.UnknownKey, "roy": cell.KeyRemovedReason} {
		expectRefusal(t, s.Cell, s.By(person, person, s.Amending(withKim, second())), want)
	}
	r := s.Must(s.By("sam", "sam", s.Amending(func(g *cell.Genesis) {
		without("leo")(g)
		g.Groups["leads"] = append(g.Groups["leads"], "ann")
	}, second())))
	id := r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	expectRefusal(t, s.Cell, s.Approve("sam", id), cell.AlreadyDecided)
	expectRefusal(t, s.Cell, s.Approve("leo", id), cell.SelfApproval)
	expect(t, s.Must(s.Approve("sue", id)), "change-decided")
	if !s.World.Roster.Has("leo") {
		t.Fatal("two of security amended without a lead")
	}
	expect(t, s.Must(s.Approve("lea", id)), "change-decided", "change-over", "person-removed", "amended")
	if s.World.Roster.Has("leo") {
		t.Error("leo is still there")
	}
}

// TestT31AnAddedKeyAgreesToNothing before its cool-off is over, and may say no
// and stop at once.
func TestT31AnAddedKeyAgreesToNothing(t *testing.T) {
	s := newStory().amended().ask("db-1")
	expectRefusal(t, s.Cell, s.Approve("kim", s.id), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.By("kim", "kim", s.Amending(without("leo"))), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.By("kim", "kim", removal("leo", "")(s)), cell.CoolingOff)
	denied := s.fork()
	expect(t, denied.Must(denied.Deny("kim", denied.id)), "decided", "request-over")
	expect(t, s.Must(s.Approve("sam", s.id)), "decided")
	expect(t, s.Must(s.Stop("kim", s.id)), "request-over")

	s.later(72 * time.Hour)
	ask := s.Must(s.Ask("ann", "later", "db-1"))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	expect(t, s.Must(s.Approve("kim", id)), "decided")
	// A second key of somebody who is there cools off too; their first does not.
	s.Amend(s.Amending(func(g *cell.Genesis) {
		i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "sue" })
		g.People[i].Keys = append(g.People[i].Keys, celltest.Line("sue's phone"))
	}))
	ask = s.Must(s.Ask("ann", "latest", "db-1"))
	id, _ = cell.RequestOf(ask.Outcome.Stream)
	expectRefusal(t, s.Cell, s.By("sue", "sue's phone", &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack}), cell.CoolingOff)
	expect(t, s.Must(s.Approve("sue", id)), "decided")
}

// TestNoCoolOffEndsWhileTheClockIsInDoubt: I4, a clock that jumps ahead makes no
// key older. What was over before stays over.
func TestNoCoolOffEndsWhileTheClockIsInDoubt(t *testing.T) {
	const jump = 100 * time.Hour
	s := newStory().amended().later(time.Hour + jump).stepped(jump.Milliseconds()).ask("db-1")
	expectRefusal(t, s.Cell, s.Approve("kim", s.id), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.askSecond("lea", "9"), cell.CoolingOff)
	replays(t, s.Cell)
	restores(t, s.Cell)

	s = newStory().amended().later(73 * time.Hour).later(jump).stepped(jump.Milliseconds()).ask("db-1")
	expect(t, s.Must(s.Approve("kim", s.id)), "decided")
	s.Must(s.askSecond("lea", "9"))
}

// TestT20NoTwoAmendmentsOfOneDocument: no proposal counts twice, and what was compared with a document that is
// not in force any more is refused, whoever signed it.
func TestT20NoTwoAmendmentsOfOneDocument(t *testing.T) {
	s := newStory()
	first, other := s.Amending(withKim, second()), s.Amending(without("max"), func() access.Scenario {
		alone := celltest.Scenario()
		alone.Severities["SEV4"] = access.Terms{Longest: 60, Quorum: access.Quorum{{From: "group:leads", Count: 1}}, ReviewDue: 3600}
		return alone
	}())
	r := s.Must(s.By("sue", "sue", other))
	s.Amend(first)
	id := r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	expectRefusal(t, s.Cell, s.Approve("leo", id), cell.NotInForce)
	expectRefusal(t, s.Cell, s.By("sue", "sue", other), cell.NotInForce)
	expectRefusal(t, s.Cell, s.Commands[r.Index], cell.NonceUsed)
	expect(t, s.Must(s.Deny("leo", id)), "change-decided", "change-over")
}

// TestWhatNoChangeTouches: the document is one of this very cell, and what
// identifies the cell stays.
func TestWhatNoChangeTouches(t *testing.T) {
	for name, change := range map[string]func(*cell.Genesis){
		"the name":            func(g *cell.Genesis) { g.Origin = "other.example.com" },
		"the ledger's key":    func(g *cell.Genesis) { g.Ledger = "another-key" },
		"the list's key":      func(g *cell.Genesis) { g.Revocations = "another-key" },
		"the authority":       func(g *cell.Genesis) { g.Authority = celltest.Line("authority of eve") },
		"the rules":           func(g *cell.Genesis) { g.Rules = 1 },
		"trial":               func(g *cell.Genesis) { g.Trial = true },
		"a founder more":      func(g *cell.Genesis) { g.Founders = append(g.Founders, "sue") },
		"a founder less":      func(g *cell.Genesis) { g.Founders = []string{"sam"} },
		"a removed person":    func(g *cell.Genesis) { g.People = append(g.People, people("roy")...) },
		"another's key":       func(g *cell.Genesis) { g.People[0].Keys = []roster.Key{celltest.Line("roy")} },
		"an empty quorum":     func(g *cell.Genesis) { g.Change = nil },
		"a quorum of nobody":  func(g *cell.Genesis) { g.Change = access.Quorum{{From: "group:nobody", Count: 1}} },
		"no cool-off":         func(g *cell.Genesis) { g.CoolOff = 1 },
		"no security":         func(g *cell.Genesis) { g.Groups["security"] = nil },
		"a lost scenario":     func(g *cell.Genesis) { g.Scenarios[0].Digest = canon.Sum([]byte("nothing")) },
		"a host with a lease": func(g *cell.Genesis) { g.Hosts[0].Report = celltest.Line("report of eve") },
		"a crowd": func(g *cell.Genesis) {
			for i := range cell.AmendMost + 1 {
				g.People = append(g.People, people("guest-"+string(rune('a'+i/26))+string(rune('a'+i%26)))...)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory().granted("db-1").opened("db-1").fetched("db-1")
			command := s.By("sam", "sam", s.Amending(func(g *cell.Genesis) { withoutRoy(g); change(g) }))
			expectRefusal(t, s.Cell, command, cell.NotAmendable)
			// The refusal is recorded, and its files are kept nowhere: replay without
			// them comes to the same.
			_, err := cell.Decide(s.World, command)
			if _, err := s.Refuse(command, refusalOf(err)); err != nil {
				t.Fatal(err)
			}
			delete(s.Beside, command.Signed.Statement.Body.(*statement.Change).Amend.To.Digest)
			if _, err := replayed(s.Cell); err != nil {
				t.Error(err)
			}
		})
	}
	s := newStory()
	command := s.By("sam", "sam", s.Amending(withKim, second()))
	command.Signed.Statement.Body.(*statement.Change).Amend.With = nil
	expectRefusal(t, s.Cell, command, cell.NotAmendable)
	s = newStory()
	s.Must(s.By("sam", "sam", s.Amending(withKim, second()))) // and what may be touched, may be
}

// TestT06NoDocumentWithAQuorumOfNothing: a quorum that is empty, that nobody could
// fill, or of a scenario that cannot be read, is in force for nobody.
func TestT06NoDocumentWithAQuorumOfNothing(t *testing.T) {
	terms := func(q access.Quorum) access.Scenario {
		s := second()
		s.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 600, Quorum: q, ReviewDue: 3600}}
		return s
	}
	for name, scenario := range map[string]access.Scenario{
		"none": terms(nil), "of nobody": terms(access.Quorum{{From: "group:nobody", Count: 1}}),
		"zero places": terms(access.Quorum{{From: "group:leads", Count: 0}}), "too many": terms(access.Quorum{{From: "group:leads", Count: 9}}),
	} {
		s := newStory()
		t.Log(name)
		expectRefusal(t, s.Cell, s.By("sam", "sam", s.Amending(withoutRoy, scenario)), cell.NotAmendable)
	}
	s := newStory()
	body := s.Amending(withoutRoy, second())
	delete(s.Beside, body.Amend.With[0].Digest)
	expectRefusal(t, s.Cell, s.By("sam", "sam", body), cell.NotAmendable)
}

// TestT09AGroupOfAnotherNameFillsNothing, though it begins alike.
func TestT09AGroupOfAnotherNameFillsNothing(t *testing.T) {
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withoutRoy(g)
		g.Groups["leads-guests"], g.Groups["security-guests"] = []string{"bob"}, []string{"bob"}
	}))
	s.later(72 * time.Hour)
	expectRefusal(t, s.Cell, s.By("bob", "bob", removal("max", "")(s)), cell.NotAllowed)
	s.ask("db-1")
	expectRefusal(t, s.Cell, s.Approve("bob", s.id), cell.NotApprover)
}

// TestT17WhoMayEndAProposal: members of the change quorum, and it is recorded.
func TestT17WhoMayEndAProposal(t *testing.T) {
	s := newStory().amending()
	for person, want := range map[string]cell.Reason{"ann": cell.NotApprover, "max": cell.NotApprover, "roy": cell.KeyRemovedReason, "eve": cell.UnknownKey} {
		expectRefusal(t, s.Cell, s.Deny(person, s.change), want)
	}
	expect(t, s.Must(s.Deny("leo", s.change)), "change-decided", "change-over")
}

// TestT18OnePersonsProposals keep nobody else from proposing.
func TestT18OnePersonsProposals(t *testing.T) {
	s := newStory()
	for range cell.ChangesEach {
		s.Must(s.By("sam", "sam", s.Amending(withKim, second())))
	}
	expectRefusal(t, s.Cell, s.By("sam", "sam", s.Amending(withKim, second())), cell.TooMany)
	expectRefusal(t, s.Cell, s.By("sam", "sam", removal("bob", "")(s)), cell.TooMany)
	r := s.Must(s.By("sue", "sue", s.Amending(withKim, second())))
	expect(t, s.Must(s.Approve("lea", r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID)), "change-decided", "change-over", "amended", "key-added")
}

// TestAmendmentEndsWhatNobodyMayHave: whoever it removes loses what they have
// open, requests under what is no longer in force are void, and grants go on as
// they were agreed.
func TestAmendmentEndsWhatNobodyMayHave(t *testing.T) {
	s := newStory().granted("db-1").opened("db-1").fetched("db-1") // ann's; bob's waits
	bobs := s.pending(t)
	shorter := celltest.Scenario()
	shorter.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 60, Quorum: shorter.Severities["SEV1"].Quorum, ReviewDue: 3600}}
	shorter.Opens = shorter.Opens[1:] // db-1 is no target of it any more
	s.Amend(s.Amending(without("max"), shorter))
	task, ok := s.Task(cell.TaskConsequence, bobs, "")
	if !ok {
		t.Fatal("nothing ends bob's request, though its scenario is another now")
	}
	expect(t, s.Must(s.Effect(cell.EffectConsequence, task.ID, cell.Observed{})), "request-over")
	if r := s.World.Requests[bobs]; r.State != access.Void {
		t.Errorf("bob's request is %s", r.State)
	}
	if _, ends := s.Task(cell.TaskConsequence, s.id, ""); ends {
		t.Error("ann's grant ends, though it was agreed under what was in force")
	}
	vetoed := s.fork()
	expect(t, vetoed.Must(vetoed.Deny("sue", s.id)), "decided", "grant-ended", "lease-closing", "review-opened")
	fetched := s.Must(s.fetch("db-1"))
	if before := fetched.Outcome.Events[0].(*cell.CredentialAuthorised).Before; before.Sub(s.Now) <= time.Minute {
		t.Errorf("the credential ends at %s", before)
	}
	// Without ann, her grant ends; its scenario was taken away altogether before.
	s.Amend(s.Amending(func(g *cell.Genesis) {
		without("ann")(g)
		g.Scenarios = slices.DeleteFunc(g.Scenarios, func(ref cell.ScenarioRef) bool { return ref.ID != "guarded" })
	}))
	task, ok = s.Task(cell.TaskConsequence, s.id, "")
	if !ok {
		t.Fatal("nothing ends ann's grant")
	}
	s.Must(s.Effect(cell.EffectConsequence, task.ID, cell.Observed{}))
	if r := s.request(); r.End == nil || r.End.Why != access.EndRemoved || r.Review.Due.Sub(r.End.At) != 24*time.Hour {
		t.Errorf("ended %+v, review %+v: the terms are those that were agreed", r.End, r.Review)
	}
	same(t, s.World, restored(t, s.Cell))
	again, err := replayed(s.Cell)
	if err != nil {
		t.Fatal(err)
	}
	again.Publish()
	same(t, s.World, again)
}

// restored is the world of a cell as it comes back from what a store keeps of it.
func restored(t *testing.T, c *celltest.Cell) *cell.World {
	t.Helper()
	kept, w := newShelf(), cell.New(c.Genesis.Origin, c.Attachments())
	for _, recorded := range c.Log {
		command := c.Commands[recorded.Index]
		command.Observed.Published = bytes.Contains(recorded.Entry.Observed, []byte(`"published":true`))
		again, err := w.Replay(cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: command})
		if err != nil {
			t.Fatal(err)
		}
		kept.keep(w, again.Changes)
	}
	w.Publish()
	kept.published(w)
	back, err := kept.restore(&story{Cell: &celltest.Cell{World: w, Genesis: c.Genesis, Beside: c.Beside}})
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// pending is the request that waits.
func (s *story) pending(t *testing.T) canon.Digest {
	t.Helper()
	for id, r := range s.World.Requests {
		if r.State == access.Pending {
			return id
		}
	}
	t.Fatal("no request waits")
	return canon.Digest{}
}

// TestAmendmentTellsChannels: those that there are, before and after, and those
// that it takes away.
func TestAmendmentTellsChannels(t *testing.T) {
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withKim(g)
		g.Channels = []cell.Channel{{ID: "chat", Kind: "webhook"}}
	}, second()))
	told := map[string]bool{}
	for _, task := range s.World.Tasks {
		if task.Kind == cell.TaskAlarm {
			told[task.Event+" "+task.Channel] = true
		}
	}
	for _, want := range []string{"change-proposed pager", "amended pager", "amended chat", "key-added chat"} {
		if !told[want] {
			t.Errorf("no alarm %q among %v", want, told)
		}
	}
}

// TestCustodiansWhoShouldNotBe: an envelope owes fresh content when an amendment
// leaves shares with people who should hold none.
func TestCustodiansWhoShouldNotBe(t *testing.T) {
	s := custodyStory().sealed()
	s.Amend(s.Amending(func(g *cell.Genesis) { g.Groups["custodians"] = []string{"ann", "bob", "lea"} }))
	s.effect(cell.EffectDue, cell.TaskOwe, "root", cell.Observed{})
	if owed := s.World.Envelopes["root"].Owed; owed == nil || owed.Why != "custodians-changed" {
		t.Errorf("owed %+v", owed)
	}
}

// TestRulesOneKnowNoAmendment.
func TestRulesOneKnowNoAmendment(t *testing.T) {
	s := oldStory()
	expectRefusal(t, s.Cell, s.By("sam", "sam", s.Amending(nil, second())), cell.RulesTooOld)
	s.raise(2)
	s.Must(s.Approve("lea", s.change))
	s.Amend(s.Amending(nil, second()))
}

// TestEveryoneWhoFoundedMayLeave, one after the other.
func TestEveryoneWhoFoundedMayLeave(t *testing.T) {
	g := celltest.Genesis()
	g.People = append(g.People, people("kim", "sid")...)
	g.Groups["leads"], g.Groups["security"] = append(g.Groups["leads"], "kim"), append(g.Groups["security"], "sid")
	s := &story{Cell: celltest.New(g, celltest.Scenario())}
	s.removeBy("sam", "sue", "leo").removeBy("lea", "sue", "leo")
	gone := func(g *cell.Genesis) { without("sam")(g); without("lea")(g) }
	expectRefusal(t, s.Cell, s.By("sue", "sue", s.Amending(gone)), cell.NotAmendable) // nobody is named
	body := s.Amending(func(g *cell.Genesis) { gone(g); g.Founders = []string{"sue"} })
	r := s.Must(s.By("sue", "sue", body))
	expect(t, s.Must(s.Approve("leo", r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID)), "change-decided", "change-over", "amended")
}

// TestCompareNamesEveryDifference of two documents, and says what it does.
func TestCompareNamesEveryDifference(t *testing.T) {
	base := func() cell.Document {
		g, s := celltest.Genesis(), celltest.Scenario()
		s.Controls = access.Controls{Source: []string{"10.0.0.0/8"}}
		return cell.Document{Genesis: &g, Scenarios: map[string]*access.Scenario{s.ID: &s}}
	}
	scenario := func(change func(*access.Scenario)) func(*cell.Document) {
		return func(d *cell.Document) { change(d.Scenarios["database-locked-out"]) }
	}
	terms := func(change func(*access.Terms)) func(*cell.Document) {
		return scenario(func(s *access.Scenario) { t := s.Severities["SEV1"]; change(&t); s.Severities["SEV1"] = t })
	}
	for name, c := range map[string]struct {
		change func(*cell.Document)
		want   string // "bearing about of"
	}{
		"nothing":        {func(*cell.Document) {}, ""},
		"longest":        {terms(func(t *access.Terms) { t.Longest = 7200 }), "widens scenario database-locked-out severities.SEV1.longest"},
		"shorter":        {terms(func(t *access.Terms) { t.Longest = 60 }), "tightens scenario database-locked-out severities.SEV1.longest"},
		"fewer":          {terms(func(t *access.Terms) { t.Quorum = t.Quorum[:1] }), "widens scenario database-locked-out severities.SEV1.quorum"},
		"the same twice": {terms(func(t *access.Terms) { t.Quorum = access.Quorum{t.Quorum[0], t.Quorum[0], t.Quorum[1]} }), "tightens scenario database-locked-out severities.SEV1.quorum"},
		"review":         {terms(func(t *access.Terms) { t.ReviewDue *= 2 }), "widens scenario database-locked-out severities.SEV1.review_due"},
		"title":          {scenario(func(s *access.Scenario) { s.Title = "\x1b[2J" }), "neutral scenario database-locked-out title"},
		"who asks":       {scenario(func(s *access.Scenario) { s.MayRequest = append(s.MayRequest, "group:leads") }), "widens scenario database-locked-out may_request"},
		"severity":       {scenario(func(s *access.Scenario) { delete(s.Severities, "SEV2") }), "tightens scenario database-locked-out severities.SEV2"},
		"mfa":            {scenario(func(s *access.Scenario) { s.Controls.MFA = "hardware" }), "tightens scenario database-locked-out controls.mfa"},
		"from anywhere":  {scenario(func(s *access.Scenario) { s.Controls.Source = nil }), "widens scenario database-locked-out controls.source"},
		"hours":          {scenario(func(s *access.Scenario) { s.Controls.Hours = []access.Hours{{From: "22:00", To: "06:00"}} }), "tightens scenario database-locked-out controls.hours"},
		"target":         {scenario(func(s *access.Scenario) { s.Opens = s.Opens[:1] }), "tightens scenario database-locked-out opens.db-2"},
		"login":          {scenario(func(s *access.Scenario) { s.Opens[0].SSH.User = "toor" }), "widens scenario database-locked-out opens.db-1"},
		"alarms":         {scenario(func(s *access.Scenario) { s.Alarms.To = []string{"pager"} }), "widens scenario database-locked-out alarms.to"},
		"no scenario":    {func(d *cell.Document) { clear(d.Scenarios) }, "tightens scenario database-locked-out"},
		"member":         {func(d *cell.Document) { d.Genesis.Groups["leads"] = []string{"lea", "leo", "ann"} }, "widens group leads"},
		"member less":    {func(d *cell.Document) { d.Genesis.Groups["leads"] = []string{"lea"} }, "tightens group leads"},
		"contact":        {func(d *cell.Document) { d.Genesis.People[0].Contact = canon.Sum([]byte("x")) }, "widens person ann contact"},
		"key": {func(d *cell.Document) {
			d.Genesis.People[0].Keys = append(d.Genesis.People[0].Keys, celltest.Line("x"))
		}, "widens person ann keys"},
		"host key":        {func(d *cell.Document) { d.Genesis.Hosts[0].Keys = append(d.Genesis.Hosts[0].Keys, celltest.Line("x")) }, "widens host db-1 keys"},
		"address":         {func(d *cell.Document) { d.Genesis.Hosts[0].Address = "x:22" }, "widens host db-1 address"},
		"channel":         {func(d *cell.Document) { d.Genesis.Channels = nil }, "widens channel pager"},
		"change quorum":   {func(d *cell.Document) { d.Genesis.Change = d.Genesis.Change[:1] }, "widens the cell change.quorum"},
		"pending":         {func(d *cell.Document) { d.Genesis.Pending = 60 }, "tightens the cell pending"},
		"cool-off":        {func(d *cell.Document) { d.Genesis.CoolOff = 3600 }, "widens the cell cool_off"},
		"security":        {func(d *cell.Document) { d.Genesis.Security = "group:leads" }, "widens the cell security"},
		"without a word":  {func(d *cell.Document) { d.Genesis.Trial = true }, "widens the cell"},
		"another id":      {scenario(func(s *access.Scenario) { s.ID = "other" }), "widens scenario database-locked-out"},
		"the same, moved": {func(d *cell.Document) { slices.Reverse(d.Genesis.Channels) }, ""},
	} {
		from, to := base(), base()
		c.change(&to)
		var got []string
		for _, d := range cell.Compare(from, to) {
			got = append(got, strings.TrimSpace(string(d.Bearing)+" "+d.About+" "+d.Of))
			if strings.ContainsRune(d.Text, '\x1b') {
				t.Errorf("%s: %q would be drawn by a terminal", name, d.Text)
			}
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %q, want %q", name, strings.Join(got, "; "), c.want)
		}
	}
}

// TestMailAndSNSNeedRules2: a cell that began with rules 1 has no channel but webhooks
// and gets none by a change, also when it decides by newer rules; others can.
func TestMailAndSNSNeedRules2(t *testing.T) {
	for _, kind := range []string{cell.ChannelMail, cell.ChannelSNS} {
		t.Run(kind, func(t *testing.T) { needsRules2(t, cell.Channel{ID: "post", Kind: kind}) })
	}
}

func needsRules2(t *testing.T, post cell.Channel) {
	t.Helper()
	g := celltest.Genesis()
	g.Channels = append(g.Channels, post)
	if _, err := g.Check(); err != nil {
		t.Errorf("under rules %d: %v", g.Rules, err)
	}
	for name, change := range map[string]func(*cell.Genesis){
		"rules 1":        func(g *cell.Genesis) { g.Rules = 1 },
		"twice":          func(g *cell.Genesis) { g.Channels = append(g.Channels, post) },
		"no kind":        func(g *cell.Genesis) { g.Channels[1].Kind = "" },
		"another's kind": func(g *cell.Genesis) { g.Channels[1].Kind = "mail" },
	} {
		g := celltest.Genesis()
		g.Channels = append(g.Channels, post)
		change(&g)
		if _, err := g.Check(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); g.Channels = append(g.Channels, post) }, second()))
	if got := s.World.Genesis.Channels; got[len(got)-1] != post {
		t.Errorf("channels %v", got)
	}
	replays(t, s.Cell)
	old := oldStory().raise(2)
	old.Must(old.Approve("lea", old.change))
	expectRefusal(t, old.Cell, old.By("sam", "sam", old.Amending(func(g *cell.Genesis) { withoutRoy(g); g.Channels = append(g.Channels, post) })), cell.NotAmendable)
}
