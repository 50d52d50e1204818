package web

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/view"
)

// measure is one duration, of every scenario, over both periods.
type measure struct {
	ID, Title, About, None string
	Chart                  *chart
	All                    duration
	Rows                   []measured
}

// measured is a scenario's row.
type measured struct {
	Name string
	duration
}

// duration is the short and the long period.
type duration struct{ Short, Long view.Spread }

// numbers is how the cell does: how long access takes, and ending it; whether
// reviews are in time; what is used too often.
func (p *pages) numbers(c *call) error {
	var n view.Numbers
	if err := p.get(c, "/api/v1/numbers", &n); err != nil {
		return err
	}
	if len(n.Periods) != 2 {
		return fmt.Errorf("the API gives figures of %d periods", len(n.Periods))
	}
	body := struct {
		view.Numbers
		Access, Reviews, Repeat *chart
		Measures                []measure
		Short, Long             view.Period
	}{Numbers: n, Access: accessChart(n.Samples), Reviews: reviewChart(n.Periods[1].All.Reviews), Short: n.Periods[0], Long: n.Periods[1]}
	body.Repeat = repeatChart(n.Repeats)
	body.Measures = []measure{
		measureOf(n.Periods, measure{
			ID: "access", Title: "Time to access", About: "From the request until the first target was open.",
			None: "Nothing was opened in these days, as far as the ledger was read back.",
		}, func(f view.Figures) view.Spread { return f.ToAccess }),
		measureOf(n.Periods, measure{
			ID: "agree", Title: "Time to approve", About: "From the request until its quorum was filled. Who went in alone is not counted.",
			None: "No quorum was filled in these days.",
		}, func(f view.Figures) view.Spread { return f.ToAgree }),
		measureOf(n.Periods, measure{
			ID: "death", Title: "Time to revoke", About: "From when a target began to close until it was proved dead, where a credential had been given.",
			None: "Nothing that had a credential was closed in these days.",
		}, func(f view.Figures) view.Spread { return f.ToProvedDeath }),
	}
	return p.show(c, "numbers", shown{Title: "Numbers", Place: "numbers", Live: "/numbers", Body: body})
}

// measureOf takes one duration out of both periods.
func measureOf(periods []view.Period, m measure, of func(view.Figures) view.Spread) measure {
	short, long := periods[0], periods[1]
	m.All = duration{of(short.All), of(long.All)}
	var points []point
	for _, s := range long.Scenarios {
		row := measured{Name: s.Scenario, duration: duration{Long: of(s.Figures)}}
		if s.Title != "" {
			row.Name = s.Title
		}
		if i := slices.IndexFunc(short.Scenarios, func(other view.ScenarioFigures) bool { return other.Scenario == s.Scenario }); i >= 0 {
			row.Short = of(short.Scenarios[i].Figures)
		}
		if row.Long.Count > 0 {
			m.Rows = append(m.Rows, row)
			points = append(points, point{Text: row.Name + ": " + milliseconds(row.Long.P50), Amount: row.Long.P50})
		}
	}
	m.Chart = draw(m.ID, m.Title+": the median of each scenario, over "+count(long.Days, "day", "days"), points, level{m.All.Long.P50, "The line is the median of all: " + milliseconds(m.All.Long.P50)})
	return m
}

// accessChart is how long each of the newest emergencies took.
func accessChart(samples []view.Sample) *chart {
	var points []point
	var took []int64
	for _, s := range samples {
		points = append(points, point{Text: s.At.Std().UTC().Format("2 Jan, 15:04 UTC") + ": " + milliseconds(s.Took), Amount: s.Took})
		took = append(took, s.Took)
	}
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	median := took[(len(took)+1)/2-1]
	return draw("samples", "Time to access, last "+count(len(samples), "emergency", "emergencies"), points, level{median, "The line is their median: " + milliseconds(median)})
}

// reviewChart is how reviews ended.
func reviewChart(r view.Reviews) *chart {
	if r.Opened == 0 {
		return nil
	}
	points := []point{
		{fmt.Sprintf("in time: %d", r.InTime), int64(r.InTime)}, {fmt.Sprintf("late: %d", r.Late), int64(r.Late)},
		{fmt.Sprintf("overdue: %d", r.Overdue), int64(r.Overdue)}, {fmt.Sprintf("not due yet: %d", due(r)), int64(due(r))},
	}
	return draw("reviews", "Reviews by how they ended", points, level{})
}

// due is how many reviews are neither signed off nor overdue.
func due(r view.Reviews) int { return r.Opened - r.InTime - r.Late - r.Overdue }

// repeatChart is how often anything was granted, by quarter.
func repeatChart(repeats []view.Usage) *chart {
	var points []point
	for _, r := range repeats {
		for i, q := range r.Quarters {
			if i == len(points) {
				points = append(points, point{Text: q.Name})
			}
			points[i].Amount += int64(q.Granted)
		}
	}
	for i := range points {
		points[i].Text += fmt.Sprintf(": %d", points[i].Amount)
	}
	return draw("repeat", "Grants by quarter", points, level{})
}
