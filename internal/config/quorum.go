package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// quorum is a quorum whose legs name groups that have members.
type quorum struct {
	access.Quorum
	at   place   // of the whole
	legs []place // of each leg
}

const (
	manyMend = "ask fewer: everybody in a quorum must be woken"
	fewMend  = "count less, or add people to the group: each place takes a different person"
)

func groupName(reference word) string {
	name, _ := access.Group(reference.text)
	return name
}

// readQuorum checks the legs one by one. It is false when what the quorum means
// cannot be known.
func (c *cellFacts) readQuorum(f *findings, at place, legs []legFile) (quorum, bool) {
	q := quorum{at: at}
	ok, places := true, 0
	for _, leg := range legs {
		if !c.checkGroup(f, leg.From) {
			ok = false
		}
		if !leg.Count.given {
			ok = false
			continue
		}
		if leg.Count.n < 1 {
			f.errorf(leg.Count.at, "say how many different people must agree", "count must be at least 1, is %d", leg.Count.n)
			ok = false
		}
		places += leg.Count.n
		q.Quorum = append(q.Quorum, access.Leg{From: leg.From.text, Count: leg.Count.n})
		q.legs = append(q.legs, leg.at)
	}
	switch {
	case legs == nil:
		return q, false
	case len(legs) == 0:
		f.errorf(at, "write at least one leg: - { from: group:security, count: 1 }", "the quorum is empty: nobody would have to agree")
		return q, false
	case len(legs) > access.LegsMost:
		f.errorf(at, manyMend, "the quorum has %d legs, at most %d", len(legs), access.LegsMost)
		return q, false
	case ok && places > access.PlacesMost:
		f.errorf(at, manyMend, "the quorum has %d places, at most %d", places, access.PlacesMost)
		return q, false
	}
	return q, ok
}

// in is the membership that cell.yaml says.
func (c *cellFacts) in(person, reference string) bool {
	group, ok := access.Group(reference)
	_, found := slices.BinarySearch(c.groups[group], person)
	return ok && found
}

// cover is how far the people of cell.yaml cover a quorum when some may ask. Able
// says whose keys are strong enough.
func (q quorum) cover(c *cellFacts, askers []string, able func(string) bool) access.Coverage {
	crew := access.Crew{Able: q.people(c), Askers: askers, In: c.in}
	crew.Able = slices.DeleteFunc(crew.Able, func(p string) bool { return !able(p) })
	return q.Cover(crew)
}

// people are those of any leg, sorted.
func (q quorum) people(c *cellFacts) []string {
	var people []string
	for _, leg := range q.Quorum {
		group, _ := access.Group(leg.From)
		people = append(people, c.groups[group]...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// lacking is what a quorum lacks when somebody asks: so many more people of some
// legs.
func lacking(c access.Coverage, asker string) (more int, legs []string) {
	for _, thin := range c.Thin {
		more := thin.Places - len(thin.People)
		if slices.Contains(thin.People, asker) {
			more++
		}
		if more > 0 {
			return more, thin.Legs
		}
	}
	return 0, nil
}

// where is the place of the leg that names a group.
func (q quorum) where(reference string) place {
	for i, leg := range q.Quorum {
		if leg.From == reference {
			return q.legs[i]
		}
	}
	return q.at
}

func anyone(string) bool { return true }

// checkAgree demands that the change or recovery quorum can be filled, and warns
// when one person could prevent it.
func (q quorum) checkAgree(f *findings, c *cellFacts, name string) bool {
	covered := q.cover(c, []string{""}, anyone)
	if more, legs := lacking(covered, ""); more > 0 {
		f.errorf(q.where(legs[0]), fewMend, "the %s quorum cannot be filled: %d more of %s needed", name, more, either(legs))
		return false
	}
	if len(covered.Single) > 0 && !c.file.Trial.on {
		one := covered.Single[0]
		f.warnf(q.where(one.Legs[0]), fewMend, "without %s the %s quorum cannot be filled: a single point of failure", one.Person, name)
	}
	return true
}

// checkWhoever demands a quorum that can be filled whoever asks, and warns when
// one person could prevent it. Able says whose keys are strong enough.
func (q quorum) checkWhoever(f *findings, c *cellFacts, requesters []string, able func(string) bool) {
	covered := q.cover(c, requesters, able)
	if more, legs := lacking(covered, ""); more > 0 {
		f.errorf(q.where(legs[0]), fewMend+ableMend(q, c, able), "the quorum cannot be filled: %d more of %s needed", more, either(legs))
		return
	}
	if len(covered.Stuck) > 0 {
		q.unfillable(f, c, covered, covered.Stuck[0])
		return
	}
	if len(covered.Single) == 0 {
		return
	}
	one, when := slices.MinFunc(covered.Single, plainer), "whoever asks"
	if len(one.Asks) > 0 {
		when = "when " + either(one.Asks) + " asks"
	}
	f.warnf(q.where(one.Legs[0]), "add people to the group, so that one more can be asked",
		"%s, %s cannot be filled without %s: a single point of failure", when, both(one.Legs), one.Person)
}

// plainer puts first what holds for most and is seen with the fewest legs.
func plainer(a, b access.Single) int {
	some := func(s access.Single) int { return min(len(s.Asks), 1) }
	return cmp.Or(some(a)-some(b), len(a.Legs)-len(b.Legs))
}

func (q quorum) unfillable(f *findings, c *cellFacts, covered access.Coverage, requester string) {
	more, legs := lacking(covered, requester)
	group, _ := access.Group(legs[0])
	if len(legs) == 1 && slices.Equal(c.groups[group], []string{requester}) {
		f.errorf(q.where(legs[0]), "add people to the group: nobody approves their own request", "%s may ask and is the only member of %s", requester, legs[0])
		return
	}
	f.errorf(q.where(legs[0]), "count less, or add people to the group: nobody approves their own request",
		"the quorum cannot be filled when %s asks: %d more of %s needed", requester, more, either(legs))
}

// ableMend adds to a hint that keys, not people, are what is missing.
func ableMend(q quorum, c *cellFacts, able func(string) bool) string {
	var weak []string
	for _, p := range q.people(c) {
		if !able(p) {
			weak = append(weak, p)
		}
	}
	if len(weak) == 0 {
		return ""
	}
	return "; mfa leaves out those whose keys cannot prove it: " + few(weak)
}

// few names people, not all of them when they are many.
func few(people []string) string {
	if len(people) > 5 {
		people = append(people[:5:5], "others")
	}
	return strings.Join(people, ", ")
}

// either is a, "a or b", "a, b or c".
func either(words []string) string { return series(words, " or ") }

func both(words []string) string { return series(words, " and ") }

func series(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + last + words[len(words)-1]
}
