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

// judge asks who could fill a quorum. It looks only at legs that could run out of
// people: one that has so many that one asking and one missing change nothing,
// whoever fills the others, is always filled.
type judge struct {
	legs access.Quorum
	in   access.Membership
	able []string // who is in a leg and has the keys for it, sorted
}

func (q quorum) judge(c *cellFacts, able func(string) bool) judge {
	j := judge{in: c.in}
	for _, leg := range q.Quorum {
		group, _ := access.Group(leg.From)
		people := slices.DeleteFunc(slices.Clone(c.groups[group]), func(p string) bool { return !able(p) })
		if len(people) >= access.PlacesMost+2 {
			continue
		}
		j.legs = append(j.legs, leg)
		j.able = append(j.able, people...)
	}
	slices.Sort(j.able)
	j.able = slices.Compact(j.able)
	return j
}

func (j judge) without(people ...string) []string {
	return slices.DeleteFunc(slices.Clone(j.able), func(p string) bool { return slices.Contains(people, p) })
}

// missing are the legs that cannot be filled without some people.
func (j judge) missing(without ...string) []access.Leg {
	if len(j.legs) == 0 {
		return nil
	}
	return j.legs.Missing(j.without(without...), j.in)
}

// critical is somebody without whom the quorum cannot be filled when the
// requester asks, though it can with them.
func (j judge) critical(requester string) (string, access.Leg, bool) {
	candidates := j.without(requester)
	seated := j.legs.Seats(candidates, j.in)
	for _, p := range candidates {
		if _, ok := seated[p]; !ok {
			continue
		}
		if missing := j.missing(requester, p); missing != nil {
			return p, missing[0], true
		}
	}
	return "", access.Leg{}, false
}

// askers are those of the requesters whose asking makes a difference, and one of
// the others.
func (j judge) askers(requesters []string) []string {
	other := false
	return slices.DeleteFunc(slices.Clone(requesters), func(p string) bool {
		if _, found := slices.BinarySearch(j.able, p); found {
			return false
		}
		dropped := other
		other = true
		return dropped
	})
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
	j := q.judge(c, anyone)
	if missing := j.missing(); missing != nil {
		f.errorf(q.where(missing[0].From), fewMend, "the change quorum cannot be filled: %d more of %s needed", missing[0].Count, missing[0].From)
		return
	}
	if p, leg, found := j.critical(""); found && !c.file.Trial.on {
		f.warnf(q.where(leg.From), fewMend, "without %s the change quorum cannot be filled: a single point of failure", p)
	}
}

// checkWhoever demands a quorum that can be filled whoever asks, and warns when
// one person could prevent it. Able says whose keys are strong enough.
func (q quorum) checkWhoever(f *findings, c *cellFacts, requesters []string, able func(string) bool) {
	j := q.judge(c, able)
	if missing := j.missing(); missing != nil {
		f.errorf(q.where(missing[0].From), fewMend+ableMend(q, c, able),
			"the quorum cannot be filled: %d more of %s needed", missing[0].Count, missing[0].From)
		return
	}
	warned := false
	for _, requester := range j.askers(requesters) {
		if missing := j.missing(requester); missing != nil {
			q.unfillable(f, c, requester, missing[0])
			return
		}
		if warned {
			continue
		}
		if p, leg, found := j.critical(requester); found {
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
	for _, p := range q.judge(c, anyone).able {
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
