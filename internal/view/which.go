package view

import (
	"slices"
	"strings"
)

// Exclusion is something under which a scenario is no emergency.
type Exclusion struct {
	What string
	Way  string // the other way; "" where none is named
	// Scenario is the id of the scenario that is the other way; "" for a way
	// that is none. It need not be there.
	Scenario string
}

// ExclusionOf reads one line of a scenario's do_not_use_when: "what → the other
// way", where the other way may be "scenario ID".
func ExclusionOf(text string) Exclusion {
	for _, arrow := range []string{" → ", " -> "} {
		if what, way, ok := strings.Cut(text, arrow); ok {
			way = strings.TrimSpace(way)
			id, _ := strings.CutPrefix(way, "scenario ")
			if id == way {
				id = ""
			}
			return Exclusion{What: what, Way: way, Scenario: id}
		}
	}
	return Exclusion{What: text}
}

// Fitting are the scenarios that words about what broke fit best, in the order
// given; all of them for no words, none when no word is in any. A word counts for
// more in a title than among the criteria, and for less the more scenarios have it.
func Fitting(all []Scenario, words string) []Scenario {
	if i := slices.IndexFunc(all, func(s Scenario) bool { return s.ID == words }); i >= 0 {
		return all[i : i+1]
	}
	if words == "" {
		return all
	}
	const whole = 5040 // shared by the scenarios that have a word
	scores := make([]int, len(all))
	for _, word := range strings.Fields(strings.ToLower(words)) {
		has := make([]int, len(all))
		n := 0
		for i, each := range all {
			switch {
			case strings.Contains(strings.ToLower(each.ID+" "+each.Title), word):
				has[i] = 2
			case strings.Contains(strings.ToLower(strings.Join(each.UseWhen, " ")), word):
				has[i] = 1
			}
			n += min(has[i], 1)
		}
		for i := range scores {
			scores[i] += has[i] * whole / max(n, 1)
		}
	}
	var best []Scenario
	for i, each := range all {
		if scores[i] > 0 && scores[i] == slices.Max(scores) {
			best = append(best, each)
		}
	}
	return best
}
