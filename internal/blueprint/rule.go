package blueprint

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// EventRule is a rule of EventBridge on the default bus: what is told to people,
// whether Halligan's server lives or not.
type EventRule struct {
	Name    string
	About   string
	Pattern []byte // canonical JSON
	State   string
	Else    string // what whoever hears of it does if there is no grant; empty: stops the role
	Global  bool   // of IAM and Organizations, whose calls are recorded in one region alone
}

// stateAll also lets through calls that only read: without it CloudTrail's
// records of AssumeRole may be left out.
const stateAll = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

// patternLongest is the length of an event pattern, in characters: the quota
// that an account begins with.
const patternLongest = 2048

// globalRegion is where IAM, Organizations and the root user's sign-in are
// recorded.
var globalRegion = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// signinRegions are where a sign-in to the console may be recorded, whichever
// region the account works in: it depends on a cookie.
var signinRegions = map[string][]string{
	"aws":        {"us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"},
	"aws-cn":     {"cn-north-1"},
	"aws-us-gov": {"us-gov-west-1"},
}

// RuleRegions are the regions that the rules stand in: the account's, and those
// that a sign-in may be recorded in.
func (b *Blueprint) RuleRegions() []string {
	all := append(slices.Clone(b.Account.Regions), signinRegions[b.Account.Partition]...)
	if len(b.signedIn()) > 0 && b.Cell.Center.Region != "" {
		all = append(all, b.Cell.Center.Region)
	}
	return sorted(all)
}

// GlobalRegion is where what is Global of the rules stands.
func (b *Blueprint) GlobalRegion() string { return globalRegion[b.Account.Partition] }

type pattern map[string]any

// EventRules are the rules of the account.
func (b *Blueprint) EventRules() []EventRule {
	rules := []EventRule{{
		Name: prefix + "root", About: "The root user of the account signed in, or did something. Nobody should, but by the scenario that says so.",
		Pattern: canon.MustEncode(pattern{"detail": pattern{"userIdentity": pattern{"type": listed("Root")}, "eventType": listed("AwsApiCall", "AwsConsoleSignIn")}}),
		State:   stateAll,
	}, {
		Name: prefix + "trail", About: "A trail was changed or stopped.",
		Pattern: canon.MustEncode(pattern{"source": listed("aws.cloudtrail"), "detail": pattern{"eventName": listed(
			"DeleteEventDataStore", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "StopEventDataStoreIngestion", "StopLogging", "UpdateTrail")}}),
		State: stateAll,
	}, {
		Name: prefix + "alarms", About: "What raises these alarms was changed.",
		Pattern: canon.MustEncode(pattern{"$or": []any{
			pattern{"source": listed("aws.events"), "detail": pattern{
				"eventName":         listed("DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets"),
				"requestParameters": pattern{"$or": []any{pattern{"name": []any{begins(prefix)}}, pattern{"rule": []any{begins(prefix)}}}},
			}},
			pattern{"source": listed("aws.sns"), "detail": pattern{
				"eventName":         listed("DeleteTopic", "SetTopicAttributes", "Unsubscribe"),
				"requestParameters": pattern{"topicArn": []any{pattern{"wildcard": "*:" + prefix + "*"}}},
			}},
		}}),
		State: stateAll,
	}}
	if b.opened() {
		rules = append(rules, b.changed())
	}
	rules = append(rules, EventRule{
		Name: prefix + "root-session", About: "Somebody became the root user of a member account for a task, or tried. Each time must have a grant.",
		Pattern: canon.MustEncode(pattern{"source": listed("aws.sts"), "detail": pattern{"eventName": listed("AssumeRoot")}}), State: stateAll,
	})
	if b.Account.Management {
		rules = append(rules, EventRule{
			Name: prefix + "organization", About: "The organisation was changed: its accounts, or what binds them.", Global: true, State: stateAll,
			Pattern: canon.MustEncode(pattern{"source": listed("aws.organizations"), "detail": pattern{"eventName": listed(
				"CloseAccount", "DeletePolicy", "DetachPolicy", "DisablePolicyType", "LeaveOrganization", "MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy")}}),
		})
	}
	rules = append(append(rules, b.used()...), b.signedIn()...)
	slices.SortFunc(rules, func(x, y EventRule) int { return compare(x.Name, y.Name) })
	return rules
}

// used are the rules that tell of every use of a role, however it is reached, and
// of every try. Many roles take more than one rule.
func (b *Blueprint) used() []EventRule {
	return b.ruleOf("use", "An emergency role was used, or somebody tried. Each use must have a grant.", b.roleNames(), b.usePattern)
}

// usePattern matches calls that give a session of a role, and sign-ins to the
// console with one.
func (b *Blueprint) usePattern(names []string) []byte {
	roles := each(names, b.roleARN)
	var signed, refused []any
	for _, name := range names {
		refused = append(refused, pattern{"wildcard": "*:role/" + name + "*"})
		signed = append(signed, begins("arn:"+b.Account.Partition+":sts::"+b.Account.Number+":assumed-role/"+name+"/"))
	}
	return canon.MustEncode(pattern{"$or": []any{
		pattern{"source": listed("aws.sts"), "detail": pattern{
			"eventName":         listed("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"),
			"requestParameters": pattern{"roleArn": roles},
		}},
		// A call that was refused says for which role in its message alone.
		pattern{"source": listed("aws.sts"), "detail": pattern{"errorCode": listed("AccessDenied"), "errorMessage": refused}},
		pattern{"source": listed("aws.signin"), "detail": pattern{
			"eventName":    listed("ConsoleLogin", "SwitchRole"),
			"userIdentity": pattern{"arn": signed},
		}},
	}})
}

// changed tells of changes of Halligan's own things in IAM. The stopper's are
// among them: somebody pressed Stop.
func (b *Blueprint) changed() EventRule {
	var hosts []any
	for _, issuer := range b.issuers() {
		hosts = append(hosts, b.providerARN(issuer))
	}
	of := []any{
		pattern{"roleName": b.roleNames()}, pattern{"policyArn": []any{pattern{"wildcard": "*/" + prefix + "*"}}},
		pattern{"policyName": []any{begins(prefix)}},
	}
	if len(hosts) > 0 {
		of = append(of, pattern{"openIDConnectProviderArn": hosts})
	}
	return EventRule{
		Name: prefix + "changed", About: "An emergency role, a policy of it, or the identity provider that it trusts was changed, or a stop slot was used.",
		Global: true, State: stateAll,
		Pattern: canon.MustEncode(pattern{"source": listed("aws.iam"), "detail": pattern{
			"eventName":         []any{begins("Add"), begins("Attach"), begins("Create"), begins("Delete"), begins("Detach"), begins("Put"), begins("Remove"), begins("Set"), begins("Update")},
			"requestParameters": pattern{"$or": of},
		}}),
	}
}

// begins matches texts that begin so.
func begins(with string) any { return pattern{"prefix": with} }

// words2 is a list, as patterns have it.
func listed(all ...string) []string { return all }

func compare(x, y string) int {
	if x < y {
		return -1
	}
	if x > y {
		return 1
	}
	return 0
}
