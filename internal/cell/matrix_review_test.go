package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// reviewable is a story whose grant ended: its review is due a day later.
func reviewable() *story { return closing().refused("db-1").listed("db-1") }

// wrote lets a person write the review.
func (s *story) wrote(person string) *story {
	s.Must(s.By(person, person, reviewOf(s.id, statement.No)))
	return s
}

func reviewOf(of canon.Digest, misuse statement.Answer) *statement.Review {
	return &statement.Review{Of: of, Necessary: statement.Yes, Misuse: misuse, Note: celltest.Note("the pool was full")}
}

// word is somebody's word on what was written last.
func (s *story) word(verdict statement.Verdict) *statement.SignOff {
	note := celltest.Note("read it")
	body := &statement.SignOff{Of: s.id, Review: canon.Sum([]byte("nothing")), Verdict: verdict, Note: &note}
	if r := s.request(); r != nil && r.Review != nil && r.Review.Written != nil {
		body.Review = r.Review.Written.Statement
	}
	return body
}

func (s *story) returned(person string) *story {
	s.Must(s.By(person, person, s.word(statement.SendBack)))
	return s
}

func (s *story) signedOff(person string) *story {
	s.Must(s.By(person, person, s.word(statement.Accept)))
	return s
}

// late waits until the review is found overdue.
func (s *story) late() *story {
	t, _ := s.Task(cell.TaskReview, s.id, "")
	s.Now = canon.Later(s.Now, t.Due)
	return s.effect(cell.EffectDue, cell.TaskReview, "", cell.Observed{})
}

var statesOfReview = []state{
	{"nothing has ended: the grant is live", working},
	{"denied: no grant ever ended", func() *story {
		s := newStory().ask("db-1")
		s.Must(s.Deny("lea", s.id))
		return s
	}},
	{"due: what was opened is still closing", closing},
	{"due: nobody has written it", reviewable},
	{"due: ann wrote it", func() *story { return reviewable().wrote("ann") }},
	{"due: sue wrote it", func() *story { return reviewable().wrote("sue") }},
	{"due: sam sent back what ann wrote", func() *story { return reviewable().wrote("ann").returned("sam") }},
	{"a day later, not yet found overdue", func() *story { return reviewable().later(24 * time.Hour) }},
	{"a day later, and the clock is in doubt", func() *story { return reviewable().later(24 * time.Hour).stepped(45_000) }},
	{"overdue: nobody has written it", func() *story { return reviewable().late() }},
	{"overdue: ann wrote it", func() *story { return reviewable().wrote("ann").late() }},
	{"overdue: and ann was removed", func() *story { return reviewable().late().remove("ann") }},
	{"overdue: and sue was removed, so that nobody could fill one place more", func() *story {
		return reviewable().late().removeBy("sue", "sam", "lea")
	}},
	{"signed off in time", func() *story { return reviewable().wrote("ann").signedOff("sam") }},
	{"signed off late", func() *story { return reviewable().late().wrote("ann").signedOff("sam") }},
	{"rules 1: the grant has ended", func() *story {
		s := oldStory().granted("db-1").opened("db-1")
		return s.stopped().later(24 * time.Hour)
	}},
}

func reviewDeeds() []deed {
	write := func(s *story) statement.Body { return reviewOf(s.id, statement.No) }
	word := func(verdict statement.Verdict) func(*story) statement.Body {
		return func(s *story) statement.Body { return s.word(verdict) }
	}
	ask := func(holder string, severity string) func(*story) statement.Body {
		return asking(holder, func(r *statement.Request) { r.Severity = severity })
	}
	return flatten([][]deed{
		each("review", write, "ann", "bob", "sam", "lea", "max", "roy", "eve"),
		each("sign-off", word(statement.Accept), "ann", "bob", "sam", "sue", "lea", "max", "roy", "eve"),
		{
			signed("sign-off", "sam, of another review", "sam", "sam", func(s *story) statement.Body {
				body := s.word(statement.Accept)
				body.Review = canon.Sum([]byte("another"))
				return body
			}),
			signed("sign-off", "signed by ann as sam", "sam", "ann", word(statement.Accept)),
		},
		each("send back", word(statement.SendBack), "ann", "sam", "leo", "bob"),
		each("request SEV1", ask("2", "SEV1"), "ann", "bob"),
		each("request SEV2", ask("2", "SEV2"), "ann", "bob"),
		{effect(cell.EffectDue, "review", cell.TaskReview, nothing)},
		each("stop", stop, "sue"),
	})
}
