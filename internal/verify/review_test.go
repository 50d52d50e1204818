package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestReviewsAreTold: where each stands, also where a server never said that its
// time is over.
func TestReviewsAreTold(t *testing.T) {
	c := newCellOf(1, 1, celltest.Scenario(), func(*cell.Genesis) {})
	say := func(want string) {
		t.Helper()
		log, _ := c.export(c.bodies)
		report := check(t, log, c.anchor, ledger.Checkpoint{})
		if text := report.Text(); !report.Good() || !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	agreed := func(person string, approvers ...string) canon.Digest {
		ask := c.must(c.ask(person, "db-1"))
		c.World.Publish()
		id, _ := cell.RequestOf(ask.Outcome.Stream)
		for _, approver := range approvers {
			c.must(c.Approve(approver, id))
			c.World.Publish()
		}
		return id
	}
	id := agreed("ann", "sam", "lea")
	c.must(c.By("sue", "sue", &statement.Stop{Of: id, Reason: c.note("enough")}))
	c.World.Publish()
	say(" is not written.")
	c.Now = c.Now.Add(25 * time.Hour)
	c.must(c.By("sam", "sam", &statement.Session{For: 60}))
	c.World.Publish()
	say(", PAST by the newest entry, is not written.")
	for _, task := range c.World.Tasks {
		if task.Kind == cell.TaskReview {
			c.must(c.Effect(cell.EffectDue, task.ID, cell.Observed{}))
		}
	}
	c.World.Publish()
	say(", OVERDUE, is not written.")
	agreed("bob", "sam", "lea", "sue")
	say("The review of " + id.Short() + " was overdue then: it needed 1 more of group:security.")
	written := c.must(c.By("ann", "ann", &statement.Review{Of: id, Necessary: statement.Partly, Misuse: statement.No, Note: c.note("looked back")}))
	c.World.Publish()
	say(", OVERDUE, by ann (necessary: partly; misuse: no) is not signed off.")
	c.must(c.By("leo", "leo", &statement.SignOff{Of: id, Review: canon.Sum(written.Entry.Cause.Statement), Verdict: statement.Accept}))
	say("by ann (necessary: partly; misuse: no) was signed off by leo at ")
}
