package cli

import (
	"github.com/halligan-dev/halligan/client"
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

// Run watches.
func (w watchCommand) Run(c *call) error {
	m, err := c.open(w.memberFlags)
	if err != nil {
		return err
	}
	return m.way.client.Watch(c.ctx, -1, client.Watcher{
		Tell: func(e client.Event) error {
			if c.flags.JSON {
				return c.jsonLine(e)
			}
			c.say("%6d  %s  %s", e.Entry, clock(e.At, canon.At(c.now())), e.Sentence)
			return nil
		},
		Line: func(err error) {
			if err != nil {
				c.tell("%s does not answer (%v); trying again until it does; leave with Ctrl-C", m.anchor().Origin, innermost(err))
				return
			}
			c.tell("watching %s from now on; leave with Ctrl-C", m.anchor().Origin)
		},
	})
}
