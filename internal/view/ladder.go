package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
)

// ladder says what a scenario's ladder does, a sentence for each rung.
func ladder(of *access.Scenario) []string {
	var rungs []string
	for _, rung := range of.Ladder {
		if solo := rung.Solo; solo != nil {
			rungs = append(rungs, fmt.Sprintf("After %s, whoever asked may go in alone, to %s for %s at most, at %s; every channel hears of it, and its review is owed before anybody does so again.",
				rung.After, both(solo.Opens), solo.Longest, solo.RaiseTo))
			continue
		}
		rungs = append(rungs, fmt.Sprintf("After %s, %s may sign%s.", rung.After, group(rung.Widen), inPlaceOf(rung.Legs)))
	}
	return rungs
}

// inPlaceOf is " in place of security", or nothing when every leg is meant.
func inPlaceOf(legs []string) string {
	if len(legs) == 0 {
		return " as well"
	}
	return " in place of " + either(groups(legs))
}

// rungSteps are the rungs that a waiting request has not reached.
func (s *state) rungSteps(r *access.Request) []Step {
	scenario, ok := s.Scenarios[r.Scenario]
	if !ok || s.Digests[r.Scenario] != r.ScenarioDigest {
		return nil
	}
	var steps []Step
	if solo := s.solo(r, s.at); solo != nil {
		steps = append(steps, Step{At: solo.At, Text: solo.Text})
	}
	for i, rung := range scenario.Ladder {
		due := r.At.Add(rung.After.Duration())
		switch {
		case r.Reached(i+1) || rung.Solo != nil:
		case s.doubted:
			steps = append(steps, Step{Text: fmt.Sprintf("The ladder waits while the clock is in doubt; then %s may sign%s.", group(rung.Widen), inPlaceOf(rung.Legs))})
		default:
			steps = append(steps, Step{At: due, Text: fmt.Sprintf("Unless it is agreed before, %s may sign%s.", group(rung.Widen), inPlaceOf(rung.Legs))})
		}
	}
	return steps
}
