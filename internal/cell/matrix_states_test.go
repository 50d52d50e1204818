package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// state is a row of headings in the matrix: where ann's request at db-1 stands.
type state struct {
	name  string
	build func() *story
}

// issued is a live grant under which ann got a credential.
func issued() *story { return newStory().granted("db-1").opened("db-1").fetched("db-1") }

// working is issued, and the twin was seen to work.
func working() *story { return issued().worked("db-1") }

// closing is working, stopped by sue: nothing of its death is proved.
func closing() *story { return working().stopped() }

// statesOfRequest are all the places where a request and its lease can stand.
var statesOfRequest = []state{
	{"nothing asked: only bob's request waits", func() *story {
		s := newStory()
		s.id = canon.Sum([]byte("no such request"))
		return s
	}},
	{"pending: nobody has decided", func() *story { return newStory().ask("db-1") }},
	{"pending: sam of security approved", func() *story { return newStory().ask("db-1").approve("sam") }},
	{"pending: leo of leads approved ten minutes of it", func() *story {
		return newStory().ask("db-1").narrow("leo", statement.Narrow{For: 600})
	}},
	{"pending: of db-1 and db-2 leo approved db-1", func() *story {
		return newStory().ask("db-1", "db-2").narrow("leo", statement.Narrow{Targets: []string{"db-1"}})
	}},
	{"pending: sam approved, and the clock is in doubt", func() *story {
		s := newStory()
		s.stepped(-45_000)
		return s.ask("db-1").approve("sam")
	}},
	{"pending: sam approved, and was removed", func() *story {
		s := newStory().ask("db-1").approve("sam")
		return s.removeBy("sam", "sue", "lea")
	}},
	{"pending: sam approved, and ann was just removed", func() *story { return newStory().ask("db-1").approve("sam").remove("ann") }},
	{"pending: sam approved, and the key that ann asked with was just removed", func() *story { return newStory().ask("db-1").approve("sam").removeKey("ann") }},
	{"pending: waited too long, not yet lapsed", func() *story { return newStory().ask("db-1").approve("sam").later(time.Hour) }},
	{"granted, opening", func() *story { return newStory().granted("db-1") }},
	{"granted, opening failed once: unreachable", func() *story {
		return newStory().granted("db-1").effect(cell.EffectOpenFailed, cell.TaskOpen, "db-1", cell.Observed{Why: "unreachable"})
	}},
	{"granted, open: nothing issued", func() *story { return newStory().granted("db-1").opened("db-1") }},
	{"granted, open: authorised, not yet delivered", func() *story {
		s := newStory().granted("db-1").opened("db-1")
		s.Must(s.Fetch("ann", "1", s.id, "db-1"))
		return s
	}},
	{"granted, open: issued", issued},
	{"granted, open: issued, twin seen to work", working},
	{"granted, open: issued, and ann was just removed", func() *story { return working().remove("ann") }},
	{"granted, open: issued, and the key that ann asked with was just removed", func() *story { return working().removeKey("ann") }},
	{"granted, open: issued, and sam who approved was removed", func() *story { return working().removeBy("sam", "sue", "lea") }},
	{"granted, open: half a second before the end", func() *story { return working().later(30*time.Minute - 500*time.Millisecond) }},
	{"granted, open: issued, the window is over, not yet ended", func() *story { return working().later(30 * time.Minute) }},
	{"granted, opening: ann was just removed", func() *story { return newStory().granted("db-1").remove("ann") }},
	{"granted, opening: the window is over, not yet ended", func() *story { return newStory().granted("db-1").later(30 * time.Minute) }},
	{"granted, open: nothing issued, ann was just removed", func() *story { return newStory().granted("db-1").opened("db-1").remove("ann") }},
	{"granted, open: nothing issued, the window is over", func() *story {
		return newStory().granted("db-1").opened("db-1").later(30 * time.Minute)
	}},
	{"granted, db-1 closing (released), db-2 open", func() *story {
		s := newStory().granted("db-1", "db-2").opened("db-1", "db-2").fetched("db-1").worked("db-1")
		s.Must(s.Release("ann", "1", s.id, "db-1"))
		return s
	}},
	{"ended, closing: twin never seen to work, nothing proved", func() *story { return issued().stopped() }},
	{"ended, closing: nothing proved", closing},
	{"ended, closing: nothing proved, two minutes on", func() *story { return closing().later(2 * time.Minute) }},
	{"ended, closing: refused", func() *story { return closing().refused("db-1") }},
	{"ended, closing: expired", func() *story { return closing().expired("db-1") }},
	{"ended, closing: refused and expired", func() *story { return closing().refused("db-1").expired("db-1") }},
	{"ended by veto, closing", func() *story {
		s := working()
		s.Must(s.Deny("leo", s.id))
		return s
	}},
	{"ended by time, closing", func() *story {
		return working().later(30*time.Minute).effect(cell.EffectDue, cell.TaskEnd, "", cell.Observed{})
	}},
	{"ended because ann was removed, closing", func() *story {
		return working().remove("ann").effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	}},
	{"ended because the key that ann asked with was removed, closing", func() *story {
		return working().removeKey("ann").effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	}},
	{"settled: refused and ended", func() *story { return closing().refused("db-1").listed("db-1") }},
	{"settled: expired and ended", func() *story { return closing().expired("db-1").listed("db-1") }},
	{"settled: attested", func() *story { return closing().attested("sue", "db-1") }},
	{"settled: nothing was ever issued", func() *story { return newStory().granted("db-1").opened("db-1").stopped() }},
	{"denied", func() *story {
		s := newStory().ask("db-1").approve("sam")
		s.Must(s.Deny("lea", s.id))
		return s
	}},
	{"withdrawn", func() *story {
		s := newStory().ask("db-1")
		s.Must(s.By("ann", "ann", &statement.Withdraw{Of: s.id}))
		return s
	}},
	{"lapsed", func() *story {
		return newStory().ask("db-1").later(time.Hour).effect(cell.EffectDue, cell.TaskLapse, "", cell.Observed{})
	}},
	{"void", func() *story {
		return newStory().ask("db-1").remove("ann").effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	}},
}

// statesOfChange are the places where a removal of bob can stand.
var statesOfChange = []state{
	{"a change waits: sam proposed to remove bob", func() *story { return newStory().propose("bob", "") }},
	{"a change waits: sam proposed to remove bob's only key", func() *story { return newStory().propose("bob", celltest.Line("bob").Fingerprint) }},
	{"a change waits: sam proposed to remove lea", func() *story { return newStory().propose("lea", "") }},
	{"a change waited too long, not yet lapsed", func() *story { return newStory().propose("bob", "").later(72 * time.Hour) }},
	{"a change is done: bob is removed", func() *story { return newStory().remove("bob") }},
}

// statesOfRules are the places where the rules of a cell can stand.
var statesOfRules = []state{
	{"a cell that began with rules 1", oldStory},
	{"rules 1: sam proposed rules 2", func() *story { return oldStory().raise(2) }},
	{"rules 2, raised", func() *story {
		s := oldStory().raise(2)
		s.Must(s.Approve("lea", s.change))
		return s
	}},
	{"rules 2 from the first day", newStory},
}

// statesBefore are the places where a cell can stand before it lives.
var statesBefore = []state{
	{"nobody has signed genesis", func() *story { return &story{Cell: celltest.Unfounded(celltest.Genesis(), celltest.Scenario())} }},
	{"sam has signed genesis", func() *story {
		s := &story{Cell: celltest.Unfounded(celltest.Genesis(), celltest.Scenario())}
		s.Must(s.Found("sam"))
		return s
	}},
	{"sealed", func() *story { return &story{Cell: celltest.Sample()} }},
}

// removeKey takes a person's own key out, by sam and lea.
func (s *story) removeKey(person string) *story {
	s.propose(person, celltest.Line(person).Fingerprint)
	s.Must(s.Approve("lea", s.change))
	return s
}

// removeBy takes a person out by two others.
func (s *story) removeBy(person, proposer, approver string) *story {
	r := s.Must(s.By(proposer, proposer, &statement.Change{Remove: statement.Removal{Person: person}, Reason: celltest.Note("left")}))
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	s.Must(s.Approve(approver, s.change))
	return s
}
