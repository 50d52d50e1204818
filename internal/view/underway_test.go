package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestAlarmsOnTheirWay: a channel that takes nothing is a finding after a minute,
// not only when its alarms are given up; one that answers is none.
func TestAlarmsOnTheirWay(t *testing.T) {
	s := sample(t)
	found := func() []view.Finding { return s.View.Findings("ann", s.at()).Findings }
	since := s.Now
	s.ask("ann", "1", "db-1")
	s.later(30 * time.Second)
	s.ask("bob", "2", "db-1")
	same(t, "at once", len(found()), 0)
	s.later(30 * time.Second)
	late := found()
	if len(late) != 1 || late[0].Kind != view.FindingUnderway || late[0].Channel != "pager" || !late[0].Since.Equal(since) ||
		!strings.Contains(late[0].Text, "Channel pager has not taken 1 alarm yet, the first since 03:07:00 UTC;") {
		t.Errorf("after a minute: %+v", late)
	}
	s.later(time.Hour)
	if late := found(); len(late) != 1 || !strings.Contains(late[0].Text, "not taken 2 alarms yet") {
		t.Errorf("after an hour: %+v", late)
	}
	agrees(t, s)
	s.heard()
	same(t, "once it answers", len(found()), 0)
	agrees(t, s)
}

// TestTheFirstPageHasTheEpoch, and each host that is watched since, until it is not.
func TestTheFirstPageHasTheEpoch(t *testing.T) {
	s := sample(t)
	happen := func(e cell.Event) {
		t.Helper()
		if err := s.View.Apply(cell.Recorded{Index: s.View.Version(), Outcome: cell.Outcome{Stream: cell.StreamCell, Events: []cell.Event{e}}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	notes := func() string { return strings.Join(s.View.Now("ann", s.at()).Notes, "; ") }
	same(t, "before", notes(), "")
	begun := cell.Epoch{Number: 2, Base: statement.Seen{Size: 7}, Lost: statement.Seen{Size: 12}, By: []string{"sam", "lea"}, At: s.Now}
	happen(&cell.EpochBegun{Epoch: begun})
	for _, want := range []string{"epoch 2 began at ", "entries 7 to 11 are lost", "host db-1 is watched until ", "host db-2 is watched until "} {
		if !strings.Contains(notes(), want) {
			t.Errorf("%q is not in %q", want, notes())
		}
	}
	happen(&cell.StraysFound{Host: "db-1"})
	happen(&cell.HostSurveyed{Host: "db-2"})
	if got := notes(); !strings.Contains(got, "host db-1 is watched: it lists sessions") || strings.Contains(got, "db-2") {
		t.Errorf("later: %q", got)
	}
	happen(&cell.HostSurveyed{Host: "db-1"})
	if got := notes(); strings.Contains(got, "watched") || !strings.Contains(got, "epoch 2 began") {
		t.Errorf("in the end: %q", got)
	}
}
