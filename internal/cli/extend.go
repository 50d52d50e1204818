package cli

import (
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

type extendCommand struct {
	ID   string        `arg:"" help:"Your request: its id, or the first 8 or more digits of it."`
	For  time.Duration `required:"" help:"How much longer, from the last signature on." placeholder:"TIME"`
	Why  string        `required:"" help:"Why it takes longer. It is recorded, and approvers read it." placeholder:"TEXT"`
	Only []string      `help:"Keep this target only; once for each. The others begin to close when it is agreed." placeholder:"TARGET" sep:","`
	memberFlags
}

// Help is the long help of `extend`.
func (extendCommand) Help() string {
	return `While your grant is live. The same quorum decides anew, and no signature on the request counts for it: ask while there is time to wake people. Agreed, the window ends so long after the last signature; the scenario's longest window is the most that one extension gives, and twelve hours are the most that a grant lives. Credentials renew by themselves. Until then, and after a no, the grant goes on and ends as it would have. Asking again takes the place of what waits.

Approvers sign it with halligan approve and the id of the request.

Examples:

    halligan extend 5f0c1a2b --for 30m --why "the restore is at 60 percent"
    halligan extend 5f0c1a2b --for 30m --only db-1 --why "db-2 is done"`
}

// Run asks for more time.
func (e extendCommand) Run(c *call) error {
	why, text, err := c.note(e.Why, "--why")
	if err != nil {
		return err
	}
	length, err := span(e.For)
	if err != nil {
		return err
	}
	if length == 0 {
		return failf(exitUsage, "--for 0s asks for nothing").or("write it as 30m or 1h")
	}
	m, err := c.open(e.memberFlags)
	if err != nil {
		return err
	}
	id, err := m.id(e.ID)
	if err != nil {
		return err
	}
	body := &statement.Extend{Of: id, For: length, Targets: statement.SortTargets(e.Only), Why: why}
	a, err := m.submit(body, []client.Noted{text})
	if err != nil {
		return err
	}
	m.c.toPeople(longerSheet(a))
	return m.said(a, "Asked for")
}

// longerSheet says what an extension that was asked for waits for: the words that
// approvers will want to hear, which are those of the request, and who is missing.
func longerSheet(a answer) string {
	r := a.request()
	if r == nil {
		return ""
	}
	s := new(sheet)
	if words, err := wordsOf(r.ID, r.Salt); err == nil {
		s.say("Words: %s, which are those of the request.", words)
		s.say("Read them only to an approver who asks you for them.")
	}
	for _, e := range r.Extensions {
		if e.ID != a.Digest {
			continue
		}
		s.say("%s", e.Text)
		for _, leg := range e.Legs {
			if leg.Missing > 0 {
				s.say("  - %s", leg.Text)
			}
		}
	}
	s.say("Next: halligan status %s", r.Short)
	return s.String()
}
