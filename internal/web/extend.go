package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// extend is the page for asking for more time under one's own live grant.
func (p *pages) extend(c *call) error {
	r, err := p.subject(c)
	if err != nil {
		return err
	}
	body := struct {
		*requested
		Longest canon.Seconds // that one extension gives; 0 where it is not known
		Most    canon.Seconds // that the grant lives in all
		Codes   bool          // the reader may sign with a code
	}{requested: r, Most: access.WindowMost}
	if !r.Limited {
		of, err := p.signedFor(c, r)
		if err != nil {
			return err
		}
		body.Codes = c.me.Codes() && of.Codes
		if i := slices.IndexFunc(of.Severities, func(t view.Terms) bool { return t.Severity == r.Severity }); i >= 0 {
			body.Longest = of.Severities[i].Longest
		}
	}
	return p.show(c, "extend", shown{Title: "More time: " + cmp.Or(r.Title, r.Scenario), Place: "requests", Body: body})
}

// draftExtend writes that out.
func (p *pages) draftExtend(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	minutes, err := strconv.ParseInt(strings.TrimSpace(c.form.Get("minutes")), 10, 16)
	if err != nil || minutes < 1 {
		return draft{}, invalid("minutes", "is not a number of minutes", "write 30")
	}
	only := c.form["only"]
	if c.form.Has("choose") && len(only) == 0 {
		return draft{}, invalid("only", "names no target", "leave at least one of them chosen")
	}
	if len(only) > 0 && len(only) == len(c.form["held"]) {
		only = nil // all that is open then
	}
	why, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	line := fmt.Sprintf("halligan extend %s --for %dm", id.Short(), minutes)
	for _, target := range only {
		if canon.CheckID(target) != nil {
			return draft{}, invalid("only", "names what is no target", "load the page again")
		}
		line += " --only " + target
	}
	return draft{
		Body:  &statement.Extend{Of: id, For: canon.Seconds(60 * minutes), Targets: statement.SortTargets(only), Why: why},
		Notes: []sent{text}, Done: requestPath(id), Line: line + ` --why "…"`,
	}, nil
}
