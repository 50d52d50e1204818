package cell_test

import (
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// lets makes somebody a lead, and may change more.
func lets(person string, more ...func(*cell.Genesis)) func(*cell.Genesis) {
	return func(g *cell.Genesis) {
		withoutRoy(g)
		g.Groups["leads"] = append(g.Groups["leads"], person)
		for _, change := range more {
			change(g)
		}
	}
}

// TestT14NoLaterChangeCutsABarShort: whoever widened waits for what was in force
// then, though a later change of theirs waits for less.
func TestT14NoLaterChangeCutsABarShort(t *testing.T) {
	s := newStory()
	s.Amend(s.Amending(lets("bob", func(g *cell.Genesis) { g.CoolOff = 3600 })))
	expectRefusal(t, s.Cell, s.Ask("lea", "9", "db-1"), cell.CoolingOff)
	s.Amend(s.Amending(lets("ann")))
	s.later(time.Hour + time.Second)
	expectRefusal(t, s.Cell, s.Ask("lea", "9", "db-1"), cell.CoolingOff)
}

// TestT14AWaitingRequestUsesNoChange of whoever asked: neither by a new approver
// nor by a rung that seats one.
func TestT14AWaitingRequestUsesNoChange(t *testing.T) {
	s := newStory()
	ask := s.Must(s.Ask("lea", "9", "db-1"))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	s.Amend(s.Amending(lets("bob")))
	expectRefusal(t, s.Cell, s.Approve("sam", id), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.Approve("bob", id), cell.CoolingOff)
	expect(t, s.Must(s.Deny("sue", id)), "decided", "request-over")
}

// TestT31AShorterCoolOffCoolsOffItself: what was in force binds for as long as it
// was itself.
func TestT31AShorterCoolOffCoolsOffItself(t *testing.T) {
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); g.CoolOff = 3600 }))
	s.Amend(s.Amending(withKim))
	s.later(time.Hour).ask("db-1")
	expectRefusal(t, s.Cell, s.Approve("kim", s.id), cell.CoolingOff)
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT31NobodyAsksByAKeyPutUnderAnother: two who put a key of their own under
// ann's name get nothing by it before she can have heard of it. Who has no other
// key may ask at once.
func TestT31NobodyAsksByAKeyPutUnderAnother(t *testing.T) {
	s := newStory()
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withoutRoy(g)
		i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "ann" })
		g.People[i].Keys = append(g.People[i].Keys, celltest.Line("lea's spare"))
	}))
	body := s.Ask("ann", "9", "db-1").Signed.Statement.Body
	expectRefusal(t, s.Cell, s.By("ann", "lea's spare", body), cell.CoolingOff)
	expect(t, s.Must(s.By("ann", "ann", body)), "request-made")
	s.later(72 * time.Hour)
	expect(t, s.Must(s.By("ann", "lea's spare", s.Ask("ann", "10", "db-1").Signed.Statement.Body)), "request-made")
}

// TestT31AnAddedKeySealsNothing: it could put a secret of its own in the place of
// the true one.
func TestT31AnAddedKeySealsNothing(t *testing.T) {
	s := custodyStory().sealed().resealed().inspected(2, "bob", "sue")
	s.change = s.Amend(s.Amending(func(g *cell.Genesis) {
		i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "leo" })
		g.People[i].Keys = append(g.People[i].Keys, celltest.Line("leo's phone"))
	}))
	for _, body := range []statement.Body{rotating(2), sealing("root", 3, "bob", "lea", "sue")} {
		expectRefusal(t, s.Cell, s.By("leo", "leo's phone", body), cell.CoolingOff)
	}
	expect(t, s.Must(s.By("leo", "leo", rotating(2))), "envelope-rotated")
}

// TestT14ARungSeatsNobodyForABarredRequest: who has signed before the change is
// seated by the ladder no sooner than anybody may agree.
func TestT14ARungSeatsNobodyForABarredRequest(t *testing.T) {
	of := ladderScenario()
	of.Ladder = []access.Rung{{After: 600, Widen: "group:managers", Legs: []string{"group:leads"}}}
	g := celltest.Genesis()
	g.People, g.Groups["managers"] = append(g.People, people("max")...), []string{"max"}
	s := &story{Cell: celltest.New(g, of)}
	ask := s.Must(s.Ask("lea", "9", "db-1"))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	s.Must(s.Approve("sam", id))
	s.Must(s.Approve("sue", id))
	s.Amend(s.Amending(func(g *cell.Genesis) { g.Groups["managers"] = append(g.Groups["managers"], "sue") }))
	s.later(10 * time.Minute)
	rung, _ := s.Task(cell.TaskRung, id, "1")
	expect(t, s.Must(s.Effect(cell.EffectDue, rung.ID, cell.Observed{})), "ladder-widened")
	if s.World.Requests[id].State != access.Pending {
		t.Error(id.Short() + " was granted")
	}
}
