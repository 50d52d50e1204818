package cli

import (
	"cmp"
	"errors"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

type stopCommand struct {
	ID  string `arg:"" optional:"" help:"The request: its id, or the first 8 or more digits of it."`
	All bool   `help:"Every live grant that you may stop, each by a signature of its own."`
	Why string `help:"Why, which is needed. It is recorded, and everybody is told." placeholder:"TEXT"`
	Yes bool   `help:"With --all: do not ask again before signing."`
	memberFlags
}

// Help is the long help of `stop`.
func (stopCommand) Help() string {
	return `The requester, any approver of the scenario, and security may stop a grant, or a request that waits. Nothing is asked again: it happens now. Renewal ends at once; each target is closing until its end is proved. A quorum may agree anew.

When the server cannot be reached and it must end now, end it at each host, as root: mv /etc/halligan-host/principals /etc/halligan-host/principals.off lets nobody in any more, and pkill -KILL -u ACCOUNT ends who is in. Stop the grant all the same when the server is back, and move the file back then.

Examples:

    halligan stop 5f0c1a2b --why "deletes that nobody announced"
    halligan stop --all --why "a key of ours is out"`
}

// Run stops.
func (s stopCommand) Run(c *call) error {
	if s.All == (s.ID != "") {
		return failf(exitUsage, "stop takes the id of one request, or --all").or("halligan status lists what is live")
	}
	if s.Why == "" {
		var err error
		if s.Why, err = c.ask("Why? One sentence, which is recorded and told to everybody: "); err != nil && !errors.Is(err, errNobody) {
			return err
		}
		if s.Why == "" {
			return failf(exitUsage, "missing flags: --why=TEXT").or("halligan stop %s --why \"what is wrong\"", cmp.Or(s.ID, "--all"))
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
	if s.All {
		return byHand(s.everything(m))
	}
	id, err := m.id(s.ID)
	if err != nil {
		return byHand(err)
	}
	return byHand(m.act(&statement.Stop{Of: id, Reason: note}, []client.Noted{text}, "Stopped"))
}

// ended is what became of one grant of several.
type ended struct {
	Request canon.Digest `json:"request"`
	Entry   int64        `json:"entry,omitzero"`
	Error   string       `json:"error,omitempty"` // it was not stopped
}

// everything stops each live grant that the member may stop. One that cannot be
// stopped keeps none of the others going.
func (s stopCommand) everything(m *member) error {
	now, err := readAs[view.Now](m, "now")
	if err != nil {
		return err
	}
	live := now.Stoppable()
	others := len(now.Live) - len(live)
	if others > 0 {
		m.c.tell("Live besides, and for others to stop: %s.", count(others, "grant"))
	}
	for _, r := range live {
		m.c.tell("  %s  %s  %s: %s", r.Short, r.Requester, r.Scenario, r.Known)
		for _, other := range r.StopsToo {
			m.c.tell("    %s", other)
		}
	}
	if len(live) > 0 {
		if err := m.c.confirm(s.Yes, "stop"); err != nil {
			return err
		}
	}
	all, failed := make([]ended, 0, len(live)), []error(nil)
	for _, r := range live {
		one := ended{Request: r.ID}
		note, text, err := client.NewNoted(s.Why)
		if err == nil {
			var a answer
			a, err = m.send(order{body: &statement.Stop{Of: r.ID, Reason: note}, notes: []client.Noted{text}})
			one.Entry = a.Entry
		}
		if err != nil {
			one.Error, failed = classify(err).Error(), append(failed, err)
			m.c.tell("%s was not stopped: %s", r.Short, one.Error)
		}
		all = append(all, one)
	}
	err = m.c.answer(all, func() {
		if len(live) == 0 {
			m.c.say("Nothing is live that you may stop.")
			return
		}
		m.c.say("Stopped: %s. Each target is closing until its end is proved.", count(len(live)-len(failed), "grant"))
	})
	if len(failed) > 0 {
		last := failed[len(failed)-1]
		return because(classify(last).code, last, "%s could not be stopped", count(len(failed), "grant")).or("halligan status shows what is live still; one that ended meanwhile needs nothing more")
	}
	return err
}

// byHand says what still works when the server cannot be reached.
func byHand(err error) error {
	if f := new(failure); errors.Is(err, client.ErrUnreachable) {
		*f = *classify(err)
		return f.or("if it must end now, end it at the host: halligan stop --help says how; else try again")
	}
	return err
}
