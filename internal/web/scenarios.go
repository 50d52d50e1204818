package web

import (
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// standing is which cell a sheet is of, and by which document.
type standing struct {
	Origin   string       `json:"origin"`
	Genesis  canon.Digest `json:"genesis"`
	Document canon.Digest `json:"document"`
	Trial    bool         `json:"trial"`
}

// scenarios lists the scenarios of the cell: first those that the reader may ask
// under.
func (p *pages) scenarios(c *call) error {
	all, err := p.allScenarios(c)
	if err != nil {
		return err
	}
	var body struct{ Yours, Others []view.Scenario }
	for _, each := range all {
		if each.MayAsk {
			body.Yours = append(body.Yours, each)
		} else {
			body.Others = append(body.Others, each)
		}
	}
	return p.show(c, "scenarios", shown{Title: "Scenarios", Place: "scenarios", Body: body})
}

// allScenarios are the scenarios of the cell, by id.
func (p *pages) allScenarios(c *call) ([]view.Scenario, error) {
	var list struct {
		Scenarios []view.Scenario `json:"scenarios"`
	}
	err := p.get(c, "/api/v1/scenarios", &list)
	return list.Scenarios, err
}

// scenarioOf is one scenario of the cell.
func (p *pages) scenarioOf(c *call, id string) (view.Scenario, error) {
	var of view.Scenario
	err := p.get(c, "/api/v1/scenarios/"+url.PathEscape(id), &of)
	return of, err
}

// scenarioSheet is what one scenario's page is made from.
type scenarioSheet struct {
	view.Scenario
	Now   []view.Explain // for the reader, gravest first
	Of    standing
	At    canon.Time
	Stale string // the document that a printed sheet was made by, where that is not in force
}

// scenario shows one scenario. It is also the sheet that people pin to a wall:
// print leaves out what is pressed, and says by which document it is.
func (p *pages) scenario(c *call) error {
	of, err := p.scenarioOf(c, c.r.PathValue("scenario"))
	if err != nil {
		return err
	}
	body := scenarioSheet{Scenario: of, At: canon.At(p.Now())}
	if err := p.get(c, "/api/v1/cell", &body.Of); err != nil {
		return err
	}
	for _, terms := range of.Severities {
		now, err := p.explained(c, of.ID, string(terms.Severity))
		if err != nil {
			return err
		}
		body.Now = append(body.Now, now)
	}
	if sheet := c.r.URL.Query().Get("sheet"); isDigits(sheet) && !strings.HasPrefix(body.Of.Document.String(), sheet) {
		body.Stale = sheet
	}
	return p.show(c, "scenario", shown{Title: of.Title, Place: "scenarios", Body: body})
}

// explained is what a request of the reader would open, and who could approve it
// now.
func (p *pages) explained(c *call, scenario, severity string) (view.Explain, error) {
	var now view.Explain
	q := url.Values{"scenario": {scenario}, "severity": {severity}}
	err := p.get(c, "/api/v1/explain?"+q.Encode(), &now)
	return now, err
}

// isDigits tells whether a text is the digits of an id. Other text of an address is
// not shown: whoever sent a link would have us say it.
func isDigits(text string) bool {
	return len(text) >= 8 && len(text) <= 64 && strings.Trim(text, "0123456789abcdef") == ""
}
