package access_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// rehearsal is a roster and a scenario, by the words of which everything is tried
// out: no rule of the program is asked.
type rehearsal struct {
	groups
	quorum access.Quorum
	ladder []access.Rung
	able   []string
	askers []string
}

// sits tells whether a person may sit in a leg after so many rungs.
func (r rehearsal) sits(person, leg string, rungs int) bool {
	for _, rung := range r.ladder[:rungs] {
		if (len(rung.Legs) == 0 || slices.Contains(rung.Legs, leg)) && r.in(person, rung.Widen) {
			return true
		}
	}
	return r.in(person, leg)
}

// fills tries every way to put different people into all places.
func (r rehearsal) fills(places, people []string, rungs int) bool {
	if len(places) == 0 {
		return true
	}
	for i, person := range people {
		if r.sits(person, places[0], rungs) && r.fills(places[1:], slices.Delete(slices.Clone(people), i, i+1), rungs) {
			return true
		}
	}
	return false
}

func (r rehearsal) places(legs ...string) []string {
	var places []string
	for _, leg := range r.quorum {
		for range leg.Count {
			if len(legs) == 0 || slices.Contains(legs, leg.From) {
				places = append(places, leg.From)
			}
		}
	}
	return places
}

// works tells whether the quorum can be filled while some people are away.
func (r rehearsal) works(rungs int, away ...string) bool {
	there := slices.DeleteFunc(slices.Clone(r.able), func(p string) bool { return slices.Contains(away, p) })
	return len(r.places()) > 0 && r.fills(r.places(), there, rungs)
}

// coverage is what access.Coverage has to say, found by trying everything.
func (r rehearsal) coverage(rungs int) access.Coverage {
	v := access.Coverage{Spare: r.spare(rungs), Thin: r.thin(rungs)}
	if rungs > 0 {
		v.After = r.ladder[rungs-1].After
	}
	var askers []string
	for _, asker := range r.askers {
		if r.works(rungs, asker) {
			askers = append(askers, asker)
		} else {
			v.Stuck = append(v.Stuck, asker)
		}
	}
	needs := func(asker string, away ...string) bool {
		return !slices.Contains(away, asker) && !r.works(rungs, append(away, asker)...)
	}
	for i, one := range r.able {
		asks := slices.DeleteFunc(slices.Clone(askers), func(asker string) bool { return !needs(asker, one) })
		if len(asks) > 0 {
			v.Single = append(v.Single, access.Single{Person: one, Asks: asks})
		}
		for _, other := range r.able[i+1:] {
			if slices.ContainsFunc(askers, func(asker string) bool {
				return needs(asker, one, other) && !needs(asker, one) && !needs(asker, other)
			}) {
				v.Pairs = append(v.Pairs, [2]string{one, other})
			}
		}
	}
	return v
}

// spare is how many may be away whoever they are, or how many places nobody is
// there for, as a negative number.
func (r rehearsal) spare(rungs int) int {
	if len(r.places()) == 0 {
		return -1
	}
	bySize := subsets(r.able)
	slices.SortStableFunc(bySize, func(a, b []string) int { return len(a) - len(b) })
	if first := slices.IndexFunc(bySize, func(away []string) bool { return !r.works(rungs, away...) }); len(bySize[first]) > 0 {
		return len(bySize[first]) - 1
	}
	most := 0
	for _, some := range subsets(seq(len(r.places()))) {
		var places []string
		for _, i := range some {
			places = append(places, r.places()[i])
		}
		if r.fills(places, r.able, rungs) {
			most = max(most, len(places))
		}
	}
	return most - len(r.places())
}

func (r rehearsal) thin(rungs int) []access.Thin {
	var legs []string
	for _, leg := range r.quorum {
		if leg.Count > 0 && !slices.Contains(legs, leg.From) {
			legs = append(legs, leg.From)
		}
	}
	people := func(legs []string) []string {
		return slices.DeleteFunc(slices.Clone(r.able), func(p string) bool {
			return !slices.ContainsFunc(legs, func(leg string) bool { return r.sits(p, leg, rungs) })
		})
	}
	var thin []access.Thin
	for _, some := range subsets(legs) {
		all := people(some)
		apart := slices.ContainsFunc(subsets(some), func(part []string) bool {
			rest := slices.DeleteFunc(slices.Clone(some), func(leg string) bool { return slices.Contains(part, leg) })
			others := people(rest)
			return len(part) > 0 && len(rest) > 0 && !slices.ContainsFunc(people(part), func(p string) bool { return slices.Contains(others, p) })
		})
		if len(some) > 0 && !apart && len(all)-len(r.places(some...)) <= 1 {
			thin = append(thin, access.Thin{Legs: some, Places: len(r.places(some...)), People: all})
		}
	}
	return thin
}

func subsets[T any](of []T) (all [][]T) {
	for bits := range 1 << len(of) {
		var some []T
		for i, each := range of {
			if bits&(1<<i) != 0 {
				some = append(some, each)
			}
		}
		all = append(all, some)
	}
	return all
}

func seq(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// imagine makes up a roster and a scenario.
func imagine(random *rand.Rand) rehearsal {
	everybody := []string{"ann", "bob", "lea", "leo", "sam", "sue"}[:2+random.IntN(5)]
	some := func(most int) []string {
		people := slices.Clone(everybody)
		random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		return slices.Sorted(slices.Values(people[:min(len(people), random.IntN(most+1))]))
	}
	names := []string{"w", "x", "y", "z"}
	group := func() string { return "group:" + names[random.IntN(len(names))] }
	r := rehearsal{groups: groups{}, able: some(9), askers: some(5)}
	for _, name := range names {
		r.groups[name] = some(4)
	}
	for range 1 + random.IntN(3) {
		r.quorum = append(r.quorum, access.Leg{From: group(), Count: random.IntN(3) + random.IntN(2)})
	}
	for i := range random.IntN(4) {
		rung := access.Rung{After: canon.Seconds(60 * (i + 1)), Widen: group()}
		if random.IntN(2) == 0 {
			rung.Legs = []string{r.quorum[random.IntN(len(r.quorum))].From}
		}
		r.ladder = append(r.ladder, rung)
	}
	return r
}

// TestCoverageIsBruteForce compares every answer, on 1,000 random rosters and
// ladders, after each rung and with nobody, one and two people away, with what
// trying every way to seat the people says.
func TestCoverageIsBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(49, 1000))
	seen := map[string]int{}
	for n := range 1000 {
		r := imagine(random)
		scenario := access.Scenario{Severities: map[access.Severity]access.Terms{"SEV1": {Quorum: r.quorum}}, Ladder: r.ladder}
		everybody := slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.able, r.askers))))
		for _, away := range subsets(everybody) {
			if len(away) > 2 {
				continue
			}
			there := r
			there.able = slices.DeleteFunc(slices.Clone(r.able), func(p string) bool { return slices.Contains(away, p) })
			there.askers = slices.DeleteFunc(slices.Clone(r.askers), func(p string) bool { return slices.Contains(away, p) })
			crew := access.Crew{Able: r.able, Askers: r.askers, In: r.in}.Without(away...)
			for rungs, got := range scenario.Cover("SEV1", crew) {
				want := there.coverage(rungs)
				there.law(t, got, rungs)
				there.told(t, &got, rungs)
				if diff := cmp.Diff(want, got, inAnyOrder); diff != "" {
					t.Fatalf("roster %d, %v away, %d rungs (-trying everything +Cover):\n%s\nquorum %v, ladder %+v, able %v, askers %v, groups %v",
						n, away, rungs, diff, r.quorum, r.ladder, r.able, r.askers, r.groups)
				}
				count(seen, got, rungs, len(away))
			}
		}
	}
	t.Log(seen)
	for _, what := range []string{"stuck", "single", "single for some", "pairs", "thin together", "spare", "rungs", "two away"} {
		if seen[what] < 100 {
			t.Errorf("%s: seen %d times: that proves little", what, seen[what])
		}
	}
}

// inAnyOrder: which sets are thin is compared, not which is named first.
var inAnyOrder = cmp.Options{
	cmpopts.SortSlices(func(a, b access.Thin) bool { return fmt.Sprint(a.Legs) < fmt.Sprint(b.Legs) }),
	cmpopts.EquateEmpty(),
}

// law demands that who is stuck is who the law would let nobody fill it for.
func (r rehearsal) law(t *testing.T, v access.Coverage, rungs int) {
	t.Helper()
	scenario, request := access.Scenario{Ladder: r.ladder}, access.Request{}
	for i := range rungs {
		widened, _ := scenario.Climb(i+1, canon.Time{})
		request.Widened = append(request.Widened, widened)
	}
	for _, asker := range r.askers {
		there := slices.DeleteFunc(slices.Clone(r.able), func(p string) bool { return p == asker })
		if missing := r.quorum.Missing(there, request.Admits(r.in)); (missing != nil) != slices.Contains(v.Stuck, asker) {
			t.Fatalf("the law misses %v when %s asks, stuck are %v", missing, asker, v.Stuck)
		}
	}
}

// told spells out who asks where that is whoever asks, and demands that the legs
// which are named as the reason are one: nobody else could fill them.
func (r rehearsal) told(t *testing.T, v *access.Coverage, rungs int) {
	t.Helper()
	for i := range v.Single {
		s := &v.Single[i]
		if len(s.Asks) == 0 {
			s.Asks = slices.DeleteFunc(slices.Clone(r.askers), func(p string) bool { return p == s.Person || slices.Contains(v.Stuck, p) })
		}
		there := slices.DeleteFunc(slices.Clone(r.able), func(p string) bool { return p == s.Asks[0] || p == s.Person })
		if r.fills(r.places(s.Legs...), there, rungs) {
			t.Fatalf("%v can be filled without %s when %s asks", s.Legs, s.Person, s.Asks[0])
		}
		s.Legs = nil
	}
}

// count notes what was met, so that a test that meets nothing fails.
func count(seen map[string]int, v access.Coverage, rungs, away int) {
	met := map[string]bool{
		"stuck": len(v.Stuck) > 0, "single": len(v.Single) > 0, "pairs": len(v.Pairs) > 0, "spare": v.Spare > 1, "rungs": rungs > 0, "two away": away == 2,
		"single for some": slices.ContainsFunc(v.Single, func(s access.Single) bool { return len(s.Asks) == 1 }),
		"thin together":   slices.ContainsFunc(v.Thin, func(thin access.Thin) bool { return len(thin.Legs) > 1 }),
	}
	for what, is := range met {
		if is {
			seen[what]++
		}
	}
}

// TestCoverageInWords is a few cases that a reader can check by eye.
func TestCoverageInWords(t *testing.T) {
	g := groups{"security": {"sam", "sue"}, "leads": {"lea", "leo", "sam"}, "on-call": {"ann", "lea"}, "managers": {"max", "mia"}}
	everybody := []string{"ann", "lea", "leo", "max", "mia", "sam", "sue"}
	one := access.Quorum{{From: "group:security", Count: 1}, {From: "group:leads", Count: 1}}
	for _, c := range []struct {
		what   string
		quorum access.Quorum
		away   []string
		ladder []access.Rung
		rungs  int
		want   access.Coverage
	}{
		{what: "nobody is needed", quorum: one, want: access.Coverage{
			Spare: 1, Pairs: [][2]string{{"leo", "sam"}, {"leo", "sue"}, {"sam", "sue"}},
			Thin: []access.Thin{{Legs: []string{"group:security"}, Places: 1, People: []string{"sam", "sue"}}},
		}},
		{what: "sue is away", quorum: one, away: []string{"sue"}, want: access.Coverage{
			Spare: 0, Single: []access.Single{
				{Person: "leo", Asks: []string{"lea"}, Legs: []string{"group:security", "group:leads"}},
				{Person: "sam", Legs: []string{"group:security"}},
			},
			Pairs: [][2]string{{"lea", "leo"}},
			Thin: []access.Thin{
				{Legs: []string{"group:security"}, Places: 1, People: []string{"sam"}},
				{Legs: []string{"group:security", "group:leads"}, Places: 2, People: []string{"lea", "leo", "sam"}},
			},
		}},
		{what: "security is away", quorum: one, away: []string{"sam", "sue"}, want: access.Coverage{
			Spare: -1, Stuck: []string{"ann", "lea"}, Thin: []access.Thin{
				{Legs: []string{"group:security"}, Places: 1, People: []string{}},
				{Legs: []string{"group:leads"}, Places: 1, People: []string{"lea", "leo"}},
			},
		}},
		{
			what: "then managers may sign for it", quorum: one, away: []string{"sam", "sue"}, rungs: 1,
			ladder: []access.Rung{{After: 600, Widen: "group:managers", Legs: []string{"group:security"}}},
			want: access.Coverage{After: 600, Spare: 1,
				Single: []access.Single{{Person: "leo", Asks: []string{"lea"}, Legs: []string{"group:leads"}}},
				Pairs:  [][2]string{{"lea", "leo"}, {"max", "mia"}}, Thin: []access.Thin{
					{Legs: []string{"group:security"}, Places: 1, People: []string{"max", "mia"}},
					{Legs: []string{"group:leads"}, Places: 1, People: []string{"lea", "leo"}},
				}},
		},
		{what: "no places", quorum: access.Quorum{{From: "group:security"}}, want: access.Coverage{Spare: -1, Stuck: []string{"ann", "lea"}}},
		{
			what: "two legs of one group are one", quorum: access.Quorum{{From: "group:security", Count: 1}, {From: "group:security", Count: 1}},
			want: access.Coverage{
				Single: []access.Single{{Person: "sam", Legs: []string{"group:security"}}, {Person: "sue", Legs: []string{"group:security"}}},
				Thin:   []access.Thin{{Legs: []string{"group:security"}, Places: 2, People: []string{"sam", "sue"}}},
			},
		},
	} {
		scenario := access.Scenario{Severities: map[access.Severity]access.Terms{"SEV1": {Quorum: c.quorum}}, Ladder: c.ladder}
		crew := access.Crew{Able: everybody, Askers: g["on-call"], In: g.in}.Without(c.away...)
		if diff := cmp.Diff(c.want, scenario.Cover("SEV1", crew)[c.rungs]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

// TestCoverageOfALargeCell: the largest quorum over the largest roster, all of it
// thin, is still answered at once.
func TestCoverageOfALargeCell(t *testing.T) {
	g := groups{}
	var q access.Quorum
	var everybody []string
	for i := range 2000 {
		everybody = append(everybody, fmt.Sprint("p", i))
	}
	for leg := range access.LegsMost {
		name := fmt.Sprint("g", leg)
		q = append(q, access.Leg{From: "group:" + name, Count: access.PlacesMost / access.LegsMost})
		g[name] = everybody[2*leg : 2*leg+3]
	}
	v := q.Cover(access.Crew{Able: everybody, Askers: everybody, In: g.in})
	if v.Spare != 1 || len(v.Stuck) != 0 || len(v.Pairs) != access.PairsMost {
		t.Errorf("spare %d, %d stuck, %d pairs", v.Spare, len(v.Stuck), len(v.Pairs))
	}
	if people := access.PlacesMost + 1; len(v.Single) != people || len(v.Thin) < access.LegsMost {
		t.Errorf("%d single points of failure, want %d; %d thin sets", len(v.Single), people, len(v.Thin))
	}
}
