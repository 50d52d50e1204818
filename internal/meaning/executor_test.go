package meaning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// executing is the account of a cell in which a document of its own runs, and the one of
// a blueprint for a group.
func executing(t *testing.T) *blueprint.Blueprint {
	t.Helper()
	g, scenario := celltest.AWSGenesis(), celltest.AutomationScenario()
	members := access.Automation{Name: "members", Account: "prod", Region: "eu-west-1", Version: 1, Group: "operators", Allows: "Be a member of operators"}
	members.MemberOf()
	scenario.Opens = append(scenario.Opens, access.Open{Automation: &members})
	c := blueprint.Cell{Origin: g.Origin, Issuers: g.AWS.Issuers, Scenarios: []*access.Scenario{&scenario}}
	for i := range g.AWS.Accounts {
		a := &g.AWS.Accounts[i]
		c.Accounts = append(c.Accounts, blueprint.Account{ID: a.ID, Number: a.Account, Partition: a.In(), Regions: a.Regions})
	}
	b, err := blueprint.Of(c, "prod")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExecutorMayWhatIsMeant puts the role that starts executions before the evaluator:
// who takes it, and that it starts the signed versions of the scenarios' documents as
// their roles, reads and stops what bears the cell's tag, and does nothing else, whatever
// policy goes with the call; and that service control policies leave it that.
func TestExecutorMayWhatIsMeant(t *testing.T) {
	b := executing(t)
	s := sample{name: blueprint.ExecutorName, account: b.Account.Number, role: blueprint.ExecutorName, origin: b.Cell.Origin, trust: b.ExecutorTrust(), policy: b.ExecutorPolicy()}
	for _, issuer := range b.Cell.Issuers {
		s.hosts = append(s.hosts, strings.TrimPrefix(issuer, "https://"))
	}
	lines := append(executorDoor(s), executorMay(s, b)...)
	lines = append(lines, memberMay(s, b)...)
	if len(lines) < 60 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}

// executorDoor are the rows of its trust policy.
func executorDoor(s sample) []line {
	lines := others(s)
	for issuer := range s.hosts {
		good := token{issuer: issuer, aud: "sts.amazonaws.com", sub: s.origin + "/executor", source: "hg-1", name: "hg-1-2"}
		lines = append(lines, line{fmt.Sprintf("issuer %d: the server comes in", issuer+1), allowed, s.enters(good, s.role, s.trust)})
		for _, sub := range []string{s.origin + "/stopper", s.origin + "/identity-center", s.origin + "/executor/x", "another.example.com/executor", s.origin, "*", ""} {
			other := good
			other.sub = sub
			lines = append(lines, line{fmt.Sprintf("issuer %d: a token for %q does not", issuer+1, sub), denied, s.enters(other, s.role, s.trust)})
		}
		audience, source := good, good
		audience.aud, source.source = "kubernetes", "anna"
		lines = append(lines,
			line{fmt.Sprintf("issuer %d: one for another audience does not", issuer+1), denied, s.enters(audience, s.role, s.trust)},
			line{fmt.Sprintf("issuer %d: one with another source identity does not", issuer+1), denied, s.enters(source, s.role, s.trust)})
	}
	return lines
}

// executorMay are the rows of what it may do.
func executorMay(s sample, b *blueprint.Blueprint) (lines []line) {
	guard := []meaning.Policy{{Name: "guard", Document: blueprint.SCP([]*blueprint.Blueprint{b}, []string{"arn:aws:iam::*:role/PlatformDeploy"})}}
	at := func(what string) string { return "arn:aws:ssm:eu-west-1:" + s.account + ":" + what }
	ask := func(c call, context map[string][]string) meaning.Case {
		known := map[string][]string{"aws:PrincipalArn": {arn(s, "role", s.role)}, "aws:RequestedRegion": {"eu-west-1"}}
		for key, values := range context {
			known[key] = values
		}
		return meaning.Case{
			Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/hg-1-2", s.account, s.role), Action: c.action, Resource: c.resource, Account: s.account,
			Context: known, Identity: []meaning.Policy{{Name: "executor", Document: s.policy}}, SCP: guard,
		}
	}
	may := func(want bool, c call, context map[string][]string, means string, args ...any) {
		lines = append(lines, row(want, ask(c, context), "%s: "+means, append([]any{c.action}, args...)...))
	}
	start := "ssm:StartAutomationExecution"
	for _, definition := range []string{"EmergencyMembers:2", "Halligan-member-operators:1"} {
		may(allowed, call{start, at("automation-definition/" + definition)}, nil, "the signed version %s starts", definition)
	}
	for _, definition := range []string{"EmergencyMembers:1", "EmergencyMembers:3", "EmergencyMembers:22", "EmergencyMembers:$LATEST", "EmergencyMembers:$DEFAULT", "EmergencyMembers2:2", "AWS-RunShellScript:2"} {
		may(denied, call{start, at("automation-definition/" + definition)}, nil, "%s does not", definition)
	}
	may(denied, call{start, strings.Replace(at("automation-definition/EmergencyMembers:2"), "eu-west-1", "us-east-1", 1)}, nil, "not in another region")
	for role, want := range map[string]bool{"AutomationMembers": allowed, "halligan-member-operators": allowed, "halligan-executor": denied, "halligan-stopper": denied, "Admin": denied, "EmergencyDatabase": denied} {
		may(want, call{"iam:PassRole", arn(s, "role", role)}, map[string][]string{"iam:PassedToService": {"ssm.amazonaws.com"}}, "to Systems Manager, role %s", role)
		may(denied, call{"iam:PassRole", arn(s, "role", role)}, map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}, "to a machine, role %s", role)
	}
	execution := at("automation-execution/00000000-0000-4000-8000-000000000001")
	for _, action := range []string{"ssm:GetAutomationExecution", "ssm:StopAutomationExecution"} {
		may(allowed, call{action, execution}, map[string][]string{"aws:ResourceTag/halligan-cell": {s.origin}}, "one of ours")
		may(denied, call{action, execution}, map[string][]string{"aws:ResourceTag/halligan-cell": {"another.example.com"}}, "not another cell's")
		may(denied, call{action, execution}, nil, "not anybody's")
	}
	ours := map[string][]string{"aws:RequestTag/halligan-cell": {s.origin}, "aws:RequestTag/halligan-lease": {"x"}, "aws:TagKeys": {"halligan-cell", "halligan-lease"}}
	may(allowed, call{"ssm:AddTagsToResource", execution}, ours, "with our tags")
	may(denied, call{"ssm:AddTagsToResource", execution}, map[string][]string{"aws:RequestTag/halligan-cell": {s.origin}, "aws:RequestTag/owner": {"x"}, "aws:TagKeys": {"halligan-cell", "owner"}}, "not with others")
	may(denied, call{"ssm:AddTagsToResource", at("document/EmergencyMembers")}, ours, "not a document")
	may(allowed, call{"ssm:DescribeAutomationExecutions", "*"}, nil, "it lists")
	for _, action := range []string{"ssm:GetDocument", "ssm:DescribeDocument"} {
		may(allowed, call{action, at("document/EmergencyMembers")}, nil, "a scenario's document")
		may(denied, call{action, at("document/Other")}, nil, "no other")
	}
	for _, c := range slices.Concat(s.withRights(), []call{
		{"ssm:SendAutomationSignal", execution}, {"ssm:SendCommand", at("document/AWS-RunShellScript")}, {"ssm:UpdateDocument", at("document/EmergencyMembers")}, {"ssm:CreateDocument", at("document/x")},
		{"ssm:DeleteDocument", at("document/EmergencyMembers")}, {"ssm:ModifyDocumentPermission", at("document/EmergencyMembers")}, {"ssm:GetParameter", at("parameter/x")},
		{"iam:AddUserToGroup", arn(s, "group", "operators")}, {"iam:RemoveUserFromGroup", arn(s, "group", "operators")}, {"ssm:StartSession", "*"},
	}) {
		may(denied, c, nil, "never")
	}
	return lines
}

// memberMay are the rows of the role that the document of a group acts as.
func memberMay(s sample, b *blueprint.Blueprint) (lines []line) {
	ask := func(c call) meaning.Case {
		return meaning.Case{
			Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/halligan-member-operators/Automation", s.account), Action: c.action, Resource: c.resource, Account: s.account,
			Context: map[string][]string{"aws:PrincipalArn": {arn(s, "role", "halligan-member-operators")}}, Identity: []meaning.Policy{{Name: "members", Document: b.MemberPolicy("operators")}},
			SCP: []meaning.Policy{{Name: "guard", Document: blueprint.SCP([]*blueprint.Blueprint{b}, []string{"arn:aws:iam::*:role/PlatformDeploy"})}},
		}
	}
	for _, action := range []string{"iam:AddUserToGroup", "iam:RemoveUserFromGroup"} {
		lines = append(lines,
			row(allowed, ask(call{action, arn(s, "group", "operators")}), "the document's role: %s of its group", action),
			row(denied, ask(call{action, arn(s, "group", "admins")}), "the document's role: %s of no other group", action))
	}
	for _, c := range s.withRights() {
		lines = append(lines, row(denied, ask(c), "the document's role cannot %s on %s", c.action, c.resource))
	}
	return lines
}
