package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestRecoveryIsSeen by everybody from the day that it is agreed, with its end and
// who can still cancel it; and whoever could cancel it has it in the inbox.
func TestRecoveryIsSeen(t *testing.T) {
	g := celltest.Genesis()
	celltest.WithTrustees(&g)
	s := newStage(t, g, celltest.Scenario())
	same(t, "recovery quorum", s.View.People(s.at()).Recovery, "2 of trustees, after a notice of 168h")
	covered, ok := s.View.RecoveryCoverage(s.at().Now, "zoe")
	same(t, "covered", ok, true)
	same(t, "coverage", covered.Text, "Without any one of vic and wil it cannot be filled.")
	if _, ok := sample(t).View.RecoveryCoverage(s.at().Now); ok {
		t.Error("a cell without a recovery quorum covers one")
	}

	r := s.do(s.By("vic", "vic", s.Recovering(celltest.Rekeyed("sam", "sam's new"))))
	id := r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	for person, n := range map[string]int{"vic": 0, "wil": 1, "zoe": 1, "sam": 0, "lea": 0, "ann": 0} {
		same(t, "changes of "+person, len(s.View.Inbox(person, s.at()).Changes), n)
	}
	same(t, "notes", s.View.Now("ann", s.at()).Notes, []string{"1 change waits for signatures"})
	if s.View.Now("ann", s.at()).Recovery != nil {
		t.Error("what nobody agreed to waits")
	}
	s.do(s.Approve("wil", id))
	now := s.View.Now("ann", s.at())
	same(t, "notes", now.Notes, []string(nil))
	if now.Recovery == nil || now.Recovery.Until != s.Now.Add(cell.NoticeLeast.Duration()) || !strings.HasPrefix(now.Recovery.Text, "vic proposes to recover the cell: put document ") {
		t.Errorf("%+v", now.Recovery)
	}
	found := s.View.Findings("ann", s.at()).Findings
	if len(found) == 0 || found[0].Kind != view.FindingRecovery || !strings.Contains(found[0].Text, "takes effect at 2026-11-29 03:07:00 UTC, unless two people cancel it before") {
		t.Errorf("found %+v", found)
	}
	for person, may := range map[string]bool{"vic": true, "zoe": true, "sam": true, "lea": true, "ann": false, "bob": false} {
		same(t, "inbox of "+person, s.View.Inbox(person, s.at()).Recovery != nil, may)
		same(t, "changes of "+person, len(s.View.Inbox(person, s.at()).Changes), 0)
	}
	s.later(24 * time.Hour)
	s.effect(cell.TaskRecover, cell.EffectDue, canon.Digest{}, id.String(), cell.Observed{})
	s.do(s.Cancel("lea", id))
	same(t, "against", s.View.Now("ann", s.at()).Recovery.Against, []string{"lea"})
	same(t, "inbox of lea", s.View.Inbox("lea", s.at()).Recovery == nil, true)
	fromWorld, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "restored", fromWorld.Now("ann", s.at()).Recovery, s.View.Now("ann", s.at()).Recovery)
	s.do(s.Cancel("sam", id))
	same(t, "waiting", len(s.View.Changes()), 0)
	left := s.View.Findings("ann", s.at()).Findings
	left = slices.DeleteFunc(left, func(f view.Finding) bool { return f.Kind == view.FindingUnderway }) // nobody answers alarms here
	same(t, "found", len(left), 0)
	same(t, "inbox of sue", s.View.Inbox("sue", s.at()).Recovery == nil, true)
	golden(t, "recovery.txt", text(t, s.Log)+"\n"+alarms(t, s.Log))
}

// alarms are what the pager hears of a log.
func alarms(t *testing.T, log []cell.Recorded) string {
	t.Helper()
	var b strings.Builder
	for _, recorded := range log {
		for _, task := range recorded.Changes.Enqueued {
			if task.Kind != cell.TaskAlarm {
				continue
			}
			e, ok := view.Alarmed(recorded.Outcome.Events, task)
			if !ok {
				t.Fatalf("the event of task %s was not found", task.ID)
			}
			kind, sentence := view.Alarm(e, nil)
			b.WriteString(kind + ": " + sentence + "\n")
		}
	}
	return b.String()
}
