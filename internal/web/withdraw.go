package web

import "github.com/halligan-dev/halligan/internal/statement"

// withdraw is the page for taking one's own request back while it waits.
func (p *pages) withdraw(c *call) error { return p.act(c, "withdraw", "Withdraw") }

// draftWithdraw writes that out.
func (p *pages) draftWithdraw(c *call) (draft, error) {
	id, err := c.of()
	if err != nil {
		return draft{}, err
	}
	return draft{Body: &statement.Withdraw{Of: id}, Done: requestPath(id), Line: "halligan withdraw " + id.Short()}, nil
}
