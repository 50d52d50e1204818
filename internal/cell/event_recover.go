package cell

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Events of a recovery.
type (
	// RecoveryAgreed: the recovery quorum is filled. The document is in force when
	// the notice is over, unless two people cancel it.
	RecoveryAgreed struct {
		Change  canon.Digest   `json:"change"`
		Until   canon.Time     `json:"until"`
		Removes []string       `json:"removes,omitempty"` // people
		Loses   []roster.Owned `json:"loses,omitempty"`   // keys of those who stay
		Adds    []roster.Owned `json:"adds,omitempty"`    // keys
	}
	// RecoveryWaits: another day of it is over.
	RecoveryWaits struct {
		Change canon.Digest `json:"change"`
		Until  canon.Time   `json:"until"`
	}
	// RecoveryOver: it came to nothing: cancelled by two, or void, because another
	// document is in force or who agreed to it does not count any more.
	RecoveryOver struct {
		Change canon.Digest `json:"change"`
		State  ChangeState  `json:"state"`
	}
)

func (*RecoveryAgreed) event() string { return "recovery-agreed" }
func (*RecoveryWaits) event() string  { return "recovery-waits" }
func (*RecoveryOver) event() string   { return "recovery-over" }

// followRecovery has a recovery looked at each day, and when its notice is over;
// then, or when it came to nothing, it waits for nothing any more.
func (w *World) followRecovery(p place, e Event) {
	of, until := TargetOf(e), canon.Time{}
	switch e := e.(type) {
	case *ChangeOver:
		of = e.Change.String()
	case *RecoveryAgreed:
		until = e.Until
	case *RecoveryWaits:
		until = e.Until
	case *RecoveryOver:
	default:
		return
	}
	w.finish(p.stream, func(t Task) bool { return (t.Kind == TaskLapse || t.Kind == TaskRecover) && t.Target == of })
	if until.IsZero() {
		return
	}
	due := p.at.Add(RemindEvery.Duration())
	switch {
	case until.After(p.at):
		due = canon.Earlier(due, until)
	case !w.Doubted: // the notice is over, and a key that agreed is suspended
		due = p.at.Add(SuspendedFor.Duration())
	}
	w.enqueue(p, Task{Kind: TaskRecover, Target: of, Due: due})
}
