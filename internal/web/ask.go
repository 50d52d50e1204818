package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// wordsMost bounds what is looked for.
const wordsMost = 200

// aid is the decision aid: three questions, and what was answered so far. Its
// rules are those of halligan which.
type aid struct {
	Broke string
	Fits  []view.Scenario // to choose from, while none is chosen
	Of    *view.Scenario
	Gone  string          // "yes", "no", or "" while it is not answered
	Other *view.Exclusion // what is true instead
	Leads bool            // to another scenario that is there
}

// askWhich is the decision aid.
func (p *pages) askWhich(c *call) error {
	all, err := p.allScenarios(c)
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	body := aid{Broke: strings.TrimSpace(q.Get("broke"))}
	if len(body.Broke) > wordsMost {
		return &Problem{Status: http.StatusBadRequest, Title: "Too many words", Detail: "A few words of what broke are enough."}
	}
	body.Fits = view.Fitting(all, body.Broke)
	if id := q.Get("scenario"); id != "" {
		at := named(all, id)
		if at < 0 {
			return &Problem{Status: http.StatusNotFound, Title: "There is no such scenario", Hint: "Choose one of those that there are, at Ask."}
		}
		body.Of, body.Fits = &all[at], nil
		body.answer(q.Get("gone"), all)
	}
	return p.show(c, "ask", shown{Title: "Ask", Place: "ask", Body: body})
}

func named(all []view.Scenario, id string) int {
	return slices.IndexFunc(all, func(s view.Scenario) bool { return s.ID == id })
}

// answer takes the second answer: yes, no, or the number of the exclusion that is
// true. Anything else is no answer.
func (a *aid) answer(gone string, all []view.Scenario) {
	switch n, err := strconv.Atoi(gone); {
	case gone == "yes", gone == "no":
		a.Gone = gone
	case err == nil && n >= 1 && n <= len(a.Of.DoNotUseWhen):
		other := view.ExclusionOf(a.Of.DoNotUseWhen[n-1])
		a.Gone, a.Other, a.Leads = "no", &other, other.Scenario != a.Of.ID && named(all, other.Scenario) >= 0
	}
}

// asking is what the form of a request is made from.
type asking struct {
	view.Scenario
	Now     []view.Explain // gravest first
	Chosen  []string       // targets; all of them where none was chosen
	Browser bool           // keys that a browser made can do something with some of it
	Near    bool           // some login is let in from the address that asks only
}

// ask is the form of a request under one scenario.
func (p *pages) ask(c *call) error {
	of, err := p.scenarioOf(c, c.r.PathValue("scenario"))
	if err != nil {
		return err
	}
	body := asking{Scenario: of, Chosen: c.r.URL.Query()["need"]}
	for _, terms := range of.Severities {
		now, err := p.explained(c, of.ID, string(terms.Severity))
		if err != nil {
			return err
		}
		body.Now = append(body.Now, now)
	}
	all := !slices.ContainsFunc(of.Opens, func(o view.Opening) bool { return slices.Contains(body.Chosen, o.Target) })
	for _, o := range of.Opens {
		body.Browser = body.Browser || o.Browser != ""
		body.Near = body.Near || slices.Equal(o.From, []string{access.FromRequest})
		if all {
			body.Chosen = append(body.Chosen, o.Target)
		}
	}
	return p.show(c, "ask_under", shown{Title: "Ask: " + of.Title, Place: "ask", Body: body})
}

// draftRequest writes out a request. That somebody read the guidelines is demanded
// here and is not in the statement: approvers ask for it anew.
func (p *pages) draftRequest(c *call) (draft, error) {
	id := c.form.Get("scenario")
	if err := canon.CheckID(id); err != nil {
		return draft{}, invalid("scenario", "is not an id", "load the page again")
	}
	of, err := p.scenarioOf(c, id)
	if err != nil {
		return draft{}, err
	}
	switch {
	case c.form.Get("digest") != of.Digest.String():
		return draft{}, invalid("scenario", "is another now than the page showed", "load the page again, and read it")
	case c.form.Get("read") != "yes":
		return draft{}, invalid("read", "is not ticked", "read when it is for and when it is not, and tick that you did")
	}
	body := &statement.Request{Scenario: of.ID, ScenarioDigest: of.Digest}
	terms, err := c.severity(of)
	if err != nil {
		return draft{}, err
	}
	body.Severity = string(terms.Severity)
	if body.Targets, err = c.targets(of); err != nil {
		return draft{}, err
	}
	if body.For, err = c.minutes(terms); err != nil {
		return draft{}, err
	}
	why, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	body.Why, body.Incident = why, strings.TrimSpace(c.form.Get("incident"))
	if err := statement.CheckIncident(body.Incident); err != nil {
		return draft{}, invalid("incident", "is not an id", "write it as PD-4711: letters, digits and . _ / # -, at most 64")
	}
	if body.Holder, err = statement.ParseHolder(strings.TrimSpace(c.form.Get("holder"))); err != nil {
		return draft{}, invalid("holder", "is not the line of public keys", "run halligan holder new on the machine that will use it, and paste the whole line that it prints")
	}
	if target := noUse(of, body); target != "" {
		return draft{}, invalid("target", target+" can be used by no keys of a browser", "untick it, or paste the line of the machine that will use it")
	}
	return draft{Body: body, Notes: []sent{text}, Done: "/requests/{digest}", Line: requestLine(body, len(of.Opens), terms)}, nil
}

// noUse is a target that the keys of a request can do nothing with, because a browser
// made them; empty where there is none. The rules would refuse it once it was signed.
func noUse(of view.Scenario, body *statement.Request) string {
	for _, o := range of.Opens {
		if !body.Holder.P256.IsZero() && o.Browser == "" && slices.Contains(body.Targets, o.Target) {
			return o.Target
		}
	}
	return ""
}

// severity is the one that was chosen.
func (c *call) severity(of view.Scenario) (view.Terms, error) {
	for _, terms := range of.Severities {
		if string(terms.Severity) == c.form.Get("severity") {
			return terms, nil
		}
	}
	return view.Terms{}, invalid("severity", "is not chosen", "say how grave it is")
}

// targets are those that were ticked, as a statement has them.
func (c *call) targets(of view.Scenario) ([]string, error) {
	for _, target := range c.form["target"] {
		if !slices.ContainsFunc(of.Opens, func(o view.Opening) bool { return o.Target == target }) {
			return nil, invalid("target", "is none of this scenario", "load the page again")
		}
	}
	if len(c.form["target"]) == 0 {
		return nil, invalid("target", "is not chosen", "tick what you need")
	}
	return statement.SortTargets(c.form["target"]), nil
}

// minutes is how long, for which nothing stands for the longest.
func (c *call) minutes(terms view.Terms) (canon.Seconds, error) {
	text := strings.TrimSpace(c.form.Get("minutes"))
	if text == "" {
		return terms.Longest, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, invalid("minutes", "is not a whole number of minutes", "write 30, or nothing for the longest")
	}
	if length := canon.Seconds(n * 60); length <= terms.Longest {
		return length, nil
	}
	return 0, invalid("minutes", "is more than "+string(terms.Severity)+" gives", "ask for "+length(terms.Longest.Duration())+" or less, and for more time later")
}

// requestLine is the command that asks for the same, and makes the keys itself.
func requestLine(body *statement.Request, targets int, terms view.Terms) string {
	line := "halligan request " + body.Scenario + " --severity " + body.Severity
	if body.For != terms.Longest {
		line += " --for " + body.For.String()
	}
	if len(body.Targets) < targets {
		line += " --only " + strings.Join(body.Targets, ",")
	}
	if body.Incident != "" {
		line += " --incident " + body.Incident
	}
	return line + ` --why "…"`
}
