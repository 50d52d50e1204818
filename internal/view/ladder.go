package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
)

// ladder says what a scenario's ladder does, a sentence for each rung.
func ladder(of *access.Scenario) []string {
	var rungs []string
	for _, rung := range of.Ladder {
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
	for i, rung := range scenario.Ladder {
		due := r.At.Add(rung.After.Duration())
		switch {
		case r.Reached(i + 1):
		case s.doubted:
			steps = append(steps, Step{Text: fmt.Sprintf("The ladder waits while the clock is in doubt; then %s may sign%s.", group(rung.Widen), inPlaceOf(rung.Legs))})
		default:
			steps = append(steps, Step{At: due, Text: fmt.Sprintf("Unless it is agreed before, %s may sign%s.", group(rung.Widen), inPlaceOf(rung.Legs))})
		}
	}
	return steps
}
