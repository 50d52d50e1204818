package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// ballot is what a verdict is asked on: a request, or more time under its grant.
type ballot struct {
	Of        canon.Digest
	More      *view.Extension // nil: the request itself
	For       canon.Seconds
	Targets   []string
	Why       *view.Note
	Code      string // that it was asked with a code
	Late      string
	Lapses    canon.Time
	Legs      []view.Leg
	Decisions []view.Decision
	Narrowed  *view.Narrowed
	Yes, No   bool // what the reader may sign
}

// deciding is what the page for deciding is made from.
type deciding struct {
	*requested
	ballot
	Under  view.Scenario // that was signed; empty where it is another now
	Opens  []view.Opening
	Signed *view.Decision // the reader's own, that counts
	Effect string         // what a yes does, in a sentence
	Codes  bool           // the reader may sign with a code
}

// ballot is the one that a reader is asked for; of the grant itself where they want
// that, though more time is asked for.
func (r *requested) ballot(ofGrant bool) ballot {
	if e := r.Extending(); e != nil && !ofGrant {
		return ballot{
			Of: e.ID, More: e, For: e.For, Targets: e.Targets, Why: e.Why, Code: e.Code, Late: e.Late, Lapses: r.Grant.Until, Legs: e.Legs,
			Decisions: e.Decisions, Narrowed: e.Narrowed, Yes: r.May(view.MayApproveExtension), No: r.May(view.MayDenyExtension),
		}
	}
	return ballot{
		Of: r.ID, For: r.For, Targets: r.Targets, Why: r.Why, Code: r.Code, Late: r.Late, Lapses: r.Lapses, Legs: r.Legs,
		Decisions: r.Decisions, Narrowed: r.Narrowed, Yes: r.May(view.MayApprove), No: r.May(view.MayDeny),
	}
}

// decide is the one screen on which an approver reads what they are asked and signs
// yes or no.
func (p *pages) decide(c *call) error {
	r, err := p.subject(c)
	if err != nil {
		return err
	}
	if r.Limited {
		return p.show(c, "request", shown{Title: r.Scenario, Body: r})
	}
	if r.Asker, err = p.person(c, r.Requester); err != nil {
		return err
	}
	body := deciding{requested: r, ballot: r.ballot(c.r.URL.Query().Get("of") == "grant")}
	if body.Under, err = p.signedFor(c, r); err != nil {
		return err
	}
	for _, o := range r.Opens {
		if slices.Contains(body.Targets, o.Target) {
			body.Opens = append(body.Opens, o)
		}
	}
	for i, d := range body.Decisions {
		if d.Approver == c.me.ID && !d.Void {
			body.Signed = &body.Decisions[i]
		}
	}
	body.Effect, body.Codes = body.effect(c.me.ID), c.me.Codes() && body.Under.Codes
	return p.show(c, "decide", shown{Title: "Decide: " + cmp.Or(r.Title, r.Scenario), Place: "requests", Live: c.r.URL.RequestURI(), Body: body})
}

// effect is what a person's yes does, as the legs have it.
func (b *ballot) effect(person string) string {
	missing := 0
	for _, leg := range b.Legs {
		missing += leg.Missing
	}
	switch {
	case !b.Yes:
		return ""
	case !sitsAny(b.Legs, person):
		return "It fills no place that is empty: it counts when a signature before it counts no more, or when the ladder lets somebody sit elsewhere."
	case missing > 1:
		return fmt.Sprintf("It fills one place; %s needed after it.", count(missing-1, "more is", "more are"))
	case b.More != nil:
		return "It is the last one that is needed: the window then ends " + length(b.For.Duration()) + " after it, and what is left out begins to close."
	}
	return "It is the last one that is needed: access opens at once."
}

// draftDecision writes out a verdict on a request, or on more time for it.
func (p *pages) draftDecision(c *call) (draft, error) {
	if c.form.Get("about") == "change" {
		return p.draftOnChange(c)
	}
	of, err := c.of()
	if err != nil {
		return draft{}, err
	}
	r := new(requested)
	if err := p.get(c, "/api/v1/requests/"+ids(c.form.Get("request")), &r.Request); err != nil {
		return draft{}, err
	}
	b := r.ballot(of == r.ID)
	if b.Of != of {
		return draft{}, invalid("of", "is not waited for any more", "load the page again")
	}
	body := &statement.Decision{Of: of, Verdict: statement.Verdict(c.form.Get("verdict")), Check: statement.Check(c.form.Get("check"))}
	notes, err := c.judged(body)
	if err != nil {
		return draft{}, err
	}
	if body.Verdict == statement.Approve {
		if body.Narrow, err = c.narrowed(b); err != nil {
			return draft{}, err
		}
	}
	return draft{Body: body, Notes: notes, Done: requestPath(r.ID), Line: decisionLine(r, b, body)}, nil
}

// ids lets nothing through but the digits of an id.
func ids(text string) string {
	if text == "" || strings.Trim(text, "0123456789abcdef") != "" {
		return "none"
	}
	return text
}

// judged checks the verdict, how the approver checked, and the sentence with it.
func (c *call) judged(body *statement.Decision) ([]sent, error) {
	if body.Verdict != statement.Approve && body.Verdict != statement.Deny {
		return nil, invalid("verdict", "is neither approve nor deny", "press one of the two buttons")
	}
	if !slices.Contains([]statement.Check{statement.CallBack, statement.Video, statement.InPerson, statement.NotChecked}, body.Check) {
		return nil, invalid("check", "is not chosen: say how you made sure who asks", "there is no default")
	}
	if strings.TrimSpace(c.form.Get("note")) == "" {
		if body.Check == statement.NotChecked {
			return nil, invalid("note", "is empty: not-checked needs a sentence that says why", "better: call them back")
		}
		return nil, nil
	}
	note, text, err := c.note("note")
	if err != nil {
		return nil, err
	}
	body.Note = &note
	return []sent{text}, nil
}

// narrowed is what the form makes less of what is asked; nil for nothing.
func (c *call) narrowed(b ballot) (*statement.Narrow, error) {
	n := new(statement.Narrow)
	if text := strings.TrimSpace(c.form.Get("minutes")); text != "" {
		minutes, err := strconv.ParseInt(text, 10, 32)
		n.For = canon.Seconds(60 * minutes)
		if err != nil || minutes < 1 || n.For > b.For {
			return nil, invalid("minutes", fmt.Sprintf("must be 1 to %d: an approval makes less of a request, never more", b.For/60), "leave it empty to agree to what was asked")
		}
		if n.For == b.For {
			n.For = 0
		}
	}
	only := c.form["only"]
	if c.form.Has("choose") && len(only) == 0 {
		return nil, invalid("only", "names no target", "leave at least one of them chosen, or say no")
	}
	for _, target := range only {
		if !slices.Contains(b.Targets, target) {
			return nil, invalid("only", "names a target that was not asked for", "load the page again")
		}
	}
	if n.Targets = statement.SortTargets(only); len(n.Targets) == len(b.Targets) {
		n.Targets = nil
	}
	if n.For == 0 && len(n.Targets) == 0 {
		return nil, nil
	}
	return n, nil
}

// decisionLine is the command that signs the same with an SSH key.
func decisionLine(r *requested, b ballot, d *statement.Decision) string {
	line := "halligan " + string(d.Verdict) + " " + r.Short
	switch {
	case d.Verdict == statement.Deny && b.More != nil:
		line += " --extension"
	case d.Verdict == statement.Deny && r.Extending() != nil:
		line += " --grant"
	}
	line += " --check " + string(d.Check)
	if n := d.Narrow; n != nil {
		if n.For > 0 {
			line += fmt.Sprintf(" --for %dm", n.For/60)
		}
		for _, target := range n.Targets {
			line += " --only " + target
		}
	}
	if d.Note != nil {
		line += ` --note "…"`
	}
	return line
}
