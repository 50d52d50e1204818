package blueprint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
)

// withRuns is the sample with an account in which scenarios run a document of its own,
// and the one of a blueprint for a group.
func withRuns() blueprint.Cell {
	c := sample()
	c.Accounts = append(c.Accounts, blueprint.Account{ID: "tools", Number: "310987654321", Regions: []string{"eu-west-1"}, Other: "root of the account"})
	s := scenario("pipeline-stuck", "", access.AWS{})
	members := access.Automation{Name: "members", Account: "tools", Region: "eu-west-1", Version: 1, Group: "pipeline-admins", Allows: "Be a member of pipeline-admins"}
	members.MemberOf()
	s.Opens = []access.Open{{Automation: &members}, {Automation: &access.Automation{
		Name: "freeze", Account: "tools", Region: "eu-central-1", Document: "LiftFreeze", Version: 7, Digest: canon.Sum([]byte("x")), Role: "AutomationFreeze",
		Tells: map[string]string{"Until": access.FactUntil}, Opens: "Lift", Closes: "Restore", Allows: "Deploy in spite of the freeze",
	}}}
	c.Scenarios = append(c.Scenarios, s)
	return c
}

func tools(t *testing.T) *blueprint.Blueprint {
	t.Helper()
	b, err := blueprint.Of(withRuns(), "tools")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExecutorRole: an account in which scenarios run documents gets the issuers, one
// role that starts these versions and stops what it started, and one for the document of
// each group. Others get nothing of it, and a management account gets no role.
func TestExecutorRole(t *testing.T) {
	b := tools(t)
	made, err := b.CloudFormation()
	goldens(t, "cloudformation", files(t, made, err))
	goldens(t, "terraform", b.Terraform())
	policy := string(b.ExecutorPolicy())
	for _, part := range []string{
		`"arn:aws:ssm:eu-central-1:310987654321:automation-definition/LiftFreeze:7"`, `"arn:aws:ssm:eu-west-1:310987654321:automation-definition/Halligan-member-pipeline-admins:1"`,
		`"arn:aws:iam::310987654321:role/AutomationFreeze"`, `"arn:aws:iam::310987654321:role/halligan-member-pipeline-admins"`, `"aws:ResourceTag/halligan-cell":"halligan.example.com"`,
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	for _, part := range []string{"SendAutomationSignal", "UpdateDocument", "CreateDocument", "SendCommand", ":*\"", "$LATEST"} {
		if strings.Contains(policy, part) {
			t.Errorf("the policy has %s: %s", part, policy)
		}
	}
	if trust := string(b.ExecutorTrust()); strings.Count(trust, `"halligan.example.com/executor"`) != 2 {
		t.Errorf("the trust is %s", trust)
	}
	guard := string(blueprint.SCP([]*blueprint.Blueprint{b}, nil))
	for _, part := range []string{"role/halligan-*", "group/pipeline-admins", "role/halligan-member-pipeline-admins", "role/halligan-executor"} {
		if !strings.Contains(guard, part) {
			t.Errorf("the guard lacks %s: %s", part, guard)
		}
	}
	prod, err := blueprint.Of(withRuns(), "prod")
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(prod.Documents(), func(d blueprint.Document) bool { return strings.HasPrefix(d.Name, "executor/") }) {
		t.Error("an account that runs nothing has the role")
	}
	c := withRuns()
	c.Accounts[len(c.Accounts)-1].Door, c.Accounts[len(c.Accounts)-1].Base = access.DoorExternalID, "arn:aws:iam::210987654321:role/halligan-server"
	by, err := blueprint.Of(c, "tools")
	if err != nil {
		t.Fatal(err)
	}
	if trust, base := string(by.ExecutorTrust()), string(by.BasePolicy()); !strings.Contains(trust, `"sts:ExternalId":"halligan.example.com/executor"`) || !strings.Contains(base, "role/halligan-executor") {
		t.Errorf("by an external id: %s, %s", trust, base)
	}
	c = withRuns()
	c.Accounts[len(c.Accounts)-1].Management = true
	if _, err := blueprint.Of(c, "tools"); err == nil || !strings.Contains(err.Error(), "member account") {
		t.Errorf("a management account: %v", err)
	}
}

// TestMemberDocument: the document of a group has the documented form and the bytes whose
// digest was signed; it hands out nothing, and nobody stays in the group on any way out.
func TestMemberDocument(t *testing.T) {
	b := tools(t)
	made, err := b.SSM()
	made = files(t, made, err)
	goldens(t, "ssm", made)
	if len(made) != 1 || made[0].Name != "tools/Halligan-member-pipeline-admins.yaml" {
		t.Fatalf("files are %v", made)
	}
	var document map[string]any
	if err := yaml.Unmarshal(made[0].Data, &document); err != nil {
		t.Fatal(err)
	}
	if err := automationSchema(t).Validate(anyJSON(t, document)); err != nil {
		t.Error(err)
	}
	if text := string(made[0].Data); strings.Contains(text, "#") || strings.Contains(text, "outputs") {
		t.Errorf("the document has a comment, which another version would change, or an output:\n%s", text)
	}
	for _, step := range []string{"Open", "Wait"} {
		for _, how := range []way{did, failed, failedBut, cancelled} {
			calls, inside := run(t, document, map[string]way{step: how})
			if inside || !slices.Contains(calls, "Close") {
				t.Errorf("%s %s: %v, inside %v", step, how, calls, inside)
			}
		}
	}
	if calls, inside := run(t, document, map[string]way{"Close": failed}); !inside || len(calls) != 3 {
		t.Errorf("the walk does not notice that closing failed: %v, inside %v", calls, inside)
	}
}
