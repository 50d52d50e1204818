package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

const (
	deployer = "arn:aws:iam::*:role/PlatformDeploy"
	stopper  = "arn:aws:iam::123456789012:role/halligan-stopper"
)

// TestGuardedBy: what blueprint scp writes guards each account that it was written for,
// one or several; whatever somebody takes out of it, or adds to those whom it
// spares, is found.
func TestGuardedBy(t *testing.T) {
	all := []*blueprint.Blueprint{of(t, "prod"), of(t, "security")}
	whole, other := string(blueprint.SCP(all, []string{deployer})), string(blueprint.SCP(all[1:], []string{deployer}))
	// What is written for an account without approvals denies those of another.
	approving := []string{"arn:aws:iam::*:role/halligan-automation", "arn:aws:iam::*:user/halligan-*"}
	for name, c := range map[string]struct {
		policy  string
		lacks   string // how what is lacking begins; empty: nothing
		binds   []string
		keepers []string
		open    bool
	}{
		"as it was written":               {whole, "", nil, []string{deployer}, false},
		"for this one alone":              {string(blueprint.SCP(all[:1], []string{deployer})), "", nil, []string{deployer}, false},
		"for another account":             {other, "KeepRolesPoliciesProviders", approving, []string{deployer}, false},
		"one role less":                   {strings.ReplaceAll(whole, `"arn:aws:iam::*:role/EmergencyDatabase",`, ""), "KeepRolesPoliciesProviders", nil, []string{deployer}, false},
		"one action less":                 {strings.Replace(whole, `"iam:Put*",`, "", 1), "KeepRolesPoliciesProviders", nil, []string{deployer}, false},
		"wider actions":                   {strings.Replace(whole, `"iam:Put*",`, `"IAM:Pu*",`, 1), "", nil, []string{deployer}, false},
		"allows":                          {strings.Replace(whole, `"Effect":"Deny","Resource":"*","Sid":"NoLeave`, `"Effect":"Allow","Resource":"*","Sid":"NoLeave`, 1), "NoLeaveOrganization", nil, []string{deployer}, false},
		"only in a region":                {strings.ReplaceAll(whole, `"Condition":{"ArnNotLike"`, `"Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"},"ArnNotLike"`), "KeepRolesPoliciesProviders", nil, nil, false},
		"another keeper":                  {strings.ReplaceAll(whole, `"`+deployer+`"`, `["`+deployer+`","arn:aws:iam::*:role/Admin"]`), "", nil, nil, false},
		"binds the stopper":               {strings.ReplaceAll(whole, `"`+stopper+`"`, `"arn:aws:iam::1:role/x"`), "", []string{stopper}, []string{deployer, "arn:aws:iam::1:role/x"}, false},
		"spares the stopper by a pattern": {strings.ReplaceAll(whole, `"`+stopper+`"`, `"arn:aws:iam::*:role/halligan-st*"`), "", nil, []string{deployer, "arn:aws:iam::*:role/halligan-st*"}, false},
		"spares anybody":                  {string(blueprint.SCP(all, []string{"arn:aws:iam::*:role/*"})), "", nil, []string{"arn:aws:iam::*:role/*"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.policy == whole && name != "as it was written" {
				t.Fatal("nothing was changed")
			}
			g, err := all[0].GuardedBy(blueprint.Spared(all), []byte(c.policy))
			if name == "another keeper" { // a list within a list is no policy
				if err == nil {
					t.Error("it was read")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.lacks == "" && len(g.Lacks) > 0 || c.lacks != "" && !slices.ContainsFunc(g.Lacks, func(l string) bool { return strings.HasPrefix(l, c.lacks+": ") }) {
				t.Errorf("it lacks %q, want %q", g.Lacks, c.lacks)
			}
			if !slices.Equal(g.Binds, c.binds) || !slices.Equal(g.Keepers, c.keepers) || len(g.Open) > 0 != c.open {
				t.Errorf("%+v", g)
			}
		})
	}
	if _, err := all[0].GuardedBy(blueprint.Spared(all), []byte(strings.Repeat(" ", 50_000))); err == nil {
		t.Error("a policy without end was read")
	}
}

// TestGuardSaysNothingOfNothing: where no account has a role there is no statement about
// roles, which Organizations would not take.
func TestGuardSaysNothingOfNothing(t *testing.T) {
	b, err := blueprint.Of(withCenter(), "identity")
	if err != nil {
		t.Fatal(err)
	}
	guard := string(blueprint.SCP([]*blueprint.Blueprint{b}, []string{deployer}))
	if n := strings.Count(guard, `"Sid"`); n == 0 || strings.Count(guard, `"Resource"`) != n || strings.Contains(guard, "KeepSlots") {
		t.Errorf("the policy is %s", guard)
	}
}

// FuzzGuardedBy: whatever Organizations gives for a policy is compared or refused, and one
// that says nothing guards nothing.
func FuzzGuardedBy(f *testing.F) {
	b := of(f, "prod")
	all := []*blueprint.Blueprint{b}
	f.Add(blueprint.SCP(all, []string{deployer}))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"},"Version":"2012-10-17"}`))
	f.Add([]byte(`{"Statement":[]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := b.GuardedBy(blueprint.Spared(all), data)
		if err == nil && len(g.Lacks) == 0 && !strings.Contains(string(data), "Deny") && !strings.Contains(string(data), `\u`) {
			t.Errorf("%s guards", data)
		}
	})
}

// TestOneStatementGuards: a statement that denies everything guards everything, and binds
// whom it should not.
func TestOneStatementGuards(t *testing.T) {
	b := of(t, "prod")
	g, err := b.GuardedBy(blueprint.Spared([]*blueprint.Blueprint{b}), []byte(`{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`))
	if err != nil || len(g.Lacks) > 0 || !slices.Contains(g.Binds, stopper) {
		t.Errorf("%v, %+v", err, g)
	}
}

// TestManyAccountsAreGuarded: a cell whose accounts no single policy holds is guarded by one
// for each.
func TestManyAccountsAreGuarded(t *testing.T) {
	c := sample()
	for i := range 200 {
		id := fmt.Sprintf("account-%d", i)
		c.Accounts = append(c.Accounts, blueprint.Account{ID: id, Number: fmt.Sprintf("%012d", 1000+i), Regions: []string{"eu-west-1"}})
		c.Scenarios = append(c.Scenarios, scenario("s"+id, "", access.AWS{
			Name: "database", Account: id, Role: fmt.Sprintf("EmergencyDatabaseOfTheShopOfAccountNumber%04d", i), Policy: databasePolicy,
			Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Allows: "Databases",
		}))
	}
	var all []*blueprint.Blueprint
	for _, a := range c.Accounts {
		b, err := blueprint.Of(c, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !a.Management {
			all = append(all, b)
		}
	}
	for _, b := range []*blueprint.Blueprint{all[0], all[len(all)-1]} {
		g, err := b.GuardedBy(blueprint.Spared(all), blueprint.SCP([]*blueprint.Blueprint{b}, []string{deployer}))
		if err != nil || len(g.Lacks)+len(g.Binds) > 0 || !slices.Equal(g.Keepers, []string{deployer}) {
			t.Errorf("%s: %v, %+v", b.Account.ID, err, g)
		}
	}
}
