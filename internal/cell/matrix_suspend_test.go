package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// spared is a cell in which ann, sam and leo have two keys each, from the first day.
func spared() *story {
	return storyOf(func(g *cell.Genesis) {
		for _, person := range []string{"ann", "sam", "leo"} {
			withSpare(person)(g)
		}
	})
}

// keyOf is the fingerprint of the key of a name.
func keyOf(name string) string { return celltest.Line(name).Fingerprint }

func suspending(person, key string) *statement.Suspend {
	return &statement.Suspend{Person: person, Key: keyOf(key), Reason: celltest.Note("it is not in their hands")}
}

func lifting(person, key string) *statement.Lift {
	return &statement.Lift{Person: person, Key: keyOf(key), Why: celltest.Note("it is")}
}

// suspends has somebody suspend the first key of a person.
func (s *story) suspends(by, person string) *story {
	s.Must(s.By(by, by, suspending(person, person)))
	return s
}

// lifts has people sign, each with a key of their name, that a person's first key
// signs again.
func (s *story) lifts(person string, keys ...string) *story {
	for _, by := range keys {
		s.Must(s.By(by, by, lifting(person, person)))
	}
	return s
}

// lapse is what the end of a suspension of a key becomes now.
func (s *story) lapse(key string) cell.Command {
	id := "none"
	if t, ok := s.Task(cell.TaskSuspension, canon.Digest{}, keyOf(key)); ok {
		id = t.ID
	}
	return s.Effect(cell.EffectDue, id, cell.Observed{})
}

var statesOfSuspension = []state{
	{"ann asked, nothing is suspended", func() *story { return spared().ask("db-1") }},
	{"ann asked, and sue suspended the key that asked", func() *story { return spared().ask("db-1").suspends("sue", "ann") }},
	{"ann has a grant and a certificate, and sue suspended the key that asked", func() *story {
		return spared().granted("db-1").opened("db-1").fetched("db-1").suspends("sue", "ann")
	}},
	{"leo agreed, and sue suspended that key", func() *story { return spared().ask("db-1").approve("leo").suspends("sue", "leo") }},
	{"sue suspended sam's key, which had suspended ann's", func() *story {
		return spared().ask("db-1").suspends("sam", "ann").suspends("sue", "sam")
	}},
	{"sue suspended ann's key, and would have it back", func() *story { return spared().ask("db-1").suspends("sue", "ann").lifts("ann", "sue") }},
	{"sue suspended ann's key, four hours ago", func() *story { return spared().ask("db-1").suspends("sue", "ann").later(4 * time.Hour) }},
	{"four hours ago, and the clock is in doubt", func() *story {
		return spared().ask("db-1").suspends("sue", "ann").later(4 * time.Hour).stepped(45_000)
	}},
	{"sue suspended ann's key a day ago, and that lapsed", func() *story {
		s := spared().ask("db-1").suspends("sue", "ann").later(4 * time.Hour)
		s.Must(s.lapse("ann"))
		return s.later(20 * time.Hour)
	}},
	{"ann's key was suspended, and then removed", func() *story {
		return spared().ask("db-1").suspends("sue", "ann").removeKey("ann")
	}},
	{"rules 1: nothing is suspended", func() *story { return oldStory().ask("db-1") }},
}

func suspendDeeds() []deed {
	suspend := func(person, key string) func(*story) statement.Body {
		return func(*story) statement.Body { return suspending(person, key) }
	}
	lift := func(*story) statement.Body { return lifting("ann", "ann") }
	stop := func(s *story) statement.Body { return &statement.Stop{Of: s.id, Reason: celltest.Note("no")} }
	return flatten([][]deed{
		each("suspend", suspend("ann", "ann"), "ann", "bob", "sam", "sue", "lea", "max", "roy", "eve"),
		{
			signed("suspend", "sam, by the other key", "sam", "sam's spare", suspend("ann", "ann")),
			signed("suspend", "sam, ann's other key", "sam", "sam's spare", suspend("ann", "ann's spare")),
			signed("suspend", "sam, of the very key", "sam", "sam", suspend("sam", "sam")),
			signed("suspend", "sam, of the own other key", "sam", "sam's spare", suspend("sam", "sam")),
			signed("suspend", "sue, of sam's", "sue", "sue", suspend("sam", "sam")),
			signed("suspend", "sam, of sue's only one", "sam", "sam's spare", suspend("sue", "sue")),
			signed("suspend", "sam, of lea's", "sam", "sam's spare", suspend("lea", "lea")),
			signed("suspend", "sam, as if it were bob's", "sam", "sam's spare", suspend("bob", "ann")),
			signed("suspend", "sam, of roy, who was removed", "sam", "sam's spare", suspend("roy", "roy")),
		},
		each("lift", lift, "bob", "sam", "sue", "lea", "leo", "max", "eve"),
		{
			signed("lift", "ann, by the other key", "ann", "ann's spare", lift),
			signed("lift", "sam, by the other key", "sam", "sam's spare", lift),
			signed("lift", "sam, of bob's", "sam", "sam's spare", func(*story) statement.Body { return lifting("bob", "bob") }),
		},
		each("approve", decision(statement.Approve), "sam", "lea", "leo"),
		each("stop", stop, "ann", "sam"),
		{
			signed("session", "ann, the requester", "ann", "ann", func(*story) statement.Body { return &statement.Session{For: 60} }),
			signed("session", "ann, by the other key", "ann", "ann's spare", func(*story) statement.Body { return &statement.Session{For: 60} }),
			{"fetch", "the holder key", func(s *story) cell.Command { return s.Fetch("ann", "1", s.id, "db-1") }},
			{"due", "the suspension of ann's key", func(s *story) cell.Command { return s.lapse("ann") }},
			effect(cell.EffectConsequence, "what it means for the request", cell.TaskConsequence, func(*story) cell.Observed { return cell.Observed{} }),
		},
	})
}
