package meaning_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// words that random policies are made of. Few, so that they meet.
var (
	randomActions = []string{"*", "ec2:*", "ec2:Describe*", "ec2:DescribeInstances", "ec2:Stop*", "ec2:StopInstances", "ec2:TerminateInstances",
		"iam:List*", "iam:ListRoles", "rds:*", "rds:Describe*", "rds:StopDBInstance", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject"}
	randomResources = []string{"*", "arn:aws:ec2:eu-west-1:" + number + ":instance/*", "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0abc1234",
		"arn:aws:rds:eu-west-1:" + number + ":db:*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/x", "arn:aws:s3:::payroll/*"}
	randomCalls = []call{{"ec2:DescribeInstances", "*"}, {"ec2:StopInstances", "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0abc1234"},
		{"ec2:TerminateInstances", "arn:aws:ec2:eu-west-1:" + number + ":instance/i-0fff1234"}, {"iam:ListRoles", "*"},
		{"rds:StopDBInstance", "arn:aws:rds:eu-west-1:" + number + ":db:main"}, {"s3:GetObject", "arn:aws:s3:::data/x"},
		{"s3:GetObject", "arn:aws:s3:::payroll/x"}, {"s3:PutObject", "arn:aws:s3:::data/y"}}
	randomRegions = []string{"ap-northeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3", "sa-east-1", "us-east-1", "us-west-2"}
)

func some(r *rand.Rand, from []string, most int) []string {
	var chosen []string
	for range 1 + r.IntN(most) {
		chosen = append(chosen, from[r.IntN(len(from))])
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

func randomPolicy(r *rand.Rand, most int, padding int) string {
	var statements []access.IAMStatement
	for range 1 + r.IntN(most) {
		s := access.IAMStatement{Effect: access.IAMAllow, Action: some(r, randomActions, 5), Resource: some(r, randomResources, 3)}
		if r.IntN(3) == 0 {
			s.Effect = access.IAMDeny
		}
		if r.IntN(4) == 0 {
			s.Condition = map[string]map[string][]string{"StringEquals": {"aws:RequestedRegion": some(r, randomRegions, 4)}}
		}
		if padding > 0 {
			s.Resource = append(s.Resource, fmt.Sprintf("arn:aws:s3:::%s/*", strings.Repeat("x", r.IntN(padding))))
		}
		statements = append(statements, s)
	}
	return iam(statements...)
}

// randomOpening is an AWS target as somebody might write it, small or far too large.
func randomOpening(r *rand.Rand, padding int) access.AWS {
	a := access.AWS{Name: "target", Account: "prod", Role: "Emergency", Allows: "random things",
		Policy: iam(allows("ec2:DescribeInstances"), allows(some(r, randomActions, 6)...)), Probe: access.AWSProbe{Service: "ec2", Action: "DescribeInstances"}}
	if r.IntN(2) == 0 {
		a.Session = randomPolicy(r, 6, padding)
	}
	if r.IntN(2) == 0 {
		a.Regions = some(r, randomRegions, 10)
	}
	if r.IntN(2) == 0 {
		a.Source = []string{access.FromRequest}
	} else {
		for range r.IntN(12) {
			a.Source = append(a.Source, fmt.Sprintf("10.%d.0.0/16", r.IntN(256)), fmt.Sprintf("2001:db8:%x::/48", r.IntN(65536)))
		}
	}
	return a
}

// TestSessionPolicyFitsOrIsRefused: whatever a scenario opens, the policy of each of its
// sessions fits STS's 2,048 characters, or the scenario is refused with the number that it
// has and the limit.
func TestSessionPolicyFitsOrIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2048))
	fit, refused := 0, 0
	for range 2000 {
		a := randomOpening(r, 400)
		longest := 0
		for _, from := range []string{"192.0.2.7", "255.255.255.255", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
			if sources, ok := a.Sources(from); ok {
				longest = max(longest, len(a.SessionPolicy(sources, canon.At(before))))
			}
		}
		err := a.Check()
		switch {
		case err == nil && longest > 2048:
			t.Fatalf("a session's policy has %d characters, and nothing refused it: %+v", longest, a)
		case err == nil:
			fit++
		case strings.Contains(err.Error(), "2048") && strings.Contains(err.Error(), fmt.Sprint(a.LargestSession())):
			refused++
		case longest > 2048 && !strings.Contains(err.Error(), "2048") && !strings.Contains(err.Error(), "at most"):
			t.Errorf("refused without number and limit: %v", err)
		}
	}
	if fit < 100 || refused < 100 {
		t.Errorf("%d fit and %d were refused: the openings are not random enough", fit, refused)
	}
}

// TestSessionPolicyAddsNothing: what a role's policy denies, a session of it is denied
// under every policy that a scenario gives it, and after its end everything is.
func TestSessionPolicyAddsNothing(t *testing.T) {
	j := judge(t)
	r := rand.New(rand.NewPCG(5, 900))
	var cases []meaning.Case
	for range 400 {
		a := randomOpening(r, 0)
		a.Policy = randomPolicy(r, 5, 0)
		sources, ok := a.Sources(fromAddress)
		if !ok {
			continue
		}
		policy := jsontext.Value(a.SessionPolicy(sources, canon.At(before)))
		c := randomCalls[r.IntN(len(randomCalls))]
		ask := func(at string, session jsontext.Value) meaning.Case {
			return meaning.Case{Principal: "arn:aws:sts::" + number + ":assumed-role/Emergency/hg-1", Action: c.action, Resource: c.resource, Account: number,
				Identity: []meaning.Policy{{Name: "role", Document: jsontext.Value(a.Policy)}}, Session: session,
				Context: map[string][]string{"aws:CurrentTime": {at}, "aws:SourceIp": {fromAddress}, "aws:ViaAWSService": {"false"},
					"aws:RequestedRegion": {randomRegions[r.IntN(len(randomRegions))]}}}
		}
		within := ask(stamp(began), nil)
		both := within
		both.Session = policy
		cases = append(cases, within, both, ask(stamp(before), policy))
	}
	verdicts, err := j.Weigh(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	given, narrowed := 0, 0
	for i := 0; i < len(cases); i += 3 {
		role, session, late := verdicts[i], verdicts[i+1], verdicts[i+2]
		if session.Allowed && !role.Allowed {
			t.Errorf("the session may %s and its role may not: %s", cases[i].Action, cases[i+1].Session)
		}
		if late.Allowed {
			t.Errorf("%s after the end: %s", cases[i].Action, cases[i+2].Session)
		}
		if session.Allowed {
			given++
		} else if role.Allowed {
			narrowed++
		}
	}
	if given < 10 || narrowed < 10 {
		t.Errorf("%d were allowed and %d narrowed: the openings are not random enough", given, narrowed)
	}
}

// TestLawReadsPoliciesAsAWSDoes: the law says of a policy that it allows an action always
// (a probe rests on that), or may allow it (the kind of proof of an end rests on that).
// What it allows always, AWS allows; and what AWS allows, it may allow.
func TestLawReadsPoliciesAsAWSDoes(t *testing.T) {
	j := judge(t)
	r := rand.New(rand.NewPCG(5, 31))
	var cases []meaning.Case
	var policies []access.IAMPolicy
	for range 500 {
		text := randomPolicy(r, 4, 0)
		policy, err := access.DecodeIAM(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		c := randomCalls[r.IntN(len(randomCalls))]
		policies = append(policies, policy)
		cases = append(cases, meaning.Case{Principal: "arn:aws:sts::" + number + ":assumed-role/Emergency/hg-1", Action: c.action, Resource: c.resource, Account: number,
			Identity: []meaning.Policy{{Name: "role", Document: jsontext.Value(text)}}, Context: map[string][]string{"aws:RequestedRegion": {randomRegions[r.IntN(len(randomRegions))]}}})
	}
	verdicts, err := j.Weigh(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	always, never := 0, 0
	for i, v := range verdicts {
		action := cases[i].Action
		if policies[i].AllowsAlways(action) {
			if always++; !v.Allowed {
				t.Errorf("the law says that %s is always allowed, and it is not: %s", action, cases[i].Identity[0].Document)
			}
		}
		if !policies[i].MayAllow(action) {
			if never++; v.Allowed {
				t.Errorf("the law says that %s is never allowed, and it is: %s", action, cases[i].Identity[0].Document)
			}
		}
	}
	if always < 20 || never < 20 {
		t.Errorf("%d always and %d never: the policies are not random enough", always, never)
	}
}
