package view_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestWithKeyIsTakenByTheRules: the drafted document adds the one key and nothing
// else, the rules take it, and it leaves out who was removed since.
func TestWithKeyIsTakenByTheRules(t *testing.T) {
	s := sample(t)
	s.do(s.Approve("lea", s.removed("sam", "bob", "")))
	s.do(s.Approve("leo", s.removed("sue", "lea", celltest.Line("lea").Fingerprint)))
	if _, err := s.View.WithKey("ann", celltest.Line("ann's phone")); err == nil || !strings.Contains(err.Error(), "lea has no key left") {
		t.Errorf("a document in which lea has no key: %v", err)
	}
	data, err := s.View.WithKey("lea", celltest.Line("lea's phone"))
	if err != nil {
		t.Fatal(err)
	}
	proposed, err := cell.DecodeGenesis(data)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(proposed.People, func(p roster.Person) bool { return p.ID == "bob" }) || slices.Contains(proposed.Groups["on-call"], "bob") {
		t.Error("bob was removed and comes back")
	}
	file := func(wanted canon.Digest) ([]byte, error) {
		if wanted == canon.Sum(data) {
			return data, nil
		}
		return s.Beside[wanted], nil
	}
	compared, err := s.View.Compare(canon.Sum(data), file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(compared.Differences, func(d cell.Difference) bool {
		return d.About == "person lea" && strings.Contains(d.Text, celltest.Line("lea's phone").Fingerprint)
	}) {
		t.Errorf("%+v", compared.Differences)
	}
	s.Beside[canon.Sum(data)] = data
	s.do(s.By("sam", "sam", &statement.Change{Reason: celltest.Note("a phone"), Amend: &statement.Amend{
		From: compared.InForce, To: statement.Blob{Digest: canon.Sum(data), Length: len(data)},
	}}))
	for person, key := range map[string]string{"bob": "bob's new", "kim": "kim", "ann": "lea", "sam": "bob"} {
		if _, err := s.View.WithKey(person, celltest.Line(key)); err == nil {
			t.Errorf("%s gets the key of %s", person, key)
		}
	}
}

// removed proposes a removal.
func (s *stage) removed(by, person, key string) canon.Digest {
	return s.do(s.By(by, by, &statement.Change{Remove: statement.Removal{Person: person, Key: key}, Reason: celltest.Note("gone")})).Outcome.Events[0].(*cell.ChangeProposed).Change.ID
}

func TestMayPropose(t *testing.T) {
	s := sample(t)
	for _, c := range []struct {
		person, key string
		may         bool
	}{{"sam", "sam", true}, {"lea", "lea", true}, {"ann", "ann", false}, {"sam", "lea", false}, {"kim", "kim", false}} {
		same(t, c.person+" with the key of "+c.key, s.View.MayPropose(c.person, celltest.Line(c.key).Fingerprint, s.at().Now), c.may)
	}
	s.do(s.Approve("leo", s.removed("sam", "lea", "")))
	same(t, "lea, who was removed", s.View.MayPropose("lea", celltest.Line("lea").Fingerprint, s.at().Now), false)
	cooling := sample(t)
	proposed := cooling.do(cooling.By("sam", "sam", cooling.Amending(func(g *cell.Genesis) {
		for i := range g.People {
			if g.People[i].ID == "lea" {
				g.People[i].Keys = append(g.People[i].Keys, celltest.Line("lea's new"))
			}
		}
	})))
	cooling.Must(cooling.Approve("lea", proposed.Outcome.Events[0].(*cell.ChangeProposed).Change.ID))
	made, err := view.FromWorld(cooling.World)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a key that cools off", made.MayPropose("lea", celltest.Line("lea's new").Fingerprint, cooling.at().Now), false)
	same(t, "the one before", made.MayPropose("lea", celltest.Line("lea").Fingerprint, cooling.at().Now), true)
}
