package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Coverage answers who could agree at an instant, whoever asks, while some
// people are away: from the beginning, and after each rung of the ladder.
type Coverage struct {
	Scenario  string          `json:"scenario,omitempty"` // none: changes of the cell
	Severity  access.Severity `json:"severity,omitempty"`
	Recovery  bool            `json:"recovery,omitzero"` // without a scenario: of the recovery quorum
	Quorum    string          `json:"quorum"`
	At        canon.Time      `json:"at"`
	Away      []string        `json:"away,omitempty"`
	Askers    []string        `json:"askers,omitempty"`   // who may ask, and is there
	Unproved  []string        `json:"unproved,omitempty"` // who is counted on, and has signed nothing for ProvedWithin
	Shut      []string        `json:"shut,omitempty"`     // when in a week nobody may ask
	ShutNow   bool            `json:"shut_now,omitzero"`
	Late      string          `json:"late,omitempty"`     // what an overdue review of it means
	Security  string          `json:"security,omitempty"` // of changes alone: whose stolen key nobody of security could suspend
	Steps     []Cover         `json:"steps"`
	Solo      string          `json:"solo,omitempty"`      // who could go in alone, where the ladder lets them
	Envelopes []Cover         `json:"envelopes,omitempty"` // whether custodians could open what the scenario opens
	Ready     Readiness       `json:"ready"`               // Text in a word
	Text      string          `json:"text"`
}

// Cover is how far the people who are there cover one quorum. What no list
// names is covered.
type Cover struct {
	After    canon.Seconds `json:"after,omitzero"` // of the ladder
	Adds     string        `json:"adds,omitempty"` // what the ladder does then
	Envelope string        `json:"envelope,omitempty"`
	Legs     []Pool        `json:"legs"`
	Spare    int           `json:"spare"`            // so many of them may be away, whoever they are, the asker counted; below 0: so many places nobody is there for
	Stuck    []string      `json:"stuck,omitempty"`  // for whose requests it cannot be filled
	Single   []Single      `json:"single,omitempty"` // single points of failure
	Pairs    [][2]string   `json:"pairs,omitempty"`  // two people without both of whom it cannot be filled for somebody
	Thin     []Thin        `json:"thin,omitempty"`   // legs with at most one person to spare, thinnest first
	Text     string        `json:"text"`
}

// Single is a person without whom a quorum cannot be filled for somebody.
type Single struct {
	Person string   `json:"person"`
	Asks   []string `json:"asks,omitempty"` // when one of them asks; none: whoever asks
	Legs   []string `json:"legs"`           // groups
}

// Thin is legs with few people for their places, all of them together.
type Thin struct {
	Legs   []string `json:"legs"` // groups
	Places int      `json:"places"`
	People []string `json:"people"`
}

// Coverage answers for a scenario at a severity at an instant. False says that
// there is no such scenario or severity.
func (c *Cell) Coverage(scenario string, severity access.Severity, at canon.Time, away ...string) (Coverage, bool) {
	var known bool
	v := read(c, func(s *state) Coverage {
		of, ok := s.Scenarios[scenario]
		if !ok {
			return Coverage{}
		}
		if _, known = of.Severities[severity]; !known {
			return Coverage{}
		}
		return s.coverage(of, severity, at, away)
	})
	return v, known
}

func (s *state) coverage(of *access.Scenario, severity access.Severity, at canon.Time, away []string) Coverage {
	q := s.covering(of, severity, at, away)
	terms, crew := q.with.Severities[severity], q.crew.Without(away...)
	v := Coverage{
		Scenario: of.ID, Severity: severity, Quorum: quorum(terms.Quorum), At: at, Away: away,
		Shut: shut(of.Controls), ShutNow: !of.Controls.OpenAt(at), Late: q.late, Askers: crew.Askers,
	}
	for i, step := range q.steps() {
		c := cover(step, crew.Askers)
		if i > 0 {
			rung := of.Ladder[i-1]
			c.Adds = fmt.Sprintf("%s may sign%s", group(rung.Widen), inPlaceOf(rung.Legs))
		}
		c.Legs = s.pools(of, terms.Quorum, i, crew.Able)
		v.Steps = append(v.Steps, c)
	}
	v.Envelopes = s.custodians(of, at, crew.Askers, away)
	v.Unproved, v.Solo = s.unprovedOf(crew.Able, of.Controls.MFA, at), s.soloFor(of, crew.Askers, at)
	v.Text = v.sentence(s.doubted)
	v.Ready = v.readiness(s.doubted)
	return v
}

// ChangeCoverage answers for changes of the cell, whose proposer counts. False
// says that there is no cell yet.
func (c *Cell) ChangeCoverage(at canon.Time, away ...string) (Coverage, bool) {
	v, known := c.cellCoverage(func(g *cell.Genesis) access.Quorum { return g.Change }, at, away)
	if known {
		v.Security = read(c, func(s *state) string { return s.unsuspendable(at, away) })
	}
	return v, known
}

// unsuspendable says whose key security could not suspend: of two people neither takes
// the last one from the other (cell.LastOfSecurity).
func (s *state) unsuspendable(at canon.Time, away []string) string {
	people := slices.DeleteFunc(s.roster.Members(s.Genesis.Security), func(person string) bool {
		return slices.Contains(away, person) || !s.canSign(person, string(roster.Possession), at)
	})
	if len(people) != 2 {
		return ""
	}
	var lone []string
	for _, person := range people {
		if p, _ := s.roster.Person(person); len(slices.DeleteFunc(slices.Clone(p.Keys), func(k roster.Key) bool { return !s.proves(k, string(roster.Possession)) })) == 1 {
			lone = append(lone, person)
		}
	}
	if len(lone) == 0 {
		return ""
	}
	return fmt.Sprintf("Security is %s: the only key of %s could be suspended by nobody when it is stolen, until a change removes it. A second key each, or a third person, mends that.", both(people), either(lone))
}

// cellCoverage answers for a quorum of the cell itself.
func (c *Cell) cellCoverage(of func(*cell.Genesis) access.Quorum, at canon.Time, away []string) (Coverage, bool) {
	var known bool
	v := read(c, func(s *state) Coverage {
		if known = s.Genesis != nil && len(of(s.Genesis)) > 0; !known {
			return Coverage{}
		}
		q := of(s.Genesis)
		crew := access.Crew{Able: s.ableFor(q, "", at), Askers: []string{""}, In: s.roster.In}.Without(away...)
		step := cover(q.Cover(crew), nil)
		step.Legs = s.pools(nil, q, 0, crew.Able)
		v := Coverage{Quorum: quorum(q), At: at, Away: away, Steps: []Cover{step}, Unproved: s.unprovedOf(crew.Able, "", at)}
		v.Text = v.sentence(s.doubted)
		v.Ready = v.readiness(s.doubted)
		return v
	})
	return v, known
}

// Strangers are those of some people who are not in the roster.
func (c *Cell) Strangers(people ...string) []string {
	return read(c, func(s *state) []string {
		return slices.DeleteFunc(slices.Clone(people), s.roster.Has)
	})
}

// crew is who could sign and who may ask under a scenario. Somebody whose keys
// cool off may ask.
func (s *state) crew(of *access.Scenario, q access.Quorum, at canon.Time) access.Crew {
	var widened []string
	for _, rung := range of.Ladder {
		if rung.Solo != nil {
			continue
		}
		widened = append(widened, rung.Widen)
	}
	var askers []string
	for _, reference := range of.MayRequest {
		askers = append(askers, s.roster.Members(reference)...)
	}
	slices.Sort(askers)
	askers = slices.DeleteFunc(slices.Compact(askers), func(person string) bool { return !s.hasKey(person, of.Controls.MFA) })
	return access.Crew{Able: s.ableFor(q, of.Controls.MFA, at, widened...), Askers: askers, In: s.roster.In}
}

// ableFor are the people in the legs of a quorum, or in other groups, who could
// sign at an instant.
func (s *state) ableFor(q access.Quorum, least string, at canon.Time, also ...string) []string {
	return slices.DeleteFunc(s.candidates(q, also...), func(person string) bool { return !s.canSign(person, least, at) })
}

// unprovedOf are those of some people whose every key that counts is not proved.
func (s *state) unprovedOf(people []string, least string, at canon.Time) []string {
	return slices.DeleteFunc(slices.Clone(people), func(person string) bool {
		p, _ := s.roster.Person(person)
		return slices.ContainsFunc(p.Keys, func(k roster.Key) bool { return s.proves(k, least) && !s.cools(k, at) && !s.unproved(k) })
	})
}

// hasKey tells whether a person has a key that can prove what is demanded,
// cooling off or not.
func (s *state) hasKey(person, least string) bool {
	p, _ := s.roster.Person(person)
	return s.roster.Has(person) && slices.ContainsFunc(p.Keys, func(k roster.Key) bool { return s.proves(k, least) })
}

// pools are the legs of a quorum and who could sign for each after some rungs of
// the ladder; of is nil where there is none.
func (s *state) pools(of *access.Scenario, q access.Quorum, rungs int, able []string) []Pool {
	in := s.roster.In
	if of != nil {
		in = of.Widest(rungs, in)
	}
	pools := []Pool{}
	for _, leg := range q.Merged() {
		pool := Pool{From: leg.From, Count: leg.Count, People: []string{}}
		for _, person := range able {
			if in(person, leg.From) {
				pool.People = append(pool.People, person)
			}
		}
		pool.Text = fmt.Sprintf("%d of %s: %s", leg.Count, group(leg.From), either(pool.People))
		pools = append(pools, pool)
	}
	return pools
}

// custodians are how far those who hold shares cover each envelope that a
// scenario opens: nobody gives a share to their own request.
func (s *state) custodians(of *access.Scenario, at canon.Time, askers, away []string) []Cover {
	var covers []Cover
	for _, open := range of.Opens {
		if open.Envelope == nil || s.sealings[open.Envelope.Name] == nil {
			continue
		}
		sealing := s.sealings[open.Envelope.Name].Current
		crew := access.Crew{Askers: askers, In: func(string, string) bool { return true }}
		for _, holder := range sealing.Holders {
			if s.canSign(holder.Custodian, "", at) {
				crew.Able = append(crew.Able, holder.Custodian)
			}
		}
		slices.Sort(crew.Able)
		crew = crew.Without(away...)
		leg := access.Leg{From: open.Envelope.Custodians, Count: sealing.Threshold}
		c := cover(access.Quorum{leg}.Cover(crew), askers)
		c.Envelope = open.Envelope.Name
		c.Legs = []Pool{{From: leg.From, Count: leg.Count, People: append([]string{}, crew.Able...),
			Text: fmt.Sprintf("%s of %s: %s", count(leg.Count, "share"), c.Envelope, either(crew.Able))}}
		covers = append(covers, c)
	}
	return covers
}

// cover puts what the law says into words. Askers is nil where it does not
// matter who asks.
func cover(c access.Coverage, askers []string) Cover {
	v := Cover{After: c.After, Spare: c.Spare, Pairs: c.Pairs}
	if askers != nil { // else it is stuck for nobody by name
		v.Stuck = c.Stuck
	}
	for _, one := range c.Single {
		v.Single = append(v.Single, Single{Person: one.Person, Asks: one.Asks, Legs: groups(one.Legs)})
	}
	for _, legs := range c.Thin {
		v.Thin = append(v.Thin, Thin{Legs: groups(legs.Legs), Places: legs.Places, People: legs.People})
	}
	v.Text = v.sentence(askers)
	return v
}
