package celltest

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Amending proposes the document in force as changed, with scenarios that are
// added or take the place of those of the same id. Its files lie beside the
// ledger from then on.
func (c *Cell) Amending(change func(*cell.Genesis), scenarios ...access.Scenario) *statement.Change {
	var g cell.Genesis
	data := canon.MustEncode(c.World.Genesis)
	if err := canon.Decode(data, len(data), &g); err != nil {
		panic(err)
	}
	body := &statement.Change{Amend: &statement.Amend{From: c.World.Document}, Reason: Note("as agreed")}
	for _, s := range scenarios {
		blob := c.lay(canon.MustEncode(s))
		g.Scenarios = slices.DeleteFunc(g.Scenarios, func(ref cell.ScenarioRef) bool { return ref.ID == s.ID })
		g.Scenarios = append(g.Scenarios, cell.ScenarioRef{ID: s.ID, Digest: blob.Digest})
		body.Amend.With = append(body.Amend.With, blob)
	}
	slices.SortFunc(body.Amend.With, func(a, b statement.Blob) int { return slices.Compare(a.Digest[:], b.Digest[:]) })
	if change != nil {
		change(&g)
	}
	body.Amend.To = c.lay(canon.MustEncode(g))
	return body
}

// WithTrustees adds a recovery quorum to a genesis: two of vic, wil and zoe, after a
// week.
func WithTrustees(g *cell.Genesis) {
	trustees := []string{"vic", "wil", "zoe"}
	for _, person := range trustees {
		g.People = append(g.People, roster.Person{ID: person, Keys: []roster.Key{Line(person)}})
	}
	g.Groups["trustees"] = trustees
	g.Recovery = cell.Recovery{Quorum: access.Quorum{{From: "group:trustees", Count: 2}}, Notice: cell.NoticeLeast}
}

// Rekeyed gives a person another key in place of all that they have.
func Rekeyed(person, key string) func(*cell.Genesis) {
	return func(g *cell.Genesis) {
		for i := range g.People {
			if g.People[i].ID == person {
				g.People[i].Keys = []roster.Key{Line(key)}
			}
		}
	}
}

// Recovering proposes the document in force as changed to the recovery quorum. Its
// file lies beside the ledger from then on.
func (c *Cell) Recovering(change func(*cell.Genesis)) *statement.Recover {
	return &statement.Recover{Amend: *c.Amending(change).Amend, Reason: Note("the keys are lost")}
}

// Cancel is a person's no to a recovery.
func (c *Cell) Cancel(person string, of canon.Digest) cell.Command {
	return c.By(person, person, &statement.Cancel{Of: of, Why: Note("we have our keys")})
}

// lay puts a file beside the ledger.
func (c *Cell) lay(data []byte) statement.Blob {
	c.Beside[canon.Sum(data)] = data
	return statement.Blob{Digest: canon.Sum(data), Length: len(data)}
}

// Amend has sam propose an amendment and lea agree, and gives its digest.
func (c *Cell) Amend(body *statement.Change) canon.Digest {
	r := c.Must(c.By("sam", "sam", body))
	id := r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	c.Must(c.Approve("lea", id))
	return id
}
