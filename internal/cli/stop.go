package cli

import (
	"errors"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

type stopCommand struct {
	ID  string `arg:"" help:"The request: its id, or the first 8 or more digits of it."`
	Why string `help:"Why, which is needed. It is recorded, and everybody is told." placeholder:"TEXT"`
	memberFlags
}

// Help is the long help of `stop`.
func (stopCommand) Help() string {
	return `The requester, any approver of the scenario, and security may stop a grant, or a request that waits. Nothing is asked again: it happens now. Renewal ends at once; each target is closing until its end is proved. A quorum may agree anew.

When the server cannot be reached and it must end now, end it at each host, as root: mv /etc/halligan-host/principals /etc/halligan-host/principals.off lets nobody in any more, and pkill -KILL -u ACCOUNT ends who is in. Stop the grant all the same when the server is back, and move the file back then.

Examples:

    halligan stop 5f0c1a2b --why "deletes that nobody announced"`
}

// Run stops.
func (s stopCommand) Run(c *call) error {
	if s.Why == "" {
		var err error
		if s.Why, err = c.ask("Why? One sentence, which is recorded and told to everybody: "); err != nil && !errors.Is(err, errNobody) {
			return err
		}
		if s.Why == "" {
			return failf(exitUsage, "missing flags: --why=TEXT").or("halligan stop %s --why \"what is wrong\"", s.ID)
		}
	}
	note, text, err := c.note(s.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	id, err := m.id(s.ID)
	if err != nil {
		return byHand(err)
	}
	return byHand(m.act(&statement.Stop{Of: id, Reason: note}, []client.Noted{text}, "Stopped"))
}

// byHand says what still works when the server cannot be reached.
func byHand(err error) error {
	if f := new(failure); errors.Is(err, client.ErrUnreachable) {
		*f = *classify(err)
		return f.or("if it must end now, end it at the host: halligan stop --help says how; else try again")
	}
	return err
}
