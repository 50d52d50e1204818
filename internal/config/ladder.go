package config

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// rungFile is what happens when nobody answers for so long.
type rungFile struct {
	Mark
	After span      `yaml:"after,required"`
	Widen word      `yaml:"widen"`
	Legs  []word    `yaml:"legs"`
	Solo  *soloFile `yaml:"solo"`
}

// ladder reads the rungs. Whom a rung asks must have been given time before, and
// must be given time after it.
func (s *scenarioFacts) ladder() {
	if n := len(s.file.Ladder); n > access.RungsMost || s.file.Ladder != nil && n == 0 {
		s.errorf(s.file.key("ladder"), "write - { after: 10m, widen: group:leads }, or leave it out", "ladder: must have 1 to %d rungs, has %d", access.RungsMost, n)
	}
	for i, rung := range s.file.Ladder {
		s.rungAfter(i, rung)
		s.rungDoes(rung)
		if s.cell != nil && rung.Widen.given() {
			s.cell.checkGroup(s.findings, rung.Widen)
			s.adds(rung)
		}
		s.rungLegs(rung)
		if rung.Solo != nil {
			s.out.Ladder = append(s.out.Ladder, access.Rung{After: rung.After.seconds, Solo: rung.Solo.step()})
			continue
		}
		s.out.Ladder = append(s.out.Ladder, access.Rung{After: rung.After.seconds, Widen: rung.Widen.text, Legs: texts(rung.Legs)})
	}
}

func (s *scenarioFacts) rungAfter(i int, rung rungFile) {
	after := rung.After.seconds
	switch {
	case after == 0: // missing or unreadable, which is said already
	case after < cell.RungSoonest:
		s.errorf(rung.After.at, "give the people of the quorum time to answer", "after must be %v or more, is %v", cell.RungSoonest, after)
	case s.cell != nil && after >= s.cell.pending():
		s.errorf(rung.After.at, "make it less than pending in "+CellFile+": a request that lapsed climbs no ladder", "after must be less than the %v that a request waits, is %v", s.cell.pending(), after)
	case i > 0 && after <= s.file.Ladder[i-1].After.seconds:
		s.errorf(rung.After.at, "write the rungs in the order in which they are reached", "after must be later than the rung before it, which is at %v", s.file.Ladder[i-1].After.seconds)
	}
}

// rungDoes demands that a rung does one thing.
func (s *scenarioFacts) rungDoes(rung rungFile) {
	const mend = "write widen: group:leads, or on the last rung solo: { longest: 15m, raise_to: SEV1, opens: [NAME] }"
	switch widens := rung.Widen.given(); {
	case !widens && rung.Solo == nil && rung.at.file != "" && !s.problemAt(rung.at):
		s.errorf(rung.at, mend, "a rung widens or is solo, and this does neither")
	case rung.Solo != nil && (widens || rung.Legs != nil):
		s.errorf(rung.Solo.at, "write each with a hyphen of its own", "a rung widens or is solo, and this does both")
	}
}

func (s *scenarioFacts) rungLegs(rung rungFile) {
	var legs []string
	for _, severity := range access.Severities {
		for _, leg := range s.out.Severities[severity].Quorum {
			legs = append(legs, leg.From)
		}
	}
	for i, w := range rung.Legs {
		if w.text != "" && s.cell != nil && !slices.Contains(legs, w.text) {
			s.errorf(w.at, nearest(w.text, legs, "legs: "), "%s is not the group of a leg", show(w.text))
		}
		if slices.ContainsFunc(rung.Legs[:i], func(before word) bool { return before.text == w.text }) {
			s.errorf(w.at, "take one out", "leg %s stands twice", show(w.text))
		}
	}
}

// adds warns of a rung after which nobody may sit where they might not before.
func (s *scenarioFacts) adds(rung rungFile) {
	members := s.cell.groups[groupName(rung.Widen)]
	if len(members) == 0 {
		return
	}
	legs := texts(rung.Legs)
	for _, severity := range access.Severities {
		for _, leg := range s.out.Severities[severity].Quorum {
			group, _ := access.Group(leg.From)
			fresh := func(p string) bool { return s.able(p) && !slices.Contains(s.cell.groups[group], p) }
			if (len(legs) == 0 || slices.Contains(legs, leg.From)) && slices.ContainsFunc(members, fresh) {
				return
			}
		}
	}
	s.warnf(rung.Widen.at, "name a group with other people in it", "widen adds nobody who could not sign before and has the keys for it")
}
