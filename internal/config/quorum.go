package config

import (
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

// tight are the legs that could run out of people, without those that have so
// many that one asking and one missing change nothing, whoever fills the others.
func (q quorum) tight(c *cellFacts, able func(string) bool) access.Quorum {
	return slices.DeleteFunc(slices.Clone(q.Quorum), func(leg access.Leg) bool {
		group, _ := access.Group(leg.From)
		number := 0
		for _, p := range c.groups[group] {
			if able(p) {
				number++
			}
		}
		return number >= access.PlacesMost+2
	})
}

// candidates are who could sit in the legs, without those who are left out.
func (q quorum) candidates(c *cellFacts, able func(string) bool, without ...string) []string {
	var people []string
	for _, leg := range q.tight(c, able) {
		group, _ := access.Group(leg.From)
		for _, p := range c.groups[group] {
			if able(p) && !slices.Contains(without, p) && !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
	}
	slices.Sort(people)
	return people
}

// missing are the legs that cannot be filled without some people.
func (q quorum) missing(c *cellFacts, able func(string) bool, without ...string) []access.Leg {
	legs := q.tight(c, able)
	if len(legs) == 0 {
		return nil
	}
	return legs.Missing(q.candidates(c, able, without...), c.in)
}

// critical is somebody without whom the quorum cannot be filled when the
// requester asks, though it can with them.
func (q quorum) critical(c *cellFacts, able func(string) bool, requester string) (string, access.Leg, bool) {
	candidates := q.candidates(c, able, requester)
	seated := q.tight(c, able).Seats(candidates, c.in)
	for _, p := range candidates {
		if _, ok := seated[p]; !ok {
			continue
		}
		if missing := q.missing(c, able, requester, p); missing != nil {
			return p, missing[0], true
		}
	}
	return "", access.Leg{}, false
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

// checkChange demands a change quorum that can be filled, and warns when one
// person could prevent every change.
func (q quorum) checkChange(f *findings, c *cellFacts) {
	if missing := q.missing(c, anyone); missing != nil {
		f.errorf(q.where(missing[0].From), fewMend, "the change quorum cannot be filled: %d more of %s needed", missing[0].Count, missing[0].From)
		return
	}
	if p, leg, found := q.critical(c, anyone, ""); found && !c.file.Trial.on {
		f.warnf(q.where(leg.From), fewMend, "without %s the change quorum cannot be filled: a single point of failure", p)
	}
}

// checkWhoever demands a quorum that can be filled whoever asks, and warns when
// one person could prevent it. Able says whose keys are strong enough.
func (q quorum) checkWhoever(f *findings, c *cellFacts, requesters []string, able func(string) bool) {
	if missing := q.missing(c, able); missing != nil {
		f.errorf(q.where(missing[0].From), fewMend+ableMend(q, c, able),
			"the quorum cannot be filled: %d more of %s needed", missing[0].Count, missing[0].From)
		return
	}
	warned := false
	for _, requester := range requesters {
		if missing := q.missing(c, able, requester); missing != nil {
			q.unfillable(f, c, requester, missing[0])
			return
		}
		if warned {
			continue
		}
		if p, leg, found := q.critical(c, able, requester); found {
			f.warnf(q.where(leg.From), "add people to the group, so that one more can be asked", "when %s asks, nobody but %s can fill %s: a single point of failure", requester, p, leg.From)
			warned = true
		}
	}
}

func (q quorum) unfillable(f *findings, c *cellFacts, requester string, leg access.Leg) {
	group, _ := access.Group(leg.From)
	if slices.Equal(c.groups[group], []string{requester}) {
		f.errorf(q.where(leg.From), "add people to the group: nobody approves their own request", "%s may ask and is the only member of %s", requester, leg.From)
		return
	}
	f.errorf(q.where(leg.From), "count less, or add people to the group: nobody approves their own request",
		"the quorum cannot be filled when %s asks: %d more of %s needed", requester, leg.Count, leg.From)
}

// ableMend adds to a hint that keys, not people, are what is missing.
func ableMend(q quorum, c *cellFacts, able func(string) bool) string {
	var weak []string
	for _, p := range q.candidates(c, anyone) {
		if !able(p) {
			weak = append(weak, p)
		}
	}
	if len(weak) == 0 {
		return ""
	}
	return "; mfa leaves out those without a security key: " + few(weak)
}

// few names people, not all of them when they are many.
func few(people []string) string {
	if len(people) > 5 {
		people = append(people[:5:5], "others")
	}
	return strings.Join(people, ", ")
}
