package meaning_test

import (
	"fmt"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// TestReaderOfTheOrganisation puts the reader from whose account the organisation is read
// before the evaluator, beside one of another account: both see the rules of their
// accounts, the one alone lists what the organisation has, and neither changes any of it,
// whatever policy goes with the call or is attached to the role.
func TestReaderOfTheOrganisation(t *testing.T) {
	var lines []line
	for _, reads := range []bool{true, false} {
		of := own()
		for i := range of.genesis.AWS.Accounts {
			of.genesis.AWS.Accounts[i].Reader = true
		}
		b := of.blueprint(t)
		if b.Cell.Organization = "another"; reads {
			b.Cell.Organization = b.Account.ID
		}
		may := jsontext.Value(b.ReaderPolicy())
		for what, identity := range map[string][]meaning.Policy{"as it is": {{Name: "reader", Document: may}}, "whatever somebody attaches to it": policy("theirs", everything)} {
			ask := func(c call) meaning.Case {
				return meaning.Case{
					Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/hg-reader", b.Account.Number, blueprint.ReaderName), Action: c.action, Resource: c.resource, Account: b.Account.Number,
					Identity: identity, Session: may, Boundary: []meaning.Policy{{Name: "boundary", Document: may}},
				}
			}
			say := func(want bool, action, resource string) {
				lines = append(lines, row(want, ask(call{action, resource}), "reads %v, %s: %s", reads, what, action))
			}
			rule := "arn:aws:events:eu-west-1:" + b.Account.Number + ":rule/halligan-use"
			say(allowed, "events:ListRules", "*")
			say(allowed, "events:ListTargetsByRule", rule)
			topic := "arn:aws:sns:us-east-1:" + b.Account.Number + ":halligan-alarms"
			say(allowed, "sns:ListSubscriptionsByTopic", topic)
			say(denied, "sns:ListSubscriptionsByTopic", "arn:aws:sns:us-east-1:"+b.Account.Number+":payroll")
			for _, action := range []string{"sns:Publish", "sns:Subscribe", "sns:DeleteTopic", "sns:SetTopicAttributes"} {
				say(denied, action, topic)
			}
			for _, action := range []string{"events:DisableRule", "events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"} {
				say(denied, action, rule)
			}
			guard := "arn:aws:organizations::999999999999:policy/o-exampleorgid/service_control_policy/p-examplepolicyid111"
			account := "arn:aws:organizations::999999999999:account/o-exampleorgid/111111111111"
			for _, action := range []string{"organizations:ListAccounts", "organizations:ListPolicies"} {
				say(reads, action, "*")
			}
			for _, action := range []string{"organizations:DescribePolicy", "organizations:ListTargetsForPolicy"} {
				say(reads, action, guard)
			}
			say(reads, "organizations:ListParents", account)
			for _, action := range []string{"organizations:AttachPolicy", "organizations:DetachPolicy", "organizations:UpdatePolicy", "organizations:DeletePolicy"} {
				say(denied, action, guard)
			}
			for _, action := range []string{"organizations:CloseAccount", "organizations:MoveAccount", "organizations:RemoveAccountFromOrganization", "organizations:DescribeAccount"} {
				say(denied, action, account)
			}
			for _, action := range []string{"organizations:CreateAccount", "organizations:CreatePolicy", "organizations:LeaveOrganization", "organizations:PutResourcePolicy", "organizations:RegisterDelegatedAdministrator"} {
				say(denied, action, "*")
			}
		}
	}
	if len(lines) < 80 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}
