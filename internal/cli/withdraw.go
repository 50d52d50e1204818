package cli

import (
	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

type withdrawCommand struct {
	ID string `arg:"" help:"Your request: its id, or the first 8 or more digits of it."`
	memberFlags
}

// Help is the long help of `withdraw`.
func (withdrawCommand) Help() string {
	return `Only while it waits; what is granted is given back with halligan release.

Examples:

    halligan withdraw 5f0c1a2b`
}

// Run withdraws.
func (w withdrawCommand) Run(c *call) error {
	m, err := c.open(w.memberFlags)
	if err != nil {
		return err
	}
	id, err := m.id(w.ID)
	if err != nil {
		return err
	}
	return m.act(&statement.Withdraw{Of: id}, nil, "Withdrawn")
}

// done is what a statement became, as JSON.
type done struct {
	Request string `json:"request"`
	Entry   int64  `json:"entry"`
	State   string `json:"state,omitempty"`
	Known   string `json:"known,omitempty"`
}

// act signs and submits a statement about a request, and says what it became.
func (m *member) act(body statement.Body, notes []client.Noted, did string) error {
	a, err := m.submit(body, notes)
	if err != nil {
		return err
	}
	return m.said(a, did)
}

// said says what a statement became.
func (m *member) said(a answer, did string) error {
	out := done{Entry: a.Entry}
	r := a.request()
	if r != nil {
		out.Request, out.State, out.Known = r.ID.String(), string(r.State), r.Known
	}
	return m.c.answer(out, func() {
		m.c.say("%s and recorded as entry %d.", did, a.Entry)
		if r != nil && r.Known != "" {
			m.c.say("Now: %s", sentence(r.Known))
			for _, other := range r.StopsToo {
				m.c.say("%s", other)
			}
		}
	})
}
