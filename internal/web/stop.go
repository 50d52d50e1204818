package web

import (
	"net/url"

	"github.com/halligan-dev/halligan/internal/statement"
)

// draftStop writes out the end of a grant, or of a request that waits.
func (p *pages) draftStop(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	note, text, err := c.note("why")
	if err != nil {
		return draft{}, err
	}
	return draft{
		Body: &statement.Stop{Of: id, Reason: note}, Notes: []sent{text},
		Done: "/requests/" + url.PathEscape(id.String()), Line: "halligan stop " + id.Short() + " --why \"…\"",
	}, nil
}
