package meaning_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// centerBlueprint is the blueprint of an account of a cell that gives permission sets.
func centerBlueprint(t *testing.T, account string) *blueprint.Blueprint {
	t.Helper()
	g, scenario := celltest.CenterGenesis(), celltest.CenterScenario()
	c := blueprint.Cell{Origin: g.Origin, Issuers: g.AWS.Issuers, Scenarios: []*access.Scenario{&scenario}}
	for i := range g.AWS.Accounts {
		a := &g.AWS.Accounts[i]
		c.Accounts = append(c.Accounts, blueprint.Account{ID: a.ID, Number: a.Account, Partition: a.In(), Regions: a.Regions})
	}
	c.Center = &blueprint.Center{Instance: g.AWS.Center.Instance, Region: g.AWS.Center.Region, Account: g.AWS.Center.Account}
	b, err := blueprint.Of(c, account)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRulesSeeSignInsByPermissionSets: whoever signs in by a permission set of a scenario
// is told of, by the role that Identity Center made for it, whether its path has a
// region or not, and by the portal's own record; other sets and ordinary roles are not.
// Records of the portal's are made of others' records, in the form that AWS documents.
func TestRulesSeeSignInsByPermissionSets(t *testing.T) {
	all := recorded(t)
	saml, login := first(t, all, "AssumeRoleWithSAML", false), first(t, all, "ConsoleLogin", false)
	g, scenario := celltest.CenterGenesis(), celltest.CenterScenario()
	seen := 0
	for _, open := range scenario.Opens {
		set := open.IdentityCenter
		if set == nil {
			continue
		}
		seen++
		b := centerBlueprint(t, set.Account)
		n, role := b.Account.Number, "AWSReservedSSO_"+set.Set+"_599c9e90e350d2ff"
		const rule = "halligan-permission-set"
		for _, path := range []string{"aws-reserved/sso.amazonaws.com/", "aws-reserved/sso.amazonaws.com/" + g.AWS.Center.Region + "/"} {
			in := changed(saml, map[string]any{"recipientAccountId": n, "requestParameters.roleArn": "arn:aws:iam::" + n + ":role/" + path + role})
			expect(t, b, in, rule, "a sign-in by "+set.Set)
			expect(t, b, changed(in, map[string]any{"requestParameters.roleArn": "arn:aws:iam::" + n + ":role/" + path + "AWSReservedSSO_Other_599c9e90e350d2ff"}), "", "a sign-in by another set")
			expect(t, b, changed(in, map[string]any{"requestParameters.roleArn": "arn:aws:iam::999999999999:role/" + path + role}), "", "a sign-in in another account")
		}
		console := changed(login, map[string]any{"userIdentity.type": "AssumedRole", "userIdentity.arn": "arn:aws:sts::" + n + ":assumed-role/" + role + "/ann@example.com"})
		expect(t, b, console, rule, "the console, by "+set.Set)
		if !slices.Contains(b.RuleRegions(), g.AWS.Center.Region) {
			t.Errorf("a sign-in is recorded in %s, and no rule stands there", g.AWS.Center.Region)
		}
		center := centerBlueprint(t, g.AWS.Center.Account)
		portal := record{
			"eventVersion": "1.08", "eventSource": "sso.amazonaws.com", "eventName": "Federate", "eventType": "AwsServiceEvent", "awsRegion": g.AWS.Center.Region,
			"userIdentity":        record{"type": "IdentityCenterUser", "accountId": center.Account.Number},
			"serviceEventDetails": record{"account_id": n, "role_name": set.Set},
		}
		expect(t, center, portal, "halligan-portal", "the portal lets somebody in by "+set.Set)
		expect(t, center, changed(portal, map[string]any{"serviceEventDetails.role_name": "ReadOnly"}), "", "the portal lets somebody in by another set")
		expect(t, center, changed(portal, map[string]any{"eventName": "Authenticate"}), "", "somebody signs in at the portal, and goes nowhere")
	}
	if seen == 0 {
		t.Fatal("the scenario gives no permission set")
	}
}
