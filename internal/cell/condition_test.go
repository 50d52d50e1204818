package cell_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/statement"
)

// The policies of these tests. Commands come from 192.0.2.7 unless told otherwise.
const (
	fromOffice = `@title("Only from the office") @reason("Come through the office network.")
forbid (principal, action, resource) unless { context.source.isInRange(ip("192.0.2.0/24")) };`
	notAbroad = `@title("Never from abroad") @reason("Nobody acts from abroad.")
forbid (principal, action, resource) when { context.source.isInRange(ip("203.0.113.0/24")) };`
	withSymptom = `@reason("Nothing shows that it is real.")
forbid (principal, action == Action::"decide", resource) unless { context.symptoms.contains("port") || context.share };`
)

const abroad, home = "203.0.113.9", "198.51.100.4"

// conditioned is a cell of a scenario with conditions, and guard rails.
func conditionedStory(conditions, rails map[string]string) *story {
	all, names := map[string]string{}, []string{}
	scenario, free := celltest.Scenario(), custodyScenario()
	free.ID = "free"
	for id, text := range conditions {
		all[id] = text
		scenario.Conditions = append(scenario.Conditions, celltest.Policy(id, text))
	}
	for id, text := range rails {
		all[id], names = text, append(names, id)
	}
	slices.SortFunc(scenario.Conditions, func(a, b access.PolicyRef) int { return strings.Compare(a.ID, b.ID) })
	return &story{Cell: celltest.WithPolicies(custodyGenesis(), all, names, scenario, free)}
}

func officeStory() *story {
	return conditionedStory(map[string]string{"office": fromOffice}, map[string]string{"abroad": notAbroad})
}

// from is a command from another address.
func from(address string, c cell.Command) cell.Command {
	c.Observed.Address = address
	return c
}

var statesOfConditions = []state{
	{"nobody has asked", func() *story {
		s := officeStory()
		s.id = canon.Sum([]byte("no such request"))
		return s
	}},
	{"asked from the office", func() *story { return officeStory().ask("db-1") }},
	{"granted and open", func() *story { return officeStory().granted("db-1").opened("db-1") }},
	{"more time is asked for", func() *story { return officeStory().granted("db-1").opened("db-1").later(20 * time.Minute).extending() }},
	{"closing", func() *story { return officeStory().granted("db-1").opened("db-1").fetched("db-1").stopped() }},
}

// conditionDeeds are tried from the office and from home: whatever ends access is
// taken from both.
func conditionDeeds() []deed {
	var all []deed
	add := func(verb, person string, make func(s *story) cell.Command) {
		for where, address := range map[string]string{"from the office": "192.0.2.7", "from home": home, "from nowhere": ""} {
			all = append(all, deed{verb, person + " " + where, func(s *story) cell.Command { return from(address, make(s)) }})
		}
	}
	add("request", "ann", func(s *story) cell.Command { return s.Ask("ann", "new", "db-1") })
	add("approve", "sam", func(s *story) cell.Command { return s.Approve("sam", s.id) })
	add("approve", "lea, more time,", func(s *story) cell.Command { return s.Approve("lea", s.waits()) })
	add("deny", "lea", func(s *story) cell.Command { return s.Deny("lea", s.id) })
	add("fetch", "the holder", func(s *story) cell.Command { return s.Fetch("ann", "1", s.id, "db-1") })
	add("extend", "ann", func(s *story) cell.Command { return s.By("ann", "ann", extension(s.id, 1800)) })
	add("withdraw", "ann", func(s *story) cell.Command { return s.By("ann", "ann", &statement.Withdraw{Of: s.id}) })
	add("release", "the holder", func(s *story) cell.Command { return s.Release("ann", "1", s.id) })
	add("stop", "sue", func(s *story) cell.Command { return s.Stop("sue", s.id) })
	add("attest", "sue", func(s *story) cell.Command {
		return s.By("sue", "sue", &statement.Attest{Of: s.id, Target: "db-1", Note: celltest.Note("looked")})
	})
	slices.SortStableFunc(all, func(a, b deed) int { return strings.Compare(a.verb+a.who, b.verb+b.who) })
	return all
}

func TestConditionsAreAskedEachTime(t *testing.T) {
	s := officeStory()
	expectRefusal(t, s.Cell, from(home, s.Ask("ann", "1", "db-1")), cell.Condition)
	s.ask("db-1")
	expectRefusal(t, s.Cell, from(home, s.Approve("sam", s.id)), cell.Condition)
	s.approve("sam", "lea").opened("db-1")
	for range 3 { // each fetch anew, not the first alone
		expectRefusal(t, s.Cell, from(home, s.Fetch("ann", "1", s.id, "db-1")), cell.Condition)
		s.later(4 * time.Minute).fetched("db-1")
	}
	replays(t, s.Cell)
}

func TestARefusalSaysWhatTheConditionSays(t *testing.T) {
	s := officeStory()
	_, err := s.Do(from(abroad, s.Ask("ann", "1", "db-1")))
	refusal := refusalOf(err)
	if refusal == nil || refusal.Reason != cell.Condition || refusal.Person != "ann" {
		t.Fatalf("from abroad: %v", err)
	}
	if want := "a condition of database-locked-out says no: Nobody acts from abroad. Come through the office network."; refusal.Detail != want {
		t.Errorf("%s\nwant %s", refusal.Detail, want)
	}
}

// TestI6NoConditionKeepsAnybodyFromEndingIt: a cell whose guard rail forbids
// everything to everybody still takes every way to end what is open.
func TestI6NoConditionKeepsAnybodyFromEndingIt(t *testing.T) {
	for name, ends := range map[string]func(s *story) cell.Command{
		"stop":    func(s *story) cell.Command { return s.Stop("sue", s.id) },
		"deny":    func(s *story) cell.Command { return s.Deny("lea", s.id) },
		"release": func(s *story) cell.Command { return s.Release("ann", "1", s.id) },
	} {
		s := officeStory().granted("db-1").opened("db-1").fetched("db-1")
		if _, err := s.Do(from(abroad, ends(s))); err != nil {
			t.Errorf("%s from abroad: %v", name, err)
		}
	}
	s := officeStory().ask("db-1")
	expect(t, s.Must(from(abroad, s.By("ann", "ann", &statement.Withdraw{Of: s.id}))), "request-over")
	s = officeStory().granted("db-1").opened("db-1").fetched("db-1").stopped()
	s.Must(from(abroad, s.By("sue", "sue", &statement.Attest{Of: s.id, Target: "db-1", Note: celltest.Note("looked")})))
}

// TestConditionedKinds: every kind of statement either may be refused by a
// condition or may not, and somebody thought about it.
func TestConditionedKinds(t *testing.T) {
	conditioned := []statement.Kind{
		statement.KindRequest, statement.KindExtend, statement.KindSolo, statement.KindDecision, statement.KindShare, statement.KindFetch,
	}
	never := []statement.Kind{
		statement.KindFound, statement.KindSession, statement.KindWithdraw, statement.KindRelease, statement.KindStop, statement.KindAttest,
		statement.KindChange, statement.KindUpgrade, statement.KindSeal, statement.KindRotate, statement.KindInspect, statement.KindReview,
		statement.KindSignOff, statement.KindClock, statement.KindEpoch, statement.KindVouch, statement.KindWitnessedOutage,
		statement.KindRecover, statement.KindCancel, statement.KindReconcile, statement.KindSuspend, statement.KindLift,
	}
	for _, rule := range cell.Rules() {
		if slices.Contains(conditioned, rule.Kind) == slices.Contains(never, rule.Kind) {
			t.Errorf("may a condition refuse a %s statement? Say so here", rule.Kind)
		}
	}
}

func TestGuardRailsHoldForEveryScenario(t *testing.T) {
	s := officeStory()
	body := s.Ask("ann", "1", "db-1").Signed.Statement.Body.(*statement.Request)
	body.Scenario, body.ScenarioDigest, body.Targets = "free", s.World.Digests["free"], []string{"root"}
	free := s.By("ann", "ann", body)
	expectRefusal(t, s.Cell, from(abroad, free), cell.Condition)
	expect(t, s.Must(from(home, free)), "request-made")
}

// TestWhatIsNotSeenIsRefused: an address that nobody saw satisfies no policy that
// asks for one.
func TestWhatIsNotSeenIsRefused(t *testing.T) {
	s := officeStory()
	_, err := s.Do(from("", s.Ask("ann", "1", "db-1")))
	if r := refusalOf(err); r == nil || r.Reason != cell.Condition || !strings.Contains(r.Detail, "cannot be judged") {
		t.Errorf("from nowhere: %v", err)
	}
}

// TestT14WhatIsWrittenSatisfiesNoCondition: no text of the requester is a fact.
func TestT14WhatIsWrittenSatisfiesNoCondition(t *testing.T) {
	s := conditionedStory(map[string]string{"office": fromOffice, "real": withSymptom}, nil)
	for _, incident := range []string{"port", "192.0.2.7", "192.0.2.0/24", "true", "context.source", "office", "Scenario"} {
		ask := s.Ask("ann", "1", "db-1").Signed.Statement.Body.(*statement.Request)
		ask.Incident = incident
		expectRefusal(t, s.Cell, from(home, s.By("ann", "ann", ask)), cell.Condition)
	}
	ask := s.Ask("ann", "1", "db-1").Signed.Statement.Body.(*statement.Request)
	ask.Incident = "port"
	r := s.Must(s.By("ann", "ann", ask))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	expectRefusal(t, s.Cell, s.Approve("sam", s.id), cell.Condition)
}

// TestT29ConditionsHoldAtReissue: neither what was agreed nor a later document
// that drops a condition lets a credential be fetched from elsewhere under a grant
// that was agreed with it.
func TestT29ConditionsHoldAtReissue(t *testing.T) {
	s := conditionedStory(map[string]string{"office": fromOffice}, nil).granted("db-1").opened("db-1").fetched("db-1")
	free := celltest.Scenario()
	s.Amend(s.Amending(func(g *cell.Genesis) { g.Policies = nil }, free))
	if len(s.World.Genesis.Policies) != 0 {
		t.Fatal("the condition is still in force")
	}
	expectRefusal(t, s.Cell, from(home, s.Fetch("ann", "1", s.id, "db-1")), cell.Condition)
	s.fetched("db-1")
	replays(t, s.Cell)
}

// TestAGuardRailThatIsAddedHoldsAtOnce, for what was granted before as well.
func TestAGuardRailThatIsAddedHoldsAtOnce(t *testing.T) {
	s := conditionedStory(nil, nil).granted("db-1").opened("db-1").fetched("db-1")
	policies := map[string]string{"abroad": notAbroad}
	s.Lay(policies)
	body := s.Amending(func(g *cell.Genesis) { celltest.Name(g, policies, "abroad") })
	bring(body, policies)
	s.Amend(body)
	expectRefusal(t, s.Cell, from(abroad, s.Fetch("ann", "1", s.id, "db-1")), cell.Condition)
	s.fetched("db-1")
	replays(t, s.Cell)
}

// bring lets policies travel with an amendment.
func bring(body *statement.Change, policies map[string]string) {
	for _, text := range policies {
		body.Amend.With = append(body.Amend.With, statement.Blob{Digest: canon.Sum([]byte(text)), Length: len(text)})
	}
	slices.SortFunc(body.Amend.With, func(a, b statement.Blob) int { return slices.Compare(a.Digest[:], b.Digest[:]) })
}

func TestPoliciesThatAreRefused(t *testing.T) {
	broken := `@reason("x") permit (principal, action, resource);`
	for name, c := range map[string]struct {
		policies map[string]string
		change   func(*cell.Genesis, *access.Scenario)
		brings   bool
		lays     bool
	}{
		"not brought": {map[string]string{"office": fromOffice}, nil, false, true},
		"not there":   {map[string]string{"office": fromOffice}, nil, true, false},
		"broken":      {map[string]string{"office": broken}, nil, true, true},
		"not of the cell": {nil, func(_ *cell.Genesis, s *access.Scenario) {
			s.Conditions = []access.PolicyRef{celltest.Policy("office", fromOffice)}
		}, true, true},
		"of another text": {map[string]string{"office": fromOffice}, func(_ *cell.Genesis, s *access.Scenario) {
			s.Conditions = []access.PolicyRef{celltest.Policy("office", notAbroad)}
		}, true, true},
		"named twice": {map[string]string{"office": fromOffice}, func(_ *cell.Genesis, s *access.Scenario) {
			s.Conditions = append(s.Conditions, celltest.Policy("office", fromOffice), celltest.Policy("office", fromOffice))
		}, true, true},
		"out of order":     {map[string]string{"a": fromOffice, "b": notAbroad}, func(g *cell.Genesis, _ *access.Scenario) { slices.Reverse(g.Policies) }, true, true},
		"no id":            {map[string]string{"No": fromOffice}, nil, true, true},
		"a rail of nobody": {map[string]string{"office": fromOffice}, func(g *cell.Genesis, _ *access.Scenario) { g.GuardRails = []string{"offices"} }, true, true},
		"a rail twice":     {map[string]string{"office": fromOffice}, func(g *cell.Genesis, _ *access.Scenario) { g.GuardRails = []string{"office", "office"} }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := conditionedStory(nil, nil)
			scenario := celltest.Scenario()
			scenario.Title = "changed"
			if c.lays {
				s.Lay(c.policies)
			}
			var named cell.Genesis
			if c.change != nil {
				c.change(&named, &scenario)
			}
			body := s.Amending(func(g *cell.Genesis) {
				celltest.Name(g, c.policies)
				if c.change != nil {
					c.change(g, &access.Scenario{})
				}
			}, scenario)
			if c.brings {
				bring(body, c.policies)
			}
			expectRefusal(t, s.Cell, s.By("sam", "sam", body), cell.NotAmendable)
		})
	}
}

// TestAnotherEngineIsToldFromALie: an entry that another engine judged and that
// comes out otherwise here is a class of its own; of ours it is a lie.
func TestAnotherEngineIsToldFromALie(t *testing.T) {
	const older = "schema 1, cedar-go v1.8.0"
	for _, c := range []struct {
		name, engine, address string
		want                  error // nil: the entry is what the rules give
		other                 bool
	}{
		{"ours, as it was", policy.Engine, "192.0.2.7", nil, false},
		{"another that agrees", older, "192.0.2.7", nil, false},
		{"ours, from elsewhere", policy.Engine, abroad, cell.ErrRefused, false},
		{"another, from elsewhere", older, abroad, cell.ErrRefused, true},
	} {
		s := officeStory()
		world := s.World.Clone()
		command := s.Ask("ann", "1", "db-1")
		command.Observed.Engine = c.engine
		recorded := s.Must(command)
		command.Observed.Address, command.Observed.Published = c.address, true
		_, err := world.Replay(cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: command})
		if !errors.Is(err, c.want) || errors.Is(err, cell.ErrOtherEngine) != c.other {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestARefusalByAnotherEngine that would be none here is told so too.
func TestARefusalByAnotherEngine(t *testing.T) {
	for engine, other := range map[string]bool{policy.Engine: false, "schema 0, somebody": true} {
		s := officeStory()
		world := s.World.Clone()
		command := from(abroad, s.Ask("ann", "1", "db-1"))
		command.Observed.Engine = engine
		_, err := cell.Decide(s.World, command)
		recorded, err := s.Refuse(command, refusalOf(err))
		if err != nil {
			t.Fatal(err)
		}
		command.Observed.Address, command.Observed.Published = "192.0.2.7", true
		_, err = world.Replay(cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: command})
		if !errors.Is(err, cell.ErrDifferent) || errors.Is(err, cell.ErrOtherEngine) != other {
			t.Errorf("%s: %v", engine, err)
		}
	}
}

// TestOnlyWhatIsConditionedNamesAnEngine: a cell without policies records what it
// always did.
func TestOnlyWhatIsConditionedNamesAnEngine(t *testing.T) {
	plain := celltest.Sample()
	plain.Granted("1", "db-1")
	for _, r := range plain.Log {
		if strings.Contains(string(r.Body), "engine") {
			t.Errorf("entry %d of a cell without policies: %s", r.Index, r.Body)
		}
	}
	s := officeStory().granted("db-1").opened("db-1").fetched("db-1").stopped()
	named := 0
	for _, r := range s.Log {
		if strings.Contains(string(r.Body), policy.Engine) {
			named++
		}
	}
	if named != 4 { // asked, agreed twice, fetched
		t.Errorf("%d entries name the engine", named)
	}
}

// TestOverdueReviewsAreCounted, in evidence of one request as in the whole ledger.
func TestOverdueReviewsAreCounted(t *testing.T) {
	const twice = `@reason("Write your reviews.") forbid (principal, action == Action::"request", resource == Scenario::"database-locked-out") when { context.overdue > 0 };`
	s := conditionedStory(map[string]string{"reviews": twice}, nil)
	body := s.Ask("ann", "free", "root").Signed.Statement.Body.(*statement.Request)
	body.Scenario, body.ScenarioDigest = "free", s.World.Digests["free"]
	made := s.Must(s.By("ann", "ann", body))
	s.id, _ = cell.RequestOf(made.Outcome.Stream)
	s.approve("sam", "lea").stopped()
	expect(t, s.fork().Must(s.Ask("ann", "1", "db-1")), "request-made")
	s.later(25*time.Hour).effect(cell.EffectDue, cell.TaskReview, "", cell.Observed{})
	expectRefusal(t, s.Cell, s.Ask("ann", "1", "db-1"), cell.Condition)
	expect(t, s.Must(s.Ask("bob", "2", "db-1")), "request-made")
	replays(t, s.Cell)
}

func TestSymptomsAreFacts(t *testing.T) {
	policies := map[string]string{"real": withSymptom}
	g, scenario := celltest.Genesis(), celltest.Scenario()
	g.Networks = []string{"mobile", "office"}
	scenario.Symptoms = []access.Symptom{{Name: "port", TCP: "db.example.com:5432"}}
	scenario.Conditions = []access.PolicyRef{celltest.Policy("real", withSymptom)}
	s := (&story{Cell: celltest.WithPolicies(g, policies, nil, scenario)}).ask("db-1")
	expectRefusal(t, s.Cell, s.Approve("sam", s.id), cell.Condition)
	s.looked("port", "office", access.Shown)
	stale := s.fork().later(16 * time.Minute)
	expectRefusal(t, stale.Cell, stale.Approve("sam", stale.id), cell.Condition)
	s.approve("sam")
}

func TestConditionsOfMoreTime(t *testing.T) {
	const short = `@reason("No more time.") forbid (principal, action, resource) when { context has longer && context.longer };`
	s := conditionedStory(map[string]string{"short": short}, nil).granted("db-1").opened("db-1").later(20 * time.Minute)
	expectRefusal(t, s.Cell, s.By("ann", "ann", extension(s.id, 1800)), cell.Condition)
	s = conditionedStory(map[string]string{"office": fromOffice}, nil).granted("db-1").opened("db-1").later(20 * time.Minute).extending()
	expectRefusal(t, s.Cell, from(home, s.Approve("sam", s.waits())), cell.Condition)
	s.Must(s.Approve("sam", s.waits()))
}

// TestConditionsOfWhatWasSignedOffline: where it came from nobody saw, and a
// scenario that minds is not opened so; one that does not is.
func TestConditionsOfWhatWasSignedOffline(t *testing.T) {
	for _, c := range []struct {
		policy string
		fault  string
	}{
		{`@reason("x") forbid (principal, action, resource) when { context.source.isLoopback() };`, string(cell.Condition)},
		{`@reason("x") forbid (principal, action == Action::"request", resource) when { context.overdue > 5 };`, string(cell.Condition)},
		{`@reason("x") forbid (principal == Person::"bob", action, resource);`, ""},
	} {
		policies := map[string]string{"p": c.policy}
		s := &story{Cell: celltest.WithPolicies(custodyGenesis(), policies, []string{"p"}, custodyScenario())}
		s.sealed()
		act := s.Offline("ann", "ann", s.Ask("ann", "1", "root").Signed.Statement.Body)
		s.Must(s.Reconcile("ann", act.Statement.Digest, act))
		if got := s.World.Requests[act.Statement.Digest].Offline.Acts[0].Fault; got != c.fault {
			t.Errorf("%s: fault %q, want %q", c.policy, got, c.fault)
		}
		replays(t, s.Cell)
	}
}

func TestWhatAPolicyThatChangesWidens(t *testing.T) {
	two := fromOffice + "\n" + notAbroad
	words := strings.Replace(fromOffice, "Come through", "Please come through", 1)
	for _, c := range []struct {
		name       string
		from, to   map[string]string
		fromR, toR []string
		on         string // the policy that the scenario names, before and after
		widens     []string
		says       string
	}{
		{"one more rule", map[string]string{"p": fromOffice}, map[string]string{"p": two}, nil, nil, "p", nil, `says no to more: "Never from abroad"`},
		{"one rule less", map[string]string{"p": two}, map[string]string{"p": fromOffice}, nil, nil, "p", []string{"database-locked-out"}, `says no no more: "Never from abroad"`},
		{"another network", map[string]string{"p": fromOffice}, map[string]string{"p": strings.Replace(fromOffice, "/24", "/16", 1)}, nil, nil, "p", []string{"database-locked-out"}, `says no no more: "Only from the office"`},
		{"other words", map[string]string{"p": fromOffice}, map[string]string{"p": words}, nil, nil, "p", nil, "has other words"},
		{"no guard rail", map[string]string{"p": fromOffice, "r": notAbroad}, map[string]string{"p": fromOffice}, []string{"r"}, nil, "p", []string{"database-locked-out"}, "r is removed"},
		{"a guard rail less strict", map[string]string{"p": fromOffice, "r": two}, map[string]string{"p": fromOffice, "r": fromOffice}, []string{"r"}, []string{"r"}, "p", []string{"database-locked-out"}, "says no no more"},
		{"one more guard rail", map[string]string{"p": fromOffice}, map[string]string{"p": fromOffice, "r": notAbroad}, nil, []string{"r"}, "p", nil, "r is added"},
	} {
		document := func(policies map[string]string, rails []string) cell.Document {
			g, s := celltest.Genesis(), celltest.Scenario()
			celltest.Name(&g, policies, rails...)
			s.Conditions = []access.PolicyRef{celltest.Policy(c.on, policies[c.on])}
			d := cell.Document{Genesis: &g, Scenarios: map[string]*access.Scenario{s.ID: &s}, Policies: map[string]*policy.File{}}
			for id, text := range policies {
				file, err := policy.Decode([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				d.Policies[id] = file
			}
			return d
		}
		from, to := document(c.from, c.fromR), document(c.to, c.toR)
		if got := cell.Widened(from, to); !slices.Equal(got, c.widens) {
			t.Errorf("%s widens %v, want %v", c.name, got, c.widens)
		}
		var said []string
		for _, d := range cell.Compare(from, to) {
			said = append(said, d.About+" "+d.Text)
		}
		if all := strings.Join(said, "\n"); !strings.Contains(all, c.says) || strings.Contains(all, "no words for") {
			t.Errorf("%s is said to be:\n%s\nwant %s", c.name, all, c.says)
		}
	}
}

func TestARestoredCellAsksItsConditions(t *testing.T) {
	s := officeStory()
	s.granted("db-1").opened("db-1")
	w, err := shelve(s).restore(s)
	if err != nil {
		t.Fatal(err)
	}
	s.World = w
	expectRefusal(t, s.Cell, from(home, s.Fetch("ann", "1", s.id, "db-1")), cell.Condition)
	s.fetched("db-1")
}
