package view

import (
	"maps"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Readiness is in a word whether a quorum could be filled.
type Readiness string

// How ready a scenario is, from the best to the worst.
const (
	Ready  Readiness = "ready"  // at once, whoever asks, and without any one person
	Hangs  Readiness = "hangs"  // at once, whoever asks, but not without some one person
	Later  Readiness = "later"  // whoever asks, but for somebody only once the ladder has added people
	Partly Readiness = "partly" // not for everybody who may ask
	Stuck  Readiness = "stuck"  // for nobody
	Shut   Readiness = "shut"   // nobody may ask
)

// Readinesses is all of them.
var Readinesses = []Readiness{Ready, Hangs, Later, Partly, Stuck, Shut}

// Week is how a scenario is covered at a severity for seven days on, in UTC.
type Week struct {
	Scenario  string          `json:"scenario"`
	Severity  access.Severity `json:"severity"`
	From      canon.Time      `json:"from"`
	Until     canon.Time      `json:"until"`
	Away      []string        `json:"away,omitempty"`
	Stretches []Stretch       `json:"stretches"` // one after the other, each within one day
}

// Stretch is a time in which nothing changes.
type Stretch struct {
	From  canon.Time `json:"from"`
	Until canon.Time `json:"until"`
	Ready Readiness  `json:"ready"`
	Text  string     `json:"text"`
}

const day = 24 * time.Hour

// WeekLasts is how long a Week is.
const WeekLasts = 7 * day

// Week answers for the seven days from an instant on: what the scenario's hours
// and keys that cool off change in them. False says that there is no such scenario
// or severity.
func (c *Cell) Week(scenario string, severity access.Severity, from canon.Time, away ...string) (Week, bool) {
	var known bool
	v := read(c, func(s *state) Week {
		of, ok := s.Scenarios[scenario]
		if !ok {
			return Week{}
		}
		if _, known = of.Severities[severity]; !known {
			return Week{}
		}
		v := Week{Scenario: scenario, Severity: severity, From: from, Until: from.Add(WeekLasts), Away: away}
		var covered Coverage
		for i, at := range s.turns(of, from, v.Until) {
			if i == 0 || s.cooled(v.Stretches[len(v.Stretches)-1].From, at) {
				covered = s.coverage(of, severity, at, away)
			}
			if covered.ShutNow = !of.Controls.OpenAt(at); covered.ShutNow {
				v.follow(at, Shut, "Nobody may ask.")
			} else {
				v.follow(at, covered.readiness(s.doubted), covered.Text)
			}
		}
		return v
	})
	return v, known
}

// Every answers for every quorum of the cell: each scenario by id at each of its
// severities, gravest first, then changes of the cell and its recovery.
func (c *Cell) Every(at canon.Time, away ...string) []Coverage {
	all := read(c, func(s *state) []Coverage {
		all := []Coverage{}
		for _, id := range slices.Sorted(maps.Keys(s.Scenarios)) {
			for _, severity := range access.Severities {
				if _, ok := s.Scenarios[id].Severities[severity]; ok {
					all = append(all, s.coverage(s.Scenarios[id], severity, at, away))
				}
			}
		}
		return all
	})
	for _, of := range []func(canon.Time, ...string) (Coverage, bool){c.ChangeCoverage, c.RecoveryCoverage} {
		if covered, ok := of(at, away...); ok {
			all = append(all, covered)
		}
	}
	return all
}

// turns are the instants at which something may change, the first of all included.
func (s *state) turns(of *access.Scenario, from, until canon.Time) []canon.Time {
	turns := []canon.Time{from}
	for at := from.Std().UTC().Truncate(day); at.Before(until.Std()); at = at.Add(day) {
		turns = append(turns, canon.At(at))
		for _, h := range of.Controls.Hours {
			for _, text := range []string{h.From, h.To} {
				if clock, err := time.Parse("15:04", text); err == nil {
					turns = append(turns, canon.At(at.Add(time.Duration(clock.Hour())*time.Hour+time.Duration(clock.Minute())*time.Minute)))
				}
			}
		}
	}
	turns = slices.AppendSeq(turns, maps.Values(s.cooling))
	turns = slices.DeleteFunc(turns, func(at canon.Time) bool { return at.Before(from) || !at.Before(until) })
	slices.SortFunc(turns, func(a, b canon.Time) int { return a.Std().Compare(b.Std()) })
	return slices.CompactFunc(turns, canon.Time.Equal)
}

// cooled tells whether a key cools off after one instant and until another.
func (s *state) cooled(after, until canon.Time) bool {
	for _, at := range s.cooling {
		if at.After(after) && !at.After(until) {
			return true
		}
	}
	return false
}

// follow goes on with how it is from an instant on.
func (v *Week) follow(at canon.Time, ready Readiness, text string) {
	next := Stretch{From: at, Until: v.Until, Ready: ready, Text: text}
	if n := len(v.Stretches); n > 0 {
		last := &v.Stretches[n-1]
		sameDay := last.From.Std().UTC().Truncate(day).Equal(at.Std().UTC().Truncate(day))
		if sameDay && last.Ready == ready && last.Text == text {
			return
		}
		last.Until = at
	}
	v.Stretches = append(v.Stretches, next)
}

// readiness is the answer in a word.
func (v Coverage) readiness(doubted bool) Readiness {
	begin, last := v.Steps[0], v.Steps[len(v.Steps)-1]
	if doubted {
		last = begin
	}
	switch {
	case v.Scenario == "" && begin.Spare < 0:
		return Stuck
	case v.Scenario == "":
	case v.ShutNow:
		return Shut
	case len(v.Askers) == 0 || len(last.Stuck) == len(v.Askers):
		return Stuck
	case len(last.Stuck) > 0:
		return Partly
	case len(begin.Stuck) > 0:
		return Later
	}
	if len(begin.Single) > 0 {
		return Hangs
	}
	return Ready
}
