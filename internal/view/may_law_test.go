package view_test

import (
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// lawful asks the rules which acts they would take of a person now, by the best key
// that they have: ann alone has one that verifies her.
func (s *stage) lawful(person string, r *access.Request) []view.Act {
	s.t.Helper()
	note := celltest.Note("x")
	of := r.ID
	bodies := map[view.Act][]statement.Body{
		view.MayApprove:  {&statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.CallBack}},
		view.MayDeny:     {&statement.Decision{Of: of, Verdict: statement.Deny, Check: statement.CallBack}},
		view.MayStop:     {&statement.Stop{Of: of, Reason: note}},
		view.MayWithdraw: {&statement.Withdraw{Of: of}},
		view.MayExtend:   {&statement.Extend{Of: of, For: 3600, Why: note}},
		view.MayGoAlone:  {&statement.Solo{Of: of}},
		view.MayWitness:  {&statement.WitnessedOutage{Of: of, Note: note}},
	}
	if e := r.Extending(); e != nil {
		bodies[view.MayApproveExtension] = []statement.Body{&statement.Decision{Of: e.ID, Verdict: statement.Approve, Check: statement.CallBack}}
		bodies[view.MayDenyExtension] = []statement.Body{&statement.Decision{Of: e.ID, Verdict: statement.Deny, Check: statement.CallBack}}
	}
	for _, lease := range r.Leases {
		bodies[view.MayAttest] = append(bodies[view.MayAttest], &statement.Attest{Of: of, Target: lease.Target, Note: note})
	}
	acts := []view.Act{}
	for act, all := range bodies {
		for _, body := range all {
			c := s.By(person, person, body)
			if person == "ann" {
				c.Signed.Signer.Strength = roster.UserVerified
			}
			if _, err := cell.Decide(s.World, c); err == nil {
				acts = append(acts, act)
				break
			}
		}
	}
	slices.Sort(acts)
	return acts
}

// TestActsAreWhatTheRulesTake walks requests through their lives, and at each step
// asks for everybody both what is shown that they may sign, and the rules.
func TestActsAreWhatTheRulesTake(t *testing.T) {
	g, of := celltest.Genesis(), celltest.Scenario()
	for _, person := range []string{"kay", "eve"} {
		g.People = append(g.People, roster.Person{ID: person, Keys: []roster.Key{celltest.Line(person)}})
	}
	secure, err := roster.ParseKey(annsSecure)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "ann" })
	g.People[i].Keys = append(slices.Clip(g.People[i].Keys), secure)
	g.Groups["custodians"], g.Groups["managers"] = []string{"kay", "leo"}, []string{"bob", "eve"}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:security"}})
	of.Ladder = []access.Rung{
		{After: 300, Widen: "group:managers", Legs: []string{"group:leads"}},
		{After: 600, Solo: &access.SoloStep{Longest: 900, RaiseTo: "SEV1", Opens: []string{"db-1"}}},
	}
	s := newStage(t, g, of)
	var seen []view.Act
	compare := func(step string, id canon.Digest) {
		t.Helper()
		r := s.World.Requests[id]
		for _, person := range []string{"ann", "bob", "eve", "kay", "lea", "leo", "sam", "sue"} {
			shown, want := slices.Sorted(slices.Values(s.View.Request(person, r, s.at()).Acts)), s.lawful(person, r)
			if !slices.Equal(shown, want) {
				t.Errorf("%s, %s: shown %q, the rules take %q", step, person, shown, want)
			}
			seen = append(seen, want...)
		}
	}
	asked := s.ask("ann", "1", "db-1", "db-2")
	compare("asked", asked)
	s.later(5 * time.Minute)
	s.effect(cell.TaskRung, cell.EffectDue, asked, "1", cell.Observed{})
	compare("widened", asked)
	s.do(s.By("kay", "kay", &statement.WitnessedOutage{Of: asked, Note: celltest.Note("503 here too")}))
	s.do(s.Approve("sam", asked))
	compare("one signed", asked)
	s.later(5 * time.Minute)
	s.effect(cell.TaskRung, cell.EffectDue, asked, "2", cell.Observed{})
	compare("alone is offered", asked)
	s.do(s.Approve("eve", asked))
	compare("granted", asked)
	for _, target := range []string{"db-1", "db-2"} {
		s.effect(cell.TaskOpen, cell.EffectOpened, asked, target, cell.Observed{})
	}
	s.do(s.Fetch("ann", "1", asked, "db-1"))
	s.do(s.By("ann", "ann", &statement.Extend{Of: asked, For: 3600, Why: celltest.Note("longer")}))
	s.later(time.Minute)
	compare("more time is asked for", asked)
	s.do(s.By("sue", "sue", &statement.Decision{Of: s.World.Requests[asked].Extending().ID, Verdict: statement.Approve, Check: statement.Video}))
	compare("one signed more time", asked)
	for person, want := range map[string]bool{"ann": true, "sue": true, "eve": true, "kay": false} {
		if got := slices.Contains(s.View.Stoppable(person), asked); got != want {
			t.Errorf("%s may stop it: %v", person, got)
		}
	}
	s.do(s.Stop("sue", asked))
	if left := s.View.Stoppable("sue"); len(left) != 0 {
		t.Errorf("of what is over, sue may stop %v", left)
	}
	compare("closing", asked)

	alone := s.ask("bob", "2", "db-1")
	s.later(10 * time.Minute)
	s.effect(cell.TaskRung, cell.EffectDue, alone, "1", cell.Observed{})
	s.effect(cell.TaskRung, cell.EffectDue, alone, "2", cell.Observed{})
	compare("bob has no key to go in alone", alone)
	s.do(s.Deny("lea", alone))
	lapsing := s.ask("ann", "3", "db-1")
	s.later(time.Hour)
	compare("it could be agreed until now", lapsing)

	for _, act := range []view.Act{view.MayApprove, view.MayDeny, view.MayApproveExtension, view.MayDenyExtension, view.MayStop,
		view.MayWithdraw, view.MayExtend, view.MayGoAlone, view.MayAttest, view.MayWitness} {
		if !slices.Contains(seen, act) {
			t.Errorf("nobody could ever %s: the test does not show it", act)
		}
	}
}

// TestActsOfWhoWasRemoved are none.
func TestActsOfWhoWasRemoved(t *testing.T) {
	s := sample(t)
	id := s.ask("ann", "1", "db-1")
	s.remove("sam", "lea", "leo", "")
	if acts := s.View.Request("leo", s.World.Requests[id], s.at()).Acts; len(acts) != 0 {
		t.Errorf("leo may %q", acts)
	}
}
