package web

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// attest is the page on which a person says, on their own observation, that nothing
// is left of what was opened at a target that cannot prove it.
func (p *pages) attest(c *call) error { return p.act(c, "attest", "Attest an end") }

// draftAttest writes that out.
func (p *pages) draftAttest(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	target := c.form.Get("target")
	if canon.CheckID(target) != nil {
		return draft{}, invalid("target", "is not chosen", "choose the one that you looked at")
	}
	note, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	return draft{
		Body: &statement.Attest{Of: id, Target: target, Note: note}, Notes: []sent{text}, Done: requestPath(id),
		Line: "halligan attest " + id.Short() + " " + target + ` --why "…"`,
	}, nil
}
