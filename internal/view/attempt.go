package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// AttemptOf says what attempts in vain were.
type AttemptOf string

// What attempts were.
const (
	// AttemptForged: a signature named a key of the person and was not by it, or a
	// code was not of the device that it named.
	AttemptForged AttemptOf = "forged"
	// AttemptRefused: the person signed, and a rule said no.
	AttemptRefused AttemptOf = "refused"
	// AttemptStranger: nobody was named, or nobody of the cell.
	AttemptStranger AttemptOf = "stranger"
)

// Attempts are what came to nothing of one person, or from one network of
// strangers, without an hour of quiet between two of them.
type Attempts struct {
	Of     AttemptOf
	Person string // empty for strangers
	Count  int64
	What   map[string]int64 // what it would have been: session, decision, other
	From   map[string]int64 // network → attempts; not all that there were
	First  canon.Time
	Last   canon.Time
}

// Attempts become something that people should look at from so many on. Nobody
// mistypes a signature: a handful is somebody's doing. Strangers knock at every
// door of the Internet.
const (
	attemptsOften   = 5
	strangersOften  = 200
	placesNamed     = 3
	attemptFindings = 20
)

// Often tells whether they are a finding.
func (a Attempts) Often() bool {
	if a.Of == AttemptStranger {
		return a.Count >= strangersOften
	}
	return a.Count >= attemptsOften
}

// Tried are the findings of attempts, the most of them first. A person hears of
// their own; security of all.
func (c *Cell) Tried(viewer string, all []Attempts, at Instant) []Finding {
	security := c.Security(viewer)
	shown := slices.DeleteFunc(slices.Clone(all), func(a Attempts) bool {
		return !a.Often() || !security && (a.Person == "" || a.Person != viewer)
	})
	slices.SortFunc(shown, func(a, b Attempts) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Of, b.Of), a.First.Std().Compare(b.First.Std()))
	})
	var found []Finding
	for _, a := range shown[:min(len(shown), attemptFindings)] {
		found = append(found, a.finding(at.Now))
	}
	return found
}

func (a Attempts) finding(now canon.Time) Finding {
	found := Finding{Kind: FindingTried, Since: a.First}
	what := make([]string, 0, len(a.What))
	for _, kind := range slices.Sorted(maps.Keys(a.What)) {
		what = append(what, fmt.Sprintf("%d of kind %s", a.What[kind], kind))
	}
	times := fmt.Sprintf("since %s, the last at %s", clock(a.First, now), clock(a.Last, now))
	switch a.Of {
	case AttemptForged:
		found.Text = fmt.Sprintf("%d signatures or codes named a key of %s and are not by it, %s: %s. Nothing of them was taken.", a.Count, a.Person, times, both(what))
	case AttemptRefused:
		found.Text = fmt.Sprintf("%s was refused %d times, %s: %s.", a.Person, a.Count, times, both(what))
	default:
		found.Text = fmt.Sprintf("%d attempts came from strangers, %s.", a.Count, times)
	}
	found.Text += " " + a.places()
	return found
}

// places says where they came from, the most of them first.
func (a Attempts) places() string {
	from := slices.SortedFunc(maps.Keys(a.From), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.From[y], a.From[x]), cmp.Compare(x, y))
	})
	named := from[:min(len(from), placesNamed)]
	said := make([]string, 0, len(named)+1)
	rest := a.Count
	for _, place := range named {
		said = append(said, fmt.Sprintf("%s (%d)", place, a.From[place]))
		rest -= a.From[place]
	}
	if rest > 0 {
		said = append(said, fmt.Sprintf("elsewhere (%d)", rest))
	}
	return "They came from " + both(said) + "."
}
