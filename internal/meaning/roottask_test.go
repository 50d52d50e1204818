package meaning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// TestWaysToRootUsers puts the roles on the way to a root user before the evaluator: who
// takes them, and that they become one root user for one task, whatever policy goes with
// the call, and do nothing else.
func TestWaysToRootUsers(t *testing.T) {
	g, scenario := celltest.AWSGenesis(), celltest.RootScenario()
	scenario.Controls.MFA = "user-verified"
	c := blueprint.Cell{Origin: g.Origin, Issuers: g.AWS.Issuers, Scenarios: []*access.Scenario{&scenario}}
	for i := range g.AWS.Accounts {
		a := &g.AWS.Accounts[i]
		c.Accounts = append(c.Accounts, blueprint.Account{ID: a.ID, Number: a.Account, Partition: a.In(), Regions: a.Regions})
	}
	b, err := blueprint.Of(c, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Ways) != 2 {
		t.Fatalf("%d ways", len(b.Ways))
	}
	var lines []line
	for _, way := range b.Ways {
		s := waySample(t, &g, &scenario, b, way)
		lines = append(lines, wayDoor(s)...)
		lines = append(lines, wayMay(s, way)...)
	}
	if len(lines) < 60 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}

// waySample is a way with what the law authorises for it.
func waySample(t *testing.T, g *cell.Genesis, scenario *access.Scenario, b *blueprint.Blueprint, way blueprint.Way) sample {
	t.Helper()
	r := &access.Request{
		ID: canon.Sum([]byte("a request")), Requester: "anna", Address: fromAddress, Grant: &access.Grant{From: canon.At(began), Until: canon.At(before)},
		Leases: []access.Lease{{Target: way.Door.Target, Account: "stage", Role: way.Name, Task: way.Task}},
	}
	session, ok := cell.Session(g, scenario, r, cell.Fetched{Digest: canon.Sum([]byte("a fetch")), Target: way.Door.Target, At: canon.At(began)})
	twin, _, twins := cell.Twins(g, scenario, r, way.Door.Target)
	if !ok || !twins {
		t.Fatalf("no session for %s", way.Name)
	}
	s := sample{
		name: way.Name, account: b.Account.Number, role: way.Name, origin: b.Cell.Origin, subject: session.Subject, strengths: way.Door.Strengths,
		trust: b.WayTrust(way), policy: b.WayPolicy(way), session: jsontext.Value(session.Policy), minted: session, twin: twin,
	}
	for _, issuer := range b.Cell.Issuers {
		s.hosts = append(s.hosts, strings.TrimPrefix(issuer, "https://"))
	}
	return s
}

// wayDoor are the rows of its trust policy.
func wayDoor(s sample) []line {
	lines := others(s)
	for issuer := range s.hosts {
		good := s.token()
		good.issuer = issuer
		enter := func(want bool, t token, means string, args ...any) {
			lines = append(lines, line{fmt.Sprintf("%s, issuer %d: ", s.name, issuer+1) + fmt.Sprintf(means, args...), want, s.enters(t, s.role, s.trust)})
		}
		enter(allowed, good, "a token for this task opens")
		enter(denied, good.tag("halligan-strength", "possession"), "a token that says of a signature only that its key was there does not open")
		twin := tokenOf(s.twin)
		twin.issuer = issuer
		enter(allowed, twin, "what opening tries comes in, and may nothing")
		for _, sub := range strangers(s.subject) {
			t := good
			t.sub = sub
			enter(denied, t, "a token for %q does not open", sub)
		}
		audience, source := good, good
		audience.aud, source.source = "kubernetes", "anna"
		enter(denied, audience, "a token for another audience does not open")
		enter(denied, source, "a token with another source identity does not open")
		for _, tag := range []string{"halligan-strength", "halligan-grant"} {
			enter(denied, good.untagged(tag), "a token that says no %s does not open", tag)
		}
		enter(denied, good.tag("department", "finance"), "a tag that we do not set does not open")
	}
	return lines
}

// wayMay are the rows of what it may do, with its session's policy and without one.
func wayMay(s sample, way blueprint.Way) (lines []line) {
	ask := func(c call, policy jsontext.Value, task string) meaning.Case {
		return meaning.Case{
			Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/hg-1", s.account, s.role), Action: c.action, Resource: c.resource, Account: way.Member.Number,
			Context: map[string][]string{"sts:TaskPolicyArn": {access.TaskARN("aws", task)}}, Identity: []meaning.Policy{{Name: "way", Document: s.policy}}, Session: policy,
			Owner: jsontext.Value(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`), // the organisation's yes
		}
	}
	become := call{"sts:AssumeRoot", access.RootARN("aws", way.Member.Number)}
	for what, policy := range map[string]jsontext.Value{"as the law authorises it": s.session, "whatever policy goes with the call": nil} {
		for _, task := range access.RootTaskIDs() {
			lines = append(lines, row(task == way.Task, ask(become, policy, task), "%s, %s: becomes the root user for %s", s.name, what, task))
		}
		for _, number := range []string{s.account, "999999999999"} {
			lines = append(lines, row(denied, ask(call{"sts:AssumeRoot", access.RootARN("aws", number)}, policy, way.Task), "%s, %s: does not become the root user of %s", s.name, what, number))
		}
	}
	lines = append(lines, row(denied, ask(become, jsontext.Value(s.twin.Policy), way.Task), "%s: what opening tries becomes nobody", s.name))
	for _, c := range slices.Concat(s.withRights(), []call{{"iam:ListRoles", "*"}, {"organizations:DescribeOrganization", "*"}}) {
		in := ask(c, nil, way.Task)
		in.Account, in.Context, in.Owner = s.account, nil, nil
		lines = append(lines, row(denied, in, "%s cannot %s", s.name, c.action))
	}
	return lines
}
