package blueprint_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
)

func files(t *testing.T, all []blueprint.File, err error) []blueprint.File {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestGolden holds every kind of file to what is in testdata, the mission's three
// examples among them: the role with its approval and rules, and the Automation
// document.
func TestGolden(t *testing.T) {
	for _, account := range []string{"prod", "payer", "security"} {
		made, err := of(t, account).CloudFormation()
		goldens(t, "cloudformation", files(t, made, err))
		goldens(t, "terraform", of(t, account).Terraform())
	}
	made, err := of(t, "prod").SSM()
	goldens(t, "ssm", files(t, made, err))
	all := []*blueprint.Blueprint{of(t, "prod"), of(t, "payer")}
	goldens(t, "scp", files(t, blueprint.Organization(all, []string{"arn:aws:iam::*:role/PlatformDeploy"}), nil))
}

// TestPolicies holds each policy to what is in testdata: what the boundary
// denies, whom the trust takes.
func TestPolicies(t *testing.T) {
	var all strings.Builder
	documents := of(t, "prod").Documents()
	if len(documents) < 20 {
		t.Fatalf("%d documents", len(documents))
	}
	for _, d := range documents {
		if !canon.Canonical(d.JSON) {
			t.Errorf("%s is not canonical JSON", d.Name)
		}
		value := jsontext.Value(d.JSON)
		if err := value.Indent(jsontext.WithIndent("  ")); err != nil {
			t.Fatal(err)
		}
		all.WriteString("# " + d.Kind + " " + d.Name + "\n" + string(value) + "\n\n")
	}
	golden(t, "policies.txt", []byte(all.String()))
}

// TestSameCellSameBytes: the order in which scenarios are written changes nothing.
func TestSameCellSameBytes(t *testing.T) {
	c := sample()
	c.Scenarios[0], c.Scenarios[2] = c.Scenarios[2], c.Scenarios[0]
	b, err := blueprint.Of(c, "prod")
	if err != nil {
		t.Fatal(err)
	}
	made, err := b.CloudFormation()
	goldens(t, "cloudformation", files(t, made, err))
	goldens(t, "terraform", b.Terraform())
}

// TestSmallDiffs: another number of minutes in one scenario changes its document
// and nothing else.
func TestSmallDiffs(t *testing.T) {
	c := sample()
	terms := c.Scenarios[0].Severities["SEV1"]
	terms.Longest = 1800
	c.Scenarios[0].Severities["SEV1"] = terms
	b, err := blueprint.Of(c, "prod")
	if err != nil {
		t.Fatal(err)
	}
	made, err := b.CloudFormation()
	goldens(t, "cloudformation", files(t, made, err))
	before, err := of(t, "prod").SSM()
	if err != nil {
		t.Fatal(err)
	}
	after, err := b.SSM()
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range before {
		if string(before[i].Data) != string(after[i].Data) {
			changed++
		}
	}
	if changed != 2 {
		t.Errorf("%d files of Systems Manager changed, want the document and the template that holds it", changed)
	}
}
