package blueprint_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

// TestOrganizationIsReadFromOneAccount: every reader sees the rules of its account; the
// organisation, the one alone that the cell names.
func TestOrganizationIsReadFromOneAccount(t *testing.T) {
	c := withReader()
	c.Accounts[1].Reader, c.Organization = true, "audit"
	for account, want := range map[string]bool{"audit": true, "security": false} {
		b, err := blueprint.Of(c, account)
		if err != nil {
			t.Fatal(err)
		}
		policy := string(b.ReaderPolicy())
		if !strings.Contains(policy, `"events:ListRules"`) || strings.Contains(policy, `"organizations:`) != want || len(policy) > access.SessionPolicyLongest {
			t.Errorf("%s: %d characters: %s", account, len(policy), policy)
		}
		if want {
			golden(t, "organization-reader.json", b.ReaderPolicy())
		}
	}
	c.Accounts[3].Reader = false
	b, err := blueprint.Of(c, "audit")
	if err != nil {
		t.Fatal(err)
	}
	if made, _ := b.CloudFormation(); strings.Contains(string(made[0].Data), "organizations:List") {
		t.Error("without a reader somebody reads the organisation")
	}
}
