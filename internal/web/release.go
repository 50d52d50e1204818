package web

import (
	"net/url"

	"github.com/halligan-dev/halligan/internal/statement"
)

// draftRelease writes out that everything of a request is given back. The keys of
// the request sign it, where this browser has them.
func (p *pages) draftRelease(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	return draft{Body: &statement.Release{Of: id}, Done: "/requests/" + url.PathEscape(id.String()), Line: "halligan release " + id.Short()}, nil
}
