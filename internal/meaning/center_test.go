package meaning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// desk is the account from which Identity Center is administered, with what its
// blueprint writes.
type desk struct {
	sample
	b          *blueprint.Blueprint
	center     string // ARN of the instance
	delegation jsontext.Value
}

const (
	deskNumber, prodNumber, payerNumber = "210987654321", "123456789012", "999988887777"
	annsUser, bobsUser                  = "0d6cbeb4-6041-7098-9d2b-6b3a2f5c0f1e", "0d6cbeb4-6041-7098-9d2b-6b3a2f5c0f1f"
)

// newDesk is that of the law's example, with a policy of denials.
func newDesk(t *testing.T) desk {
	t.Helper()
	g, scenario := celltest.DenialGenesis(), celltest.CenterScenario()
	c := blueprint.Cell{Origin: g.Origin, Issuers: g.AWS.Issuers, Scenarios: []*access.Scenario{&scenario}}
	for i := range g.AWS.Accounts {
		a := &g.AWS.Accounts[i]
		c.Accounts = append(c.Accounts, blueprint.Account{ID: a.ID, Number: a.Account, Partition: a.In(), Regions: a.Regions})
	}
	c.Center = &blueprint.Center{Instance: g.AWS.Center.Instance, Account: g.AWS.Center.Account, Denial: g.AWS.Center.Denial}
	b, err := blueprint.Of(c, g.AWS.Center.Account)
	if err != nil {
		t.Fatal(err)
	}
	d := desk{sample: sample{name: "desk", account: b.Account.Number, role: "EmergencyDatabase", origin: b.Cell.Origin, subject: b.Cell.Origin + "/database-locked-out/account"}, b: b, center: c.Center.Instance}
	for _, issuer := range b.Cell.Issuers {
		d.hosts = append(d.hosts, strings.TrimPrefix(issuer, "https://"))
	}
	for _, f := range blueprint.Organization([]*blueprint.Blueprint{b}, nil) {
		if f.Name == "halligan-denial-delegation.json" {
			d.delegation = jsontext.Value(f.Data)
		}
	}
	if d.account != deskNumber || d.delegation == nil {
		t.Fatalf("the desk is account %s, and its delegation %s", d.account, d.delegation)
	}
	return d
}

// as is a call by a role of the desk's.
func (d desk) as(role string, document []byte, c call, owner string) meaning.Case {
	return meaning.Case{
		Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/hg-1", d.account, role), Action: c.action, Resource: c.resource, Account: owner,
		Identity: []meaning.Policy{{Name: role, Document: document}}, Context: map[string][]string{"aws:PrincipalArn": {arn(d.sample, "role", role)}},
	}
}

// TestCenterRoleAssignsAndNoMore puts the role that assigns before the evaluator: it
// assigns the permission sets of scenarios in the accounts of scenarios, and can do
// nothing else.
func TestCenterRoleAssignsAndNoMore(t *testing.T) {
	d := newDesk(t)
	may := func(action, resource string) meaning.Case {
		return d.as("halligan-identity-center", d.b.CenterPolicy(), call{action, resource}, d.account)
	}
	const sso = "arn:aws:sso:::"
	sets := []string{celltest.SetARN(1), celltest.SetARN(2)}
	account := func(number string) string { return sso + "account/" + number }
	var lines []line
	for _, action := range []string{"sso:CreateAccountAssignment", "sso:DeleteAccountAssignment", "sso:ListAccountAssignments"} {
		// One call is weighed by each resource that it names, and all must be allowed.
		whole := line{"the role does " + action + " with a scenario's set in a scenario's account", allowed, nil}
		for _, resource := range []string{d.center, sets[0], account(prodNumber)} {
			whole.cases = append(whole.cases, may(action, resource))
		}
		lines = append(lines, whole)
		for _, resource := range []string{
			celltest.SetARN(3), sets[0] + "0", "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c12/ps-0011223344556601",
			"arn:aws:sso:::instance/ssoins-7223b02e0f3b5c12", account(deskNumber), account(payerNumber), account(prodNumber + "0"),
		} {
			lines = append(lines, row(denied, may(action, resource), "the role cannot %s on %s", action, resource))
		}
	}
	for _, action := range []string{
		"sso:DescribeAccountAssignmentCreationStatus", "sso:DescribeAccountAssignmentDeletionStatus",
		"sso:ListAccountAssignmentCreationStatus", "sso:ListAccountAssignmentDeletionStatus",
	} {
		lines = append(lines, row(allowed, may(action, d.center), "the role sees what became of it: %s", action))
	}
	lines = append(lines, line{"the role looks at a scenario's set", allowed, []meaning.Case{may("sso:DescribePermissionSet", d.center), may("sso:DescribePermissionSet", sets[1])}})
	for _, action := range []string{
		"sso:UpdatePermissionSet", "sso:DeletePermissionSet", "sso:PutInlinePolicyToPermissionSet", "sso:DeleteInlinePolicyFromPermissionSet",
		"sso:AttachManagedPolicyToPermissionSet", "sso:DetachManagedPolicyFromPermissionSet", "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
		"sso:PutPermissionsBoundaryToPermissionSet", "sso:DeletePermissionsBoundaryFromPermissionSet", "sso:ProvisionPermissionSet", "sso:GetInlinePolicyForPermissionSet",
	} {
		for _, resource := range []string{d.center, sets[0]} {
			lines = append(lines, row(denied, may(action, resource), "the role cannot %s on %s", action, resource))
		}
	}
	for _, action := range []string{"sso:CreatePermissionSet", "sso:DeleteInstance", "sso:CreateTrustedTokenIssuer", "sso:ListPermissionSets", "sso:TagResource"} {
		lines = append(lines, row(denied, may(action, d.center), "the role cannot %s", action))
	}
	lines = append(lines, d.nothingElse("halligan-identity-center", d.b.CenterPolicy())...)
	lines = append(lines, d.door("identity-center", "halligan-identity-center", d.b.CenterTrust())...)
	if len(lines) < 80 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}

// nothingElse are the rows of what neither role of the desk can do.
func (d desk) nothingElse(role string, document []byte) (lines []line) {
	more := []call{
		{"identitystore:CreateUser", "arn:aws:identitystore::" + payerNumber + ":identitystore/d-1234567890"}, {"identitystore:CreateGroupMembership", "*"},
		{"organizations:AttachPolicy", celltest.DenialPolicy}, {"organizations:DetachPolicy", celltest.DenialPolicy}, {"organizations:DeletePolicy", celltest.DenialPolicy},
		{"organizations:CreatePolicy", "*"}, {"organizations:PutResourcePolicy", "*"}, {"organizations:MoveAccount", "*"}, {"organizations:RegisterDelegatedAdministrator", "*"},
		{"organizations:DisablePolicyType", "arn:aws:organizations::" + payerNumber + ":root/o-exampleorgid/r-abcd"},
		{"sts:AssumeRole", "arn:aws:iam::" + prodNumber + ":role/OrganizationAccountAccessRole"}, {"iam:CreateSAMLProvider", "*"},
	}
	for _, c := range slices.Concat(d.withRights(), more) {
		lines = append(lines, row(denied, d.as(role, document, c, d.account), "%s cannot %s on %s", role, c.action, c.resource))
	}
	return lines
}

// door are the rows of a role's trust: the server's own token for this purpose opens it.
func (d desk) door(purpose, role string, trust []byte) (lines []line) {
	for issuer := range d.hosts {
		good := token{issuer: issuer, aud: "sts.amazonaws.com", sub: d.origin + "/" + purpose, source: "hg-" + purpose, name: "hg-" + purpose}
		enter := func(want bool, of token, means string, args ...any) {
			lines = append(lines, line{fmt.Sprintf("%s, issuer %d: ", role, issuer+1) + fmt.Sprintf(means, args...), want, d.enters(of, role, trust)})
		}
		enter(allowed, good, "the server's own token opens")
		for _, sub := range []string{
			d.subject, d.origin + "/stopper", d.origin + "/identity-center", d.origin + "/denial", d.origin + "/" + purpose + "/x", d.origin, "another.example.com/" + purpose,
		} {
			of := good
			if of.sub = sub; sub != good.sub {
				enter(denied, of, "a token for %q does not open", sub)
			}
		}
		audience, anna, nobody := good, good, good
		audience.aud, anna.source, nobody.source = "kubernetes", "anna", ""
		enter(denied, audience, "a token for another audience does not open")
		enter(denied, anna, "it is nobody's own: source identity anna")
		enter(denied, nobody, "it says who it is: no source identity")
	}
	return lines
}

// TestDenialRoleWritesOnePolicy puts the role that writes the policy of denials before
// the evaluator, with what the management account lets it do: it reads and writes that
// one policy, attaches and makes none, and nobody else in its account does either.
func TestDenialRoleWritesOnePolicy(t *testing.T) {
	d := newDesk(t)
	const role = "halligan-denial"
	may := func(by, action, resource string) meaning.Case {
		c := d.as(by, d.b.DenialPolicy(), call{action, resource}, payerNumber)
		c.Owner = d.delegation
		return c
	}
	var lines []line
	for _, action := range []string{"organizations:DescribePolicy", "organizations:UpdatePolicy"} {
		lines = append(lines, row(allowed, may(role, action, celltest.DenialPolicy), "the role does %s with the policy of denials", action))
		undelegated := may(role, action, celltest.DenialPolicy)
		undelegated.Owner = nil
		lines = append(lines, row(denied, undelegated, "and not %s before the management account lets it", action))
		for _, other := range []string{
			celltest.DenialPolicy + "0", strings.Replace(celltest.DenialPolicy, "p-exampleid1", "p-FullAWSAccess", 1),
			strings.Replace(celltest.DenialPolicy, "service_control_policy", "resource_control_policy", 1), strings.Replace(celltest.DenialPolicy, "o-exampleorgid", "o-exampleorgie", 1),
		} {
			lines = append(lines, row(denied, may(role, action, other), "the role cannot %s on %s", action, other))
		}
		administrator := may("Admin", action, celltest.DenialPolicy)
		administrator.Identity = policy("AdministratorAccess", everything)
		lines = append(lines, row(denied, administrator, "an administrator of its account cannot %s", action))
	}
	for _, c := range []call{{"organizations:AttachPolicy", celltest.DenialPolicy}, {"organizations:DetachPolicy", celltest.DenialPolicy}, {"organizations:DeletePolicy", celltest.DenialPolicy}} {
		all := may(role, c.action, c.resource)
		all.Identity = policy("AdministratorAccess", everything)
		lines = append(lines, row(denied, all, "whatever its own policy were, the management account lets nobody %s", c.action))
	}
	lines = append(lines, d.nothingElse(role, d.b.DenialPolicy())...)
	lines = append(lines, d.door("denial", role, d.b.DenialTrust())...)
	if len(lines) < 60 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}

// TestDenialEndsOnePersonsSessions puts the policy of denials before the evaluator as
// the organisation's: it denies everything to that user by that permission set in that
// account, and nothing to anybody else.
func TestDenialEndsOnePersonsSessions(t *testing.T) {
	content, fits := blueprint.Denial("halligan.example.com", []blueprint.Denied{{Partition: "aws", Account: prodNumber, Set: "EmergencyDatabase", User: annsUser}})
	empty, _ := blueprint.Denial("halligan.example.com", nil)
	if fits != 1 {
		t.Fatalf("%d fit", fits)
	}
	type who struct{ account, role, user string }
	const path = "aws-reserved/sso.amazonaws.com/"
	by := func(scp []byte, w who, c call) meaning.Case {
		name := w.role[strings.LastIndexByte(w.role, '/')+1:]
		in := meaning.Case{
			Principal: "arn:aws:sts::" + w.account + ":assumed-role/" + name + "/ann@example.com", Action: c.action, Resource: c.resource, Account: w.account,
			Identity: policy("AdministratorAccess", everything), SCP: []meaning.Policy{{Name: "halligan-denial", Document: scp}},
			Context: map[string][]string{"aws:PrincipalArn": {"arn:aws:iam::" + w.account + ":role/" + w.role}},
		}
		if w.user != "" {
			in.Context["identitystore:UserId"] = []string{w.user}
		}
		return in
	}
	const set = "AWSReservedSSO_EmergencyDatabase_0123456789abcdef"
	ann := who{prodNumber, path + "eu-west-1/" + set, annsUser}
	calls := []call{
		{"rds:DescribeDBInstances", "*"}, {"ec2:StopInstances", "arn:aws:ec2:eu-west-1:" + prodNumber + ":instance/i-0abc"}, {"s3:GetObject", "arn:aws:s3:::data/x"},
		{"iam:CreateUser", "arn:aws:iam::" + prodNumber + ":user/x"}, {"sts:AssumeRole", "arn:aws:iam::" + prodNumber + ":role/Deploy"},
	}
	var lines []line
	for _, c := range calls {
		lines = append(lines, row(denied, by(content, ann, c), "her session is denied %s", c.action),
			row(denied, by(content, who{prodNumber, path + set, annsUser}, c), "also where Identity Center is in us-east-1: %s", c.action),
			row(allowed, by(empty, ann, c), "and by a policy that denies nobody goes on to %s", c.action))
		for means, other := range map[string]who{
			"somebody else by the same set":                  {prodNumber, ann.role, bobsUser},
			"she by her permission set of every day":         {prodNumber, path + "eu-west-1/AWSReservedSSO_ReadOnly_0123456789abcdef", annsUser},
			"she by a set whose name begins otherwise":       {prodNumber, path + "eu-west-1/AWSReservedSSO_TheEmergencyDatabase_0123456789abcdef", annsUser},
			"she by the same set in another account":         {deskNumber, ann.role, annsUser},
			"an emergency role, of no user":                  {prodNumber, "EmergencyDatabase", ""},
			"a session of the set of which no user is known": {prodNumber, ann.role, ""},
			"the stopper": {prodNumber, "halligan-stopper", ""},
		} {
			lines = append(lines, row(allowed, by(content, other, c), "%s goes on to %s", means, c.action))
		}
	}
	check(t, judge(t), lines)
}
