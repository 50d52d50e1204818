package paper_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/paper"
)

// sample is a cell with two accounts and five roles in one of them.
func sample() paper.Cell {
	g, s := celltest.AWSGenesis(), celltest.AWSScenario()
	return paper.Cell{Genesis: &g, Scenarios: map[string]*access.Scenario{s.ID: &s}}
}

func prod(t testing.TB) *paper.Blueprint {
	t.Helper()
	b, err := sample().Blueprint("prod")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// template is the account's template as it comes out.
func template(t testing.TB) []byte {
	t.Helper()
	made, err := prod(t).CloudFormation()
	if err != nil {
		t.Fatal(err)
	}
	return made[0].Data
}

// TestWhatTheLawKnowsComesOut: every role of a scenario that the cell's own checks
// take has a blueprint, with the bounds that the scenario says.
func TestWhatTheLawKnowsComesOut(t *testing.T) {
	text := string(template(t))
	for _, role := range []string{"EmergencyDatabase", "EmergencyNarrow", "EmergencyShell", "EmergencyRoot", "EmergencyConsole", "EmergencyConsole-console", "halligan-stopper"} {
		if !strings.Contains(text, "RoleName: "+role+"\n") {
			t.Errorf("there is no role %s", role)
		}
	}
	if b := prod(t); len(b.Roles) != 5 || len(b.Roles[0].Doors) != 1 {
		t.Errorf("roles %+v", b.Roles)
	}
}

// TestReadDeployed: a folder of templates, one within an answer, and what is none.
func TestReadDeployed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for text, want := range map[string]string{
		"": "no template", "{": "", "a: [": "", "Resources: 5": "no template", `{"RoleDetailList": 5}`: "cannot read the answer of IAM",
	} {
		if _, err := paper.ReadDeployed(write("x.yaml", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	if err := os.Remove(filepath.Join(dir, "x.yaml")); err != nil {
		t.Fatal(err)
	}
	write("halligan.yaml", string(template(t)))
	write("notes.txt", "no template at all: [")
	d, err := paper.ReadDeployed(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := prod(t).Compare(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all { // the rules of the regions are not in this folder
		if one.Kind != "missing" || strings.HasPrefix(one.What, "role ") || strings.HasPrefix(one.What, "policy halligan") {
			t.Errorf("%s: %s", one.Kind, one.Text)
		}
	}
	if _, err := paper.ReadDeployed(t.TempDir()); err == nil || !strings.Contains(err.Error(), "0 templates there") {
		t.Errorf("an empty folder: error %v", err)
	}
}

// FuzzTemplate: whatever is given as a template ends in a comparison or an error.
func FuzzTemplate(f *testing.F) {
	f.Add(template(f))
	f.Add([]byte(`{"TemplateBody": "Resources: {A: {Type: 'AWS::IAM::Role', Properties: {RoleName: x, Policies: [{PolicyName: 1}]}}}"}`))
	f.Add([]byte("Resources: {A: 1, B: {Type: 2}, C: {Type: 'AWS::Events::Rule', Properties: [1]}}"))
	f.Add([]byte("TemplateBody: {TemplateBody: {Resources: {}}}"))
	b := prod(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		template, err := paper.ReadTemplate(data)
		if err != nil || template == nil {
			return
		}
		if _, err := b.Compare(paper.Templates(template)); err != nil {
			t.Error(err)
		}
	})
}
