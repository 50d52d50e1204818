package view_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// opensAfter has a request agreed and its target open that long after it was asked.
func (s *stage) opensAfter(name string, took time.Duration) canon.Digest {
	s.t.Helper()
	id := s.ask("ann", name, "db-1")
	s.do(s.Approve("sam", id))
	s.do(s.Approve("lea", id))
	s.later(took)
	s.effect(cell.TaskOpen, cell.EffectOpened, id, "db-1", cell.Observed{})
	s.do(s.Stop("ann", id))
	return id
}

// TestFigures: median and nine in ten, of the last days, by scenario; and the newest
// one by one to whoever may see them.
func TestFigures(t *testing.T) {
	s := sample(t)
	s.opensAfter("long ago", time.Hour)
	s.later(40 * 24 * time.Hour)
	var newest canon.Digest
	for n := range 14 {
		newest = s.opensAfter(fmt.Sprint(n), time.Duration(n+1)*time.Minute)
	}
	waits := s.ask("ann", "waits", "db-1")
	n := s.View.Numbers("sam", s.at())
	thirty, ninety := n.Periods[0], n.Periods[1]
	same(t, "days", []int{thirty.Days, ninety.Days}, []int{30, 90})
	same(t, "requests", []int{thirty.All.Requests, ninety.All.Requests, thirty.All.Granted}, []int{15, 16, 14})
	same(t, "to access", thirty.All.ToAccess, view.Spread{Count: 14, P50: 7 * 60_000, P90: 13 * 60_000, P95: 14 * 60_000})
	same(t, "to access, of ninety", ninety.All.ToAccess, view.Spread{Count: 15, P50: 8 * 60_000, P90: 14 * 60_000, P95: 60 * 60_000})
	same(t, "scenarios", len(thirty.Scenarios), 1)
	same(t, "figures of the scenario", thirty.Scenarios[0].Figures, thirty.All)

	same(t, "samples", len(n.Samples), 12)
	last := n.Samples[11]
	same(t, "the newest", last.ID, newest)
	same(t, "took", last.Took, (14 * time.Minute).Milliseconds())
	for _, sample := range n.Samples {
		if sample.ID == waits {
			t.Error("a request that opened nothing has a time to access")
		}
	}
	same(t, "to bob", len(s.View.Numbers("bob", s.at()).Samples), 0)
	same(t, "but the figures", s.View.Numbers("bob", s.at()).Periods[0].All, thirty.All)
}

// TestRepeatUse counts grants by quarter, and says when there are too many.
func TestRepeatUse(t *testing.T) {
	s := sample(t)
	s.Now = canon.At(time.Date(2027, 3, 31, 23, 0, 0, 0, time.UTC))
	s.opensAfter("q1", time.Minute)
	s.opensAfter("q1 again", time.Minute)
	repeats := s.View.Numbers("bob", s.at()).Repeats
	same(t, "none too many", repeats[0].Text, "")
	s.Now = canon.At(time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC))
	for n := range 3 {
		s.opensAfter(fmt.Sprint(n), time.Minute)
	}
	repeats = s.View.Numbers("bob", s.at()).Repeats
	same(t, "quarters", repeats[0].Quarters, []view.Quarter{{Name: "2026 Q3"}, {Name: "2026 Q4"}, {Name: "2027 Q1", Granted: 2}, {Name: "2027 Q2", Granted: 3}})
	same(t, "too many", repeats[0].Text, "Granted 3 times in one quarter: what people need so often wants normal access, not an emergency.")
	s.later(2 * 365 * 24 * time.Hour)
	same(t, "long ago", len(s.View.Numbers("bob", s.at()).Repeats), 0)
}

// TestFiguresLookBack: a view that is made again knows when targets were open, once
// it has read what was written before.
func TestFiguresLookBack(t *testing.T) {
	s := sample(t)
	id := s.opensAfter("1", time.Minute)
	made, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	newest := len(s.Log) - 1
	made.Learn(s.Log[newest])
	r, _ := s.View.Find(id)
	made.Recall(s.Log[newest].Index, r)
	same(t, "before", made.Numbers("sam", s.at()).ToAccess.Count, 0)
	if !made.LookBack(s.Log[:newest]) {
		t.Fatal("it does not look back")
	}
	same(t, "after", made.Numbers("sam", s.at()).ToAccess, s.View.Numbers("sam", s.at()).ToAccess)
	same(t, "requests", made.Numbers("sam", s.at()).Requests[access.Ended], 1)
}

// TestRemember: what is written while older entries are still being read counts after
// them, not before.
func TestRemember(t *testing.T) {
	s := sample(t)
	id := s.ask("ann", "1", "db-1")
	s.effect(cell.TaskAlarm, cell.EffectAlarmReceipt, id, "", cell.Observed{Receipt: &cell.Receipt{}})
	made, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	made.Await()
	older := slices.Clone(s.Log)
	s.do(s.Deny("sam", id))
	s.effect(cell.TaskAlarm, cell.EffectAlarmReceipt, id, "", cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 204}})
	for _, r := range s.Log[len(older):] {
		of, _ := cell.RequestOf(r.Outcome.Stream)
		if err := made.Apply(r, s.World.Requests[of]); err != nil {
			t.Fatal(err)
		}
	}
	made.Remember(older, nil)
	same(t, "heard again", made.Findings("ann", s.at()), s.View.Findings("ann", s.at()))
	same(t, "nothing is missed", len(made.Findings("ann", s.at()).Findings), 0)
	same(t, "told", len(s.show("ann", id).Told), 2)
}
