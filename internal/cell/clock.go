package cell

import (
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// ClockStep is how far, in milliseconds, the wall clock may leave the monotonic
// one before time is in doubt, and how far the clocks of witnesses may be from it
// to speak for it.
const ClockStep = int64(30_000)

// clockSources is how many witnesses end the doubt.
const clockSources = 2

// rulesBehind are the first rules by which people whose clocks are behind
// recorded time may act: a server that was started ahead of time and set back
// goes on in recorded time, which never goes back, and waits for nobody.
const rulesBehind = 2

// Events of the clock.
type (
	// ClockDoubted: the wall clock left the monotonic one behind or ahead.
	ClockDoubted struct {
		Step int64 `json:"step"` // milliseconds; positive is ahead
	}
	// ClockTrusted: the two agree again, or differ by no more than was agreed.
	ClockTrusted struct {
		Step int64 `json:"step,omitzero"` // that is still between them
	}
	// ClockAgreed: others say that the wall clock is right. Recorded time that was
	// behind it follows; recorded time that is ahead goes on, and the step is known.
	ClockAgreed struct {
		Step      int64    `json:"step"`
		By        []string `json:"by,omitempty"`        // people of the change quorum
		Witnesses []string `json:"witnesses,omitempty"` // or whose cosignatures bear its time
	}
)

func (*ClockDoubted) event() string { return "clock-doubted" }
func (*ClockTrusted) event() string { return "clock-trusted" }
func (*ClockAgreed) event() string  { return "clock-agreed" }

func decideClock(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	return w.propose(Change{Step: s.Statement.Body.(*statement.Clock).Step}, s, c)
}

// clock takes how far the wall clock has left the monotonic one.
func (w *World) clock(c Command) (Outcome, *Refusal) {
	step := c.Observed.Step
	doubted := step > ClockStep || step < w.Agreed-ClockStep
	switch {
	case c.Observed.Cosigned != "":
		return w.timed(c)
	case doubted && (!w.Doubted || w.moved(step)):
		return Outcome{StreamCell, []Event{&ClockDoubted{Step: step}}}, nil
	case !doubted && (w.Doubted || w.Agreed != 0 && w.moved(step)):
		trusted := &ClockTrusted{}
		if w.Rules >= rulesBehind && step < -ClockStep {
			trusted.Step = step
		}
		return Outcome{StreamCell, []Event{trusted}}, nil
	}
	return Outcome{}, refuse(ClockUnknown, "that is known")
}

// timed takes cosignatures for what the time is: those of two witnesses, made
// after the clock left, by whose clocks ours is right.
func (w *World) timed(c Command) (Outcome, *Refusal) {
	if !w.Doubted {
		return Outcome{}, refuse(NothingNew, "the clock is not in doubt")
	}
	_, found, refusal := w.witnessed(c.Observed.Cosigned, w.last(StreamCell))
	if refusal != nil {
		return Outcome{}, refusal
	}
	wall := c.At.Add(time.Duration(c.Observed.Step) * time.Millisecond)
	var agree []string
	for _, by := range found.By {
		if off := wall.Sub(by.At).Milliseconds(); off <= ClockStep && off >= -ClockStep {
			agree = append(agree, by.Witness)
		}
	}
	if len(agree) < clockSources {
		return Outcome{}, refuse(ClockInDoubt, "%d witnesses have the time that our clock has; %d must", len(agree), clockSources)
	}
	return Outcome{StreamCell, []Event{&ClockAgreed{Step: c.Observed.Step, Witnesses: agree}}}, nil
}

// clockFits refuses to agree on a step that the clock did not make.
func (w *World) clockFits(step int64) *Refusal {
	if off := step - w.Stepped; !w.Doubted || off > ClockStep || off < -ClockStep {
		return refuse(ClockUnknown, "the clock is not in doubt by %s", time.Duration(step)*time.Millisecond)
	}
	return nil
}

// applyClock moves on what is known of the clock.
func (w *World) applyClock(p place, e Event) {
	switch e := e.(type) {
	case *ClockDoubted:
		if !w.Doubted { // what was over before the clock left
			w.forgetCooled(e.Left(p.at))
		}
		w.Doubted, w.Stepped, w.Behind = true, e.Step, w.behind(e.Step)
	case *ClockTrusted:
		w.Doubted, w.Stepped, w.Behind, w.Agreed = false, 0, w.behind(e.Step), e.Step
	case *ClockAgreed:
		w.Doubted, w.Stepped, w.Behind, w.Agreed = false, 0, w.behind(e.Step), min(0, e.Step)
	}
}

// Left is when the clock left its measure, recorded at an instant: as far back
// as it stepped ahead.
func (e *ClockDoubted) Left(at canon.Time) canon.Time {
	return at.Add(-time.Duration(min(max(0, e.Step), statement.StepMost)) * time.Millisecond)
}

// behind is how far people's clocks are behind recorded time by a step of the
// wall clock, which goes as theirs do.
func (w *World) behind(step int64) int64 {
	if w.Rules < rulesBehind || step >= 0 {
		return 0
	}
	return -max(step, -statement.StepMost)
}

// moved tells whether a clock was set again that is in doubt, or agreed to be
// behind.
func (w *World) moved(step int64) bool {
	by := step - w.Agreed
	if w.Doubted {
		by = step - w.Stepped
	}
	return w.Rules >= rulesBehind && (by > ClockStep || by < -ClockStep)
}

// Asks tells whether a change asks that the clock be trusted.
func (c *Change) Asks() bool { return c.Step != 0 }

// agreedBy is the clock that people agreed on, in their order.
func agreedBy(step int64, people []string) *ClockAgreed {
	return &ClockAgreed{Step: step, By: slices.Clone(people)}
}
