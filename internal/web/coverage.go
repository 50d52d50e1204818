package web

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// awayMost bounds who is ticked as away.
const awayMost = 200

// someone is a person of a form, and whether they are ticked.
type someone struct {
	ID   string
	Away bool
}

// supposed reads who is away, and gives what asks the API the same.
func (c *call) supposed() (away []string, q url.Values, err error) {
	away = slices.DeleteFunc(slices.Clone(c.r.URL.Query()["away"]), func(id string) bool { return id == "" })
	slices.Sort(away)
	if away = slices.Compact(away); len(away) > awayMost {
		return nil, nil, invalid("away", "names too many people", "tick fewer")
	}
	q = url.Values{}
	if len(away) > 0 {
		q.Set("without", strings.Join(away, ","))
	}
	return away, q, nil
}

// coverage is the page of every quorum of the cell.
func (p *pages) coverage(c *call) error {
	away, q, err := c.supposed()
	if err != nil {
		return err
	}
	var every struct {
		Coverage []view.Coverage `json:"coverage"`
	}
	if err := p.get(c, withQuery("/api/v1/coverage/every", q), &every); err != nil {
		return err
	}
	body := struct {
		Every    []view.Coverage
		People   []someone
		Away     []string
		Severity string // none: it is of all of them
	}{Every: every.Coverage, People: crew(every.Coverage, away), Away: away}
	return p.show(c, "coverage", shown{Title: "Coverage", Place: "coverage", Body: body})
}

// coverageSheet is what the page of one scenario's coverage is made from.
type coverageSheet struct {
	view.Coverage
	Title      string
	Severities []view.Terms
	People     []someone
	Week       []weekday
	Stretches  []view.Stretch // of the week, without the breaks at midnight
}

// weekday is one day of the week's chart.
type weekday struct {
	Day  canon.Time
	Bars []bar
}

// bar is a stretch of a day, in minutes of it.
type bar struct {
	view.Stretch
	From, Length int
}

// coverageOf is the page of one scenario at one severity.
func (p *pages) coverageOf(c *call) error {
	id := c.r.PathValue("scenario")
	of, err := p.scenarioOf(c, id)
	if err != nil {
		return err
	}
	away, q, err := c.supposed()
	if err != nil {
		return err
	}
	severity := c.r.URL.Query().Get("severity")
	if severity == "" && len(of.Severities) > 0 {
		severity = string(of.Severities[0].Severity)
	}
	q.Set("scenario", id)
	q.Set("severity", severity)
	body := coverageSheet{Title: of.Title, Severities: of.Severities}
	if err := p.get(c, withQuery("/api/v1/coverage", q), &body.Coverage); err != nil {
		return err
	}
	var week view.Week
	if err := p.get(c, withQuery("/api/v1/coverage/week", q), &week); err != nil {
		return err
	}
	body.People = crew([]view.Coverage{body.Coverage}, away)
	body.Week, body.Stretches = days(week), unbroken(week.Stretches)
	return p.show(c, "coverage_of", shown{Title: "Coverage: " + of.Title, Place: "coverage", Body: body})
}

// withQuery is an address of the API with what is asked.
func withQuery(address string, q url.Values) string {
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

// coverageAt is the address of a scenario's coverage at a severity, or of every
// quorum where there is no scenario, while some people are away.
func coverageAt(scenario string, severity access.Severity, away []string) string {
	q := url.Values{}
	if severity != "" {
		q.Set("severity", string(severity))
	}
	if len(away) > 0 {
		q["away"] = away
	}
	return withQuery("/"+path.Join("coverage", url.PathEscape(scenario)), q)
}

// crew is everybody who asks or could sign, and who is away.
func crew(all []view.Coverage, away []string) []someone {
	var people []someone
	add := func(ids []string, away bool) {
		for _, id := range ids {
			people = append(people, someone{id, away})
		}
	}
	add(away, true)
	for _, of := range all {
		add(of.Askers, false)
		for _, cover := range slices.Concat(of.Steps, of.Envelopes) {
			for _, leg := range cover.Legs {
				add(leg.People, false)
			}
		}
	}
	slices.SortStableFunc(people, func(a, b someone) int { return strings.Compare(a.ID, b.ID) }) // who is away stands first
	return slices.CompactFunc(people, func(a, b someone) bool { return a.ID == b.ID })
}

// days parts a week into its days.
func days(week view.Week) []weekday {
	var all []weekday
	for _, each := range week.Stretches {
		begins := each.From.Std().UTC().Truncate(24 * time.Hour)
		if n := len(all); n == 0 || !all[n-1].Day.Std().Equal(begins) {
			all = append(all, weekday{Day: canon.At(begins)})
		}
		from := int(each.From.Std().Sub(begins) / time.Minute)
		length := int(each.Until.Std().Sub(begins)/time.Minute) - from
		last := &all[len(all)-1]
		last.Bars = append(last.Bars, bar{Stretch: each, From: from, Length: max(length, 1)})
	}
	return all
}

// unbroken joins stretches that only midnight parts.
func unbroken(stretches []view.Stretch) []view.Stretch {
	var all []view.Stretch
	for _, each := range stretches {
		if n := len(all); n > 0 && all[n-1].Ready == each.Ready && all[n-1].Text == each.Text {
			all[n-1].Until = each.Until
			continue
		}
		all = append(all, each)
	}
	return all
}

// readiness says a word of the API to people.
func readiness(r view.Readiness) string {
	return cmp.Or(map[view.Readiness]string{
		view.Ready: "ready", view.Hangs: "hangs on somebody", view.Later: "after the ladder", view.Partly: "not for everybody",
		view.Stuck: "cannot be filled", view.Shut: "nobody may ask",
	}[r], string(r))
}

// readyTone is the colour of readiness.
func readyTone(r view.Readiness) string {
	switch r {
	case view.Ready:
		return "dead"
	case view.Hangs, view.Later:
		return "wait"
	case view.Partly, view.Stuck:
		return "live"
	}
	return "plain"
}

// quorumOf is what a quorum is of.
func quorumOf(of view.Coverage) string {
	switch {
	case of.Scenario != "":
		return of.Scenario + " at " + string(of.Severity)
	case of.Recovery:
		return "A recovery of the cell"
	}
	return "A change of the cell"
}

// clockEnd is the time of day at which something ends: midnight is the end of its
// day.
func clockEnd(t canon.Time) string {
	if text := t.Std().UTC().Format("15:04"); text != "00:00" {
		return text
	}
	return "24:00"
}
