package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Leg is one part of a quorum and who fills it. Legs of one group are shown as
// one: they mean the same.
type Leg struct {
	From      string   `json:"from"` // group reference
	Count     int      `json:"count"`
	Filled    []string `json:"filled,omitempty"`     // people who sit here
	Missing   int      `json:"missing,omitzero"`     // places still empty
	CouldFill []string `json:"could_fill,omitempty"` // whose yes would fill a place now, the seated moving along
	Text      string   `json:"text"`
}

// ballot is a quorum, who agreed so far, and who may still agree.
type ballot struct {
	quorum access.Quorum // legs of one group are one
	agreed []string
	may    func(person string) bool
	in     access.Membership
	also   []string // groups that the ladder has added
}

// missing is group reference → places still empty, with some more people.
func (b ballot) missing(more ...string) (left map[string]int, total int) {
	left = map[string]int{}
	for _, leg := range b.quorum.Missing(append(slices.Clone(b.agreed), more...), b.in) {
		left[leg.From] += leg.Count
		total += leg.Count
	}
	return left, total
}

// helps tells whether a person's yes would fill a place.
func (b ballot) helps(person string) bool {
	_, before := b.missing()
	_, helps := b.with(person, before)
	return helps
}

// with is what would be missing with a person's yes too, and whether that would be
// less than the places that are missing now.
func (b ballot) with(person string, places int) (left map[string]int, helps bool) {
	if places == 0 || slices.Contains(b.agreed, person) || !b.may(person) {
		return nil, false
	}
	left, total := b.missing(person)
	return left, total < places
}

// legs shows the ballot, with the people that could fill what is missing among
// the candidates.
func (b ballot) legs(candidates []string) []Leg {
	left, places := b.missing()
	seats := b.quorum.Seats(b.agreed, b.in)
	legs := make([]Leg, 0, len(b.quorum))
	for _, l := range b.quorum {
		leg := Leg{From: l.From, Count: l.Count, Missing: left[l.From]}
		for _, person := range b.agreed {
			if seats[person] == l.From {
				leg.Filled = append(leg.Filled, person)
			}
		}
		legs = append(legs, leg)
	}
	for _, person := range candidates {
		then, helps := b.with(person, places)
		if !helps {
			continue
		}
		for i := range legs {
			leg := &legs[i]
			if leg.Missing > 0 && (b.in(person, leg.From) || then[leg.From] < leg.Missing) {
				leg.CouldFill = append(leg.CouldFill, person)
			}
		}
	}
	for i := range legs {
		legs[i].Text = legs[i].sentence()
	}
	return legs
}

func (l Leg) sentence() string {
	name := fmt.Sprintf("%d of %s", l.Count, group(l.From))
	if l.Missing == 0 {
		return name + ": signed by " + both(l.Filled)
	}
	missing := fmt.Sprintf("%d of %s is missing", l.Missing, group(l.From))
	if l.Missing > 1 {
		missing = fmt.Sprintf("%d of %s are missing", l.Missing, group(l.From))
	}
	if len(l.CouldFill) < l.Missing {
		return missing + ", and not enough people could sign: " + either(l.CouldFill)
	}
	return missing + ": " + either(l.CouldFill) + " could sign"
}

// ballotOf is the ballot on a request; false when the cell has no such scenario
// or severity any more.
func (s *state) ballotOf(r *access.Request) (ballot, bool) {
	scenario, ok := s.Scenarios[r.Scenario]
	if !ok || s.Digests[r.Scenario] != r.ScenarioDigest {
		return ballot{}, false
	}
	terms, ok := scenario.Severities[r.Severity]
	return ballot{
		quorum: r.Quorum(terms).Merged(), agreed: r.Approvers(s.counts), in: r.Admits(s.roster.In), also: widenedTo(r),
		may: func(person string) bool {
			decided := slices.ContainsFunc(r.Decisions, func(d access.Decision) bool { return d.Approver == person && s.counts(d) })
			return person != r.Requester && !decided && s.canSign(person, scenario.Controls.MFA, s.at)
		},
	}, ok
}

// counts tells whether a decision still counts, as the rules have it: whoever
// made it and the key that signed it are in the roster.
func (s *state) counts(d access.Decision) bool {
	owner, ok := s.roster.Owner(d.Key)
	return ok && owner == d.Approver
}

// canSign tells whether a person has a key left that can prove what a scenario
// demands, and that has cooled off at an instant.
func (s *state) canSign(person, least string, at canon.Time) bool {
	p, _ := s.roster.Person(person)
	return s.roster.Has(person) && slices.ContainsFunc(p.Keys, func(k roster.Key) bool { return s.proves(k, least) && !s.cools(k, at) })
}

// proves tells whether a key that signs now can prove what is demanded.
func (s *state) proves(k roster.Key, least string) bool {
	return s.roster.Active(k) && k.MayProve(roster.Strength(least))
}

// widenedTo are the groups that the ladder has added to a request's legs.
func widenedTo(r *access.Request) []string {
	var groups []string
	for _, w := range r.Widened {
		groups = append(groups, w.To)
	}
	return groups
}

// candidates are the people in any leg of a quorum and in other groups, each
// once, sorted.
func (s *state) candidates(q access.Quorum, also ...string) []string {
	var people []string
	for _, leg := range q {
		people = append(people, s.roster.Members(leg.From)...)
	}
	for _, reference := range also {
		people = append(people, s.roster.Members(reference)...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}
