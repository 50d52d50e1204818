package cell_test

import (
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// ladderStory is a cell whose scenario asks managers (max) after ten minutes in
// the place of security, and after twenty in every place.
func ladderStory() *story {
	g := celltest.Genesis()
	g.People = append(g.People, people("max")...)
	g.Groups["managers"] = []string{"max", "ann"}
	return &story{Cell: celltest.New(g, ladderScenario())}
}

func ladderScenario() access.Scenario {
	s := celltest.Scenario()
	s.Ladder = []access.Rung{
		{After: 600, Widen: "group:managers", Legs: []string{"group:security"}}, {After: 1200, Widen: "group:managers"},
	}
	return s
}

// climbed is an asked story in which so many rungs were reached.
func (s *story) climbed(rungs int) *story {
	for range rungs {
		s.later(10 * time.Minute)
		for _, t := range s.World.Tasks {
			if t.Kind == cell.TaskRung && !t.Due.After(s.Now) {
				s.Must(s.Effect(cell.EffectDue, t.ID, cell.Observed{}))
			}
		}
	}
	return s
}

var statesOfLadder = []state{
	{"pending: nobody has decided", func() *story { return ladderStory().ask("db-1") }},
	{"ten minutes later, before the first rung", func() *story { return ladderStory().ask("db-1").later(10 * time.Minute) }},
	{"ten minutes later: managers may sign in place of security", func() *story { return ladderStory().ask("db-1").climbed(1) }},
	{"ten minutes later, lea approved", func() *story { return ladderStory().ask("db-1").approve("lea").climbed(1) }},
	{"twenty minutes later: managers may sign in every place", func() *story { return ladderStory().ask("db-1").climbed(2) }},
	{"twenty minutes later, and the clock is in doubt", func() *story { return ladderStory().ask("db-1").later(20 * time.Minute).stepped(45_000) }},
	{"max approved in place of security", func() *story { return ladderStory().ask("db-1").climbed(1).approve("max") }},
	{"max and lea agreed", func() *story { return ladderStory().ask("db-1").climbed(1).approve("max", "lea") }},
	{"max approved, and was removed", func() *story { return ladderStory().ask("db-1").climbed(1).approve("max").remove("max") }},
}

func ladderDeeds() []deed {
	return flatten([][]deed{
		each("approve", func(s *story) statement.Body {
			return &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.CallBack}
		}, "ann", "bob", "sam", "lea", "max", "eve"),
		each("deny", func(s *story) statement.Body {
			return &statement.Decision{Of: s.id, Verdict: statement.Deny, Check: statement.CallBack}
		}, "max", "bob"),
		each("stop", stop, "max", "bob"),
		{rungTask("1"), rungTask("2"), effect(cell.EffectDue, "lapse", cell.TaskLapse, nothing)},
	})
}

// rungTask is the result of the task of a rung.
func rungTask(rung string) deed {
	return deed{"due", "rung " + rung, func(s *story) cell.Command {
		if t, ok := s.Task(cell.TaskRung, s.id, rung); ok {
			return s.Effect(cell.EffectDue, t.ID, cell.Observed{})
		}
		return s.Effect(cell.EffectDue, "none", cell.Observed{})
	}}
}

// TestLadderOnlyWidens: a rung says who may sit where. It never lets fewer sit,
// nor the requester, nor one person in two places.
func TestLadderOnlyWidens(t *testing.T) {
	s := ladderStory().ask("db-1").climbed(1)
	expectRefusal(t, s.Cell, s.Approve("bob", s.id), cell.NotApprover)
	expectRefusal(t, s.Cell, s.Approve("ann", s.id), cell.SelfApproval)
	s.approve("max")
	if s.request().State != access.Pending {
		t.Fatalf("max alone fills a quorum of two: %s", s.request().State)
	}
	s.approve("sam")
	if s.request().State != access.Pending {
		t.Fatal("two in the place of security fill the place of a lead")
	}
	s.approve("lea")
	if g := s.request().Grant; g == nil || len(g.By) != 2 || !slices.Contains(g.By, "lea") {
		t.Fatalf("%+v", g)
	}
	replays(t, s.Cell)

	s = ladderStory().ask("db-1").climbed(2).approve("max")
	if s.request().State != access.Pending {
		t.Error("one person who may sit in every place fills them all")
	}
}

// TestLadderSeatsWhoHasSigned: whoever signed before a rung need not, and cannot,
// sign again. The window begins when the rung fills the quorum.
func TestLadderSeatsWhoHasSigned(t *testing.T) {
	of := ladderScenario()
	of.Ladder = []access.Rung{{After: 600, Widen: "group:leads", Legs: []string{"group:security"}}}
	s := (&story{Cell: celltest.New(celltest.Genesis(), of)}).ask("db-1").approve("lea", "leo")
	if s.request().State != access.Pending {
		t.Fatal("two leads fill the place of security before the rung")
	}
	s.later(10 * time.Minute)
	rung, _ := s.Task(cell.TaskRung, s.id, "1")
	expect(t, s.Must(s.Effect(cell.EffectDue, rung.ID, cell.Observed{})), "ladder-widened", "agreed")
	if g := s.request().Grant; g == nil || g.From != s.Now || g.Until.Sub(s.Now) != 30*time.Minute || len(g.By) != 2 {
		t.Errorf("%+v", g)
	}
	replays(t, s.Cell)
}

// TestLadderEndsWithTheRequest: no rung is reached before its time, twice, or
// after the request was agreed or is over.
func TestLadderEndsWithTheRequest(t *testing.T) {
	s := ladderStory().ask("db-1")
	early, _ := s.Task(cell.TaskRung, s.id, "1")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, early.ID, cell.Observed{}), cell.NotDue)
	for name, end := range map[string]func(){
		"agreed":    func() { s.approve("sam", "lea") },
		"denied":    func() { s.Must(s.Deny("sam", s.id)) },
		"withdrawn": func() { s.Must(s.By("ann", "ann", &statement.Withdraw{Of: s.id})) },
		"lapsed": func() {
			s.later(time.Hour)
			lapse, _ := s.Task(cell.TaskLapse, s.id, "")
			s.Must(s.Effect(cell.EffectDue, lapse.ID, cell.Observed{}))
		},
	} {
		s = ladderStory().ask("db-1")
		end()
		if task, left := s.Task(cell.TaskRung, s.id, ""); left {
			t.Errorf("%s: rung %s is left", name, task.Target)
		}
		s.later(time.Hour)
		expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, early.ID, cell.Observed{}), cell.UnknownTask)
	}
}

// TestLadderWaitsForTime: I4, a clock that jumped ahead lets nobody in who would
// have had to be waited for.
func TestLadderWaitsForTime(t *testing.T) {
	s := ladderStory().ask("db-1").later(20 * time.Minute).stepped(45_000)
	rung, _ := s.Task(cell.TaskRung, s.id, "1")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, rung.ID, cell.Observed{}), cell.ClockInDoubt)
	expectRefusal(t, s.Cell, s.Approve("max", s.id), cell.NotApprover)
	s.stepped(0).Must(s.Effect(cell.EffectDue, rung.ID, cell.Observed{}))
	s.approve("max")
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestLadderTellsThoseWhoAreAsked: everybody who hears of the request hears that
// more may sign.
func TestLadderTellsThoseWhoAreAsked(t *testing.T) {
	s := ladderStory().ask("db-1").climbed(1)
	heard := 0
	for _, task := range s.World.Tasks {
		if task.Kind == cell.TaskAlarm && task.Event == "ladder-widened" {
			heard++
		}
	}
	if heard != 1 {
		t.Errorf("%d channels are told, want the one", heard)
	}
}

// TestLaddersRefused: a ladder that no law could follow is no scenario.
func TestLaddersRefused(t *testing.T) {
	g := celltest.Genesis()
	people, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	rung := func(after int64, widen string, legs ...string) access.Rung {
		return access.Rung{After: canon.Seconds(after), Widen: widen, Legs: legs}
	}
	for want, ladder := range map[string][]access.Rung{
		"too soon":        {rung(59, "group:on-call")},
		"after the lapse": {rung(3600, "group:on-call")},
		"out of order":    {rung(900, "group:on-call"), rung(900, "group:on-call")},
		"nobody":          {rung(900, "group:gone")},
		"no leg":          {rung(900, "group:on-call", "group:on-call")},
		"a leg twice":     {rung(900, "group:on-call", "group:leads", "group:leads")},
		"too many":        {rung(60, "group:on-call"), rung(61, "group:on-call"), rung(62, "group:on-call"), rung(63, "group:on-call"), rung(64, "group:on-call")},
	} {
		s := celltest.Scenario()
		s.Ladder = ladder
		if err := cell.CheckScenario(&s, &g, &people); err == nil {
			t.Errorf("%s: taken", want)
		}
	}
	good := celltest.Scenario()
	good.Ladder = []access.Rung{rung(60, "group:on-call", "group:leads")}
	if err := cell.CheckScenario(&good, &g, &people); err != nil {
		t.Error(err)
	}
	g.Rules = 1
	if err := cell.CheckScenario(&good, &g, &people); err == nil {
		t.Error("rules 1 know no ladder")
	}
}
