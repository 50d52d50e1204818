package cell

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// scenario compares two versions of a scenario; either may be nil.
func (c *comparing) scenario(id string, from, to *access.Scenario) {
	d := Difference{About: "scenario " + id, Within: id, kind: aboutScenario}
	switch {
	case from == nil:
		d.Bearing = Widens
		c.note(d, "is added: %q", to.Title)
		from = &access.Scenario{ID: to.ID, Title: to.Title}
	case to == nil:
		d.Bearing = Tightens
		c.note(d, "is removed")
		return
	}
	before := len(c.found)
	c.words(d, from, to)
	d.Of = "may_request"
	c.lists(d, from.MayRequest, to.MayRequest, Widens)
	c.severities(d, from.Severities, to.Severities)
	c.controls(d, from.Controls, to.Controls)
	c.conditions(d, from.Conditions, to.Conditions)
	c.opens(d, from, to)
	c.alarms(d, from.Alarms.To, to.Alarms.To)
	if d.Of = "symptoms"; !same(from.Symptoms, to.Symptoms) {
		d.Bearing = Widens
		c.note(d, "%s becomes %s", symptomWords(from.Symptoms), symptomWords(to.Symptoms))
	}
	if d.Of = "ladder"; !same(from.Ladder, to.Ladder) {
		d.Bearing = Widens
		c.note(d, "%s becomes %s", ladderWords(from.Ladder), ladderWords(to.Ladder))
	}
	if same(plainOf(from), plainOf(to)) && (len(c.found) > before || same(from, to)) {
		return
	}
	d.Of = ""
	c.other(d)
}

// plainOf is a scenario without everything that is compared here: what is left
// has no words. A member that access.Scenario gets and that is not compared
// stays in it.
func plainOf(s *access.Scenario) access.Scenario {
	plain := *s
	plain.Title, plain.Owner, plain.Procedure = "", "", ""
	plain.UseWhen, plain.DoNotUseWhen, plain.MayRequest, plain.Opens = nil, nil, nil, nil
	plain.Severities, plain.Controls, plain.Alarms, plain.Ladder = nil, access.Controls{}, access.Alarms{}, nil
	plain.Symptoms, plain.Conditions = nil, nil
	return plain
}

func same(a, b any) bool { return string(canon.MustEncode(a)) == string(canon.MustEncode(b)) }

// words compares what only people read.
func (c *comparing) words(d Difference, from, to *access.Scenario) {
	d.Bearing = Neutral
	for _, text := range []struct{ of, before, after string }{
		{"title", from.Title, to.Title}, {"owner", from.Owner, to.Owner}, {"procedure", from.Procedure, to.Procedure},
		{"use_when", strings.Join(from.UseWhen, "; "), strings.Join(to.UseWhen, "; ")},
		{"do_not_use_when", strings.Join(from.DoNotUseWhen, "; "), strings.Join(to.DoNotUseWhen, "; ")},
	} {
		if d.Of = text.of; text.before != text.after {
			c.note(d, "%q becomes %q", text.before, text.after)
		}
	}
}

func (c *comparing) severities(d Difference, from, to map[access.Severity]access.Terms) {
	for _, severity := range access.Severities {
		was, had := from[severity]
		is, has := to[severity]
		of := "severities." + string(severity)
		switch d.Of = of; {
		case had && !has:
			d.Bearing = Tightens
			c.note(d, "is removed")
			continue
		case !had && has:
			d.Bearing = Widens
			c.note(d, "is added: at most %s, agreed by %s", is.Longest, quorumWords(is.Quorum))
			continue
		case !had:
			continue
		}
		if d.Of = of + ".longest"; was.Longest != is.Longest {
			d.Bearing = longer(was.Longest, is.Longest)
			c.note(d, "%s becomes %s", was.Longest, is.Longest)
		}
		if d.Of = of + ".quorum"; !slices.Equal(was.Quorum, is.Quorum) {
			d.Bearing = quorumBearing(was.Quorum, is.Quorum)
			c.note(d, "%s becomes %s", quorumWords(was.Quorum), quorumWords(is.Quorum))
		}
		if d.Of = of + ".review_due"; was.ReviewDue != is.ReviewDue {
			d.Bearing = longer(was.ReviewDue, is.ReviewDue)
			c.note(d, "%s becomes %s", was.ReviewDue, is.ReviewDue)
		}
		was.Longest, was.Quorum, was.ReviewDue = is.Longest, is.Quorum, is.ReviewDue
		if d.Of = of; !same(was, is) {
			c.other(d)
		}
	}
}

func (c *comparing) controls(d Difference, from, to access.Controls) {
	if d.Of = "controls.mfa"; from.MFA != to.MFA {
		d.Bearing = Widens
		if strength(to.MFA).AtLeast(strength(from.MFA)) {
			d.Bearing = Tightens
		}
		c.note(d, "%q becomes %q", from.MFA, to.MFA)
	}
	d.Of = "controls.source"
	c.limits(d, from.Source, to.Source)
	d.Of = "controls.hours"
	c.limits(d, hoursWords(from.Hours), hoursWords(to.Hours))
	from.MFA, from.Source, from.Hours = to.MFA, to.Source, to.Hours
	if d.Of = "controls"; !same(from, to) {
		c.other(d)
	}
}

func strength(mfa string) roster.Strength {
	if mfa == "" {
		return roster.Possession
	}
	return roster.Strength(mfa)
}

// conditions compares which policies hold; what those say is compared by itself.
func (c *comparing) conditions(d Difference, from, to []access.PolicyRef) {
	d.Of = "conditions"
	c.lists(d, ids(from), ids(to), Tightens)
	for _, ref := range to {
		if slices.Contains(ids(from), ref.ID) && !slices.Contains(from, ref) {
			d.Bearing = Neutral
			c.note(d, "%s is another text: see policy %s", ref.ID, ref.ID)
		}
	}
}

// limits compares lists of what is allowed, of which an empty one allows all.
func (c *comparing) limits(d Difference, from, to []string) {
	switch {
	case len(from) == 0 && len(to) > 0:
		d.Bearing = Tightens
		c.note(d, "anything becomes %s", strings.Join(to, ", "))
	case len(from) > 0 && len(to) == 0:
		d.Bearing = Widens
		c.note(d, "%s becomes anything", strings.Join(from, ", "))
	default:
		c.lists(d, from, to, Widens)
	}
}

func hoursWords(hours []access.Hours) []string {
	var words []string
	for _, h := range hours {
		days := "every day"
		if len(h.Days) > 0 {
			days = strings.Join(h.Days, " ")
		}
		words = append(words, fmt.Sprintf("%s from %s to %s", days, h.From, h.To))
	}
	return words
}

// opens compares what is opened, by the target's name. Whatever a target becomes
// widens: which login opens less than another is not for rules to guess.
func (c *comparing) opens(d Difference, from, to *access.Scenario) {
	targets := func(s *access.Scenario) map[string]access.Open {
		all := map[string]access.Open{}
		for _, open := range s.Opens {
			all[open.Name()] = open
		}
		return all
	}
	before, after := targets(from), targets(to)
	for _, name := range union(before, after) {
		was, had := before[name]
		is, has := after[name]
		switch d.Of, d.Bearing = "opens."+name, Widens; {
		case !had:
			c.note(d, "is added: %s", openWords(is))
		case !has:
			d.Bearing = Tightens
			c.note(d, "is removed")
		case !same(was, is) && was.AWS != nil && is.AWS != nil:
			c.role(d, was.AWS, is.AWS)
		case !same(was, is):
			c.note(d, "%s becomes %s", openWords(was), openWords(is))
		}
	}
}

// ladderWords says all of a ladder, rung by rung.
func ladderWords(rungs []access.Rung) string {
	words := make([]string, 0, len(rungs))
	for _, rung := range rungs {
		if solo := rung.Solo; solo != nil {
			words = append(words, fmt.Sprintf("after %s the requester alone, at %s, for %s, on %v", rung.After, solo.RaiseTo, solo.Longest, solo.Opens))
			continue
		}
		words = append(words, fmt.Sprintf("after %s %s %v", rung.After, rung.Widen, rung.Legs))
	}
	if len(words) == 0 {
		return "no ladder"
	}
	return strings.Join(words, ", then ")
}

// symptomWords says all of the symptoms.
func symptomWords(symptoms []access.Symptom) string {
	words := make([]string, 0, len(symptoms))
	for _, s := range symptoms {
		words = append(words, fmt.Sprintf("%s (%s)", s.Name, s.What()))
	}
	return namesOr(words, "no symptom")
}

// namesOr gives names in one line, or what stands for none.
func namesOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

// openWords says all of what is opened: its canonical JSON leaves nothing out.
func openWords(o access.Open) string { return string(canon.MustEncode(o)) }

func (c *comparing) alarms(d Difference, from, to []string) {
	d.Of = "alarms.to"
	if slices.Equal(from, to) {
		return
	}
	d.Bearing = Widens
	if len(to) == 0 || len(from) > 0 && !slices.ContainsFunc(from, func(channel string) bool { return !slices.Contains(to, channel) }) {
		d.Bearing = Tightens
	}
	c.note(d, "%s becomes %s", namesOr(from, "every channel"), namesOr(to, "every channel"))
}

// quorumBearing is what another quorum does: it tightens only where each
// group that agreed before still gives as many people, or more.
func quorumBearing(from, to access.Quorum) Bearing {
	places := func(q access.Quorum, group string) (n int) {
		for _, leg := range q {
			if leg.From == group {
				n += leg.Count
			}
		}
		return n
	}
	for _, leg := range from {
		if places(to, leg.From) < places(from, leg.From) {
			return Widens
		}
	}
	return Tightens
}

func quorumWords(q access.Quorum) string {
	if len(q) == 0 {
		return "nobody"
	}
	var legs []string
	for _, leg := range q {
		legs = append(legs, fmt.Sprintf("%d of %s", leg.Count, strings.TrimPrefix(leg.From, "group:")))
	}
	return strings.Join(legs, " and ")
}
