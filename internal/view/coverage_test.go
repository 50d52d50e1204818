package view_test

import (
	"fmt"
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

// climbing is celltest's scenario with a rung: after ten minutes leads may sign in
// the place of security.
func climbing(t testing.TB) *stage {
	of := celltest.Scenario()
	of.Ladder = []access.Rung{{After: 600, Widen: "group:leads", Legs: []string{"group:security"}}}
	return newStage(t, celltest.Genesis(), of)
}

func (s *stage) covers(severity access.Severity, away ...string) view.Coverage {
	s.t.Helper()
	v, ok := s.View.Coverage("database-locked-out", severity, s.Now, away...)
	if !ok {
		s.t.Fatalf("no coverage at %s", severity)
	}
	return v
}

func TestCoverage(t *testing.T) {
	s := climbing(t)
	golden(t, "coverage.json", pretty(t, s.covers("SEV1", "sam", "sue")))
	same(t, "whole", s.covers("SEV1").Text, "Without leo it cannot be filled when lea asks.")
	same(t, "sam away", s.covers("SEV1", "sam").Text, "Without leo it cannot be filled when lea asks. Without sue it cannot be filled.")
	same(t, "leo away", s.covers("SEV1", "leo").Text, "It cannot be filled when lea asks. Without lea it cannot be filled. The ladder does not mend that.")
	same(t, "all askers away", s.covers("SEV1", "ann", "bob", "lea").Text, "Nobody who may ask is there.")
	same(t, "two of two", s.covers("SEV2").Text, "Without any one of sam and sue it cannot be filled.")
	same(t, "two of two by the ladder", s.covers("SEV2", "sam", "sue", "lea").Text,
		"It cannot be filled: nobody is there for 2 places. The ladder does not mend that.")
	same(t, "two of two by leads", s.covers("SEV2", "sam", "lea").Text,
		"It cannot be filled: nobody is there for 1 place. After 10m, when leads may sign in place of security, it can be filled.")
	if _, ok := s.View.Coverage("database-locked-out", "SEV4", s.Now); ok {
		t.Error("a severity that is not there is covered")
	}
	if _, ok := s.View.Coverage("other", "SEV1", s.Now); ok {
		t.Error("a scenario that is not there is covered")
	}
	same(t, "strangers", s.View.Strangers("sam", "eve", "leo"), []string{"eve"})
}

// TestExplainClimbs: who cannot be answered at once is told when.
func TestExplainClimbs(t *testing.T) {
	s := climbing(t)
	explain := func(person string) view.Explain {
		v, _ := s.View.Explain("database-locked-out", "SEV2", view.Asking{Requester: person, Now: s.at().Now})
		return v
	}
	same(t, "at once", explain("ann").After, canon.Seconds(0))
	away, _ := s.View.Explain("database-locked-out", "SEV1", view.Asking{Requester: "ann", Now: s.Now, Away: []string{"sue", "leo"}})
	same(t, "with two away", away.Single, []string{"lea", "sam"})
	s.remove("sam", "lea", "sue", celltest.Line("sue").Fingerprint)
	v := explain("ann")
	same(t, "text", v.Text, "Nobody can get it at once: 2 of security is needed, and there are not enough people who can sign. After 10m the ladder has added enough of them.")
	same(t, "fillable", v.Fillable, false)
	same(t, "after", v.After, canon.Seconds(600))
	same(t, "single", v.Single, []string(nil))
	same(t, "single when lea asks", explain("lea").Single, []string{"leo", "sam"})
	s.later(time.Minute)
	s.effect(cell.TaskClock, cell.EffectClock, canon.Digest{}, "", cell.Observed{Step: 31_500})
	same(t, "in doubt", explain("ann").After, canon.Seconds(0))
	same(t, "in doubt", s.covers("SEV2").Text, "It cannot be filled: nobody is there for 1 place. The ladder waits while the clock is in doubt.")
}

// TestCoverageFollowsTheRoster: who was removed covers nothing, and who was added
// only from when the key has cooled off.
func TestCoverageFollowsTheRoster(t *testing.T) {
	s := climbing(t)
	change, ok := s.View.ChangeCoverage(s.Now)
	same(t, "change", change.Text, "It can be filled without any one person, though not without both lea and leo or both sam and sue.")
	same(t, "there is a cell", ok, true)
	s.remove("sam", "lea", "leo", "")
	same(t, "leo removed", s.covers("SEV1").Text, "It cannot be filled when lea asks. Without lea it cannot be filled. The ladder does not mend that.")
	change, _ = s.View.ChangeCoverage(s.Now, "sue")
	same(t, "change", change.Text, "Without any one of lea and sam it cannot be filled.")
	body := s.Amending(func(g *cell.Genesis) {
		g.People = append(g.People[:3], append([]roster.Person{{ID: "kim", Keys: []roster.Key{celltest.Line("kim")}}}, g.People[4:]...)...)
		g.Groups["leads"] = []string{"kim", "lea"}
	})
	s.Amend(body)
	made, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	s.View = made
	same(t, "kim cools off", len(s.covers("SEV1").Steps[0].Legs[1].People), 1)
	later, _ := s.View.Coverage("database-locked-out", "SEV1", s.Now.Add(cell.CoolOff.Duration()))
	same(t, "kim then", later.Steps[0].Legs[1].People, []string{"kim", "lea"})
	same(t, "text then", later.Text, "Without kim it cannot be filled when lea asks.")
}

// TestCoverageNamesAPairOfSecurity: of two people with one key each neither can suspend
// the other's; with a second key, or a third person, somebody can.
func TestCoverageNamesAPairOfSecurity(t *testing.T) {
	of := func(change func(*cell.Genesis), away ...string) string {
		g := celltest.Genesis()
		change(&g)
		s := newStage(t, g, celltest.Scenario())
		shown, _ := s.View.ChangeCoverage(s.Now, away...)
		return shown.Security
	}
	spare := func(people ...string) func(*cell.Genesis) {
		return func(g *cell.Genesis) {
			for i, p := range g.People {
				if slices.Contains(people, p.ID) {
					g.People[i].Keys = append(slices.Clip(p.Keys), celltest.Line(p.ID+"'s spare"))
				}
			}
		}
	}
	three := func(g *cell.Genesis) { g.Groups["security"] = []string{"lea", "sam", "sue"} }
	const want = "Security is sam and sue: the only key of %s could be suspended by nobody when it is stolen, until a change removes it. A second key each, or a third person, mends that."
	same(t, "one key each", of(func(*cell.Genesis) {}), fmt.Sprintf(want, "sam or sue"))
	same(t, "sue has two", of(spare("sue")), fmt.Sprintf(want, "sam"))
	same(t, "two each", of(spare("sam", "sue")), "")
	same(t, "three", of(three), "")
	same(t, "three, and one is away", of(three, "lea"), fmt.Sprintf(want, "sam or sue"))
}

// TestCoverageNamesEveryPair: not one of several that may not be away together.
func TestCoverageNamesEveryPair(t *testing.T) {
	g := celltest.Genesis()
	g.Groups["security"], g.Groups["leads"] = []string{"lea", "sam", "sue"}, []string{"lea", "leo", "sam", "sue"}
	g.Change = access.Quorum{{From: "group:security", Count: 2}}
	s := newStage(t, g, celltest.Scenario())
	change, _ := s.View.ChangeCoverage(s.Now)
	same(t, "any two", change.Text, "It can be filled without any one person, though not without any two of lea, sam and sue.")
	g.Change = nil
	for _, shift := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		for _, person := range []string{shift + "1", shift + "2"} {
			g.People = append(g.People, roster.Person{ID: person, Keys: []roster.Key{celltest.Line(person)}})
		}
		g.Groups["shift-"+shift] = []string{shift + "1", shift + "2"}
		g.Change = append(g.Change, access.Leg{From: "group:shift-" + shift, Count: 1})
	}
	change, _ = newStage(t, g, celltest.Scenario()).View.ChangeCoverage(s.Now)
	same(t, "many pairs", change.Text, "It can be filled without any one person, though not without both a1 and a2, both b1 and b2, both c1 and c2, "+
		"both d1 and d2, both e1 and e2, both f1 and f2 or 1 other pair.")
}

func TestCoverageSaysWhenNobodyMayAsk(t *testing.T) {
	of := celltest.Scenario()
	of.Controls.Hours = []access.Hours{{From: "22:00", To: "06:00", Days: []string{"fri", "sat"}}, {From: "00:00", To: "12:00", Days: []string{"wed"}}}
	s := newStage(t, celltest.Genesis(), of)
	v := s.covers("SEV1") // on a Sunday at 03:07
	same(t, "shut", v.Shut, []string{"mon 00:00 to wed 00:00 UTC", "wed 12:00 to fri 22:00 UTC", "sat 06:00 to sat 22:00 UTC", "sun 06:00 to sun 24:00 UTC"})
	same(t, "shut now", v.ShutNow, false)
	s.later(3 * time.Hour)
	same(t, "shut at seven", s.covers("SEV1").ShutNow, true)
}

// TestCoverageOfAnEnvelope: nobody gives a share to their own request, so that of
// three custodians with two shares needed one asking is all that may happen.
func TestCoverageOfAnEnvelope(t *testing.T) {
	g, of := celltest.Genesis(), celltest.Scenario()
	g.Groups["custodians"], g.Groups["keepers"] = []string{"ann", "bob", "sue"}, []string{"leo"}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:keepers"}})
	s := newStage(t, g, of)
	same(t, "not sealed", len(s.covers("SEV1").Envelopes), 0)
	blob := &statement.Blob{Digest: canon.Sum([]byte("sealed")), Length: 100}
	body := &statement.Seal{Envelope: "root", Serial: 1, Threshold: 2, Description: blob, Content: blob, Commitments: canon.Sum([]byte("commitments"))}
	for _, id := range []string{"ann", "bob", "sue"} {
		body.Holders = append(body.Holders, statement.Held{Custodian: id, Proof: canon.Sum([]byte(id)), Sealed: blob})
	}
	s.do(s.By("leo", "leo", body))
	covered := s.covers("SEV1").Envelopes[0]
	same(t, "envelope", covered.Envelope, "root")
	same(t, "text", covered.Text, "Without ann it cannot be filled when bob asks. Without bob it cannot be filled when ann asks. Without sue it cannot be filled when ann or bob asks.")
	same(t, "sue away", s.covers("SEV1", "sue").Envelopes[0].Text, "It cannot be filled when ann or bob asks. Without any one of ann and bob it cannot be filled.")
}
