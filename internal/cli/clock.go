package cli

import (
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// clockCommand is about a doubt over what time it is.
type clockCommand struct {
	Propose clockProposeCommand `cmd:"" help:"Propose that the server's clock is right although it left its own measure."`
}

type clockProposeCommand struct {
	Why string `required:"" help:"What happened to the clock. The change quorum reads it." placeholder:"TEXT"`
	memberFlags
}

// Help is the long help of `clock propose`.
func (clockProposeCommand) Help() string {
	return `A server whose clock leaves the machine's own measure by over 30 seconds doubts it: nothing is granted for longer than the shortest window, no ladder moves, no cool-off ends. That ends by itself when both agree again, or when two witnesses have the server's time. Otherwise the change quorum says that the clock is right; you are the first to sign, the others use halligan change sign. Look at a clock that is not the server's first: what you sign is that the server's shows the true time.

Examples:

    halligan clock propose --why "the machine was suspended for an hour; its clock agrees with two others"`
}

// clockOff is how far the proposer's own clock may be from the server's.
const clockOff = 30 * time.Second

// Run proposes.
func (p clockProposeCommand) Run(c *call) error {
	note, text, err := c.note(p.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(p.memberFlags)
	if err != nil {
		return err
	}
	now, err := readAs[view.Now](m, "now")
	if err != nil {
		return err
	}
	if !now.Doubted {
		return failf(exitRefused, "the clock of %s is not in doubt", now.Cell).or("halligan status says when it is")
	}
	if off := now.Wall.Sub(canon.At(c.now())); off > clockOff || off < -clockOff {
		return failf(exitRefused, "cannot propose to trust the server's clock: it shows %s, and this machine's %s", now.Wall, canon.At(c.now())).
			or("set the clock that is wrong; when both agree with a third one, propose again")
	}
	a, err := m.submit(&statement.Clock{Step: now.Step, Reason: note}, []client.Noted{text})
	if err != nil {
		return err
	}
	return m.proposed(a, "change")
}

// clockSheet says what agreeing to a clock means.
func (p *proof) clockSheet(s *sheet, change *cell.Change) {
	step, way := time.Duration(change.Step)*time.Millisecond, "ahead of"
	if step < 0 {
		step, way = -step, "behind"
	}
	s.say("%s proposes to trust the server's clock, which is %s %s its own measure.", change.Proposer, step, way)
	if change.Step > 0 {
		s.say("Recorded time goes ahead by that: what would be over by then is over at once.")
	} else {
		s.say("Recorded time does not go back. Certificates bear recorded time: hosts whose clocks are right take new ones only when that time has come.")
	}
	s.say("Sign only after you compared the server's clock with one that is not the server's.")
}
