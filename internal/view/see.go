package view

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
)

// MaySee tells whether a person may see everything of a request: its requester,
// whoever may approve its scenario at any severity, whom its ladder has added,
// security, and once it is granted whoever may hold a share of an envelope that
// it opens, as long as they are in the roster. Everybody else may know that it
// exists: its id, its
// scenario and its state. Whoever shows entries, notes or a view that names no
// viewer owes this question first.
func (c *Cell) MaySee(person string, r *access.Request) bool {
	return read(c, func(s *state) bool { return s.maySee(person, r) })
}

// MayRead tells whether a person may read a scenario's procedure: those who may
// ask for it, those who may approve it, whom its ladder may add, and security.
func (c *Cell) MayRead(person, scenario string) bool {
	return read(c, func(s *state) bool {
		known, ok := s.Scenarios[scenario]
		return ok && s.mayRead(person, known)
	})
}

// Security tells whether a person is of the security group.
func (c *Cell) Security(person string) bool {
	return read(c, func(s *state) bool { return s.security(person) })
}

func (s *state) maySee(person string, r *access.Request) bool {
	return s.roster.Has(person) && (person == r.Requester || s.security(person) || s.approves(person, r.Scenario) ||
		s.addedTo(person, r) || s.asksFor(person, r))
}

func (s *state) mayRead(person string, scenario *access.Scenario) bool {
	return s.mayAsk(person, scenario) || s.security(person) || s.approves(person, scenario.ID) || s.climbs(person, scenario)
}

func (s *state) security(person string) bool {
	return s.Genesis != nil && s.roster.In(person, s.Genesis.Security)
}

// approves tells whether a person is in a leg of any severity of a scenario.
func (s *state) approves(person, scenario string) bool {
	known, ok := s.Scenarios[scenario]
	if !ok {
		return false
	}
	for _, terms := range known.Severities {
		if terms.Quorum.Names(person, s.roster.In) {
			return true
		}
	}
	return false
}

// addedTo tells whether the ladder has added a person to a leg of a request.
func (s *state) addedTo(person string, r *access.Request) bool {
	return slices.ContainsFunc(r.Widened, func(w access.Widened) bool { return s.roster.In(person, w.To) })
}

// climbs tells whether the ladder of a scenario may add a person.
func (s *state) climbs(person string, scenario *access.Scenario) bool {
	return slices.ContainsFunc(scenario.Ladder, func(rung access.Rung) bool { return rung.Solo == nil && s.roster.In(person, rung.Widen) })
}

func (s *state) mayAsk(person string, scenario *access.Scenario) bool {
	return slices.ContainsFunc(scenario.MayRequest, func(group string) bool { return s.roster.In(person, group) })
}
