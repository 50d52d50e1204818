package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Figures are durations and reviews of some requests.
type Figures struct {
	Requests      int     `json:"requests"`
	Granted       int     `json:"granted"`
	Alone         int     `json:"alone,omitzero"`  // granted without a quorum
	ToAgree       Spread  `json:"to_agree"`        // from request to quorum
	ToAccess      Spread  `json:"to_access"`       // from request to the first target that was open, as far as that was read
	ToProvedDeath Spread  `json:"to_proved_death"` // from the beginning of closing to the proof, over leases that had a credential
	Reviews       Reviews `json:"reviews"`
}

// Period is the figures of the last days, of every scenario that was asked for.
type Period struct {
	Days      int               `json:"days"`
	All       Figures           `json:"all"`
	Scenarios []ScenarioFigures `json:"scenarios"`
}

// ScenarioFigures are those of one scenario.
type ScenarioFigures struct {
	Scenario string `json:"scenario"`
	Title    string `json:"title,omitempty"`
	Figures  `json:",embed"`
}

// Sample is how long it took from one request until the first target was open.
type Sample struct {
	ID       canon.Digest    `json:"id"`
	Scenario string          `json:"scenario"`
	Title    string          `json:"title,omitempty"`
	Severity access.Severity `json:"severity"`
	At       canon.Time      `json:"at"` // of the request
	Took     int64           `json:"took_ms"`
}

// Usage is how often a scenario was granted, by quarter of a year.
type Usage struct {
	Scenario string    `json:"scenario"`
	Title    string    `json:"title,omitempty"`
	Quarters []Quarter `json:"quarters"`       // the last four, oldest first
	Text     string    `json:"text,omitempty"` // what follows when one quarter has many
}

// Quarter is one quarter of a year, and how often something was granted in it.
type Quarter struct {
	Name    string `json:"name"` // 2026 Q4
	Granted int    `json:"granted"`
}

const (
	samplesMost = 12 // that are shown one by one
	quarters    = 4
	oftenFrom   = 3 // grants of one scenario in one quarter that want another way
)

// periods are the windows that figures are given for, in days.
var periods = []int{30, 90}

// gathering is what figures are made from.
type gathering struct {
	Figures
	agree, access, death []time.Duration
}

func (g *gathering) add(s *state, r *access.Request) {
	g.Requests++
	if r.Grant != nil {
		g.Granted++
		if r.Alone() {
			g.Alone++
		} else {
			g.agree = append(g.agree, r.Grant.From.Sub(r.At))
		}
	}
	if opened, ok := s.learned.opened[r.ID]; ok {
		g.access = append(g.access, opened.Sub(r.At))
	}
	g.Reviews.count(r.Review)
	for i := range r.Leases {
		if took, ok := provedAfter(&r.Leases[i]); ok {
			g.death = append(g.death, took)
		}
	}
}

func (g *gathering) figures() Figures {
	f := g.Figures
	f.ToAgree, f.ToAccess, f.ToProvedDeath = spread(g.agree), spread(g.access), spread(g.death)
	return f
}

// period gives the figures of the requests that were made in the last days.
func (s *state) period(days int, now canon.Time) Period {
	var all gathering
	each := map[string]*gathering{}
	since := now.Add(-time.Duration(days) * 24 * time.Hour)
	for _, h := range s.requests {
		r := h.Request
		if r.At.Before(since) {
			continue
		}
		all.add(s, r)
		if each[r.Scenario] == nil {
			each[r.Scenario] = &gathering{}
		}
		each[r.Scenario].add(s, r)
	}
	p := Period{Days: days, All: all.figures(), Scenarios: []ScenarioFigures{}}
	for id, g := range each {
		p.Scenarios = append(p.Scenarios, ScenarioFigures{Scenario: id, Title: s.title(id), Figures: g.figures()})
	}
	slices.SortFunc(p.Scenarios, func(a, b ScenarioFigures) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Scenario, b.Scenario))
	})
	return p
}

// samples are the newest requests that opened something, of those that a viewer may
// see, oldest first.
func (s *state) samples(viewer string) []Sample {
	all := []Sample{}
	for id, opened := range s.learned.opened {
		h, held := s.requests[id]
		if !held || !s.maySee(viewer, h.Request) {
			continue
		}
		r := h.Request
		all = append(all, Sample{ID: id, Scenario: r.Scenario, Title: s.title(r.Scenario), Severity: Gravity(r), At: r.At, Took: opened.Sub(r.At).Milliseconds()})
	}
	slices.SortFunc(all, func(a, b Sample) int {
		return cmp.Or(a.At.Std().Compare(b.At.Std()), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return all[max(0, len(all)-samplesMost):]
}

// repeats are how often each scenario was granted in the last quarters.
func (s *state) repeats(now canon.Time) []Usage {
	current := quarterOf(now)
	granted := map[string][]int{}
	for _, h := range s.requests {
		r := h.Request
		if r.Grant == nil {
			continue
		}
		back := current - quarterOf(r.Grant.From)
		if back < 0 || back >= quarters {
			continue
		}
		if granted[r.Scenario] == nil {
			granted[r.Scenario] = make([]int, quarters)
		}
		granted[r.Scenario][quarters-1-back]++
	}
	all := []Usage{}
	for id, counts := range granted {
		repeat := Usage{Scenario: id, Title: s.title(id)}
		for i, n := range counts {
			repeat.Quarters = append(repeat.Quarters, Quarter{Name: quarterName(current - quarters + 1 + i), Granted: n})
		}
		if most := slices.Max(counts); most >= oftenFrom {
			repeat.Text = fmt.Sprintf("Granted %d times in one quarter: what people need so often wants normal access, not an emergency.", most)
		}
		all = append(all, repeat)
	}
	slices.SortFunc(all, func(a, b Usage) int {
		last := quarters - 1
		return cmp.Or(cmp.Compare(b.Quarters[last].Granted, a.Quarters[last].Granted), cmp.Compare(a.Scenario, b.Scenario))
	})
	return all
}

// quarterOf counts quarters of years, in UTC.
func quarterOf(at canon.Time) int {
	t := at.Std().UTC()
	return t.Year()*4 + (int(t.Month())-1)/3
}

func quarterName(quarter int) string { return fmt.Sprintf("%d Q%d", quarter/4, quarter%4+1) }

// open takes from an entry when the first target of a request was open.
func (l *learned) open(r cell.Recorded) {
	id, ok := cell.RequestOf(r.Outcome.Stream)
	if !ok || !slices.ContainsFunc(r.Outcome.Events, func(e cell.Event) bool { _, opens := e.(*cell.LeaseOpened); return opens }) {
		return
	}
	if before, known := l.opened[id]; !known || r.Entry.At.Before(before) {
		l.opened[id] = r.Entry.At
	}
}
