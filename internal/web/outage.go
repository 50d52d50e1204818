package web

import "github.com/halligan-dev/halligan/internal/statement"

// outage is the page on which a custodian who does not ask says that an emergency is
// real. They need not be allowed to see the request.
func (p *pages) outage(c *call) error { return p.act(c, "outage", "Say that it is real") }

// draftOutage writes that out.
func (p *pages) draftOutage(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	note, text, err := c.note("saw")
	if err != nil {
		return draft{}, err
	}
	return draft{Body: &statement.WitnessedOutage{Of: id, Note: note}, Notes: []sent{text}, Done: requestPath(id), Line: "halligan outage " + id.Short() + ` --saw "…"`}, nil
}
