package readiness

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// What a report is made of.
type (
	Report = view.ReadyReport
	Item   = view.ReadyItem
)

// How it stands, worst first.
const (
	Red       = view.LightRed
	Amber     = view.LightAmber
	NotLooked = view.LightNotLooked
	Green     = view.LightGreen
)

var order = []view.Light{Red, Amber, NotLooked, Green}

// Look is what a real look at something outside gave.
type Look struct {
	At   canon.Time
	Good bool
	Sure bool   // it answered, so that a bad answer is one; false: nobody knows
	Text string // what was seen, or why nothing was, as a sentence
}

// Looked is what a round of real looks at AWS gave. What is missing in it was not
// looked at.
type Looked struct {
	Issuers  map[string]Look    // URL → whether it shows the keys that the ledger names
	Roles    map[string]Look    // account/role → a session of it that read something
	Stoppers map[string]Look    // account → a session of the role that stops grants
	Accounts map[string]Account // account → what its reader saw
	Sets     map[string]Look    // scenario:target → what its permission set is
	Rules    map[string]Rules   // account → its rules of EventBridge
	Members  *Members
	Guards   *Guards
}

// Facts are what is known.
type Facts struct {
	At          canon.Time
	Coverage    []view.Coverage // of every quorum
	Leans       []view.Leans
	Findings    []view.Finding
	Heard       map[string]canon.Time // host → when it last reported; nil: nobody listened
	Took        map[string]canon.Time // channel → when it last took an alarm
	Certificate view.Certificate
	Witnessed   bool     // the cell has witnesses
	Issuers     []string // of tokens for AWS
	Readers     []string // AWS accounts that the server may read
	Cloud       view.Cloud
	Looked      Looked
}

// Of makes the report of a scenario, or of all of the cell where none is named.
func Of(f Facts, scenario string) Report {
	items := slices.Concat(f.quorums(), f.ladders(), f.hosts(), f.channels(), f.found(), f.quiet(), f.cloud(), f.organization(), f.sets(), f.unseen())
	r := Report{At: f.At, State: Green, Scenario: scenario, Counts: map[view.Light]int{}, Items: []Item{}}
	for _, item := range items {
		if scenario == "" || len(item.Scenarios) == 0 || slices.Contains(item.Scenarios, scenario) {
			r.Items = append(r.Items, item)
			r.Counts[item.State]++
		}
	}
	slices.SortStableFunc(r.Items, func(a, b Item) int { return slices.Index(order, a.State) - slices.Index(order, b.State) })
	switch {
	case r.Counts[Red] > 0:
		r.State = Red
	case r.Counts[Amber] > 0 || r.Counts[NotLooked] > 0:
		r.State = Amber
	}
	return r
}
