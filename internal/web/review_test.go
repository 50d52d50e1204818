package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// over is a request whose grant has ended, with what was written of it.
func over() view.Request {
	r := openGrant()
	at := canon.At(instant)
	r.State, r.Short, r.At, r.For, r.Targets = access.Ended, r.ID.Short(), at.Add(-time.Hour), 3600, []string{"db-1"}
	r.Why, r.Known = &view.Note{Text: "nobody can pay"}, "closed and proved dead: db-1"
	r.Decisions = []view.Decision{{Approver: "noor", Approves: true, Text: "noor agrees, after a call back"}, {Approver: "sam", Approves: true, Text: "sam agrees", Void: true}}
	r.End = &view.End{Text: "stopped by noor"}
	r.End.At = at.Add(-20 * time.Minute)
	r.Review = &view.Review{
		Opened: at, Due: at.Add(time.Hour), Text: "The review is due at 04:07:12.", Means: "Until it is signed off, it is given at SEV1 only.",
		Written: &view.Written{Statement: canon.Sum([]byte("review")), By: "ilya", At: at, Necessary: "yes", Misuse: "no", Note: &view.Note{Text: "the pool was full"}},
	}
	return r
}

// looking is what the API answers about a request's review, waiting for mara to do
// something.
func looking(r view.Request, do string) map[string]any {
	path := "/api/v1/requests/" + r.ID.String()
	moments := []view.Moment{{Entry: 7, At: canon.At(instant), Text: "ilya asks for database-locked-out at SEV1."}}
	inbox := view.Inbox{Reviews: []view.Owed{{ID: canon.Sum([]byte("another")), Do: "sign"}}}
	if do != "" {
		inbox.Reviews = append(inbox.Reviews, view.Owed{ID: r.ID, Do: do})
	}
	return map[string]any{path: r, path + "/timeline": map[string]any{"id": r.ID, "moments": moments}, "/api/v1/inbox": inbox}
}

func TestReview(t *testing.T) {
	r := over()
	path := "/requests/" + r.ID.String() + "/review"
	digest := `name="review" value="` + r.Review.Written.Statement.String() + `"`
	for do, want := range map[string]struct{ has, lacks []string }{
		"sign-off": {has: []string{"Your word on it", `href="#sign-off"`, digest, `data-act="sign-off"`, "Write it anew"}},
		"sign":     {has: []string{`href="#write"`, `<h2 id="write">Write it anew</h2>`}, lacks: []string{"Your word on it", "<details class=\"card\""}},
		"":         {has: []string{`<details class="card screen" id="write-too">`}, lacks: []string{"Your word on it"}},
	} {
		page := open(t, looking(r, do)).page(path)
		has(t, page, "The review is due at 04:07:12.", "it is given at SEV1 only", "nobody can pay", "the pool was full", "ilya asks for database-locked-out",
			"noor agrees, after a call back", "It counts no more.", "stopped by noor", "Closed and proved dead: db-1.", `data-act="review"`)
		lacks(t, page, "checked")
		has(t, page, want.has...)
		lacks(t, page, want.lacks...)
	}
	r.Review.Returned = &view.Word{By: "sam", At: canon.At(instant), Note: &view.Note{}}
	has(t, open(t, looking(r, "sign")).page(path), "sent it back", "The text is not there, or was erased.")
	r.Review.Returned, r.Review.SignedOff = nil, &view.Word{By: "sam", At: canon.At(instant)}
	page := open(t, looking(r, "")).page(path)
	has(t, page, "signed it off")
	lacks(t, page, "data-act=")
	r.Review = nil
	page = open(t, looking(r, "")).page(path)
	has(t, page, "There is no review", "<code>halligan evidence "+r.Short+"</code>")
	lacks(t, page, "data-act=")
}

// TestReviewOfOthers asks for nothing more of a request that mara may not see.
func TestReviewOfOthers(t *testing.T) {
	r := over()
	hidden := view.Request{ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, State: r.State, Limited: true}
	h := open(t, map[string]any{"/api/v1/requests/" + r.ID.String(): hidden})
	page := h.page("/requests/" + r.ID.String() + "/review")
	has(t, page, "You may know that this request exists, and no more.")
	lacks(t, page, "data-act=", "What happened")
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
	if w := h.request(http.MethodGet, "/requests/x%2Fy/review", nil); w.Code != http.StatusNotFound {
		t.Errorf("an id that is none: %d", w.Code)
	}
}

func TestReviews(t *testing.T) {
	at := canon.At(instant)
	row := func(name string, stands view.Standing, do string) view.ReviewRow {
		return view.ReviewRow{
			ID: canon.Sum([]byte(name)), Short: name, Scenario: name, Title: "Title of " + name, Stands: stands, Do: do, Requester: "ilya", Severity: "SEV2",
			Due: at, Text: "The review of " + name + ".", Means: "What follows from " + name + ".",
		}
	}
	late, written := row("late", view.ReviewOverdue, "sign"), row("written", view.ReviewWritten, "sign-off")
	late.Alone = true
	hidden := view.ReviewRow{ID: canon.Sum([]byte("hidden")), Short: "hidden", Scenario: "deploy-pipeline", Stands: view.ReviewSigned, Limited: true}
	page := open(t, map[string]any{"/api/v1/reviews": map[string]any{"reviews": []view.ReviewRow{late, written, hidden}}}).page("/reviews")
	has(t, page, `<section class="card live" aria-labelledby="overdue">`, "you can write it", "you can sign it off", "went in alone", "What follows from late.",
		"/requests/"+late.ID.String()+"/review", "None waits to be written.", "deploy-pipeline", "You may know that it exists, and no more.", "<code>halligan inbox</code>")
	lacks(t, page, hidden.ID.String(), "No review is overdue.")
	page = open(t, map[string]any{"/api/v1/reviews": map[string]any{"reviews": []view.ReviewRow{}}}).page("/reviews")
	has(t, page, "No review is overdue.", "None waits to be written.", "None waits for a second person&#39;s word.", "No review has been signed off yet.")
}

// TestT32ReviewsEscape has every text of the pages of reviews be hostile.
func TestT32ReviewsEscape(t *testing.T) {
	r := over()
	r.Title, r.Requester, r.Incident, r.Why.Text, r.Known = hostile, hostile, hostile, hostile, hostile
	r.Review.Text, r.Review.Means, r.Review.Written.By, r.Review.Written.Note.Text, r.Decisions[0].Text = hostile, hostile, hostile, hostile, hostile
	harmless(t, open(t, looking(r, "sign-off")).page("/requests/"+r.ID.String()+"/review"))
	row := view.ReviewRow{Scenario: hostile, Title: hostile, Requester: hostile, Text: hostile, Means: hostile, Stands: view.ReviewOverdue}
	harmless(t, open(t, map[string]any{"/api/v1/reviews": map[string]any{"reviews": []view.ReviewRow{row}}}).page("/reviews"))
}

func TestDraftReview(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("a request"))
	form := url.Values{"of": {of.String()}, "necessary": {"partly"}, "misuse": {"yes"}, "note": {"read a table\r\ntoo many"}}
	s, d := h.draft("review", form)
	review, ok := s.Body.(*statement.Review)
	if !ok || review.Of != of || review.Necessary != statement.Partly || review.Misuse != statement.Yes || d.Done != "/requests/"+of.String()+"/review" {
		t.Errorf("%+v, then %s", s.Body, d.Done)
	}
	if len(d.Notes) != 1 || d.Notes[0].Text != "read a table\ntoo many" {
		t.Errorf("notes %+v", d.Notes)
	}
	w := h.request(http.MethodPost, "/draft/review", form)
	has(t, w.Body.String(), "halligan review sign "+of.Short()+" --necessary partly --misuse yes")
}

func TestDraftSignOff(t *testing.T) {
	h := open(t, nil)
	of, review := canon.Sum([]byte("a request")), canon.Sum([]byte("a review"))
	form := func(verdict, note string) url.Values {
		return url.Values{"of": {of.String()}, "review": {review.String()}, "verdict": {verdict}, "note": {note}}
	}
	s, d := h.draft("sign-off", form("accept", ""))
	word, ok := s.Body.(*statement.SignOff)
	if !ok || word.Of != of || word.Review != review || word.Verdict != statement.Accept || word.Note != nil || len(d.Notes) != 0 {
		t.Errorf("%+v with %+v", s.Body, d.Notes)
	}
	s, d = h.draft("sign-off", form("send-back", "the deletes are not explained"))
	word = s.Body.(*statement.SignOff)
	if word.Verdict != statement.SendBack || word.Note == nil || len(d.Notes) != 1 || d.Done != "/requests/"+of.String()+"/review" {
		t.Errorf("%+v with %+v", word, d)
	}
	w := h.request(http.MethodPost, "/draft/sign-off", form("send-back", "no"))
	has(t, w.Body.String(), "halligan review sign-off "+of.Short()+" --send-back --note")
}

// TestDraftReviewRefused has each field of both forms be wrong. Neither question
// has an answer of its own.
func TestDraftReviewRefused(t *testing.T) {
	h := open(t, nil)
	id, nonce := canon.Sum([]byte("x")).String(), strings.Repeat("5a", 32)
	review := url.Values{"of": {id}, "necessary": {"yes"}, "misuse": {"no"}, "note": {"all was well"}, "nonce": {nonce}}
	word := url.Values{"of": {id}, "review": {id}, "verdict": {"send-back"}, "note": {"why?"}, "nonce": {nonce}}
	for _, c := range []struct {
		kind, field string
		form        url.Values
		bad         []string
	}{
		{"review", "of", review, []string{"", "5f0c1a2b"}},
		{"review", "necessary", review, []string{"", "Yes", "maybe"}},
		{"review", "misuse", review, []string{"", "partly"}},
		{"review", "note", review, []string{"", "  ", strings.Repeat("x", 4097), "\u202e"}},
		{"review", "nonce", review, []string{"", "5a"}},
		{"sign-off", "of", word, []string{"", "5f0c1a2b"}},
		{"sign-off", "review", word, []string{"", id[:63]}},
		{"sign-off", "verdict", word, []string{"", "approve"}},
		{"sign-off", "note", word, []string{"", " "}},
	} {
		for _, bad := range c.bad {
			form := url.Values{}
			for name := range c.form {
				form.Set(name, c.form.Get(name))
			}
			form.Set(c.field, bad)
			w := h.request(http.MethodPost, "/draft/"+c.kind, form, "Accept", "application/json")
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.field+" ") {
				t.Errorf("%s: %s %q: %d %s", c.kind, c.field, bad, w.Code, w.Body)
			}
		}
	}
}
