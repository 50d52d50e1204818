package meaning_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/meaning"
)

func policy(name, statements string) []meaning.Policy {
	return []meaning.Policy{{Name: name, Document: document(statements)}}
}

func document(statements string) jsontext.Value {
	return jsontext.Value(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
}

const everything = `{"Effect":"Allow","Action":"*","Resource":"*"}`

// TestEvaluatorKnowsTheBasics holds the evaluator to answers that AWS documents, so that
// the tables below are judged by something that can say both yes and no, and knows each
// kind of policy and of condition that a blueprint uses.
func TestEvaluatorKnowsTheBasics(t *testing.T) {
	j := judge(t)
	ask := func(context map[string][]string) meaning.Case {
		return meaning.Case{Principal: "arn:aws:sts::123456789012:assumed-role/Emergency/hg-1", Action: "ec2:StopInstances",
			Resource: "arn:aws:ec2:eu-west-1:123456789012:instance/i-1", Account: "123456789012",
			Context: context, Identity: policy("role", everything)}
	}
	with := func(change func(*meaning.Case)) meaning.Case {
		c := ask(map[string][]string{
			"aws:CurrentTime": {"2026-11-30T22:00:00Z"}, "aws:SourceIp": {"192.0.2.7"}, "aws:ViaAWSService": {"false"},
			"aws:RequestedRegion": {"eu-west-1"}, "aws:PrincipalTag/halligan-slot": {"3"}, "aws:SourceIdentity": {"hg-abc"},
		})
		change(&c)
		return c
	}
	deny := func(condition string) func(*meaning.Case) {
		return func(c *meaning.Case) {
			c.Session = document(everything + `,{"Sid":"no","Effect":"Deny","Action":"*","Resource":"*","Condition":{` + condition + `}}`)
		}
	}
	check(t, j, []line{
		row(allowed, with(func(*meaning.Case) {}), "a role policy allows"),
		row(denied, with(func(c *meaning.Case) { c.Identity = nil }), "without a policy nothing is allowed"),
		row(denied, with(func(c *meaning.Case) {
			c.Boundary = policy("edge", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
		}),
			"a boundary takes away what it does not allow"),
		row(denied, with(func(c *meaning.Case) { c.Session = document(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`) }),
			"a session policy takes away what it does not allow"),
		row(denied, with(func(c *meaning.Case) {
			c.Identity = policy("role", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
			c.Session = document(everything)
		}), "a session policy gives nothing"),
		row(denied, with(func(c *meaning.Case) {
			c.SCP = policy("guard", `{"Effect":"Deny","Action":"ec2:Stop*","Resource":"*"}`)
		}), "a service control policy denies"),
		row(denied, with(deny(`"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-30T22:00:00Z"}`)), "a date that has come denies"),
		row(allowed, with(deny(`"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-30T22:00:01Z"}`)), "a date that has not come does not"),
		row(denied, with(deny(`"NotIpAddress":{"aws:SourceIp":["192.0.2.8/32"]},"Bool":{"aws:ViaAWSService":"false"}`)), "another address denies"),
		row(allowed, with(deny(`"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24"]},"Bool":{"aws:ViaAWSService":"false"}`)), "an address of the network does not"),
		row(denied, with(deny(`"StringNotEquals":{"aws:RequestedRegion":["eu-central-1"]}`)), "another Region denies"),
		row(denied, with(deny(`"StringEquals":{"aws:PrincipalTag/halligan-slot":"3"}`)), "a tag of the session denies"),
		row(allowed, with(deny(`"StringEquals":{"aws:PrincipalTag/halligan-slot":"4"}`)), "a tag of another session does not"),
		row(denied, with(deny(`"StringLike":{"aws:SourceIdentity":"hg-*"}`)), "a source identity of a pattern denies"),
		row(denied, with(deny(`"Null":{"aws:MultiFactorAuthAge":"true"}`)), "a key that is absent is null"),
		row(denied, with(deny(`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`)), "IfExists holds when the key is absent"),
		row(allowed, with(deny(`"Bool":{"aws:MultiFactorAuthPresent":"false"}`)), "without IfExists it does not"),
	})
}

// TestNothingIsWeighedInPart shows that a case the evaluator could not weigh as a whole is
// an error and not a verdict.
func TestNothingIsWeighedInPart(t *testing.T) {
	j := judge(t)
	good := meaning.Case{Principal: "arn:aws:iam::123456789012:role/Emergency", Action: "ec2:StopInstances",
		Resource: "arn:aws:ec2:eu-west-1:123456789012:instance/i-1", Account: "123456789012", Identity: policy("role", everything)}
	for name, change := range map[string]func(*meaning.Case){
		"an action that there is not":        func(c *meaning.Case) { c.Action = "ec2:StopEverything" },
		"a resource that the action has not": func(c *meaning.Case) { c.Resource = "arn:aws:s3:::bucket" },
		"a key that the action has not":      func(c *meaning.Case) { c.Context = map[string][]string{"s3:prefix": {"x"}} },
		"an operator that there is not": func(c *meaning.Case) {
			c.Identity = policy("role", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquls":{"aws:SourceIp":"x"}}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			if v, err := j.Weigh(context.Background(), []meaning.Case{c}); err == nil {
				t.Errorf("it was weighed: %+v", v)
			} else if !strings.Contains(err.Error(), "not weighed") {
				t.Error(err)
			}
		})
	}
}
