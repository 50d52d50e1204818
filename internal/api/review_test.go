package api_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/view"
)

// ended is a request whose grant was stopped: its review is open.
func (h *house) ended(person, name string) canon.Digest {
	h.Helper()
	id := h.granted(person, name, "db-1")
	h.took(h.stopped("sue", id))
	return id
}

// reviews has a person write a review.
func (h *house) reviews(person string, id canon.Digest, words string) reply {
	h.Helper()
	note, beside := written(h, words)
	return h.submit(person, person, &statement.Review{Of: id, Necessary: statement.Yes, Misuse: statement.No, Note: note}, beside)
}

// late moves the clock past the deadline of a review, and finds it overdue.
func (h *house) late(id canon.Digest) {
	h.Helper()
	h.wall.move(25 * time.Hour)
	h.again()
	for _, task := range h.tasks.of(cell.TaskReview, cell.StreamOf(id)) {
		_, err := h.broker.Effect(context.Background(), cell.Effect{Kind: cell.EffectDue, Task: task.ID}, cell.Observed{})
		must(h, err)
	}
}

func signOff(of, review canon.Digest) *statement.SignOff {
	return &statement.SignOff{Of: of, Review: review, Verdict: statement.Accept}
}

// TestT01NobodySignsOffTheirOwn: neither who asked, nor who wrote it, nor
// somebody without a part in the scenario, nor another's key.
func TestT01NobodySignsOffTheirOwn(t *testing.T) {
	h := open(t)
	id := h.ended("lea", "own")
	same(t, "a stranger writes", h.reviews("ann", id, "mine").reason(), string(cell.NotAllowed))
	review := h.took(h.reviews("sam", id, "pool was full")).Digest
	for _, c := range []struct {
		person, key string
		reason      cell.Reason
	}{
		{"lea", "lea", cell.SelfReview}, // an approver, but of her own request
		{"sam", "sam", cell.SelfReview}, // security, but his own words
		{"ann", "ann", cell.NotAllowed},
		{"leo", "sam", cell.NotYours},
		{"lea", "holder own", cell.UnknownKey},
	} {
		same(t, c.person+" with "+c.key, h.submit(c.person, c.key, signOff(id, review)).reason(), string(c.reason))
	}
	same(t, "signed off", times(h.entries(cell.StreamOf(id)), "review-signed-off"), 0)
	h.took(h.submit("leo", "leo", signOff(id, review)))
	h.replayed()
}

// TestT05WriteAnewThenSignOff: what was read is signed off, or nothing is.
func TestT05WriteAnewThenSignOff(t *testing.T) {
	h := open(t)
	id := h.ended("ann", "one")
	read := h.took(h.reviews("ann", id, "read two tables")).Digest
	anew := h.took(h.reviews("ann", id, "all was well")).Digest
	same(t, "a sign-off of what was read before", h.submit("sam", "sam", signOff(id, read)).reason(), string(cell.WrongReview))
	same(t, "of the request in its place", h.submit("sam", "sam", signOff(id, id)).reason(), string(cell.WrongReview))
	h.took(h.submit("sam", "sam", signOff(id, anew)))
	h.replayed()
}

// TestT07NoReviewAfterTheEnd: what is signed off stays, across a restart too.
func TestT07NoReviewAfterTheEnd(t *testing.T) {
	h := open(t)
	live := h.granted("ann", "live", "db-1")
	same(t, "a review of a live grant", h.reviews("ann", live, "early").reason(), string(cell.NoReview))
	id := h.ended("ann", "one")
	review := h.took(h.reviews("ann", id, "pool was full")).Digest
	h.took(h.submit("sam", "sam", signOff(id, review)))
	for range 2 {
		same(t, "written anew", h.reviews("ann", id, "on second thoughts").reason(), string(cell.NoReview))
		same(t, "signed off again", h.submit("lea", "lea", signOff(id, review)).reason(), string(cell.NoReview))
		h.again()
	}
	h.replayed()
}

// TestT08ThousandSignOffs: of many at once, one counts.
func TestT08ThousandSignOffs(t *testing.T) {
	h := open(t)
	id := h.ended("ann", "one")
	review := h.took(h.reviews("ann", id, "pool was full")).Digest
	var bodies [][]byte
	for i := range thousand() {
		person := []string{"sam", "sue", "lea", "leo"}[i%4]
		data, signature := sign(t, person, h.statement(person, signOff(id, review)))
		bodies = append(bodies, envelope(t, data, signature))
	}
	h.all(bodies)
	same(t, "signed off", times(h.entries(cell.StreamOf(id)), "review-signed-off"), 1)
	h.replayed()
}

// TestT16TheRulesKnowWhatIsOverdue: not the command line but the server refuses,
// and adds the place; it still knows after a restart, and SEV1 is never refused.
func TestT16TheRulesKnowWhatIsOverdue(t *testing.T) {
	h := open(t)
	id := h.ended("ann", "one")
	h.late(id)
	h.again()
	body, beside := h.ask("bob", "two", "db-1")
	body.Severity = "SEV2"
	same(t, "SEV2", h.submit("bob", "bob", body, beside).reason(), string(cell.LateReview))

	var told view.Explain
	h.get("bob", "/api/v1/explain?"+url.Values{"scenario": {body.Scenario}, "severity": {"SEV1"}}.Encode()).into(t, &told)
	if !strings.Contains(told.Late, id.Short()) || told.Quorum != "2 of security and 1 of leads" {
		t.Errorf("%+v", told)
	}
	asked := h.asked("bob", "three", "db-1")
	h.took(h.submit("sam", "sam", approval(asked)))
	h.took(h.submit("lea", "lea", approval(asked)))
	same(t, "with what the scenario says alone", h.state(asked), access.Pending)

	// Whoever has the evidence of the one request sees the place, and why.
	data := h.get("sue", "/api/v1/requests/"+asked.String()+"/evidence").Body
	report, err := verify.Partial(context.Background(), h.anchor(), data, verify.Options{})
	must(t, err)
	if !report.Good() {
		t.Errorf("%s", report.Text())
	}
	if _, err := ledger.OpenPartial(h.anchor(), data); err != nil {
		t.Error(err)
	}
	var shown view.Request
	h.get("sue", "/api/v1/requests/"+asked.String()).into(t, &shown)
	if !strings.Contains(shown.Late, id.Short()) || len(shown.Missing) != 1 {
		t.Errorf("%q, missing %q", shown.Late, shown.Missing)
	}
	h.took(h.submit("sue", "sue", approval(asked)))
	same(t, "with one of security more", h.state(asked), access.Granted)

	// Late is better than never: then all is as before.
	var inbox view.Inbox
	h.get("ann", "/api/v1/inbox").into(t, &inbox)
	if len(inbox.Reviews) != 1 || !inbox.Reviews[0].Overdue || inbox.Reviews[0].Do != "sign" {
		t.Errorf("%+v", inbox.Reviews)
	}
	review := h.took(h.reviews("ann", id, "pool was full")).Digest
	h.took(h.submit("sam", "sam", signOff(id, review)))
	h.took(h.submit("bob", "bob", body, beside))
	h.replayed()
}

// TestT18NoDebtBlocksTheGravest: where nobody could fill the place more, it is not
// asked for: nobody blocks SEV1 by leaving a review undone.
func TestT18NoDebtBlocksTheGravest(t *testing.T) {
	h := open(t)
	id := h.ended("ann", "one")
	h.late(id)
	why, beside := written(h, "left")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "sue"}, Reason: why}, beside)).Digest
	h.took(h.submit("leo", "leo", approval(change)))
	asked := h.asked("bob", "two", "db-1")
	var shown view.Request
	h.get("sam", "/api/v1/requests/"+asked.String()).into(t, &shown)
	if !strings.Contains(shown.Late, "NOBODY COULD SIGN IN THAT PLACE") {
		t.Errorf("%q", shown.Late)
	}
	h.took(h.submit("sam", "sam", approval(asked)))
	h.took(h.submit("lea", "lea", approval(asked)))
	same(t, "state", h.state(asked), access.Granted)
	h.replayed()
}

// TestReviews lists reviews to each as they may see them.
func TestReviews(t *testing.T) {
	h := open(t)
	id := h.ended("ann", "one")
	list := func(person string) (rows []view.ReviewRow) {
		var got struct {
			Reviews []view.ReviewRow `json:"reviews"`
		}
		h.get(person, "/api/v1/reviews").into(t, &got)
		return got.Reviews
	}
	rows := list("ann")
	if len(rows) != 1 || rows[0].ID != id || rows[0].Do != "sign" || rows[0].Stands != view.ReviewOwed {
		t.Errorf("to ann: %+v", rows)
	}
	rows = list("bob")
	if len(rows) != 1 || !rows[0].Limited || rows[0].Requester != "" || rows[0].Text != "" {
		t.Errorf("to bob: %+v", rows)
	}
}

// TestSettledRequestsAreReadAgain: who begins late knows what is over all the same:
// its review, and how long it took.
func TestSettledRequestsAreReadAgain(t *testing.T) {
	h := open(t)
	id := h.ended("ann", "one")
	review := h.took(h.reviews("ann", id, "pool was full")).Digest
	h.took(h.submit("sam", "sam", signOff(id, review)))
	look := func() (view.ReviewRow, view.Numbers) {
		var list struct {
			Reviews []view.ReviewRow `json:"reviews"`
		}
		var numbers view.Numbers
		h.get("sam", "/api/v1/reviews").into(t, &list)
		h.get("sam", "/api/v1/numbers").into(t, &numbers)
		if len(list.Reviews) != 1 {
			t.Fatalf("reviews: %+v", list.Reviews)
		}
		return list.Reviews[0], numbers
	}
	row, before := look()
	same(t, "stands", row.Stands, view.ReviewSigned)
	h.again()
	row, after := look()
	same(t, "stands after a start", row.Stands, view.ReviewSigned)
	same(t, "requests after a start", after.Of, before.Of)
	same(t, "to access after a start", after.ToAccess, before.ToAccess)
	same(t, "counted", after.ToAccess.Count, 1)
	same(t, "samples after a start", len(after.Samples), 1)
}
