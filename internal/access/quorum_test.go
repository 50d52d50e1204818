package access_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/access"
)

// groups are who is in what, for a test.
type groups map[string][]string

func (g groups) in(person, reference string) bool {
	group, ok := access.Group(reference)
	return ok && slices.Contains(g[group], person)
}

// most is the largest number of places that people can fill, found by trying
// every way to seat them one after another.
func most(places, people []string, in access.Membership) int {
	if len(places) == 0 {
		return 0
	}
	best := most(places[1:], people, in) // the first place stays empty
	for i, person := range people {
		if in(person, places[0]) {
			others := slices.Delete(slices.Clone(people), i, i+1)
			best = max(best, 1+most(places[1:], others, in))
		}
	}
	return best
}

func drawQuorum(t *rapid.T) (access.Quorum, []string, groups) {
	everybody := []string{"ann", "bob", "lea", "leo", "sam", "sue"}
	g := groups{}
	for _, name := range []string{"x", "y", "z"} {
		g[name] = rapid.SliceOfNDistinct(rapid.SampledFrom(everybody), 0, 4, rapid.ID).Draw(t, name)
	}
	var q access.Quorum
	for range rapid.IntRange(0, 3).Draw(t, "legs") {
		q = append(q, access.Leg{
			From:  "group:" + rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "from"),
			Count: rapid.IntRange(-1, 2).Draw(t, "count"),
		})
	}
	people := rapid.SliceOfNDistinct(rapid.SampledFrom(everybody), 0, 5, rapid.ID).Draw(t, "people")
	return q, people, g
}

// TestMissingIsBruteForce compares the matching with trying everything.
func TestMissingIsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, people, g := drawQuorum(t)
		var places []string
		for _, leg := range q {
			for range leg.Count {
				places = append(places, leg.From)
			}
		}
		filled := most(places, people, g.in)
		empty := 0
		for _, leg := range q.Missing(people, g.in) {
			empty += leg.Count
		}
		want := len(places) - filled
		if len(places) == 0 {
			want = 1 // nobody fills a quorum without places
		}
		if empty != want {
			t.Fatalf("%v of %v in %v: %d places are empty, trying everything says %d", q, people, g, empty, want)
		}
		seats := q.Seats(people, g.in)
		if len(seats) != filled {
			t.Fatalf("%d people have a seat, want %d", len(seats), filled)
		}
		for person, reference := range seats {
			if !slices.Contains(people, person) || !g.in(person, reference) {
				t.Fatalf("%s has a seat of %s", person, reference)
			}
		}
	})
}

func TestOnePersonFillsOnePlace(t *testing.T) {
	g := groups{"security": {"sam", "sue"}, "leads": {"sam", "lea"}}
	q := access.Quorum{{From: "group:security", Count: 1}, {From: "group:leads", Count: 1}}
	for _, c := range []struct {
		people []string
		filled bool
	}{
		{nil, false},
		{[]string{"sam"}, false},
		{[]string{"sam", "sam"}, false},
		{[]string{"sam", "sam", "sam", "sam"}, false},
		{[]string{"sam", "sue"}, true}, // sam moves to the leads
		{[]string{"sue", "sam"}, true},
		{[]string{"sam", "lea"}, true},
		{[]string{"lea", "bob"}, false},
		{[]string{"", ""}, false},
	} {
		if got := q.Missing(c.people, g.in) == nil; got != c.filled {
			t.Errorf("%v: filled %v, want %v", c.people, got, c.filled)
		}
	}
}

func TestZeroQuorumIsFilledByNobody(t *testing.T) {
	everybody := func(string, string) bool { return true }
	for _, q := range []access.Quorum{nil, {}, {{}}, {{From: "group:x"}}, {{From: "group:x", Count: -1}}} {
		for _, people := range [][]string{nil, {"ann"}, {"ann", "bob", "sam"}} {
			if q.Missing(people, everybody) == nil {
				t.Errorf("%v is filled by %v", q, people)
			}
		}
		if q.Names("ann", everybody) {
			t.Errorf("%v names ann", q)
		}
	}
}

func TestGroupReferenceIsExact(t *testing.T) {
	for _, bad := range []string{"", "group:", "security", "Group:security", " group:security", "group", "person:sam", "group"} {
		if group, ok := access.Group(bad); ok {
			t.Errorf("%q names the group %q", bad, group)
		}
	}
	for reference, want := range map[string]string{"group:security": "security", "group:group:x": "group:x", "group: x": " x"} {
		if group, ok := access.Group(reference); !ok || group != want {
			t.Errorf("%q names %q, want %q", reference, group, want)
		}
	}
}
