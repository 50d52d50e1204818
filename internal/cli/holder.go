package cli

import (
	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

// holderCommand is about the keys that are made for one request.
type holderCommand struct {
	New holderNewCommand `cmd:"" help:"Make the keys of one request, keep them here, and print the line that the page asks for."`
}

type holderNewCommand struct{ profileFlags }

// Help is the long help of `holder new`.
func (holderNewCommand) Help() string {
	return `Each request names two public keys that were made for it, and only the machine with their private halves can use what it opens. halligan request makes them by itself. Whoever asks in a browser makes them here, and pastes the line into the page: then halligan exec, credential, envelope open and release work on this machine for that request, as if it had been asked for here.

Nothing in the line is secret. Make new keys for each request. It asks no server, and no key of yours.

Examples:

    halligan holder new
    halligan holder new | wl-copy`
}

// madeHolder is what was made, as JSON. It holds no secret.
type madeHolder struct {
	Line string `json:"line"`
	statement.Holder
}

// Run makes keys.
func (n holderNewCommand) Run(c *call) error {
	m, err := c.reader(n.profileFlags)
	if err != nil {
		return err
	}
	keys, err := client.NewHolder()
	if err != nil {
		return because(exitInternal, err, "cannot make keys for the request")
	}
	public, err := client.SaveMade(m.way.client.Folder(), keys)
	if err != nil {
		return because(exitInternal, err, "")
	}
	made := madeHolder{Line: public.Line(), Holder: public}
	return c.answer(made, func() {
		c.tell("Paste this line into the page where you ask. The private halves stay on this machine, and what the request opens is used here.")
		c.say("%s", made.Line)
	})
}
