package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// figures are the numbers of a cell that had some emergencies.
func figures(emergencies int) view.Numbers {
	n := view.Numbers{Of: emergencies, Since: canon.At(instant.Add(-80 * 24 * time.Hour)), Samples: []view.Sample{}, Repeats: []view.Usage{}}
	var f view.Figures
	for i := range emergencies {
		n.Samples = append(n.Samples, view.Sample{
			ID: canon.Sum([]byte{byte(i)}), Scenario: "database-locked-out", Title: "Production database refuses everyone", Severity: "SEV1",
			At: canon.At(instant.Add(time.Duration(i-emergencies) * 24 * time.Hour)), Took: int64(60_000 + 37_000*(i*5%7)),
		})
	}
	n.Periods = []view.Period{{Days: 30}, {Days: 90}}
	if emergencies == 0 {
		return n
	}
	f.Requests, f.Granted = emergencies, emergencies
	f.ToAccess = view.Spread{Count: emergencies, P50: 171_000, P90: 282_000, P95: 282_000}
	f.ToAgree, f.ToProvedDeath = view.Spread{Count: emergencies, P50: 160_000, P90: 270_000}, view.Spread{Count: 2, P50: 4_250, P90: 9_000}
	f.Reviews = view.Reviews{Opened: 5, InTime: 3, Late: 1}
	for i := range n.Periods {
		n.Periods[i].All, n.Periods[i].Scenarios = f, []view.ScenarioFigures{{Scenario: "database-locked-out", Title: "Production database refuses everyone", Figures: f}}
	}
	n.Periods[0].Scenarios = nil // all of it is older than the short period
	n.Repeats = []view.Usage{{
		Scenario: "database-locked-out", Title: "Production database refuses everyone", Text: "Granted 5 times in one quarter: what people need so often wants normal access, not an emergency.",
		Quarters: []view.Quarter{{Name: "2026 Q1"}, {Name: "2026 Q2"}, {Name: "2026 Q3", Granted: 1}, {Name: "2026 Q4", Granted: 5}},
	}}
	return n
}

func TestNumbers(t *testing.T) {
	n := figures(7)
	page := open(t, map[string]any{"/api/v1/numbers": n}).page("/numbers")
	has(t, page, "Over 7 requests that this server remembers", "Time to access, last 7 emergencies", "/requests/"+n.Samples[0].ID.String(),
		"In the last 90 days half took 2 min 51 s or less, and nine in ten 4 min 42 s or less, of 7.", "4.2 s", "That is too few to say much.",
		"The line is the median of all: 2 min 51 s", "in time: 3; late: 1; overdue: 0; not due yet: 1", "wants normal access", "2026 Q3: 1; 2026 Q4: 5")
	if charts, rects := strings.Count(page, "<svg"), strings.Count(page, "<rect"); charts != 6 || rects != 7+3+4+4 {
		t.Errorf("%d charts with %d bars", charts, rects)
	}
	for _, svg := range strings.Split(page, "<svg")[1:] {
		picture, _, _ := strings.Cut(svg, "</svg>")
		has(t, picture, `role="img"`, "<title id=", "<desc id=")
	}
}

func TestNumbersOfNothing(t *testing.T) {
	page := open(t, map[string]any{"/api/v1/numbers": figures(0)}).page("/numbers")
	has(t, page, "Nothing was asked for yet", "No quorum was filled in these days.", "Nothing was opened in these days", "No review was opened", "Nothing was granted in the last four quarters.")
	lacks(t, page, "<svg")
}

// TestT32NumbersEscape has every text of the page be hostile.
func TestT32NumbersEscape(t *testing.T) {
	n := figures(3)
	n.Samples[0].Title, n.Repeats[0].Title, n.Repeats[0].Text = hostile, hostile, hostile
	n.Periods[1].Scenarios[0].Title = hostile
	harmless(t, open(t, map[string]any{"/api/v1/numbers": n}).page("/numbers"))
}
