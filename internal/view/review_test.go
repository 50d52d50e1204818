package view_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

func (s *stage) ended(name string) canon.Digest {
	s.t.Helper()
	id := s.granted(name, "db-1")
	s.do(s.Stop("sue", id))
	return id
}

func (s *stage) wrote(person string, id canon.Digest) canon.Digest {
	s.t.Helper()
	c := s.By(person, person, &statement.Review{Of: id, Necessary: statement.Yes, Misuse: statement.No, Note: celltest.Note("pool was full")})
	s.do(c)
	return c.Signed.Statement.Digest
}

// owing says for whom a review waits, and to do what.
func (s *stage) owing() string {
	var waits []string
	for _, person := range everybody {
		for _, owed := range s.View.Inbox(person, s.at()).Reviews {
			waits = append(waits, person+" "+owed.Do)
		}
	}
	return strings.Join(waits, ", ")
}

// TestReviewsWaitForPeople: for who asked, to write it; then for everybody who may
// sign it off; and once it is overdue for everybody who may do anything about it.
func TestReviewsWaitForPeople(t *testing.T) {
	s := sample(t)
	id := s.ended("1")
	same(t, "written by nobody", s.owing(), "ann sign")
	review := s.wrote("ann", id)
	same(t, "written", s.owing(), "lea sign-off, leo sign-off, sam sign-off, sue sign-off")
	note := celltest.Note("why?")
	s.do(s.By("sam", "sam", &statement.SignOff{Of: id, Review: review, Verdict: statement.SendBack, Note: &note}))
	same(t, "sent back", s.owing(), "ann sign")
	task, _ := first(s.World.Tasks, cell.TaskReview, id, "")
	s.Now = task.Due
	s.do(s.Effect(cell.EffectDue, task.ID, cell.Observed{}))
	same(t, "numbers", fmt.Sprint(s.View.Numbers("sam", s.at()).Reviews), "{1 0 0 1}")
	same(t, "overdue", s.owing(), "ann sign, lea sign, leo sign, sam sign, sue sign")
	same(t, "notes", fmt.Sprint(s.View.Now("ann", s.at()).Notes), "[1 review is overdue]")
	s.heard()
	found := s.View.Findings("bob", s.at()).Findings
	if len(found) == 0 || found[0].Kind != view.FindingOverdue && found[0].Kind != view.FindingReview {
		t.Errorf("%+v", found)
	}
	for _, f := range found {
		if f.Text != "" && f.Kind == view.FindingReview {
			t.Errorf("bob is told %q", f.Text)
		}
	}
	explained, _ := s.View.Explain("database-locked-out", "SEV2", view.Asking{Requester: "bob", Now: s.Now})
	if explained.MayAsk || !strings.Contains(fmt.Sprint(explained.WhyNot), "is given at SEV1 only") {
		t.Errorf("%+v", explained)
	}
	review = s.wrote("sue", id)
	same(t, "written by security", s.owing(), "lea sign-off, leo sign-off, sam sign-off")
	s.do(s.By("leo", "leo", &statement.SignOff{Of: id, Review: review, Verdict: statement.Accept}))
	same(t, "signed off", s.owing(), "")
	same(t, "numbers", fmt.Sprint(s.View.Numbers("sam", s.at()).Reviews), "{1 0 1 0}")
	same(t, "text", s.View.Show(s.World.Requests[id], s.at()).Review.Text, "The review by sue is signed off by leo: necessary, no misuse.")
	agrees(t, s)
}

// TestOwedReviewsAreKept: a view lets go of the oldest settled requests, but not
// of those whose review somebody owes.
func TestOwedReviewsAreKept(t *testing.T) {
	s := sample(t)
	owed := s.granted("1", "db-1")
	s.do(s.Stop("sue", owed)) // nothing was issued: it is settled
	over := s.ask("ann", "over", "db-1")
	s.do(s.Deny("sam", over))
	r, _ := s.View.Find(over)
	for n := range int64(2 * view.SettledMost) {
		old := r.Clone()
		old.ID = canon.Sum(fmt.Appendf(nil, "old %d", n))
		s.View.Recall(1000+n, old)
	}
	if _, held := s.View.Find(owed); !held {
		t.Error("a request whose review is owed was let go")
	}
	if n := s.View.Numbers("sam", s.at()).Of; n > view.SettledMost+view.SettledMost/4+2 {
		t.Errorf("%d requests are held", n)
	}
}
