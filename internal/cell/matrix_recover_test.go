package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// notice is how long a recovery waits in the cells of these tests.
const notice = 7 * 24 * time.Hour

// recoverable is a story in a cell with a recovery quorum.
func recoverable() *story { return storyOf(celltest.WithTrustees) }

// leoForKim takes leo out and puts kim in his place, and gives sam another key.
func leoForKim(g *cell.Genesis) {
	without("leo")(g)
	g.People = append(g.People, people("kim")...)
	g.Groups["leads"] = append(g.Groups["leads"], "kim")
	celltest.Rekeyed("sam", "sam's new")(g)
}

// sueForMax takes max out and puts sue in his place.
func sueForMax(g *cell.Genesis) {
	without("max")(g)
	g.Groups["managers"] = []string{"sue"}
}

// recovering has vic propose a recovery.
func (s *story) recovering(change func(*cell.Genesis)) *story {
	r := s.Must(s.By("vic", "vic", s.Recovering(change)))
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	return s
}

// noticed is a story in which vic proposed leoForKim and wil agreed.
func noticed() *story { return recoverable().recovering(leoForKim).agrees("wil") }

func (s *story) agrees(person string) *story {
	s.Must(s.Approve(person, s.change))
	return s
}

func (s *story) cancels(people ...string) *story {
	for _, person := range people {
		s.Must(s.Cancel(person, s.change))
	}
	return s
}

// meanwhile does something else, and follows the recovery still.
func (s *story) meanwhile(other func(*story) *story) *story {
	recovery := s.change
	other(s).change = recovery
	return s
}

// removing takes a person out, by sam and lea.
func removing(person string) func(*story) *story {
	return func(s *story) *story { return s.removeBy(person, "sam", "lea") }
}

// unkeyed takes a person's only key out.
func unkeyed(person string) func(*story) *story {
	return func(s *story) *story { return s.removeKey(person) }
}

// due is what the waiting of a recovery becomes at this time.
func (s *story) due() cell.Command {
	id := "none"
	if t, ok := s.Task(cell.TaskRecover, canon.Digest{}, ""); ok {
		id = t.ID
	}
	return s.Effect(cell.EffectDue, id, cell.Observed{})
}

var statesOfRecovery = []state{
	{"nothing is proposed", func() *story {
		s := recoverable()
		s.change = canon.Sum([]byte("no such recovery"))
		return s
	}},
	{"vic proposed kim in leo's place, and another key of sam", func() *story { return recoverable().recovering(leoForKim) }},
	{"it waited too long, not yet lapsed", func() *story { return recoverable().recovering(leoForKim).later(72 * time.Hour) }},
	{"vic proposed it, and was removed", func() *story { return recoverable().recovering(leoForKim).meanwhile(removing("vic")) }},
	{"vic and wil agreed to it", noticed},
	{"agreed, a day on", func() *story { return noticed().later(24 * time.Hour) }},
	{"agreed, and its notice is over", func() *story { return noticed().later(notice) }},
	{"agreed, its notice is over, and the clock is in doubt", func() *story { return noticed().later(notice).stepped(45_000) }},
	{"agreed, its notice is over, and the key that wil agreed with was removed", func() *story { return noticed().meanwhile(unkeyed("wil")).later(notice) }},
	{"agreed, and leo would cancel it", func() *story { return noticed().cancels("leo") }},
	{"agreed, and sue would have cancelled it, and was removed", func() *story { return noticed().cancels("sue").meanwhile(removing("sue")) }},
	{"cancelled by leo and sam", func() *story { return noticed().cancels("leo", "sam") }},
	{"void: another document is in force", func() *story {
		s := noticed()
		s.Amend(s.Amending(withoutRoy, second()))
		return s
	}},
	{"in force", func() *story {
		s := noticed().later(notice)
		s.Must(s.due())
		return s
	}},
	{"a cell without a recovery quorum, where a removal of bob waits", func() *story { return newStory().propose("bob", "") }},
	{"rules 1: nothing can be recovered, and a removal of bob waits", func() *story { return oldStory().propose("bob", "") }},
}

func recoverDeeds() []deed {
	verdict := func(v statement.Verdict) func(*story) statement.Body {
		return func(s *story) statement.Body {
			return &statement.Decision{Of: s.change, Verdict: v, Check: statement.InPerson}
		}
	}
	propose := func(change func(*cell.Genesis)) func(*story) statement.Body {
		return func(s *story) statement.Body { return s.Recovering(change) }
	}
	beyond := func(change func(*cell.Genesis)) func(*story) statement.Body {
		return propose(func(g *cell.Genesis) { sueForMax(g); change(g) })
	}
	ours := propose(sueForMax)
	cancel := func(s *story) statement.Body { return &statement.Cancel{Of: s.change, Why: celltest.Note("no")} }
	return flatten([][]deed{
		each("recover", ours, "vic", "wil", "zoe", "sam", "lea", "ann", "max", "eve"),
		{
			signed("recover", "vic, on top of genesis", "vic", "vic", func(s *story) statement.Body {
				body := s.Recovering(leoForKim)
				body.From = canon.Sum([]byte("not in force"))
				return body
			}),
			signed("recover", "vic, another change quorum", "vic", "vic", beyond(func(g *cell.Genesis) { g.Change = g.Change[:1] })),
			signed("recover", "vic, a shorter cool-off", "vic", "vic", beyond(func(g *cell.Genesis) { g.CoolOff = 3600 })),
			signed("recover", "vic, with roy, who was removed", "vic", "vic", propose(celltest.Rekeyed("sam", "sam's other"))),
			signed("recover", "vic, nobody in leads", "vic", "vic", propose(func(g *cell.Genesis) { withoutRoy(g); g.Groups["leads"] = nil })),
		},
		each("approve", verdict(statement.Approve), "vic", "wil", "zoe", "sam", "lea", "leo", "ann", "eve"),
		each("deny", verdict(statement.Deny), "vic", "zoe", "sam", "leo", "eve"),
		each("cancel", cancel, "ann", "bob", "sam", "sue", "lea", "leo", "max", "vic", "zoe", "roy", "eve"),
		{
			signed("cancel", "kim, new lead", "kim", "kim", cancel),
			signed("cancel", "sam, by the other key", "sam", "sam's new", cancel),
			{"due", "a day, or the notice", func(s *story) cell.Command { return s.due() }},
			{"due", "the change lapses", func(s *story) cell.Command {
				task, _ := s.Task(cell.TaskLapse, canon.Digest{}, s.change.String())
				return s.Effect(cell.EffectDue, task.ID, cell.Observed{})
			}},
		},
	})
}
