package cli

import (
	"os"

	"github.com/halligan-dev/halligan/internal/demo"
)

type demoCommand struct {
	Keep bool `help:"Leave the server running until it is interrupted."`
}

// Help is shown by --help.
func (c *demoCommand) Help() string {
	return `Plays one emergency on this machine in a temporary folder, with real processes,
keys and signatures, and a real sshd where one is installed and you are root: from
the request over two signatures and a login to the proved end and a verified
ledger. It takes about a minute and changes nothing outside its folders.

Examples:

    halligan demo`
}

// Run plays.
func (c *demoCommand) Run(on *call) error {
	program, err := os.Executable()
	if err != nil {
		return because(exitInternal, err, "cannot find this program")
	}
	if err := demo.Run(on.ctx, demo.Options{Program: program, Out: on.out, Keep: c.Keep}); err != nil {
		return because(exitInternal, err, "the demo did not go as it must")
	}
	return nil
}
