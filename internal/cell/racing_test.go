package cell_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// race is what happens at once: sam, who is security, approves; leo, who is a
// lead, approves; sue and lea remove sam.
var race = []struct {
	name string
	make func(*story) cell.Command
}{
	{"sam approves", func(s *story) cell.Command { return s.Approve("sam", s.id) }},
	{"leo approves", func(s *story) cell.Command { return s.Approve("leo", s.id) }},
	{"sue proposes", func(s *story) cell.Command { return s.By("sue", "sue", removal("sam", "")(s)) }},
	{"lea agrees", func(s *story) cell.Command { return s.Approve("lea", s.change) }},
}

// foretold is what must come of an order: ann is granted if and only if sam's
// and leo's approvals are both there before sam is removed.
func foretold(order []int) (granted bool) {
	sam, leo, proposed := false, false, false
	for _, i := range order {
		switch race[i].name {
		case "sam approves":
			sam = true
		case "leo approves":
			leo = true
		case "sue proposes":
			proposed = true
		case "lea agrees":
			if proposed {
				return sam && leo
			}
		}
	}
	return sam && leo
}

// runRace makes the commands of a race in an order, and before each whatever
// else happens.
func runRace(t *testing.T, order []int, beside func(*story)) *story {
	t.Helper()
	s := newStory().ask("db-1")
	old := s.change
	for _, i := range order {
		beside(s)
		if race[i].name == "lea agrees" && s.change == old {
			continue // there is nothing yet to agree to
		}
		c := race[i].make(s)
		recorded, err := s.Do(c)
		if refusal := refusalOf(err); refusal != nil {
			recorded, err = s.Refuse(c, refusal)
		}
		if err != nil {
			t.Fatalf("%v, %s: %v", order, race[i].name, err)
		}
		if proposed, ok := recorded.Outcome.Events[0].(*cell.ChangeProposed); ok {
			s.change = proposed.Change.ID
		}
	}
	return s
}

// TestRemovalRacingApproval tries every order, then a thousand at random among
// other people's commands: the live answer is the foretold and the replayed one.
func TestRemovalRacingApproval(t *testing.T) {
	orders := permutations(len(race))
	if len(orders) != 24 {
		t.Fatalf("%d orders", len(orders))
	}
	for _, order := range orders {
		judgeRace(t, order, runRace(t, order, func(*story) {}))
	}
	times := 1000
	if testing.Short() {
		times = 50
	}
	granted := 0
	for seed := range times {
		random := rand.New(rand.NewPCG(uint64(seed), 4))
		order := random.Perm(len(race))
		s := runRace(t, order, others(random))
		judgeRace(t, order, s)
		if s.request().State == access.Granted {
			granted++
		}
	}
	if granted == 0 || granted == times {
		t.Errorf("%d of %d random races were won by the approval: the race is none", granted, times)
	}
	t.Logf("%d of %d random races were won by the approval", granted, times)
}

// others open sessions and ask, at random.
func others(random *rand.Rand) func(*story) {
	asked := 0
	return func(s *story) {
		for range random.IntN(3) {
			person := []string{"ann", "bob", "lea", "max"}[random.IntN(4)]
			s.Must(s.By(person, person, &statement.Session{For: 60}))
		}
		if random.IntN(4) == 0 {
			asked++
			s.Must(s.Ask("bob", string(rune('a'+asked)), "db-2"))
		}
	}
}

func judgeRace(t *testing.T, order []int, s *story) {
	t.Helper()
	if got := s.request().State == access.Granted; got != foretold(order) {
		t.Errorf("order %v: granted %v, foretold %v", order, got, foretold(order))
	}
	again, err := replayed(s.Cell)
	if err != nil {
		t.Fatalf("order %v: replay: %v", order, err)
	}
	again.Publish()
	same(t, s.World, again)
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

// TestRemovalAndApprovalCommuteNever keeps the two orders apart, by hand.
func TestRemovalAndApprovalCommuteNever(t *testing.T) {
	before := newStory().ask("db-1").approve("sam", "lea")
	before.removeBy("sam", "sue", "lea")
	if before.request().State != access.Granted {
		t.Error("sam approved, then was removed: the grant must stand until it is stopped")
	}
	after := newStory().ask("db-1").approve("sam").removeBy("sam", "sue", "lea")
	expect(t, after.Must(after.Approve("lea", after.id)), "decided")
	expect(t, after.Must(after.Approve("leo", after.id)), "decided")
	expect(t, after.Must(after.Approve("sue", after.id)), "decided", "agreed")
	if by := after.request().Grant.By; slices.Contains(by, "sam") {
		t.Errorf("agreed by %v: sam is removed", by)
	}
}
