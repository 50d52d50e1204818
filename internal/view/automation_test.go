package view_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestExecutionInWords: approvers read which version of which document runs, with which
// content and as whom; whoever may press Stop, what becomes of it; and afterwards, what
// is not proved yet, and what proved it.
func TestExecutionInWords(t *testing.T) {
	s := newStage(t, celltest.AWSGenesis(), celltest.AutomationScenario())
	v, _ := s.View.Scenario("ann", "database-locked-out")
	var o view.Opening
	for _, each := range v.Opens {
		if each.Target == "run-1" {
			o = each
		}
	}
	for _, want := range []string{
		"Be a member of operators: one execution of version 2 of the document EmergencyMembers of Systems Manager in AWS account prod (123456789012), eu-west-1, as the role AutomationMembers.",
		"digest sha256:" + celltest.AutomationTarget("").Digest.String(), "It is given Group operators, Person, which is the id of whoever asks and Until, which is a minute after the end of the grant.",
		"There is nothing to fetch", "which runs the step Close", "cannot be extended",
	} {
		if !strings.Contains(o.Text, want) {
			t.Errorf("the opening lacks %q: %s", want, o.Text)
		}
	}
	if o.Document != "EmergencyMembers" || o.Account != "prod" {
		t.Errorf("the opening is %+v", o)
	}
	asked := s.ask("ann", "1", "run-2")
	for _, approver := range []string{"sam", "lea"} {
		s.do(s.Approve(approver, asked))
	}
	s.effect(cell.TaskOpen, cell.EffectOpenFailed, asked, "run-2", cell.Observed{Why: access.TroubleChanged})
	if known := s.show("ann", asked).Leases[0].Known; !strings.Contains(known, "not the one that was signed") {
		t.Errorf("a document of another content: %s", known)
	}
	s.effect(cell.TaskOpen, cell.EffectOpenFailed, asked, "run-2", cell.Observed{Why: access.TroubleWaits})
	if known := s.show("ann", asked).Leases[0].Known; !strings.Contains(known, "an earlier grant is for the same and is not closed yet") {
		t.Errorf("one that waits for another's end: %s", known)
	}
	if n := len(s.View.Executions()); n != 1 {
		t.Errorf("%d requests have executions", n)
	}
	id := s.granted("0", "run-1")
	look := func() (view.Request, string) {
		shown := s.View.Show(s.World.Requests[id], view.Instant{Now: s.Now})
		var next []string
		for _, step := range shown.Next {
			next = append(next, step.Text)
		}
		return shown, strings.Join(next, " ")
	}
	if shown, _ := look(); !strings.Contains(shown.StopTakes, "is cancelled within minutes") || !strings.Contains(shown.Leases[0].Known, "open, by an execution of Systems Manager in AWS account prod") {
		t.Errorf("open: %s; a stop takes: %s", shown.Leases[0].Known, shown.StopTakes)
	}
	if held := s.View.LeaseHeld(cell.KeyID(id, "run-1")); !held {
		t.Error("the lease is not held")
	}
	s.do(s.Stop("sue", id))
	if held := s.View.LeaseHeld(cell.KeyID(id, "run-1")); held {
		t.Error("a lease that closes is held")
	}
	shown, next := look()
	if l := shown.Leases[0]; !strings.Contains(l.Known, "is not seen to have closed yet") || l.OtherWay == "" || l.Automation != "prod" || !strings.Contains(next, "is cancelled until it is over") {
		t.Errorf("closing: %+v; %s", l, next)
	}
	s.effect(cell.TaskShut, cell.EffectShut, id, "run-1", cell.Observed{Shut: &cell.Shut{Closed: true, Listed: access.ListedGone}})
	if shown, _ := look(); !strings.Contains(shown.Leases[0].Known, "its execution is over, and the step that closes has succeeded") {
		t.Errorf("closed: %s", shown.Leases[0].Known)
	}
}
