package cell

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// RungSoonest is how soon a ladder may ask more people: earlier, those of the
// quorum have had no chance to answer.
const RungSoonest = canon.Seconds(60)

// checkLadder refuses a ladder that asks nobody, or that no request waits for.
func checkLadder(s *access.Scenario, g *Genesis, r *roster.Roster) error {
	switch {
	case len(s.Ladder) == 0:
		return nil
	case g.Rules < 2:
		return errors.New("ladder: needs rules 2")
	case len(s.Ladder) > access.RungsMost:
		return fmt.Errorf("ladder: must have at most %d rungs", access.RungsMost)
	}
	for i, rung := range s.Ladder {
		where := fmt.Sprintf("ladder[%d]", i)
		switch {
		case rung.After < RungSoonest || rung.After >= g.Pending:
			return fmt.Errorf("%s.after: must be 1 minute or more, and less than the %s that a request waits", where, g.Pending)
		case i > 0 && rung.After <= s.Ladder[i-1].After:
			return fmt.Errorf("%s.after: must be later than the rung before it", where)
		case rung.Solo != nil:
			if err := checkSolo(s, g, i); err != nil {
				return fmt.Errorf("%s.solo: %w", where, err)
			}
			continue
		case len(r.Members(rung.Widen)) == 0:
			return fmt.Errorf("%s.widen: %q names nobody", where, rung.Widen)
		}
		for j, leg := range rung.Legs {
			if !s.HasLeg(leg) || slices.Contains(rung.Legs[:j], leg) {
				return fmt.Errorf("%s.legs: %q must be the group of a leg, named once", where, leg)
			}
		}
	}
	return nil
}

// followAsk enqueues the rungs of the ladder that a new request may climb, and
// looks at the symptoms of its scenario.
func (w *World) followAsk(p place, r *access.Request) {
	w.look(p, r)
	for i, rung := range w.Scenarios[r.Scenario].Ladder {
		if rung.Solo != nil {
			if len(rung.Solo.For(r).Opens) == 0 {
				continue // nothing of what was asked for may be opened alone
			}
			w.followWait(p)
		}
		w.enqueue(p, Task{Kind: TaskRung, Target: strconv.Itoa(i + 1), Due: r.At.Add(rung.After.Duration())})
	}
}

// climb widens the legs of a request that still waits. While time is in doubt no
// ladder moves: the task stays, and is taken when time is trusted again.
func (w *World) climb(r *access.Request, task Task, c Command) ([]Event, *Refusal) {
	scenario, ok := w.Scenarios[r.Scenario]
	rung, err := strconv.Atoi(task.Target)
	switch {
	case w.Doubted:
		return nil, refuse(ClockInDoubt, "the ladder of request %s does not move while the clock is in doubt", r.ID.Short())
	case !ok || err != nil || w.Digests[r.Scenario] != r.ScenarioDigest:
		return nil, refuse(ScenarioChanged, "the scenario that request %s was signed for is no more", r.ID.Short())
	case r.State != access.Pending || !c.At.Before(r.Lapses) || r.Reached(rung):
		return nil, refuse(NotPending, "request %s waits for nobody on rung %d", r.ID.Short(), rung)
	}
	if solo := scenario.Solo(); solo != nil && rung == len(scenario.Ladder) {
		return []Event{&SoloOffered{Rung: rung, Offer: solo.For(r)}}, nil
	}
	widened, ok := scenario.Climb(rung, c.At)
	if !ok {
		return nil, refuse(ScenarioChanged, "the ladder has no rung %d", rung)
	}
	after := r.Clone()
	after.Widened = append(after.Widened, widened)
	return append([]Event{&LadderWidened{Widened: widened}}, w.filled(after, c.At)...), nil
}

// filled is the agreement on a request whose quorum is filled by who has signed
// already, now that they may sit elsewhere: nobody can sign twice.
func (w *World) filled(r *access.Request, at canon.Time) []Event {
	approvers := r.Approvers(w.counts)
	length, targets := r.Narrowed(w.counts)
	if len(targets) == 0 || !w.stands(r) || w.unbarred(r.Requester, r.Scenario, at) != nil || r.Quorum(w.Scenarios[r.Scenario].Severities[r.Severity]).Missing(approvers, w.admits(r)) != nil {
		return nil
	}
	return []Event{w.agree(r, approvers, access.Grant{From: at, Until: at.Add(length.Duration()), Targets: targets})}
}

// admits is who may sit where in the quorum of a request now.
func (w *World) admits(r *access.Request) access.Membership { return r.Admits(w.Roster.In) }
