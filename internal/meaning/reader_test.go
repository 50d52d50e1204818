package meaning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// readable is all that the reader of an account is for.
var readable = []string{
	"iam:GenerateCredentialReport", "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport", "iam:GetLoginProfile",
	"iam:GetOpenIDConnectProvider", "iam:GetSAMLProvider", "iam:ListOpenIDConnectProviders", "iam:ListSAMLProviders",
}

// TestReaderMayReadAndNothingElse puts the role that reads an account before the
// evaluator: it reads what the account says of itself, whatever policy somebody gives it
// besides, takes no role, and only the server's own token comes in.
func TestReaderMayReadAndNothingElse(t *testing.T) {
	of := own()
	for i := range of.genesis.AWS.Accounts {
		of.genesis.AWS.Accounts[i].Reader = of.genesis.AWS.Accounts[i].ID == of.account
	}
	b := of.blueprint(t)
	s := of.samples(t)[0]
	may := jsontext.Value(b.ReaderPolicy())
	ask := func(c call, identity []meaning.Policy, session jsontext.Value) meaning.Case {
		return meaning.Case{
			Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/hg-reader", s.account, blueprint.ReaderName), Action: c.action, Resource: c.resource, Account: s.account,
			Identity: identity, Session: session, Boundary: []meaning.Policy{{Name: "boundary", Document: may}},
		}
	}
	theirs := []meaning.Policy{{Name: "reader", Document: may}}
	var lines []line
	for what, c := range map[string]struct {
		identity []meaning.Policy
		session  jsontext.Value
	}{
		"as it is taken": {theirs, may}, "whatever policy goes with the call": {theirs, nil}, "whatever somebody attaches to it": {policy("theirs", everything), nil},
	} {
		for _, action := range readable {
			lines = append(lines, row(allowed, ask(call{action, "*"}, c.identity, c.session), "the reader, %s, may %s", what, action))
		}
		for _, one := range slices.Concat(s.withRights(), taking(s)) {
			lines = append(lines, row(denied, ask(one, c.identity, c.session), "the reader, %s, cannot %s on %s", what, one.action, one.resource))
		}
	}
	for issuer := range s.hosts {
		good := token{issuer: issuer, aud: "sts.amazonaws.com", sub: s.origin + "/reader", source: "hg-reader", name: "hg-reader"}
		enter := func(want bool, t token, means string) {
			lines = append(lines, line{fmt.Sprintf("issuer %d: %s", issuer+1, means), want, s.enters(t, blueprint.ReaderName, b.ReaderTrust())})
		}
		enter(allowed, good, "the server's own token opens the reader")
		person, stop, audience, anna := s.token(), good, good, good
		person.issuer = issuer
		stop.sub, audience.aud, anna.source = s.origin+"/stopper", "kubernetes", "anna"
		enter(denied, person, "a person's token does not open the reader")
		enter(denied, stop, "the stopper's token does not open the reader")
		enter(denied, audience, "a token for another audience does not open the reader")
		enter(denied, anna, "the reader is nobody's own: source identity anna")
		for _, sub := range []string{"another.example.com/reader", s.origin + "/reader/x", strings.ToUpper(good.sub), "*", ""} {
			other := good
			other.sub = sub
			enter(denied, other, "a token for "+sub+" does not open the reader")
		}
		lines = append(lines, line{fmt.Sprintf("issuer %d: the reader's token opens no emergency role", issuer+1), denied, s.enters(good, s.role, s.trust)},
			line{fmt.Sprintf("issuer %d: nor the stopper", issuer+1), denied, s.enters(good, "halligan-stopper", s.stopperTrust)})
	}
	if len(lines) < 120 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}

// taking are calls by which it would become somebody else, or see what is not the
// account's own description.
func taking(s sample) []call {
	return []call{
		{"sts:AssumeRole", arn(s, "role", "halligan-stopper")}, {"sts:AssumeRole", "arn:aws:iam::999999999999:role/Admin"}, {"sts:AssumeRoot", "arn:aws:iam::999999999999:root"},
		{"sts:GetFederationToken", "*"}, {"iam:GetAccessKeyLastUsed", "*"}, {"iam:SimulatePrincipalPolicy", arn(s, "role", s.role)}, {"iam:UpdateSAMLProvider", arn(s, "saml-provider", "corp")},
		{"iam:CreateLoginProfile", arn(s, "user", "x")}, {"iam:UpdateLoginProfile", arn(s, "user", "x")}, {"iam:CreateOpenIDConnectProvider", "*"},
		{"s3:ListAllMyBuckets", "*"}, {"secretsmanager:GetSecretValue", "*"}, {"kms:Decrypt", "*"}, {"ssm:GetParameter", "*"}, {"cloudtrail:LookupEvents", "*"}, {"ec2:DescribeInstances", "*"},
	}
}
