package web

import "github.com/halligan-dev/halligan/internal/statement"

// alone is the page on which a requester whom nobody answered goes in alone, where
// the ladder offers it: what it gives, and what follows from it.
func (p *pages) alone(c *call) error { return p.act(c, "alone", "Go in alone") }

// draftSolo writes that out. What it gives was offered, and is not chosen here.
func (p *pages) draftSolo(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	return draft{Body: &statement.Solo{Of: id}, Done: requestPath(id), Line: "halligan solo " + id.Short()}, nil
}
