package view_test

import (
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
	"github.com/halligan-dev/halligan/internal/view"
)

// annsSecure is a security key of ann's.
const annsSecure = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAznls0dLiAwYgz/17G5MYXM4AY8Uez4L7otqNOOiYaDAAAABHNzaDo="

// soloStage is a cell where ann, who alone has a security key, may go in alone to
// db-1 after ten minutes.
func soloStage(t testing.TB) *stage {
	t.Helper()
	g, of := celltest.Genesis(), celltest.Scenario()
	key, err := roster.ParseKey(annsSecure)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "ann" })
	g.People[i].Keys = append(slices.Clip(g.People[i].Keys), key)
	of.Ladder = []access.Rung{{After: 600, Solo: &access.SoloStep{Longest: 900, RaiseTo: "SEV1", Opens: []string{"db-1"}}}}
	return newStage(t, g, of)
}

// offered asks as somebody, and waits until going in alone is offered.
func (s *stage) offered(person, name string, targets ...string) canon.Digest {
	id := s.ask(person, name, targets...)
	s.later(10 * time.Minute)
	s.effect(cell.TaskRung, cell.EffectDue, id, "1", cell.Observed{})
	return id
}

func (s *stage) alone(person string, id canon.Digest) {
	c := s.By(person, person, &statement.Solo{Of: id})
	c.Signed.Signer.Strength = roster.UserVerified
	s.do(c)
}

func saysAll(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q does not say %q", what, text, part)
		}
	}
}

// TestAloneIsShown from the scenario to the review that is signed off: to whom it is
// offered, that they are in, and that nobody has reviewed it.
func TestAloneIsShown(t *testing.T) {
	s := soloStage(t)
	of, _ := s.View.Scenario("ann", "database-locked-out")
	saysAll(t, "the scenario", strings.Join(of.Ladder, " "), "After 10m, whoever asked may go in alone, to db-1 for 15m at most, at SEV1")
	covered, _ := s.View.Coverage("database-locked-out", "SEV1", s.Now)
	saysAll(t, "coverage", covered.Solo, "After 10m, and if nobody said no, ann may go in alone, to db-1")
	bob, _ := s.View.Explain("database-locked-out", "SEV1", view.Asking{Requester: "bob", Now: s.Now})
	saysAll(t, "what bob is told", bob.Solo, "Nobody who may ask could go in alone: that takes a key")

	id := s.ask("ann", "1", "db-1", "db-2")
	if v := s.show("ann", id).Solo; v == nil || v.Offered || v.At != s.Now.Add(10*time.Minute) {
		t.Fatalf("before: %+v", v)
	}
	s.later(10 * time.Minute)
	s.effect(cell.TaskRung, cell.EffectDue, id, "1", cell.Observed{})
	saysAll(t, "offered", s.show("sam", id).Known, "ann may go in alone; nothing is open")
	if in := s.View.Inbox("ann", s.at()); len(in.Alone) != 1 || in.Alone[0].ID != id {
		t.Errorf("ann's inbox: %+v", in.Alone)
	}
	if in := s.View.Inbox("sam", s.at()); len(in.Alone) != 0 {
		t.Errorf("sam's inbox: %+v", in.Alone)
	}
	s.alone("ann", id)
	saysAll(t, "taken", s.show("sam", id).Known, "ann goes in alone when a channel has taken the alarm", "nothing is open")
	s.later(time.Minute)
	s.effect(cell.TaskSolo, cell.EffectDue, id, "", cell.Observed{})
	v := s.show("sam", id)
	saysAll(t, "begun", v.Known, "taken alone, unheard, time unproved, NOT REVIEWED")
	saysAll(t, "begun", v.Solo.Text, "without a quorum, and NO CHANNEL had taken the alarm. No witness proves that they waited. It is NOT REVIEWED")
	if len(v.Legs) != 0 || v.Severity != "SEV1" {
		t.Errorf("legs %v at %s", v.Legs, v.Severity)
	}
	now := s.View.Now("sam", s.at())
	if len(now.Alone) != 1 || !slices.Contains(now.Notes, "1 REQUEST WAS TAKEN ALONE AND IS NOT REVIEWED") {
		t.Errorf("%+v, %q", now.Alone, now.Notes)
	}
	found := s.View.Findings("sam", s.at()).Findings
	if len(found) == 0 || found[0].Kind != view.FindingAlone || found[0].Request != id {
		t.Errorf("findings: %+v", found)
	}

	second := s.ask("bob", "2", "db-1")
	s.later(10 * time.Minute)
	s.effect(cell.TaskRung, cell.EffectDue, second, "1", cell.Observed{})
	saysAll(t, "bob is offered it", s.show("bob", second).Solo.Blocked, "Not before the review of "+id.Short())
	s.do(s.Stop("sue", id))
	if owed := s.View.Inbox("ann", s.at()).Reviews; len(owed) != 1 || !strings.HasPrefix(owed[0].Text, "TAKEN ALONE.") {
		t.Errorf("what ann owes: %+v", owed)
	}
	s.do(s.By("ann", "ann", &statement.Review{Of: id, Necessary: statement.Yes, Misuse: statement.No, Note: celltest.Note("pool")}))
	r, _ := s.View.Find(id)
	note := celltest.Note("read")
	s.do(s.By("lea", "lea", &statement.SignOff{Of: id, Review: r.Review.Written.Statement, Verdict: statement.Accept, Note: &note}))
	found = slices.DeleteFunc(s.View.Findings("sam", s.at()).Findings, func(f view.Finding) bool { return f.Kind == view.FindingUnderway })
	if now := s.View.Now("sam", s.at()); len(now.Alone) != 0 || len(found) != 0 { // but that nobody answers alarms here
		t.Errorf("signed off, and still shown: %+v", now.Alone)
	}
	saysAll(t, "bob has no key for it", s.show("bob", second).Solo.Blocked, "Not without a key of bob")
	if n := s.View.Numbers("sam", s.at()); n.Alone != 1 || n.ToAgree.Count != 0 {
		t.Errorf("%d alone, %d agreed", n.Alone, n.ToAgree.Count)
	}
}

// TestAloneIsNotShownToEverybody: whoever may not see a request learns that there is
// one, and no more.
func TestAloneIsNotShownToEverybody(t *testing.T) {
	s := soloStage(t)
	id := s.offered("ann", "1", "db-1")
	s.alone("ann", id)
	s.later(time.Minute)
	s.effect(cell.TaskSolo, cell.EffectDue, id, "", cell.Observed{})
	now := s.View.Now("nobody", s.at())
	if len(now.Alone) != 1 || !now.Alone[0].Limited || now.Alone[0].Requester != "" {
		t.Errorf("%+v", now.Alone)
	}
	for _, f := range s.View.Findings("nobody", s.at()).Findings {
		if f.Kind == view.FindingAlone && f.Text != "" {
			t.Errorf("%+v", f)
		}
	}
}
