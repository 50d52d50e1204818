package view_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestCoverageIsWhatHappens plays what coverage answers: somebody asks, the ladder
// is climbed as far as it was asked about, everybody who is there signs yes, and
// it is granted exactly if coverage said that it can be filled, and without one more
// person exactly if they were no single point of failure. So it is too while a
// review is overdue, for which the law adds a place where somebody could sign.
func TestCoverageIsWhatHappens(t *testing.T) {
	random := rand.New(rand.NewPCG(49, 2))
	granted, late := map[bool]int{}, map[string]int{}
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
		if random.IntN(2) == 0 && !s.overdue() {
			continue
		}
		asker := pick(random, g.Groups["on-call"])
		away := slices.DeleteFunc([]string{pick(random, everyone), pick(random, everyone)}, func(p string) bool { return p == asker })
		rungs := random.IntN(len(of.Ladder) + 1)
		covered := s.covers("SEV1", away...)
		if !slices.Contains(covered.Askers, asker) {
			continue
		}
		want := !slices.Contains(covered.Steps[rungs].Stuck, asker)
		if more := pick(random, everyone); want && more != asker && random.IntN(2) == 0 {
			want = !slices.ContainsFunc(covered.Steps[rungs].Single, func(one view.Single) bool {
				return one.Person == more && (len(one.Asks) == 0 || slices.Contains(one.Asks, asker))
			})
			away = append(away, more)
		}
		if got := s.plays(asker, "play", away, rungs); got != want {
			t.Fatalf("%s asks, %v away, %d rungs: granted %v, want %v\n%s", asker, away, rungs, got, want, pretty(t, covered))
		}
		granted[want]++
		switch {
		case strings.Contains(covered.Late, "Not when "+asker):
			late["exempt"]++
		case strings.Contains(covered.Late, "Not when "):
			late["bound beside others"]++
		case strings.Contains(covered.Late, "NOBODY"):
			late["all exempt"]++
		case covered.Late != "":
			late["bound"]++
		}
	}
	t.Log(granted, late)
	if granted[true] < 50 || granted[false] < 50 || late["exempt"] < 2 || late["bound beside others"] < 2 || late["bound"] < 20 || late["all exempt"] < 20 {
		t.Errorf("%v, %v: that proves little", granted, late)
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

// overdue has a grant end whose review nobody writes in time; false when nobody
// could get one.
func (s *stage) overdue() bool {
	asker := s.World.Genesis.Groups["on-call"][0]
	if !s.World.Roster.CanSign(asker) || !s.plays(asker, "before", nil, 0) {
		return false
	}
	for id := range s.World.Requests {
		s.do(s.Release(asker, "before", id, "db-1"))
		task, ok := first(s.World.Tasks, cell.TaskReview, id, "")
		if !ok {
			s.t.Fatal("nobody owes a review")
		}
		s.Now = task.Due
		s.do(s.Effect(cell.EffectDue, task.ID, cell.Observed{}))
	}
	return true
}

// plays has somebody ask and everybody who is there agree, and tells whether it is
// granted.
func (s *stage) plays(asker, name string, away []string, rungs int) bool {
	s.t.Helper()
	id := s.ask(asker, name, "db-1")
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
