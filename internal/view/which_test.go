package view_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/view"
)

func TestExclusionOf(t *testing.T) {
	for text, want := range map[string]view.Exclusion{
		"a read-only look is enough → runbook \"read replica\"": {What: "a read-only look is enough", Way: "runbook \"read replica\""},
		"root is needed -> scenario root-recovery":              {What: "root is needed", Way: "scenario root-recovery", Scenario: "root-recovery"},
		"it is Friday":  {What: "it is Friday"},
		"a → b → c":     {What: "a", Way: "b → c"},
		"x → scenarios": {What: "x", Way: "scenarios"},
	} {
		if got := view.ExclusionOf(text); got != want {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

// TestFittingWeighsTitles: a word of a title leads, and one that all have tells
// nothing.
func TestFittingWeighsTitles(t *testing.T) {
	all := []view.Scenario{
		{ID: "db", Title: "Production database refuses everyone", UseWhen: []string{"customers cannot pay"}},
		{ID: "idp", Title: "Identity provider down", UseWhen: []string{"nobody can log in to the production database"}},
	}
	for words, want := range map[string][]string{
		"database": {"db"}, "idp": {"idp"}, "LOG in": {"idp"}, "production pay": {"db"}, "coffee": nil, "": {"db", "idp"},
	} {
		got := view.Fitting(all, words)
		if len(got) != len(want) {
			t.Errorf("%q fits %d scenarios, want %q", words, len(got), want)
			continue
		}
		for i := range want {
			if got[i].ID != want[i] {
				t.Errorf("%q fits %s, want %s", words, got[i].ID, want[i])
			}
		}
	}
}
