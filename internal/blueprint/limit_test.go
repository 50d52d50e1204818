package blueprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

// TestRefusals: what AWS would not take, and what two scenarios say differently,
// is refused with the number, the limit and how to mend it.
func TestRefusals(t *testing.T) {
	long := `{"Statement":[{"Action":["ec2:` + strings.Repeat("a", 10300) + `"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"}`
	wide := func(n int) string {
		return `{"Statement":[{"Action":["ec2:` + strings.Repeat("a", n) + `"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"}`
	}
	cases := []struct {
		name    string
		account string
		change  func(*blueprint.Cell)
		ssm     bool
		want    string
	}{
		{"no account", "nosuch", func(*blueprint.Cell) {}, false, `"nosuch" is no account of the cell`},
		{"no issuer", "prod", func(c *blueprint.Cell) { c.Issuers = nil }, false, "names no issuer"},
		{"no region", "prod", func(c *blueprint.Cell) { c.Accounts[0].Regions = nil }, false, "names no region"},
		{"management", "payer", func(c *blueprint.Cell) { c.Scenarios[0].Opens[0].AWS.Account = "payer" }, false, "management account"},
		{"role policy", "prod", func(c *blueprint.Cell) { c.Scenarios[0].Opens[0].AWS.Policy = long }, false,
			fmt.Sprintf("role EmergencyDatabase: characters of its inline policies: %d, at most 10240", len(long)+len(of(t, "prod").Sharing(of(t, "prod").Roles[0])))},
		{"trust", "prod", func(c *blueprint.Cell) {
			for i := range 20 {
				s := *c.Scenarios[0]
				s.ID = fmt.Sprintf("another-scenario-with-a-long-name-%d", i)
				c.Scenarios = append(c.Scenarios, &s)
			}
		}, false, "role EmergencyDatabase: characters of its trust policy: "},
		{"networks", "prod", func(c *blueprint.Cell) {
			for i := range 250 {
				c.Scenarios[2].Opens[0].AWS.Source = append(c.Scenarios[2].Opens[0].AWS.Source, fmt.Sprintf("198.51.%d.128/25", i))
			}
		}, false, "permissions boundary: "},
		{"name", "prod", func(c *blueprint.Cell) { c.Scenarios[1].Opens[0].AWS.Role = strings.Repeat("R", 60) }, false, "name of its console role: 68, at most 64"},
		{"slots", "prod", func(c *blueprint.Cell) { c.Scenarios[0].Opens[0].AWS.Slots = 11 }, false, "attached at once: 11, at most 10"},
		{"two policies", "prod", func(c *blueprint.Cell) {
			s := *c.Scenarios[0]
			a := *s.Opens[0].AWS
			a.Policy, s.ID = accessPolicy, "another"
			s.Opens = []access.Open{{AWS: &a}}
			c.Scenarios = append(c.Scenarios, &s)
		}, false, "is opened by database-locked-out with another policy"},
		{"same id", "prod", func(c *blueprint.Cell) { c.Scenarios[1].Opens[0].AWS.Role = "Emergency-Database" }, false, "letters and digits alone"},
		{"group policy", "prod", func(c *blueprint.Cell) { c.Scenarios[0].Opens[0].AWS.Policy = wide(7000) }, true, "characters of the policy that it gives: "},
		{"approvers", "prod", func(c *blueprint.Cell) {
			for i := range 11 {
				c.Groups["leads"] = append(c.Groups["leads"], fmt.Sprintf("p%d", i))
			}
		}, true, "approvers of group:leads: 13, at most 10"},
		{"nobody asks", "prod", func(c *blueprint.Cell) { c.Groups["on-call"] = []string{"ben", "cara"} }, true, "everybody who may ask also approves"},
		{"one for two", "prod", func(c *blueprint.Cell) { c.Groups["security"], c.Groups["leads"] = []string{"dan"}, []string{"dan"} }, true, "0 people are left for 1 places"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			of := sample()
			c.change(&of)
			b, err := blueprint.Of(of, c.account)
			if err == nil && c.ssm {
				_, err = b.SSM()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestSizes: everything with a limit is listed, and the sample is well within.
func TestSizes(t *testing.T) {
	sizes := of(t, "prod").Sizes()
	if len(sizes) < 20 {
		t.Fatalf("%d sizes", len(sizes))
	}
	for _, s := range sizes {
		if s.Is <= 0 || s.Is > s.Limit {
			t.Errorf("%s: %d of %d", s.What, s.Is, s.Limit)
		}
		if strings.Contains(s.What, "trust") || strings.Contains(s.What, "boundary") {
			t.Logf("%s: %d of %d", s.What, s.Is, s.Limit)
		}
	}
}

// TestServiceControlPolicyOfMany: the policy that guards names each role once,
// whatever the number of accounts.
func TestServiceControlPolicyOfMany(t *testing.T) {
	all := []*blueprint.Blueprint{of(t, "prod")}
	if err := blueprint.CheckOrganization(all, []string{"arn:aws:iam::*:role/PlatformDeploy"}); err != nil {
		t.Error(err)
	}
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("arn:aws:iam::*:role/Deploy%d", i)
	}
	if err := blueprint.CheckOrganization(all, many); err == nil || !strings.Contains(err.Error(), "at most 5120") {
		t.Errorf("error %v", err)
	}
}
