package cell_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

func denialStory() *story {
	return &story{Cell: celltest.New(celltest.DenialGenesis(), celltest.CenterScenario())}
}

func denying(what access.Denial) cell.Observed { return cell.Observed{Denial: what} }

func (s *story) denied(target string, what access.Denial) *story {
	return s.effect(cell.EffectDenied, cell.TaskDeny, target, denying(what))
}

var statesOfDenial = func() []state {
	const target = "set-1"
	over := func() *story { return denialStory().assigned(target).stopped() }
	return []state{
		{"open", func() *story { return denialStory().assigned(target) }},
		{"stopped before it was claimed", func() *story { return denialStory().granted(target).stopped() }},
		{"stopped", over},
		{"stopped, and denied", func() *story { return over().denied(target, access.DenialStands) }},
		{"stopped, denied, and granted anew", func() *story {
			s := over().denied(target, access.DenialStands)
			s.beside(target)
			return s
		}},
		{"stopped, and no room for it", func() *story { return over().denied(target, access.DenialFull) }},
		{"stopped, denied and gone", func() *story { return over().denied(target, access.DenialStands).unassigned(target) }},
		{"stopped, denied, gone, and two hours on", func() *story {
			return over().denied(target, access.DenialStands).unassigned(target).later(2 * time.Hour)
		}},
		{"stopped, denied, and attested", func() *story { return over().denied(target, access.DenialStands).attested("lea", target) }},
		{"closed, and denied still", func() *story {
			return over().denied(target, access.DenialStands).unassigned(target).outlived(target)
		}},
		{"closed, and denied no more", func() *story {
			return over().denied(target, access.DenialStands).unassigned(target).outlived(target).denied(target, access.DenialOver)
		}},
	}
}()

func denialDeeds() []deed {
	var deeds []deed
	for _, what := range append(slices.Clone(access.Denials), "", "gone") {
		deeds = append(deeds, deed{string(cell.EffectDenied), "the policy: " + string(what), func(s *story) cell.Command {
			id := "none"
			if t, ok := s.Task(cell.TaskDeny, s.id, ""); ok {
				id = t.ID
			}
			return s.Effect(cell.EffectDenied, id, denying(what))
		}})
	}
	return deeds
}

// TestDenialProvesNothing (promise 3): that a policy denies what is left of a session
// closes no lease: it is closing until the longest is over, or a person attests.
func TestDenialProvesNothing(t *testing.T) {
	s := denialStory().assigned("set-1").stopped().denied("set-1", access.DenialStands).unassigned("set-1")
	l := s.request().Leases[0]
	if l.State != access.LeaseClosing || len(l.Proofs) != 0 || l.Denial != access.DenialStands || l.DenialAt.IsZero() {
		t.Fatalf("the lease is %+v", l)
	}
	task, _ := s.Task(cell.TaskDeny, s.id, "set-1")
	if refusal := refusalOf(s.tried(s.Effect(cell.EffectDenied, task.ID, denying(access.DenialOver)))); refusal == nil || refusal.Reason != cell.NotDue {
		t.Errorf("no more denied while a session can live: %v", refusal)
	}
	s.outlived("set-1").denied("set-1", access.DenialOver)
	if l := s.request().Leases[0]; l.State != access.LeaseClosed || l.Denying() || l.Deniable(s.Now) {
		t.Errorf("the lease is %+v", l)
	}
	if _, waits := s.Task(cell.TaskDeny, s.id, "set-1"); waits {
		t.Error("it is denied for ever")
	}
}

// TestDenialGivesWayToAGrant: whoever is granted the same anew is not kept out by the
// denial of the grant before, and what is then open is denied when it ends.
func TestDenialGivesWayToAGrant(t *testing.T) {
	s := denialStory().assigned("set-1").stopped().denied("set-1", access.DenialStands)
	first := s.id
	second := s.beside("set-1")
	task, _ := s.Task(cell.TaskDeny, first, "set-1")
	if refusal := refusalOf(s.tried(s.Effect(cell.EffectDenied, task.ID, denying(access.DenialOver)))); refusal == nil || refusal.Reason != cell.NotDue {
		t.Errorf("denied no more for a grant that has not claimed it, and whose end denies nobody: %v", refusal)
	}
	s.id = second
	s.effect(cell.EffectListed, cell.TaskOpen, "set-1", listing(access.ListedStands))
	s.id = first
	s.denied("set-1", access.DenialOver)
	s.id = second
	s.opened("set-1").stopped()
	l := s.request().Leases[0]
	if _, waits := s.Task(cell.TaskDeny, second, "set-1"); !waits || !l.Deniable(s.Now) {
		t.Errorf("the second lease is %+v", l)
	}
	s.id = first
	if l := s.request().Leases[0]; l.Deniable(s.Now) || l.State != access.LeaseClosing {
		t.Errorf("the first lease is %+v", l)
	}
}

// TestDenialPolicyStays: the policy cannot be changed while something of a lease may be
// in it, also when the lease is closed; and a document names a policy or none.
func TestDenialPolicyStays(t *testing.T) {
	moved := func(g *cell.Genesis) {
		center := *g.AWS.Center
		center.Denial = ""
		g.AWS.Center = &center
	}
	s := denialStory().assigned("set-1").stopped().denied("set-1", access.DenialStands).unassigned("set-1").outlived("set-1")
	body := s.Amending(moved)
	if refusal := refusalOf(s.tried(s.By("sam", "sam", body))); refusal == nil || !strings.Contains(refusal.Detail, "IAM Identity Center") {
		t.Errorf("taken away with a denial in it: %v", refusal)
	}
	s.denied("set-1", access.DenialOver)
	if err := s.tried(s.By("sam", "sam", s.Amending(moved))); err != nil {
		t.Errorf("taken away with nothing in it: %v", err)
	}
	for _, policy := range []string{
		"p-exampleid1", "arn:aws:organizations::999988887777:policy/o-exampleorgid/tag_policy/p-exampleid1",
		"arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess", celltest.DenialPolicy + "/x", celltest.DenialPolicy + "*",
		"arn:aws-cn:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1",
		"arn:aws:organizations:us-east-1:999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1",
	} {
		g := celltest.DenialGenesis()
		g.AWS.Center.Denial = policy
		if _, err := g.Check(); err == nil || !strings.Contains(err.Error(), "aws.identity_center.denial") {
			t.Errorf("%q: %v", policy, err)
		}
	}
}

// TestUndeniedIsTold: channels hear that nothing denies, and not that something does.
func TestUndeniedIsTold(t *testing.T) {
	for what, told := range map[access.Denial]bool{access.DenialStands: false, access.DenialFull: true, access.DenialOthers: true, access.DenialRefused: true} {
		s := denialStory().assigned("set-1").stopped().denied("set-1", what)
		heard := false
		for _, task := range s.World.Tasks {
			heard = heard || task.Kind == cell.TaskAlarm && task.Event == "denial-seen"
		}
		if heard != told {
			t.Errorf("%s: told %v", what, heard)
		}
	}
}

// TestMovedUserIsTold: whoever is another user of Identity Center after a change hears of
// it on every channel, as of an added key; who only keeps theirs does not; and what one
// change moves fits an entry.
func TestMovedUserIsTold(t *testing.T) {
	s := centerStory()
	moving := func(g *cell.Genesis) {
		for i := range g.People {
			switch p := &g.People[i]; p.ID {
			case "ann":
				p.User = celltest.CenterUser("mallory")
			case "bob":
				p.User = ""
			}
		}
	}
	proposed := s.Must(s.By("sam", "sam", s.Amending(moving)))
	id := proposed.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	var moved []string
	for _, person := range []string{"lea", "sue"} {
		r, err := s.Do(s.Approve(person, id))
		if err != nil {
			continue
		}
		for _, e := range r.Outcome.Events {
			if e, ok := e.(*cell.UserMoved); ok {
				moved = append(moved, e.Person+" "+e.User)
			}
		}
	}
	slices.Sort(moved)
	want := []string{"ann " + celltest.CenterUser("mallory"), "bob "}
	if !slices.Equal(moved, want) {
		t.Fatalf("moved are %q, want %q", moved, want)
	}
	told := map[string]int{}
	for _, task := range s.World.Tasks {
		if task.Kind == cell.TaskAlarm && task.Event == "user-moved" {
			told[task.Target]++
		}
	}
	if n := len(s.World.Genesis.Channels); n == 0 || told["ann"] != n || told["bob"] != n || len(told) != 2 {
		t.Errorf("told on %d channels: %v", n, told)
	}
}

// TestUsersOfOneChangeFitAnEntry: a change that moves more users than an entry holds is
// refused, with the number.
func TestUsersOfOneChangeFitAnEntry(t *testing.T) {
	g := celltest.CenterGenesis()
	for n := range cell.AmendMost {
		name := fmt.Sprintf("guest-%03d", n)
		g.People = append(g.People, people(name)...)
	}
	s := &story{Cell: celltest.New(g, celltest.CenterScenario())}
	moving := func(most int) func(*cell.Genesis) {
		return func(g *cell.Genesis) {
			for i := range g.People[:most] {
				g.People[i].User = celltest.CenterUser(fmt.Sprint("moved ", i))
			}
		}
	}
	if refusal := refusalOf(s.tried(s.By("sam", "sam", s.Amending(moving(cell.AmendMost+1))))); refusal == nil || refusal.Reason != cell.NotAmendable || !strings.Contains(refusal.Detail, "101") {
		t.Errorf("one too many: %v", refusal)
	}
	proposed := s.Must(s.By("sam", "sam", s.Amending(moving(cell.AmendMost))))
	id := proposed.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	if r, err := s.Do(s.Approve("lea", id)); err != nil || len(r.Outcome.Events) < cell.AmendMost {
		t.Errorf("%v, with %d events", err, len(r.Outcome.Events))
	}
}
