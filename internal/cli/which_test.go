package cli_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestWordsFindTheScenario: what people say at night leads to one scenario of
// those that come with the program; what says nothing leads to none.
func TestWordsFindTheScenario(t *testing.T) {
	builtins := must(config.Builtins())
	var all []view.Scenario
	for _, b := range builtins {
		all = append(all, view.Scenario{ID: b.ID, Title: b.Title, UseWhen: b.UseWhen})
	}
	for words, want := range map[string]string{
		"the database is down":             "database-locked-out",
		"nobody can sign in":               "identity-provider-down",
		"saml certificate":                 "federation-broken",
		"access portal does not answer":    "identity-center-or-region-down",
		"cannot deploy, the pipeline died": "deploy-pipeline-broken",
		"intruder: somebody is inside":     "security-containment",
		"customers' data was deleted":      "data-loss",
		"cannot reach the registrar":       "key-person-unavailable",
		"we need root":                     "root-recovery",
		"cluster API":                      "cluster-control-plane",
		"data-loss":                        "data-loss",
	} {
		got := view.Fitting(all, words)
		if len(got) != 1 || got[0].ID != want {
			t.Errorf("%q leads to %d scenarios, want %s", words, len(got), want)
			for _, each := range got {
				t.Log(each.ID)
			}
		}
	}
	if got := view.Fitting(all, "coffee zebra"); len(got) > 0 {
		t.Errorf("nothing leads to %s", got[0].ID)
	}
	if got := view.Fitting(all, ""); len(got) != len(all) {
		t.Errorf("no words lead to %d", len(got))
	}
}
