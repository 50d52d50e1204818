package web

import (
	"net/url"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// review is what is looked back on when a grant has ended: what was asked and what
// happened is filled in, and what the reader may do about it can be signed.
func (p *pages) review(c *call) error {
	var body struct {
		Request view.Request
		Moments []view.Moment
		Do      string // sign, sign-off; "" where nothing waits for the reader
	}
	of := "/api/v1/requests/" + url.PathEscape(c.r.PathValue("id"))
	if err := p.get(c, of, &body.Request); err != nil {
		return err
	}
	here := shown{Title: "Review of " + body.Request.Scenario, Place: "reviews", Live: "/requests/" + body.Request.ID.String() + "/review"}
	if body.Request.Limited {
		return p.show(c, "review", shown{Title: here.Title, Place: here.Place, Body: body})
	}
	var past struct {
		Moments []view.Moment `json:"moments"`
	}
	if err := p.get(c, of+"/timeline", &past); err != nil {
		return err
	}
	var inbox view.Inbox
	if err := p.get(c, "/api/v1/inbox", &inbox); err != nil {
		return err
	}
	for _, owed := range inbox.Reviews {
		if owed.ID == body.Request.ID {
			body.Do = owed.Do
		}
	}
	body.Moments = past.Moments
	here.Body = body
	return p.show(c, "review", here)
}

// draftReview writes out what somebody says of a request that is over.
func (p *pages) draftReview(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	necessary, misuse := statement.Answer(c.form.Get("necessary")), statement.Answer(c.form.Get("misuse"))
	switch {
	case necessary != statement.Yes && necessary != statement.Partly && necessary != statement.No:
		return draft{}, invalid("necessary", "is not answered", "say whether the access was necessary: yes, partly or no")
	case misuse != statement.Yes && misuse != statement.No:
		return draft{}, invalid("misuse", "is not answered", "say whether it was used for anything else: yes or no")
	}
	note, text, err := c.note("note")
	if err != nil {
		return draft{}, err
	}
	return draft{
		Body: &statement.Review{Of: id, Necessary: necessary, Misuse: misuse, Note: note}, Notes: []sent{text}, Done: reviewed(id),
		Line: "halligan review sign " + id.Short() + " --necessary " + string(necessary) + " --misuse " + string(misuse) + " --note \"…\"",
	}, nil
}

// draftSignOff writes out a second person's word on the review that they have read.
func (p *pages) draftSignOff(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	body := &statement.SignOff{Of: id, Verdict: statement.Verdict(c.form.Get("verdict"))}
	if body.Review, err = canon.ParseDigest(c.form.Get("review")); err != nil {
		return draft{}, invalid("review", "is not the whole digest of what was written", "load the page again")
	}
	line := "halligan review sign-off " + id.Short()
	switch body.Verdict {
	case statement.Accept:
	case statement.SendBack:
		line += " --send-back"
	default:
		return draft{}, invalid("verdict", "is not given", "accept the review, or send it back")
	}
	d := draft{Body: body, Done: reviewed(id), Line: line}
	if body.Verdict == statement.Accept && c.form.Get("note") == "" {
		return d, nil
	}
	note, text, err := c.note("note")
	if err != nil {
		return draft{}, err
	}
	body.Note, d.Notes, d.Line = &note, []sent{text}, line+" --note \"…\""
	return d, nil
}

func reviewed(id canon.Digest) string { return "/requests/" + id.String() + "/review" }
