package blueprint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

// withCenter is the sample with an Identity Center that a member account of its own
// administers, and a scenario that gives a permission set in prod.
func withCenter() blueprint.Cell {
	c := sample()
	c.Center = &blueprint.Center{Instance: "arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11", Region: "eu-west-3", Account: "identity"}
	c.Accounts = append(c.Accounts, blueprint.Account{ID: "identity", Number: "210987654321", Regions: []string{"eu-west-1"}, Other: "root of the account"})
	s := scenario("console-needed", "", access.AWS{})
	s.Opens = []access.Open{{IdentityCenter: &access.IdentityCenter{
		Name: "console", Account: "prod", Set: "EmergencyDatabase", ARN: "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-0011223344556677", Session: 3600, Allows: "Databases",
	}}}
	c.Scenarios = append(c.Scenarios, s)
	return c
}

// TestIdentityCenterRole: the account that administers Identity Center gets the issuers
// and one role, which assigns the permission sets of scenarios in their accounts and can
// do nothing else; the others get nothing of it; and a management account gets no role.
func TestIdentityCenterRole(t *testing.T) {
	b, err := blueprint.Of(withCenter(), "identity")
	if err != nil {
		t.Fatal(err)
	}
	made, err := b.CloudFormation()
	goldens(t, "cloudformation", files(t, made, err))
	goldens(t, "terraform", b.Terraform())
	policy := string(b.CenterPolicy())
	for _, part := range []string{
		`"arn:aws:sso:::account/123456789012"`, `"arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11"`, `"arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-0011223344556677"`,
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	for _, part := range []string{"*", "PermissionSet\"", "iam:", "identitystore", "Put", "Update", "Provision", "210987654321"} {
		if strings.Contains(strings.ReplaceAll(policy, `"sso:DescribePermissionSet"`, ""), part) {
			t.Errorf("the policy has %s: %s", part, policy)
		}
	}
	if trust := string(b.CenterTrust()); strings.Count(trust, `"halligan.example.com/identity-center"`) != 2 || strings.Contains(trust, "*\"}") && !strings.Contains(trust, `"hg-*"`) {
		t.Errorf("the trust is %s", trust)
	}
	guard := string(blueprint.SCP([]*blueprint.Blueprint{b}, nil))
	if !strings.Contains(guard, "role/halligan-*") {
		t.Errorf("nothing guards the role: %s", guard)
	}
	prod, err := blueprint.Of(withCenter(), "prod")
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(prod.Documents(), func(d blueprint.Document) bool { return strings.HasPrefix(d.Name, "identity-center/") }) {
		t.Error("an account that administers nothing has the role")
	}
	c := withCenter()
	c.Accounts[len(c.Accounts)-1].Management = true
	if _, err := blueprint.Of(c, "identity"); err == nil || !strings.Contains(err.Error(), "delegated administrator") {
		t.Errorf("a management account: %v", err)
	}
}
