package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

// TestSignInRules: an account in which a scenario gives a permission set has a rule that
// tells of each sign-in by it, in the region of Identity Center too; the accounts where
// the portal may be recorded have one about the portal; no other account has either.
func TestSignInRules(t *testing.T) {
	var text strings.Builder
	for account, want := range map[string][]string{
		"prod": {"halligan-permission-set"}, "security": nil, "identity": {"halligan-portal"}, "payer": {"halligan-portal"},
	} {
		b, err := blueprint.Of(withCenter(), account)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rule := range b.EventRules() {
			if rule.Name == "halligan-portal" || rule.Name == "halligan-permission-set" {
				got = append(got, rule.Name)
				if rule.Global {
					t.Errorf("%s: rule %s stands in one region alone", account, rule.Name)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: rules %v, want %v", account, got, want)
		}
		if there := slices.Contains(b.RuleRegions(), "eu-west-3"); there != (want != nil) {
			t.Errorf("%s: there are rules in the region of Identity Center: %v", account, there)
		}
	}
	for _, account := range []string{"identity", "payer", "prod"} {
		b, err := blueprint.Of(withCenter(), account)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range b.EventRules() {
			fmt.Fprintf(&text, "# %s %s\n%s\n\n", account, rule.Name, rule.Pattern)
		}
	}
	golden(t, "rules.txt", []byte(text.String()))
}

// TestManySignIns: more permission sets and accounts than one pattern holds are parted,
// and none is left out.
func TestManySignIns(t *testing.T) {
	c := withCenter()
	s := scenario("many", "", access.AWS{})
	s.Opens = nil
	for i := range 60 {
		account := blueprint.Account{ID: fmt.Sprintf("account-%d", i), Number: fmt.Sprintf("%012d", 1000+i), Regions: []string{"eu-west-1"}}
		c.Accounts = append(c.Accounts, account)
		for _, in := range []string{"prod", account.ID} {
			s.Opens = append(s.Opens, access.Open{IdentityCenter: &access.IdentityCenter{Name: fmt.Sprintf("%s-%d", in, i), Account: in, Set: fmt.Sprintf("EmergencyOfTheDatabaseOfShop-%03d", i), Session: 3600}})
		}
	}
	c.Scenarios = append(c.Scenarios, s)
	for _, account := range []string{"prod", "identity"} {
		b, err := blueprint.Of(c, account)
		if err != nil {
			t.Fatal(err)
		}
		var all string
		parts := 0
		for _, rule := range b.EventRules() {
			if strings.HasPrefix(rule.Name, "halligan-permission-set") || strings.HasPrefix(rule.Name, "halligan-portal") {
				all, parts = all+string(rule.Pattern), parts+1
			}
		}
		for i := range 60 {
			if !strings.Contains(all, fmt.Sprintf("EmergencyOfTheDatabaseOfShop-%03d", i)) {
				t.Errorf("%s: no rule is about set %d", account, i)
			}
		}
		if parts < 2 {
			t.Errorf("%s: %d rules", account, parts)
		}
	}
}
