package web

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// draftFetch writes out that a link to the console of one target is fetched. The keys
// of the request sign it, where this browser has them; the link comes sealed to them.
func (p *pages) draftFetch(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	target := c.form.Get("target")
	if err := canon.CheckID(target); err != nil {
		return draft{}, invalid("target", "is not an id", "load the page again")
	}
	return draft{
		Body: &statement.Fetch{Of: id, Target: target, Console: true}, Done: requestPath(id), Line: "halligan console " + id.Short() + " " + target,
	}, nil
}
