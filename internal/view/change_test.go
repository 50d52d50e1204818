package view_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestAnotherDocumentIsSeen: the view must be made again, and then shows who came
// and who can sign by now.
func TestAnotherDocumentIsSeen(t *testing.T) {
	s := sample(t)
	id := s.ask("ann", "1", "db-1")
	shorter := celltest.Scenario()
	shorter.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 60, Quorum: shorter.Severities["SEV1"].Quorum, ReviewDue: 3600}}
	proposed := s.do(s.By("sam", "sam", s.Amending(func(g *cell.Genesis) {
		g.People = append(g.People, roster.Person{ID: "kim", Keys: []roster.Key{celltest.Line("kim")}})
		g.Groups["leads"] = append(g.Groups["leads"], "kim")
	}, shorter)))
	change := proposed.Outcome.Events[0].(*cell.ChangeProposed).Change
	shown := s.View.Changes()
	if len(shown) != 1 || shown[0].To != change.To || !strings.Contains(shown[0].Text, "put document "+change.To.Short()) {
		t.Errorf("%+v", shown)
	}
	done := s.Must(s.Approve("lea", change.ID))
	if err := s.View.Apply(done, nil); !errors.Is(err, view.ErrRebuild) {
		t.Fatalf("the view goes on with what is not in force: %v", err)
	}
	made, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	s.View = made
	if made.Document() != s.World.Document || len(made.Changes()) != 0 {
		t.Error("another document is shown")
	}
	if known := s.show("sam", id).Known; !strings.Contains(known, "no longer what was signed") {
		t.Errorf("known: %s", known)
	}
	kim := func(at view.Instant) view.Key {
		people := made.People(at).People
		i := slices.IndexFunc(people, func(p view.Person) bool { return p.ID == "kim" })
		return people[i].Keys[0]
	}
	until := s.World.Cooling[celltest.Line("kim").Fingerprint]
	if until.IsZero() || !kim(s.at()).Cools.Equal(until) || !kim(view.Instant{Now: until}).Cools.IsZero() {
		t.Errorf("kim's key cools off until %s, and is shown as %+v", until, kim(s.at()))
	}
	explained, ok := made.Explain("database-locked-out", "SEV1", view.Asking{Requester: "ann", Now: s.at().Now})
	if !ok {
		t.Fatal("the scenario is gone")
	}
	for _, pool := range explained.Legs {
		if pool.From == "group:leads" && slices.Contains(pool.People, "kim") {
			t.Error("kim could sign, though the key still cools off")
		}
	}
	task, ok := s.Task(cell.TaskConsequence, id, "")
	if !ok {
		t.Fatal("ann's request waits for ever")
	}
	s.do(s.Effect(cell.EffectConsequence, task.ID, cell.Observed{}))
	same(t, "known", s.show("sam", id).Known, "void: scenario database-locked-out is another now than was asked for; nothing was opened")
}
