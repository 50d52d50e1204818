package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// extendable is a live grant of an hour at most, ten minutes before its end.
func extendable() *story { return working().later(20 * time.Minute) }

func extension(of canon.Digest, length canon.Seconds, targets ...string) *statement.Extend {
	return &statement.Extend{Of: of, For: length, Targets: targets, Why: celltest.Note("the restore takes longer")}
}

// extending lets ann ask for half an hour more.
func (s *story) extending(targets ...string) *story {
	s.Must(s.By("ann", "ann", extension(s.id, 1800, targets...)))
	return s
}

// waits is the digest of the extension that was asked for last; of the request
// while there is none.
func (s *story) waits() canon.Digest {
	if r := s.request(); r != nil && len(r.Extensions) > 0 {
		return r.Extensions[len(r.Extensions)-1].ID
	}
	return canon.Sum([]byte("no such extension"))
}

func (s *story) longer(people ...string) *story {
	for _, person := range people {
		s.Must(s.Approve(person, s.waits()))
	}
	return s
}

var statesOfExtension = []state{
	{"the request waits", func() *story { return newStory().ask("db-1").approve("sam") }},
	{"granted, ten minutes before the end", extendable},
	{"asked: nobody has decided", func() *story { return extendable().extending() }},
	{"asked: sam agreed", func() *story { return extendable().extending().longer("sam") }},
	{"asked: leo agreed to eleven minutes of it", func() *story {
		s := extendable().extending()
		s.Must(s.By("leo", "leo", narrowing(s.waits(), statement.Narrow{For: 660})))
		return s
	}},
	{"asked: sam agreed, and was removed", func() *story { return extendable().extending().longer("sam").removeBy("sam", "sue", "lea") }},
	{"asked: sam agreed, and ann was just removed", func() *story { return extendable().extending().longer("sam").remove("ann") }},
	{"asked: sam agreed, and the key that ann asked with was just removed", func() *story {
		return extendable().extending().longer("sam").removeKey("ann")
	}},
	{"asked: sam agreed, then the clock was doubted", func() *story { return extendable().extending().longer("sam").stepped(45_000) }},
	{"asked: sam agreed, the window is over, not yet ended", func() *story {
		return extendable().extending().longer("sam").later(10 * time.Minute)
	}},
	{"asked: sam agreed, the window is over, and ended", func() *story {
		return extendable().extending().longer("sam").later(10*time.Minute).effect(cell.EffectDue, cell.TaskEnd, "", cell.Observed{})
	}},
	{"asked: sam agreed, and sue stopped the grant", func() *story { return extendable().extending().longer("sam").stopped() }},
	{"asked: sam agreed, then asked again in its place", func() *story { return extendable().extending().longer("sam").extending() }},
	{"denied by lea", func() *story {
		s := extendable().extending().longer("sam")
		s.Must(s.Deny("lea", s.waits()))
		return s
	}},
	{"extended by half an hour", func() *story { return extendable().extending().longer("sam", "lea") }},
	{"extended, and the old end is past", func() *story { return extendable().extending().longer("sam", "lea").later(11 * time.Minute) }},
	{"of db-1 and db-2 more time for db-1: sam agreed", func() *story {
		s := newStory().granted("db-1", "db-2").opened("db-1", "db-2").fetched("db-1").worked("db-1")
		return s.later(20 * time.Minute).extending("db-1").longer("sam")
	}},
	{"granted while the clock is in doubt, ten minutes in", func() *story {
		return newStory().stepped(-45_000).granted("db-1").opened("db-1").later(10 * time.Minute)
	}},
	{"rules 1: granted, ten minutes before the end", func() *story { return oldStory().granted("db-1").opened("db-1").later(20 * time.Minute) }},
}

func extendDeeds() []deed {
	ask := func(change func(*statement.Extend)) func(*story) statement.Body {
		return func(s *story) statement.Body {
			body := extension(s.id, 1800)
			change(body)
			return body
		}
	}
	plainly := ask(func(*statement.Extend) {})
	word := func(verdict statement.Verdict, narrow *statement.Narrow) func(*story) statement.Body {
		return func(s *story) statement.Body {
			return &statement.Decision{Of: s.waits(), Verdict: verdict, Check: statement.CallBack, Narrow: narrow}
		}
	}
	return flatten([][]deed{
		each("extend", plainly, "ann", "bob", "sam", "roy", "eve"),
		{
			signed("extend", "signed by the holder key as ann", "ann", "holder 1", plainly),
			signed("extend", "ann, by five minutes", "ann", "ann", ask(func(e *statement.Extend) { e.For = 300 })),
			signed("extend", "ann, by two hours", "ann", "ann", ask(func(e *statement.Extend) { e.For = 7200 })),
			signed("extend", "ann, with db-3", "ann", "ann", ask(func(e *statement.Extend) { e.Targets = []string{"db-1", "db-3"} })),
		},
		each("approve", word(statement.Approve, nil), "ann", "bob", "sam", "sue", "lea", "leo", "max", "roy", "eve"),
		{
			signed("approve", "lea, fifteen minutes of it", "lea", "lea", word(statement.Approve, &statement.Narrow{For: 900})),
			signed("approve", "lea, an hour of it", "lea", "lea", word(statement.Approve, &statement.Narrow{For: 3600})),
			signed("approve", "lea, db-1 of it", "lea", "lea", word(statement.Approve, &statement.Narrow{Targets: []string{"db-1"}})),
			signed("approve", "lea, db-2 of it", "lea", "lea", word(statement.Approve, &statement.Narrow{Targets: []string{"db-2"}})),
			signed("approve", "lea, the request itself", "lea", "lea", decision(statement.Approve)),
		},
		each("deny", word(statement.Deny, nil), "ann", "bob", "sam", "lea", "max"),
		{
			signed("deny", "lea, the request itself", "lea", "lea", decision(statement.Deny)),
			signed("fetch", "ann's holder key of it", "ann", "holder 1", fetch("db-1")),
			effect(cell.EffectDue, "end", cell.TaskEnd, nothing),
		},
		each("stop", stop, "sue"),
	})
}
