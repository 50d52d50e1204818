package blueprint

import (
	"slices"
	"strings"
)

// Service control policies bind every identity of a member account, its root
// user too, and nothing in the management account.

// SCP protects what the blueprints put into member accounts from everybody but
// keepers, who are patterns of ARNs such as arn:aws:iam::*:role/PlatformDeploy.
// The stopper keeps what it needs, and so do the executor, the documents and the users
// that work with them.
func SCP(all []*Blueprint, keepers []string) []byte { return document(guarding(all, keepers)...) }

// guarding are its statements.
func guarding(all []*Blueprint, keepers []string) []statement {
	var own, alarms, roles, others, stoppers, groups, approvers, passers []string
	for _, b := range all {
		if b.Account.Management {
			continue
		}
		own = append(own, each(b.ownARNs(), anywhere)...)
		alarms = append(alarms, each(append(b.alarmARNs(), b.stackARNs()...), anywhere)...)
		for _, r := range b.Roles {
			roles = append(roles, anywhere(b.roleARN(r.Name)))
			if r.Console {
				groups = append(groups, anywhere(b.iam("group/"+prefix+"*")))
				approvers = append(approvers, anywhere(b.roleARN(automationRole)), anywhere(b.iam("user/"+prefix+"*")))
				others = append(others, anywhere(b.roleARN(ConsoleName(r.Name))))
			}
		}
		for _, w := range b.Ways {
			others = append(others, anywhere(b.roleARN(w.Name)))
		}
		if b.assigning() || b.reads() {
			others = append(others, anywhere(b.iam("role/"+prefix+"*")))
		}
		if b.executing() {
			others = append(others, anywhere(b.iam("role/"+prefix+"*")))
			passers = append(passers, anywhere(b.roleARN(ExecutorName)))
		}
		for _, t := range b.memberRuns() {
			groups = append(groups, anywhere(b.iam("group/"+t.Group)))
			approvers = append(approvers, anywhere(b.roleARN(t.Role)))
		}
		if len(b.Roles) > 0 {
			stoppers = append(stoppers, b.roleARN(StopperName))
			groups = append(groups, anywhere(b.iam("group/"+prefix+"*")))
			approvers = append(approvers, anywhere(b.roleARN(automationRole)), anywhere(b.iam("user/"+prefix+"*")))
			others = append(others, anywhere(b.iam("role/"+prefix+"*")), anywhere(b.iam("group/"+prefix+"*")))
		}
	}
	own = slices.DeleteFunc(own, func(arn string) bool { return strings.Contains(arn, ":group/") })
	but := func(more []string) condition {
		return condition{"ArnNotLike": {"aws:PrincipalArn": sorted(append(append([]string{}, keepers...), more...))}}
	}
	var writes words
	for _, action := range roleChanges {
		if action != "iam:Attach*" && action != "iam:Detach*" && action != "iam:PassRole" {
			writes = append(writes, action)
		}
	}
	return aboutSomething(
		statement{Sid: "KeepRolesPoliciesProviders", Effect: deny, Action: writes, Resource: sorted(own), Condition: but(nil)},
		statement{Sid: "KeepSlots", Effect: deny, Action: words{"iam:Attach*", "iam:Detach*"}, Resource: sorted(roles), Condition: but(stoppers)},
		statement{Sid: "KeepWhatIsAttached", Effect: deny, Action: words{"iam:Attach*", "iam:Detach*"}, Resource: sorted(others), Condition: but(nil)},
		statement{Sid: "KeepGroups", Effect: deny, Action: writes, Resource: sorted(groups), Condition: but(approvers)},
		statement{Sid: "KeepToAutomation", Effect: deny, Action: words{"iam:PassRole"}, Resource: sorted(own), Condition: but(append(passers, approvers...))},
		statement{Sid: "KeepTrails", Effect: deny, Action: words{
			"cloudtrail:Delete*", "cloudtrail:Put*", "cloudtrail:Stop*", "cloudtrail:Update*",
		}, Resource: words{"*"}, Condition: but(nil)},
		statement{Sid: "KeepAlarms", Effect: deny, Action: append(slices.Clone(alarmChanges), stackChanges...), Resource: sorted(alarms), Condition: but(nil)},
		statement{Sid: "NoLeaveOrganization", Effect: deny, Action: words{"organizations:LeaveOrganization"}, Resource: words{"*"}},
	)
}

// aboutSomething leaves out statements about nothing, which Organizations does not take.
func aboutSomething(all ...statement) []statement {
	return slices.DeleteFunc(all, func(s statement) bool { return len(s.Resource) == 0 })
}

// CutOff is kept ready for the day when an issuer's key is stolen: attached, it
// denies everything to every session that came in by a token of these issuers,
// and nothing to others. Taking the key out of the published set is no cut-off:
// AWS keeps what it fetched.
func CutOff(all []*Blueprint) []byte {
	var providers []string
	for _, b := range all {
		if !b.Account.Management {
			providers = append(providers, each(b.issuers(), b.providerARN)...)
		}
	}
	return document(statement{
		Sid: "CutOffIssuers", Effect: deny, Action: words{"*"}, Resource: words{"*"},
		Condition: condition{"StringEquals": {"aws:FederatedProvider": sorted(providers)}},
	})
}

// anywhere is an ARN with the account's number left open: one policy is for all
// accounts below its root.
func anywhere(arn string) string {
	colons, from := 0, 0
	for i := range len(arn) {
		if arn[i] != ':' {
			continue
		}
		if colons++; colons == 4 {
			from = i + 1
		} else if colons == 5 {
			return arn[:from] + "*" + arn[i:]
		}
	}
	return arn
}

// Organization gives the service control policies as files: one that guards, one that
// is kept for the day when an issuer's key is stolen, and the one of denials where the
// cell has an Identity Center.
func Organization(all []*Blueprint, keepers []string) []File {
	return append([]File{
		{"halligan-guard.json", indented(SCP(all, keepers))},
		{"halligan-cut-off.json", indented(CutOff(all))},
	}, denialFiles(all)...)
}

// CheckOrganization refuses service control policies that are over the limit.
func CheckOrganization(all []*Blueprint, keepers []string) error {
	return over([]Size{
		{"service control policy halligan-guard: characters", len(SCP(all, keepers)), scpLongest},
		{"service control policy halligan-cut-off: characters", len(CutOff(all)), scpLongest},
	})
}
