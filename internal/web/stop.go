package web

import (
	"cmp"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// stop is the page for ending one grant, or a request that waits.
func (p *pages) stop(c *call) error { return p.act(c, "stop", "Stop") }

// stopAll is the page for ending every grant that the reader may end. Each is a
// signature of its own: there is no statement that ends several.
func (p *pages) stopAll(c *call) error {
	var now view.Now
	if err := p.get(c, "/api/v1/now", &now); err != nil {
		return err
	}
	live := now.Stoppable()
	others := len(now.Live) - len(live)
	return p.show(c, "stop_all", shown{Title: "Stop everything", Body: struct {
		Live   []view.Request
		Others int // that only others may stop
	}{live, others}})
}

// act is a page on which one thing about one request is signed.
func (p *pages) act(c *call, sheet, title string) error {
	r, err := p.subject(c)
	if err != nil {
		return err
	}
	return p.show(c, sheet, shown{Title: title + ": " + cmp.Or(r.Title, r.Scenario), Place: "requests", Body: r})
}

// draftStop writes out the end of a grant, or of a request that waits. A form that
// lists several is signed one by one; where no script does that, there is a command
// for each.
func (p *pages) draftStop(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	note, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	var lines []string
	for _, each := range c.form["of"] {
		of, err := canon.ParseDigest(each)
		if err != nil {
			return draft{}, invalid("of", "is not a whole id", "load the page again")
		}
		lines = append(lines, "halligan stop "+of.Short()+` --why "…"`)
	}
	return draft{Body: &statement.Stop{Of: id, Reason: note}, Notes: []sent{text}, Done: requestPath(id), Line: strings.Join(lines, "\n")}, nil
}
