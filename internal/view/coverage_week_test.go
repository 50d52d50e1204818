package view_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

func (s *stage) week(severity access.Severity, away ...string) view.Week {
	s.t.Helper()
	v, ok := s.View.Week("database-locked-out", severity, s.Now, away...)
	if !ok {
		s.t.Fatalf("no week at %s", severity)
	}
	whole(s.t, v)
	return v
}

// whole demands that stretches follow each other from end to end, each within a day.
func whole(t testing.TB, v view.Week) {
	t.Helper()
	at := v.From
	for _, each := range v.Stretches {
		if !each.From.Equal(at) || !each.Until.After(each.From) || each.Until.Sub(each.From) > 24*time.Hour {
			t.Errorf("a stretch from %s until %s follows %s", each.From, each.Until, at)
		}
		if first, last := each.From.Std(), each.Until.Std().Add(-time.Millisecond); first.YearDay() != last.YearDay() {
			t.Errorf("a stretch from %s until %s is of two days", each.From, each.Until)
		}
		at = each.Until
	}
	if !at.Equal(v.Until) || v.Until.Sub(v.From) != 7*24*time.Hour {
		t.Errorf("the week from %s ends at %s", v.From, at)
	}
}

// readies are how ready each stretch is.
func readies(v view.Week) (all []view.Readiness) {
	for _, each := range v.Stretches {
		all = append(all, each.Ready)
	}
	return all
}

func TestWeekHasHours(t *testing.T) {
	of := celltest.Scenario()
	of.Controls.Hours = []access.Hours{{From: "22:00", To: "06:30", Days: []string{"sun"}}}
	s := newStage(t, celltest.Genesis(), of)
	v := s.week("SEV2") // from a Sunday at 03:07
	const h, x = view.Hangs, view.Shut
	same(t, "ready", readies(v), []view.Readiness{x, h, h, x, x, x, x, x, x, x})
	same(t, "opens", v.Stretches[1].From.Std().Format("Mon 15:04"), "Sun 22:00")
	same(t, "shuts", v.Stretches[3].From.Std().Format("Mon 15:04"), "Mon 06:30")
	same(t, "shut", v.Stretches[0].Text, "Nobody may ask.")
	same(t, "open", v.Stretches[1].Text, "Without any one of sam and sue it cannot be filled.")
}

// TestWeekReadiness: each word for what the sentence says.
func TestWeekReadiness(t *testing.T) {
	s := climbing(t)
	for _, c := range []struct {
		severity access.Severity
		away     []string
		want     view.Readiness
	}{
		{"SEV1", nil, view.Hangs}, {"SEV2", []string{"sam", "lea"}, view.Later}, {"SEV1", []string{"leo"}, view.Partly}, {"SEV2", []string{"sam", "sue", "lea"}, view.Stuck},
		{"SEV1", []string{"ann", "bob", "lea"}, view.Stuck}, {"SEV1", []string{"lea"}, view.Hangs},
	} {
		got := readies(s.week(c.severity, c.away...))
		if len(got) != 8 || got[0] != c.want || got[7] != c.want {
			t.Errorf("%s without %q: %q, want %s", c.severity, c.away, got, c.want)
		}
	}
	g := celltest.Genesis()
	g.Groups["security"], g.Groups["leads"] = []string{"lea", "leo", "sam", "sue"}, []string{"lea", "leo", "sam", "sue"}
	same(t, "nobody is needed", readies(newStage(t, g, celltest.Scenario()).week("SEV1"))[0], view.Ready)
	s.later(time.Minute)
	s.effect(cell.TaskClock, cell.EffectClock, canon.Digest{}, "", cell.Observed{Step: 31_500})
	same(t, "the ladder waits", readies(s.week("SEV2", "sam", "lea"))[0], view.Stuck)
	if _, ok := s.View.Week("other", "SEV1", s.Now); ok {
		t.Error("a scenario that is not there has a week")
	}
	if _, ok := s.View.Week("database-locked-out", "SEV4", s.Now); ok {
		t.Error("a severity that is not there has a week")
	}
}

// TestWeekSeesKeysCoolOff: it changes at the very instant.
func TestWeekSeesKeysCoolOff(t *testing.T) {
	s := climbing(t)
	s.remove("sam", "lea", "leo", "")
	body := s.Amending(func(g *cell.Genesis) {
		g.People = append(g.People[:3], append([]roster.Person{{ID: "kim", Keys: []roster.Key{celltest.Line("kim")}}}, g.People[4:]...)...)
		g.Groups["leads"] = []string{"kim", "lea"}
	})
	s.Amend(body)
	made, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	s.View = made
	v, cools := s.week("SEV1"), s.World.Cooling[celltest.Line("kim").Fingerprint]
	before, after := view.Readiness(""), view.Readiness("")
	for i, each := range v.Stretches {
		if each.From.Equal(cools) {
			before, after = v.Stretches[i-1].Ready, each.Ready
		}
	}
	same(t, "before", before, view.Partly)
	same(t, "after", after, view.Hangs)
	for _, each := range v.Stretches { // as coverage says at each of them
		covered, _ := s.View.Coverage("database-locked-out", "SEV1", each.From)
		same(t, each.From.String(), each.Text, covered.Text)
	}
}

// TestEvery has each quorum once, as it is answered by itself.
func TestEvery(t *testing.T) {
	s := climbing(t)
	every := s.View.Every(s.Now, "sam")
	var names []string
	for _, v := range every {
		names = append(names, v.Scenario+" "+string(v.Severity))
	}
	same(t, "quorums", names, []string{"database-locked-out SEV1", "database-locked-out SEV2", " "})
	same(t, "SEV2", every[1].Text, s.covers("SEV2", "sam").Text)
	change, _ := s.View.ChangeCoverage(s.Now, "sam")
	same(t, "change", every[2].Text, change.Text)
	for i, want := range []view.Readiness{view.Hangs, view.Later, view.Hangs} {
		same(t, "in a word", every[i].Ready, want)
	}
	few, _ := s.View.ChangeCoverage(s.Now, "sam", "sue", "lea")
	same(t, "too few", few.Ready, view.Stuck)
}
