package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// covering is a question about a scenario at a severity.
type covering struct {
	of       *access.Scenario // by its terms
	with     *access.Scenario // as requests have it; other than of while a review of it is overdue
	severity access.Severity
	crew     access.Crew
	away     []string
	exempt   []string // who may ask and gets no further leg for that, because nobody could fill it
	late     string   // says what the review means
}

// covering is the question at an instant. The law, which adds the leg, does not
// know who is away.
func (s *state) covering(of *access.Scenario, severity access.Severity, at canon.Time, away []string) covering {
	q := covering{of: of, with: of, severity: severity, away: away}
	r := s.late(of.ID)
	switch gravest := of.Gravest(); {
	case r == nil:
	case severity != gravest:
		q.late = fmt.Sprintf("The review of %s is overdue: until it is signed off, %s is given at %s only.", r.ID.Short(), of.ID, gravest)
	default:
		late := &access.Late{Review: r.ID, Leg: access.Leg{From: s.Genesis.Security, Count: 1}}
		q.with, _ = withLate(of, severity, late)
		q.late = lateText(late)
	}
	q.crew = s.crew(of, q.with.Severities[severity].Quorum, at)
	if q.with == q.of {
		return q
	}
	q.exempt = q.with.Severities[severity].Quorum.Cover(q.crew).Stuck
	switch {
	case len(q.exempt) > 0 && len(q.exempt) == len(q.crew.Askers):
		q.with, q.late = of, lateText(&access.Late{Review: r.ID})
	case len(q.exempt) > 0:
		q.late += fmt.Sprintf(" Not when %s asks: nobody could sign in that place.", either(q.exempt))
	}
	return q
}

// steps are what the law says, from the beginning and after each rung.
func (q covering) steps() []access.Coverage {
	isExempt := func(person string) bool { return slices.Contains(q.exempt, person) }
	bound, exempt := q.crew.Without(q.away...), q.crew.Without(q.away...)
	bound.Askers = slices.DeleteFunc(bound.Askers, isExempt)
	exempt.Askers = slices.DeleteFunc(exempt.Askers, func(person string) bool { return !isExempt(person) })
	steps := q.with.Cover(q.severity, bound)
	if len(exempt.Askers) == 0 {
		return steps
	}
	for i, others := range q.of.Cover(q.severity, exempt) {
		if len(bound.Askers) == 0 {
			steps[i] = others
		} else {
			steps[i] = joined(asked{steps[i], bound.Askers}, asked{others, exempt.Askers})
		}
	}
	return steps
}

// asked is a coverage and for whose requests it holds.
type asked struct {
	access.Coverage
	askers []string
}

// asks spells out when a person is needed.
func (a asked) asks(one access.Single) []string {
	if len(one.Asks) > 0 {
		return one.Asks
	}
	return slices.DeleteFunc(slices.Clone(a.askers), func(person string) bool { return person == one.Person || slices.Contains(a.Stuck, person) })
}

// joined is what holds when anybody asks of two sets of people who share nobody.
func joined(a, b asked) access.Coverage {
	c := access.Coverage{
		After: a.After, Spare: min(a.Spare, b.Spare), Thin: a.Thin,
		Stuck: slices.Sorted(slices.Values(slices.Concat(a.Stuck, b.Stuck))), Single: slices.Clone(a.Single),
		Pairs: slices.Compact(slices.SortedFunc(slices.Values(slices.Concat(a.Pairs, b.Pairs)), func(p, q [2]string) int { return slices.Compare(p[:], q[:]) })),
	}
	for i := range c.Single {
		one := &c.Single[i]
		same := slices.IndexFunc(b.Single, func(other access.Single) bool { return other.Person == one.Person })
		switch {
		case same < 0:
			one.Asks = a.asks(*one)
		case len(one.Asks) > 0 || len(b.Single[same].Asks) > 0:
			one.Asks = slices.Sorted(slices.Values(slices.Concat(a.asks(*one), b.asks(b.Single[same]))))
		}
	}
	for _, one := range b.Single {
		if !slices.ContainsFunc(a.Single, func(other access.Single) bool { return other.Person == one.Person }) {
			one.Asks = b.asks(one)
			c.Single = append(c.Single, one)
		}
	}
	slices.SortFunc(c.Single, func(p, q access.Single) int { return strings.Compare(p.Person, q.Person) })
	return c
}
