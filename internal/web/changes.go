package web

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// changes is the page of what waits to be changed in the cell.
func (p *pages) changes(c *call) error {
	var body struct {
		Changes []view.Change `json:"changes"`
	}
	if err := p.get(c, "/api/v1/changes", &body); err != nil {
		return err
	}
	return p.show(c, "changes", shown{Title: "Changes", Place: "changes", Live: "/changes", Body: body})
}

// changed is a change as the API shows it.
type changed struct {
	view.Change
	Reason   *view.Note     `json:"reason"`
	Compared *view.Compared `json:"compared"`
	Texts    []view.Note    `json:"texts"`
	Refused  string         `json:"refused"`
}

// changePage is the sheet of one change.
type changePage struct {
	changed
	Said     bool // the reader has decided on it already
	Decides  bool // the reader is of its quorum, and it waits for decisions
	Cancels  bool // the reader may sign against a recovery that waits
	Command  string
	Widening int // differences that widen
}

// change is the page of one change: what it would do, who agreed, and the reader's
// own decision.
func (p *pages) change(c *call) error {
	var body changePage
	if err := p.get(c, "/api/v1/changes/"+url.PathEscape(c.r.PathValue("id")), &body.changed); err != nil {
		return err
	}
	quorum := c.me.May.Change
	if body.Command = "change"; body.Recovers {
		quorum, body.Command = c.me.May.Recover, "recover"
	}
	body.Said = slices.ContainsFunc(body.Decisions, func(d view.Decision) bool { return d.Approver == c.me.ID && d.Approves })
	body.Decides = quorum && body.Until.IsZero()
	body.Cancels = !body.Until.IsZero() && !slices.Contains(body.Against, c.me.ID) && (c.me.May.Change || c.me.May.Recover || len(c.me.May.Decide) > 0)
	if body.Compared != nil {
		for _, d := range body.Compared.Differences {
			if string(d.Bearing) == "widens" {
				body.Widening++
			}
		}
	}
	return p.show(c, "change", shown{Title: "Change " + body.Short, Place: "changes", Live: c.r.URL.Path, Body: body})
}

// draftChange writes out a change: the key of an offer, or the removal of a person or
// of one key of theirs.
func (p *pages) draftChange(c *call) (draft, error) {
	if offer := c.form.Get("offer"); offer != "" {
		return p.draftOffered(c, offer)
	}
	person, key := c.form.Get("person"), c.form.Get("key")
	if err := canon.CheckID(person); err != nil {
		return draft{}, invalid("person", "is not an id of a person", "load the page again")
	}
	if key != "" {
		if err := statement.CheckFingerprint(key); err != nil {
			return draft{}, invalid("key", "is not a whole fingerprint", "load the page again")
		}
	}
	if _, given := c.form["key"]; !given {
		return draft{}, invalid("key", "is not chosen", "choose one key, or the whole person")
	}
	note, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	line := "halligan change propose remove " + person
	if key != "" {
		line += " --key " + key
	}
	return draft{
		Body:  &statement.Change{Remove: statement.Removal{Person: person, Key: key}, Reason: note},
		Notes: []sent{text}, Done: "/changes", Line: line + ` --why "…"`,
	}, nil
}

// draftCancel writes out a signature against a recovery.
func (p *pages) draftCancel(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	note, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	return draft{Body: &statement.Cancel{Of: id, Why: note}, Notes: []sent{text}, Done: "/changes", Line: "halligan recover cancel " + id.Short() + ` --why "…"`}, nil
}

// draftOnChange writes out a decision on a change.
func (p *pages) draftOnChange(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	body := &statement.Decision{Of: id, Verdict: statement.Verdict(c.form.Get("verdict")), Check: statement.Check(c.form.Get("check"))}
	notes, err := c.judged(body)
	if err != nil {
		return draft{}, err
	}
	command := "change"
	if c.form.Get("recovers") != "" {
		command = "recover"
	}
	d := draft{Body: body, Notes: notes, Done: "/changes", Line: "halligan " + command + " sign " + id.Short() + " --check " + string(body.Check)}
	if body.Verdict == statement.Deny {
		d.Line += " --deny"
	}
	if len(notes) > 0 {
		d.Line += ` --note "…"`
	}
	return d, nil
}

// bearingTone is the colour of what a difference does.
func bearingTone(bearing any) string {
	switch fmt.Sprint(bearing) {
	case "widens":
		return "live"
	case "tightens":
		return "dead"
	}
	return "plain"
}
