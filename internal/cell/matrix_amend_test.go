package cell_test

import (
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// amending has sam propose to add kim, a lead on call, and the scenario second.
func (s *story) amending() *story {
	r := s.Must(s.By("sam", "sam", s.Amending(withKim, second())))
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	return s
}

// statesOfAmendment are the places where an amendment can stand. In all of them
// ann's request waits, too.
var statesOfAmendment = []state{
	{"sam proposed to add kim, a lead, and a scenario", func() *story { return newStory().ask("db-1").amending() }},
	{"it waited too long, not yet lapsed", func() *story { return newStory().ask("db-1").amending().later(72 * time.Hour) }},
	{"another amendment is in force since", func() *story {
		s := newStory().ask("db-1").amending()
		s.Amend(s.Amending(withoutRoy, guardedScenario(), second()))
		return s
	}},
	{"kim and the scenario are in force", func() *story { return newStory().amended().ask("db-1") }},
	{"in force, and the cool-off is over", func() *story { return newStory().amended().later(72 * time.Hour).ask("db-1") }},
	{"sam proposed that ann is a user of Identity Center", func() *story {
		s := newStory().ask("db-1")
		r := s.Must(s.By("sam", "sam", s.Amending(func(g *cell.Genesis) {
			withoutRoy(g)
			g.People[slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == "ann" })].User = celltest.CenterUser("ann")
		})))
		s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
		return s
	}},
	{"in force is a document without max and with a shorter window", func() *story {
		s := newStory().ask("db-1")
		shorter := celltest.Scenario()
		shorter.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 600, Quorum: shorter.Severities["SEV1"].Quorum, ReviewDue: 3600}}
		s.change = s.Amend(s.Amending(without("max"), shorter))
		return s
	}},
}

func amendDeeds() []deed {
	verdict := func(v statement.Verdict) func(*story) statement.Body {
		return func(s *story) statement.Body {
			return &statement.Decision{Of: s.change, Verdict: v, Check: statement.InPerson}
		}
	}
	amend := func(change func(*cell.Genesis), scenarios ...access.Scenario) func(*story) statement.Body {
		return func(s *story) statement.Body { return s.Amending(change, scenarios...) }
	}
	third := second()
	third.ID = "third"
	ask := func(person, name string) deed {
		return deed{"request", person + ", under the scenario second", func(s *story) cell.Command { return s.askSecond(person, name) }}
	}
	return flatten([][]deed{
		each("propose", amend(withoutRoy, third), "sam", "lea", "bob", "max", "roy", "eve"),
		{
			signed("propose", "kim, new lead", "kim", "kim", amend(withoutRoy, third)),
			signed("propose", "sam, on top of genesis", "sam", "sam", func(s *story) statement.Body {
				body := s.Amending(withoutRoy, third)
				body.Amend.From = s.World.GenesisDigest
				return body
			}),
			signed("propose", "sam, another authority", "sam", "sam", amend(func(g *cell.Genesis) { withoutRoy(g); g.Authority = celltest.Line("eve's authority") })),
			signed("propose", "sam, with roy, who was removed", "sam", "sam", amend(nil, third)),
			signed("propose", "sam, without himself", "sam", "sam", amend(func(g *cell.Genesis) {
				without("sam")(g)
				g.Groups["security"] = append(g.Groups["security"], "bob")
			})),
			signed("propose", "sam, a file that does not come with it", "sam", "sam", func(s *story) statement.Body {
				body := s.Amending(withoutRoy, third)
				body.Amend.With = slices.DeleteFunc(body.Amend.With, func(statement.Blob) bool { return true })
				return body
			}),
		},
		each("approve", verdict(statement.Approve), "ann", "bob", "sam", "sue", "lea", "leo", "max", "roy", "eve"),
		{
			signed("approve", "kim, new lead", "kim", "kim", verdict(statement.Approve)),
			signed("approve", "kim, new lead, ann's request", "kim", "kim", decision(statement.Approve)),
			signed("approve", "sam, ann's request", "sam", "sam", decision(statement.Approve)),
			signed("deny", "kim, new lead, ann's request", "kim", "kim", decision(statement.Deny)),
			signed("stop", "kim, new lead", "kim", "kim", func(s *story) statement.Body { return stop(s) }),
		},
		each("deny", verdict(statement.Deny), "sue", "lea", "bob", "max"),
		{
			ask("ann", "8"), ask("bob", "8"), ask("lea", "8"), ask("kim", "8"),
			{"consequence", "of an amendment for ann's request", func(s *story) cell.Command {
				task, _ := s.Task(cell.TaskConsequence, s.id, "")
				return s.Effect(cell.EffectConsequence, task.ID, cell.Observed{})
			}},
		},
	})
}
