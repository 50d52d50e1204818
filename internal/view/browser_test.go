package view_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestWhatABrowserCanUse: whoever is about to ask reads of each target what keys that
// a browser makes can do with it.
func TestWhatABrowserCanUse(t *testing.T) {
	v, _ := awsStage(t).View.Scenario("ann", "database-locked-out")
	for _, o := range v.Opens {
		want := view.InBrowser("")
		if o.Target == "console" {
			want = view.SignsIn
		}
		if o.Browser != want {
			t.Errorf("%s: %q, want %q", o.Target, o.Browser, want)
		}
	}
}

// TestConsolesOfABrowser: whoever asked by keys that a browser made finds the consoles
// that they sign in to, while those are open; keys of a machine are not for a page.
func TestConsolesOfABrowser(t *testing.T) {
	s := awsStage(t)
	agreed := func(c cell.Command) canon.Digest {
		t.Helper()
		id, _ := cell.RequestOf(s.do(c).Outcome.Stream)
		s.do(s.Approve("sam", id))
		s.do(s.Approve("lea", id))
		return id
	}
	opens := func(id canon.Digest) {
		t.Helper()
		task, ok := s.Task(cell.TaskOpen, id, "console")
		if !ok {
			t.Fatal("nothing is to be opened")
		}
		s.do(s.Effect(cell.EffectOpened, task.ID, cell.Observed{}))
	}
	shows := func(id canon.Digest, want ...string) {
		t.Helper()
		if got := s.View.Show(s.World.Requests[id], view.Instant{Now: s.Now}).Consoles; !slices.Equal(got, want) {
			t.Errorf("signs in to %q, want %q", got, want)
		}
	}
	browser := agreed(s.AskInBrowser("ann", "b", "console"))
	shows(browser)
	opens(browser)
	shows(browser, "console")
	machine := agreed(s.Ask("ann", "m", "console"))
	opens(machine)
	shows(machine)
	s.do(s.Stop("sue", browser))
	shows(browser)
}
