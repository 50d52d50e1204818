package meaning_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/meaning"
)

const ofEnvelopes = "123456789012"

// kept is the blueprint of an account of which three things lie in envelopes.
func kept(t *testing.T) *blueprint.Blueprint {
	t.Helper()
	var opens []access.Open
	for name, of := range map[string]access.Contents{
		"key":      {AccessKey: &access.AWSUser{Account: ofEnvelopes, User: "breaker"}},
		"password": {Password: &access.AWSUser{Account: ofEnvelopes, User: "breaker"}},
		"secret":   {Secret: &access.AWSSecret{Account: ofEnvelopes, Region: "eu-west-1", Name: "prod/db"}},
		"other":    {AccessKey: &access.AWSUser{Account: "999999999999", User: "breaker"}},
	} {
		opens = append(opens, access.Open{Envelope: &access.Envelope{Name: name, Contents: &of}})
	}
	b, err := blueprint.Of(blueprint.Cell{
		Origin: "halligan.example.com", Issuers: []string{"https://oidc.halligan.example.com"},
		Accounts:  []blueprint.Account{{ID: "prod", Number: ofEnvelopes, Regions: []string{"eu-west-1"}}},
		Scenarios: []*access.Scenario{{ID: "federation-broken", Opens: opens}},
	}, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Kept) != 3 {
		t.Fatalf("%d things of the account lie in envelopes", len(b.Kept))
	}
	return b
}

// TestWhoeverRotatesMayWhatIsMeant: the policy for whoever rotates an envelope allows
// what a rotation asks, of what lies in it, and nothing else. A user of an envelope may
// without a second factor of the last hour do nothing but begin a session with one.
func TestWhoeverRotatesMayWhatIsMeant(t *testing.T) {
	b := kept(t)
	user, other := "arn:aws:iam::"+ofEnvelopes+":user/breaker", "arn:aws:iam::"+ofEnvelopes+":user/ann"
	secret, another := "arn:aws:secretsmanager:eu-west-1:"+ofEnvelopes+":secret:prod/db-AbCdEf", "arn:aws:secretsmanager:eu-west-1:"+ofEnvelopes+":secret:prod/db2-AbCdEf"
	calls := map[string][]call{
		"key": {{"iam:ListAccessKeys", user}, {"iam:CreateAccessKey", user}, {"iam:UpdateAccessKey", user}, {"iam:DeleteAccessKey", user}, {"iam:GetAccessKeyLastUsed", user}},
		"password": {{"iam:GetLoginProfile", user}, {"iam:CreateLoginProfile", user}, {"iam:UpdateLoginProfile", user},
			{"iam:GetAccountPasswordPolicy", "*"}, {"iam:GenerateCredentialReport", "*"}, {"iam:GetCredentialReport", "*"}},
		"secret": {{"secretsmanager:DescribeSecret", secret}, {"secretsmanager:GetSecretValue", secret}, {"secretsmanager:PutSecretValue", secret}, {"secretsmanager:UpdateSecretVersionStage", secret}},
	}
	never := []call{
		{"iam:CreateAccessKey", other}, {"iam:UpdateAccessKey", other}, {"iam:DeleteAccessKey", other}, {"iam:UpdateLoginProfile", other}, {"iam:DeleteLoginProfile", user},
		{"iam:AttachUserPolicy", user}, {"iam:PutUserPolicy", user}, {"iam:DeactivateMFADevice", user}, {"iam:AddUserToGroup", "arn:aws:iam::" + ofEnvelopes + ":group/admins"},
		{"iam:CreateUser", user}, {"secretsmanager:GetSecretValue", another}, {"secretsmanager:DeleteSecret", secret}, {"secretsmanager:PutResourcePolicy", secret},
		{"sts:AssumeRole", "arn:aws:iam::" + ofEnvelopes + ":role/Admin"}, {"s3:GetObject", "arn:aws:s3:::data/x"},
	}
	var lines []line
	for _, k := range b.Kept {
		ask := func(c call) meaning.Case {
			return meaning.Case{Principal: "arn:aws:sts::" + ofEnvelopes + ":assumed-role/rotate/cara", Action: c.action, Resource: c.resource, Account: ofEnvelopes,
				Identity: []meaning.Policy{{Name: "rotate", Document: b.RotatePolicy(k)}}}
		}
		for of, all := range calls {
			for _, c := range all {
				lines = append(lines, row(of == k.Envelope, ask(c), "whoever rotates the %s asks for what a rotation of the %s needs: %s", k.Envelope, of, c.action))
			}
		}
		for _, c := range never {
			lines = append(lines, row(denied, ask(c), "whoever rotates the %s cannot %s of %s", k.Envelope, c.action, c.resource))
		}
	}
	asUser := func(action string, context map[string][]string) meaning.Case {
		return meaning.Case{Principal: user, Action: action, Resource: "*", Account: ofEnvelopes, Context: context,
			Identity: slices.Concat(policy("theirs", everything), []meaning.Policy{{Name: "user", Document: blueprint.UserPolicy()}})}
	}
	factor := func(present, age string) map[string][]string {
		return map[string][]string{"aws:MultiFactorAuthPresent": {present}, "aws:MultiFactorAuthAge": {age}}
	}
	lines = append(lines,
		row(denied, asUser("ec2:DescribeInstances", nil), "a key from an envelope alone does nothing"),
		row(denied, asUser("ec2:DescribeInstances", map[string][]string{"aws:MultiFactorAuthPresent": {"false"}}), "a password from an envelope alone does nothing"),
		row(allowed, asUser("sts:GetSessionToken", nil), "a key from an envelope begins a session with a second factor"),
		row(allowed, asUser("ec2:DescribeInstances", factor("true", "3599")), "with a second factor of the last hour it does what it may"),
		row(denied, asUser("ec2:DescribeInstances", factor("true", "3601")), "with an older one it does nothing"),
		row(denied, asUser("iam:DeactivateMFADevice", nil), "nobody takes the second factor off with a key alone"))
	check(t, judge(t), lines)
}
