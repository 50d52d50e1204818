package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
)

// TestPolicyExamplesHold: what comes with the program is tested by what comes with
// it, and is of use in a cell as it is.
func TestPolicyExamplesHold(t *testing.T) {
	folder := t.TempDir()
	copyTree(t, folder, "testdata/good/small")
	var conditions []string
	for _, id := range config.PolicyExamples {
		files, err := config.PolicyExample(id)
		if err != nil || len(files) != 2 {
			t.Fatalf("%s: %d files, %v", id, len(files), err)
		}
		for name, data := range files {
			path := filepath.Join(folder, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		conditions = append(conditions, config.PoliciesDir+"/"+id+".cedar")
	}
	results, problems := config.TestPolicies(folder)
	allowed, denied := 0, 0
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s:%d: %s: %s", r.File, r.Line, r.Case, r.Said())
		}
		if r.Got == "allow" {
			allowed++
		} else {
			denied++
		}
	}
	if len(problems) > 0 || allowed < 4 || denied < 4 {
		t.Errorf("%d allowed, %d denied, problems: %v", allowed, denied, problems)
	}
	path := filepath.Join(folder, "scenarios", "locked-out.yaml")
	if err := edit(path, "alarms: { to: [pager] }\n=>\nalarms: { to: [pager] }\nconditions: ["+strings.Join(conditions, ", ")+"]"); err != nil {
		t.Fatal(err)
	}
	for _, p := range config.Lint(folder) {
		if !strings.Contains(p.What, "too few who may agree") { // nobody of the sample has a security key
			t.Error(p)
		}
	}
	if _, err := config.PolicyExample("no"); err == nil {
		t.Error("an example of another name")
	}
}

// TestPoliciesAreSigned: genesis names what is named in the files, by the digest
// of the very bytes, and nothing else.
func TestPoliciesAreSigned(t *testing.T) {
	folder := t.TempDir()
	copyTree(t, folder, "testdata/good/full")
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	bundle, err := config.Compile(folder, machineKeys(t, "halligan.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	g := bundle.Genesis
	if len(g.Policies) != 2 || g.Policies[0].ID != "by-day" || g.Policies[1].ID != "office" || len(g.GuardRails) != 1 || g.GuardRails[0] != "office" {
		t.Fatalf("policies %v, guard rails %v", g.Policies, g.GuardRails)
	}
	for _, ref := range g.Policies {
		data := readFile(t, filepath.Join(folder, config.PoliciesDir, ref.ID+".cedar"))
		if canon.Sum(data) != ref.Digest || string(bundle.Policies[ref.ID]) != string(data) {
			t.Errorf("%s is not what stands in the file", ref.ID)
		}
	}
	d, err := bundle.Document()
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Scenarios["everything"].Conditions; len(got) != 1 || got[0] != g.Policies[0] {
		t.Errorf("the scenario names %v", got)
	}
	if n := len(bundle.Attachments); n != 1+len(g.Scenarios)+2 {
		t.Errorf("%d attachments", n)
	}
}
