package cli

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

type soloCommand struct {
	ID    string `arg:"" help:"Your request: its id, or the first 8 or more digits of it."`
	Login bool   `help:"Wait, and when it is open go on as halligan exec does."`
	Yes   bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `solo`.
func (soloCommand) Help() string {
	return `The last rung of some ladders lets whoever asked go in alone when nobody answered: for minutes, to the targets that the scenario lists for it, at its gravest severity. It takes a second signature, by a security key that verifies you, and every channel of the cell hears of it. It opens when a channel has taken that alarm, or a minute later, marked unheard. Any approver can still agree, say no, or stop it. Its review is owed first: until somebody else has signed that off, neither you nor anybody under the scenario goes in alone again.

It waits until it is open. halligan status says when the ladder comes so far. With --login exit code 7 says that it came to nothing.

Examples:

    halligan solo 5f0c1a2b
    halligan solo 5f0c1a2b --login`
}

// Run goes in alone.
func (s soloCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	id, err := m.id(s.ID)
	if err != nil {
		return err
	}
	r, err := m.follow(id, -1)
	if err != nil {
		return err
	}
	known, err := m.founding()
	if err != nil {
		return err
	}
	step, err := soloStep(known, r)
	if err != nil {
		return err
	}
	if s.Login && len(step.Opens) > 1 {
		return failf(exitUsage, "--login goes on to one target, and alone you get %s", both(step.Opens)).or("halligan exec %s TARGET for each, once it is open", r.Short)
	}
	c.toPeople(soloSheet(r, step))
	if err := c.confirm(s.Yes, "alone"); err != nil {
		return err
	}
	a, err := m.submit(&statement.Solo{Of: id}, nil)
	if err != nil {
		return err
	}
	return s.conclude(m, id, a)
}

// soloStep is what the scenario that was signed offers to a request. What may not
// be taken yet, or any more, is told before anything is signed.
func soloStep(known *scenarioBook, r view.Request) (access.SoloStep, error) {
	of, ok := known.Scenarios[r.Scenario]
	switch {
	case r.State != access.Pending:
		return access.SoloStep{}, failf(exitRefused, "request %s is %s: nobody goes in alone under it", r.Short, r.State).or("halligan status %s", r.Short)
	case !ok || of.Solo() == nil || len(of.Solo().For(&access.Request{Targets: r.Targets}).Opens) == 0:
		return access.SoloStep{}, failf(exitRefused, "nothing of request %s may be opened alone", r.Short).or("halligan explain %s says who can agree", r.Scenario)
	case r.Solo != nil && !r.Solo.Offered:
		return access.SoloStep{}, failf(exitRefused, "the ladder is not so far: %s", r.Solo.Text).or("halligan request --wait, or halligan status %s, says when it is", r.Short)
	}
	return of.Solo().For(&access.Request{Targets: r.Targets}), nil
}

// soloSheet is what a person reads before they go in alone.
func soloSheet(r view.Request, step access.SoloStep) string {
	s := new(sheet)
	s.say("You, %s, go in ALONE under %s (%s): nobody has agreed.", r.Requester, r.Short, r.Scenario)
	s.say("It opens %s, for %s at most, at %s.", both(step.Opens), step.Longest, step.RaiseTo)
	s.say("Every channel hears of it now. It opens when one has taken the alarm, or a minute later.")
	s.say("Its review comes first: somebody else reads what you did, and until they have signed it off nobody does this again.")
	if r.Solo != nil && r.Solo.Blocked != "" {
		s.say("As things stand it will be refused. %s", r.Solo.Blocked)
	}
	return s.String()
}

// conclude waits until it is open, or came to nothing.
func (s soloCommand) conclude(m *member, id canon.Digest, a answer) error {
	m.c.toPeople("\nSigned and recorded. Waiting for a channel to take the alarm.\n")
	final, err := m.wait(id, a.request())
	if err != nil {
		return err
	}
	if s.Login {
		return m.exec(id.String(), "", lending{})
	}
	use, err := m.useSheet(final)
	m.c.toPeople(use)
	if err != nil {
		return err
	}
	out := done{Request: id.String(), Entry: a.Entry, State: string(final.State), Known: final.Known}
	return m.c.answer(out, func() {})
}
