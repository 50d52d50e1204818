package view_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// TestCoverageIsWhatHappens plays what coverage answers: somebody asks, the ladder
// is climbed as far as it was asked about, everybody who is there signs yes, and
// it is granted exactly if coverage said that it can be filled.
func TestCoverageIsWhatHappens(t *testing.T) {
	random := rand.New(rand.NewPCG(49, 2))
	granted := map[bool]int{}
	for n := 0; granted[true]+granted[false] < 300; n++ {
		if n > 20_000 {
			t.Fatalf("only %v were played", granted)
		}
		g, of := imaginedCell(random)
		people, err := g.Check()
		if err != nil || cell.CheckScenario(&of, &g, &people) != nil {
			continue
		}
		s := newStage(t, g, of)
		if gone := pick(random, everyone); gone != "sam" && random.IntN(3) == 0 {
			s.remove("sam", "", gone, celltest.Line(gone).Fingerprint)
		}
		asker := pick(random, g.Groups["on-call"])
		away := slices.DeleteFunc([]string{pick(random, everyone), pick(random, everyone)}, func(p string) bool { return p == asker })
		rungs := random.IntN(len(of.Ladder) + 1)
		covered := s.covers("SEV1", away...)
		if !slices.Contains(covered.Askers, asker) {
			continue
		}
		want := !slices.Contains(covered.Steps[rungs].Stuck, asker)
		if got := s.plays(asker, away, rungs); got != want {
			t.Fatalf("%s asks, %v away, %d rungs: granted %v, want %v\n%s", asker, away, rungs, got, want, pretty(t, covered))
		}
		granted[want]++
	}
	t.Log(granted)
	if granted[true] < 50 || granted[false] < 50 {
		t.Errorf("%v: that proves little", granted)
	}
}

var everyone = []string{"ann", "bob", "lea", "leo", "sam", "sue"}

func pick(random *rand.Rand, of []string) string { return of[random.IntN(len(of))] }

// imaginedCell is a cell that may make no sense.
func imaginedCell(random *rand.Rand) (cell.Genesis, access.Scenario) {
	g, of := celltest.Genesis(), celltest.Scenario()
	g.Groups = map[string][]string{}
	for _, name := range []string{"security", "leads", "on-call", "managers"} {
		people := slices.Clone(everyone)
		random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		g.Groups[name] = slices.Sorted(slices.Values(people[:1+random.IntN(4)]))
	}
	g.Change = access.Quorum{{From: "group:all", Count: 1}}
	g.Groups["all"] = everyone
	group := func() string { return "group:" + pick(random, []string{"security", "leads", "managers"}) }
	var q access.Quorum
	for range 1 + random.IntN(2) {
		q = append(q, access.Leg{From: group(), Count: 1 + random.IntN(2)})
	}
	of.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 3600, Quorum: q, ReviewDue: 3600}}
	for i := range random.IntN(3) {
		rung := access.Rung{After: canon.Seconds(300 * (i + 1)), Widen: group()}
		if random.IntN(2) == 0 {
			rung.Legs = []string{q[0].From}
		}
		of.Ladder = append(of.Ladder, rung)
	}
	return g, of
}

// plays has somebody ask and everybody who is there agree, and tells whether it is
// granted.
func (s *stage) plays(asker string, away []string, rungs int) bool {
	s.t.Helper()
	id := s.ask(asker, "play", "db-1")
	for rung := range rungs {
		task, ok := first(s.World.Tasks, cell.TaskRung, id, strconv.Itoa(rung+1))
		if !ok {
			s.t.Fatalf("no rung %d", rung+1)
		}
		s.Now = task.Due
		s.do(s.Effect(cell.EffectDue, task.ID, cell.Observed{}))
	}
	for _, person := range everyone {
		if slices.Contains(away, person) {
			continue
		}
		r, err := s.Do(s.Approve(person, id))
		if no := (*cell.Refusal)(nil); errors.As(err, &no) {
			continue
		} else if err != nil {
			s.t.Fatal(err)
		}
		s.follow(r)
	}
	return s.World.Requests[id].State == access.Granted
}
