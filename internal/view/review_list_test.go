package view_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// standings is where each review stands for a viewer, in the order of the list.
func (s *stage) standings(viewer string) string {
	var all []string
	for _, row := range s.View.Reviews(viewer, s.at()) {
		text := string(row.Stands)
		if row.Do != "" {
			text += " (" + row.Do + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestReviews(t *testing.T) {
	s := sample(t)
	same(t, "none", s.standings("sam"), "")
	var all []canon.Digest
	for _, name := range []string{"1", "2", "3"} {
		all = append(all, s.ended(name))
		s.later(time.Minute)
	}
	signed, late, sent := all[1], all[0], all[2]
	review := s.wrote("ann", signed)
	same(t, "to sam", s.standings("sam"), "owed, written (sign-off), owed")
	s.do(s.By("sam", "sam", &statement.SignOff{Of: signed, Review: review, Verdict: statement.Accept}))
	task, _ := first(s.World.Tasks, cell.TaskReview, late, "")
	s.Now = task.Due
	s.do(s.Effect(cell.EffectDue, task.ID, cell.Observed{}))
	s.wrote("ann", sent)

	same(t, "to ann", s.standings("ann"), "overdue (sign), written, signed-off")
	same(t, "to lea", s.standings("lea"), "overdue (sign), written (sign-off), signed-off")
	rows := s.View.Reviews("ann", s.at())
	same(t, "what is overdue", rows[0].ID, late)
	same(t, "what it means", rows[0].Means, "Until it is signed off, database-locked-out is given at SEV1 only, and needs 1 more of security.")
	same(t, "what is not overdue means nothing", rows[1].Means+rows[2].Means, "")
	same(t, "on the request as well", s.show("ann", late).Review.Means, rows[0].Means)
}

// TestReviewsOfOthers tells whoever may not see a request no more of its review
// than where it stands.
func TestReviewsOfOthers(t *testing.T) {
	s := sample(t)
	id := s.ended("1")
	s.wrote("ann", id)
	rows := s.View.Reviews("bob", s.at())
	same(t, "to bob", rows, []view.ReviewRow{{ID: id, Short: id.Short(), Scenario: "database-locked-out", Stands: view.ReviewWritten, Limited: true}})
}

// TestReviewsAreBounded lists what is owed and no more of what is over than a page.
func TestReviewsAreBounded(t *testing.T) {
	s := sample(t)
	owed, over := s.ended("1"), s.ended("2")
	review := s.wrote("ann", over)
	s.do(s.By("sam", "sam", &statement.SignOff{Of: over, Review: review, Verdict: statement.Accept}))
	r, _ := s.View.Find(over)
	for n := range int64(view.RowsMost + 9) {
		old := r.Clone()
		old.ID = canon.Sum(fmt.Appendf(nil, "old %d", n))
		s.View.Recall(1000+n, old)
	}
	rows := s.View.Reviews("sam", s.at())
	same(t, "rows", len(rows), view.RowsMost)
	same(t, "the owed first", rows[0].ID, owed)
}
