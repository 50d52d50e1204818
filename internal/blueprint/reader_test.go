package blueprint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

// withReader is the sample with an account that is read, and that nothing is opened in.
func withReader() blueprint.Cell {
	c := sample()
	c.Accounts = append(c.Accounts, blueprint.Account{ID: "audit", Number: "321098765432", Regions: []string{"eu-west-1"}, Other: "root of the account", Reader: true})
	return c
}

// TestReaderRole: an account that says so gets one role by which the server reads what
// it says of itself: bounded, for the cell's own tokens, and guarded like the others.
// Others get nothing of it, and a management account gets no role.
func TestReaderRole(t *testing.T) {
	b, err := blueprint.Of(withReader(), "audit")
	if err != nil {
		t.Fatal(err)
	}
	made, err := b.CloudFormation()
	goldens(t, "cloudformation", files(t, made, err))
	goldens(t, "terraform", b.Terraform())
	policy := string(b.ReaderPolicy())
	if !strings.Contains(policy, `"iam:GetAccountAuthorizationDetails"`) || len(policy) > access.SessionPolicyLongest {
		t.Errorf("the policy is %s", policy)
	}
	for _, part := range []string{`*"]`, "sts:", "s3:", "kms:", "secretsmanager:", "PassRole", "Put", "Create", "Delete", "Update", "Attach", "Deny"} {
		if strings.Contains(strings.ReplaceAll(policy, `"Resource":"*"`, ""), part) {
			t.Errorf("the policy has %s: %s", part, policy)
		}
	}
	if trust := string(b.ReaderTrust()); strings.Count(trust, `"halligan.example.com/reader"`) != 2 {
		t.Errorf("the trust is %s", trust)
	}
	if guard := string(blueprint.SCP([]*blueprint.Blueprint{b}, nil)); !strings.Contains(guard, "role/halligan-*") {
		t.Errorf("nothing guards the role: %s", guard)
	}
	if used := rule(t, b, "halligan-use"); !strings.Contains(used, ":role/halligan-reader") {
		t.Errorf("nothing tells of its use: %s", used)
	}
	if slices.ContainsFunc(of(t, "prod").Documents(), func(d blueprint.Document) bool { return strings.HasPrefix(d.Name, "reader/") }) {
		t.Error("an account that is not read has the role")
	}
	c := withReader()
	c.Accounts[len(c.Accounts)-1].Management = true
	if _, err := blueprint.Of(c, "audit"); err == nil || !strings.Contains(err.Error(), "take reader out") {
		t.Errorf("a management account: %v", err)
	}
	c = withReader()
	c.Accounts[len(c.Accounts)-1].Door, c.Accounts[len(c.Accounts)-1].Base = access.DoorExternalID, base
	if b, err = blueprint.Of(c, "audit"); err != nil || !strings.Contains(string(b.BasePolicy()), ":role/halligan-reader") || !strings.Contains(string(b.ReaderTrust()), `"sts:ExternalId":"halligan.example.com/reader"`) {
		t.Errorf("by an external id: %v: %s", err, b.ReaderTrust())
	}
}

func rule(t *testing.T, b *blueprint.Blueprint, name string) string {
	t.Helper()
	i := slices.IndexFunc(b.EventRules(), func(r blueprint.EventRule) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("there is no rule %s", name)
	}
	return string(b.EventRules()[i].Pattern)
}
