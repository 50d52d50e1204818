package blueprint

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/access"
)

// ExecutorName is the role that starts and stops the executions of scenarios.
const ExecutorName = prefix + "executor"

// Tags of executions, by which the executor may read and stop its own.
const (
	cellTag  = "halligan-cell"
	leaseTag = "halligan-lease"
)

// run takes in a document that a scenario runs in the account.
func (b *Blueprint) run(s *access.Scenario, t *access.Automation) error {
	if b.Account.Management {
		return fmt.Errorf("account %s is the management account of its organisation: it gets no role; have the document in a member account", b.Account.ID)
	}
	if slices.ContainsFunc(b.Roles, func(r Role) bool { return r.Name == t.Role }) {
		return fmt.Errorf("role %s is opened by a scenario, and the document %s acts as it: make a role for the document alone", t.Role, t.Document)
	}
	b.Runs = append(b.Runs, t)
	slices.SortStableFunc(b.Runs, func(x, y *access.Automation) int {
		return compare(x.Document+" "+x.Region, y.Document+" "+y.Region)
	})
	return nil
}

// executing tells whether the account has the role that starts executions.
func (b *Blueprint) executing() bool { return len(b.Runs) > 0 }

// memberRuns are the groups for which the account has a document of the blueprint's, each
// by one of its targets.
func (b *Blueprint) memberRuns() (all []*access.Automation) {
	for _, t := range b.Runs {
		if t.Group != "" && !slices.ContainsFunc(all, func(had *access.Automation) bool { return had.Group == t.Group }) {
			all = append(all, t)
		}
	}
	return all
}

// ExecutorTrust lets Halligan's server start executions, and nobody else.
func (b *Blueprint) ExecutorTrust() []byte {
	var all []statement
	for i, k := range b.keepers() {
		all = append(all, statement{
			Sid: "Server" + strconv.Itoa(i+1), Effect: allow, Principal: k.principal, Action: words{k.action, "sts:SetSourceIdentity"},
			Condition: condition{
				"StringEquals": k.says(words{b.Cell.Origin + "/executor"}, nil),
				"StringLike":   {"sts:SourceIdentity": {sourceIdentity}},
			},
		})
	}
	return document(all...)
}

// ExecutorPolicy is all that the executor may do: read the documents of scenarios, start
// the versions that are signed, pass the roles that those act as to Systems Manager, and
// read and stop what it started itself, which bears its tag.
func (b *Blueprint) ExecutorPolicy() []byte {
	var versions, documents, roles []string
	for _, t := range b.Runs {
		at := "arn:" + b.Account.Partition + ":ssm:" + t.Region + ":" + b.Account.Number + ":"
		versions = append(versions, at+"automation-definition/"+t.Document+":"+strconv.FormatInt(t.Version, 10), at+"document/"+t.Document)
		documents = append(documents, at+"document/"+t.Document)
		roles = append(roles, b.roleARN(t.Role))
	}
	executions := words{"arn:" + b.Account.Partition + ":ssm:*:" + b.Account.Number + ":automation-execution/*"}
	return document(
		statement{Sid: "Read", Effect: allow, Action: words{"ssm:DescribeDocument", "ssm:GetDocument"}, Resource: sorted(documents)},
		statement{Sid: "Start", Effect: allow, Action: words{"ssm:StartAutomationExecution"}, Resource: sorted(versions)},
		statement{Sid: "MarkAsOurs", Effect: allow, Action: words{"ssm:AddTagsToResource"}, Resource: executions, Condition: condition{
			"StringEquals":              {"aws:RequestTag/" + cellTag: {b.Cell.Origin}},
			"ForAllValues:StringEquals": {"aws:TagKeys": {cellTag, leaseTag}},
		}},
		statement{Sid: "PassToAutomation", Effect: allow, Action: words{"iam:PassRole"}, Resource: sorted(roles), Condition: condition{
			"StringEquals": {"iam:PassedToService": {"ssm.amazonaws.com"}},
		}},
		statement{Sid: "See", Effect: allow, Action: words{"ssm:DescribeAutomationExecutions"}, Resource: words{"*"}},
		statement{Sid: "StopOurs", Effect: allow, Action: words{"ssm:GetAutomationExecution", "ssm:StopAutomationExecution"}, Resource: executions, Condition: condition{
			"StringEquals": {"aws:ResourceTag/" + cellTag: {b.Cell.Origin}},
		}},
	)
}

// MemberPolicy is all that the document of a group may do: put users of Halligan's into
// it, and take them out.
func (b *Blueprint) MemberPolicy(group string) []byte {
	return document(statement{
		Sid: "OpenAndClose", Effect: allow, Action: words{"iam:AddUserToGroup", "iam:RemoveUserFromGroup"}, Resource: words{b.iam("group/" + group)},
	})
}

// AutomationTrust lets Systems Manager act as a role, for executions in the account.
func (b *Blueprint) AutomationTrust() []byte {
	return document(statement{
		Sid: "Automation", Effect: allow, Principal: principal{"Service": {"ssm.amazonaws.com"}}, Action: words{"sts:AssumeRole"},
		Condition: condition{
			"StringEquals": {"aws:SourceAccount": {b.Account.Number}},
			"ArnLike":      {"aws:SourceArn": {"arn:" + b.Account.Partition + ":ssm:*:" + b.Account.Number + ":automation-execution/*"}},
		},
	})
}

// executorRoles are the role that starts executions, and those that the documents of
// groups act as.
func (b *Blueprint) executorRoles() []resource {
	all := []resource{{
		id: "Executor", kind: kindRole, after: b.issuerIDs(),
		note: "Halligan's server at Systems Manager: it can start the signed versions of the documents of scenarios and stop what it started, and nothing else.",
		props: object{
			{name: "RoleName", value: ExecutorName}, {name: "Description", value: "Halligan starts executions of documents while grants live, and cancels them."},
			{name: "MaxSessionDuration", value: 3600}, {name: "AssumeRolePolicyDocument", value: parsed(b.ExecutorTrust())},
			{name: "Policies", value: list{inline(ExecutorName, b.ExecutorPolicy())}}, {name: "Tags", value: b.tags()},
		},
	}}
	for _, t := range b.memberRuns() {
		all = append(all, resource{
			id: idOf(t.Role), kind: kindRole, note: "Who the document " + t.Document + " acts as: it can put users into the group " + t.Group + " and take them out, and nothing else.",
			props: object{
				{name: "RoleName", value: t.Role}, {name: "Description", value: "Systems Manager opens and closes the group " + t.Group + "."},
				{name: "AssumeRolePolicyDocument", value: parsed(b.AutomationTrust())}, {name: "Policies", value: list{inline("members", b.MemberPolicy(t.Group))}}, {name: "Tags", value: b.tags()},
			},
		})
	}
	return all
}

// executorSizes are what AWS limits of them.
func (b *Blueprint) executorSizes() []Size {
	all := []Size{
		{"role " + ExecutorName + ": characters of its trust policy", len(b.ExecutorTrust()), trustLongest},
		{"role " + ExecutorName + ": characters of its inline policy", len(b.ExecutorPolicy()), access.RolePolicyLongest},
	}
	for _, t := range b.memberRuns() {
		all = append(all, Size{"document " + t.Document + ": bytes", len(b.MemberDocument(t)), documentMost}, Size{"role " + t.Role + ": characters of its name", len(t.Role), roleNameMost})
	}
	return all
}

// MemberDocument is the document that puts a requester's user into a group, waits, and
// takes them out on every way out. It hands out nothing. Its bytes follow from the group
// and the account alone, and what signs it is their digest.
func (b *Blueprint) MemberDocument(t *access.Automation) []byte {
	call := func(name, api string, more ...field) object {
		return append(object{
			{name: "name", value: name}, {name: "action", value: "aws:executeAwsApi"}, {name: "timeoutSeconds", value: 60}, {name: "maxAttempts", value: 3},
			{name: "inputs", value: object{
				{name: "Service", value: "iam"}, {name: "Api", value: api}, {name: "GroupName", value: t.Group}, {name: "UserName", value: UserName("{{ Person }}")},
			}},
		}, more...)
	}
	out := []field{{name: "onFailure", value: "step:" + t.Closes}, {name: "onCancel", value: "step:" + t.Closes}}
	given := func(what, pattern string) object {
		return object{{name: "type", value: "String"}, {name: "description", value: what}, {name: "allowedPattern", value: pattern}}
	}
	return []byte(yaml(object{
		{name: "schemaVersion", value: "0.3"},
		{name: "description", value: "Puts the user of whoever has a grant of Halligan into the group " + t.Group + ", and takes them out when it ends, on every way out."},
		{name: "assumeRole", value: b.roleARN(t.Role)},
		{name: "parameters", value: object{
			{name: "Person", value: given("Id of whoever asked: their user is halligan- and this.", "^[a-z0-9][a-z0-9._-]{0,54}$")},
			{name: "Request", value: given("Short id of the request.", "^[0-9a-f]{16}$")},
			{name: "Until", value: given("When it closes by itself.", "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")},
		}},
		{name: "mainSteps", value: list{
			call(t.Opens, "AddUserToGroup", append(slices.Clone(out), field{name: "nextStep", value: "Wait"})...),
			append(append(object{
				{name: "name", value: "Wait"}, {name: "action", value: "aws:sleep"}, {name: "inputs", value: object{{name: "Timestamp", value: "{{ Until }}"}}},
			}, out...), field{name: "nextStep", value: t.Closes}),
			call(t.Closes, "RemoveUserFromGroup", field{name: "isCritical", value: true}, field{name: "isEnd", value: true}),
		}},
	}))
}

// memberFiles are the documents of groups as files.
func (b *Blueprint) memberFiles() (files []File) {
	for _, t := range b.memberRuns() {
		files = append(files, File{t.Document + ".yaml", b.MemberDocument(t)})
	}
	return files
}
