package cli

import (
	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
)

type watchCommand struct{ memberFlags }

// Help is the long help of `watch`.
func (watchCommand) Help() string {
	return `One line for each entry that you may see, as it is recorded, until you interrupt it. With --json one object on each line. After a broken connection it goes on where it was.

Examples:

    halligan watch
    halligan watch --json`
}

// glimpse is one entry as it comes.
type glimpse struct {
	Entry    int64      `json:"entry"`
	At       canon.Time `json:"at"`
	Stream   string     `json:"stream"`
	Events   []string   `json:"events"`
	Sentence string     `json:"sentence"`
}

// Run watches.
func (w watchCommand) Run(c *call) error {
	m, err := c.open(w.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	return m.watch(func(data []byte) error {
		var g glimpse
		if err := json.Unmarshal(data, &g); err != nil {
			return because(exitInternal, err, "cannot read what the server tells")
		}
		if c.flags.JSON {
			return c.jsonLine(g)
		}
		c.say("%6d  %s  %s", g.Entry, clock(g.At, now), g.Sentence)
		return nil
	})
}
