package blueprint

import "slices"

// SSM gives the Automation documents of the account, and a template that makes
// them with everything that they need: users without credentials, groups, the
// role that acts, and the topic that approvals are asked by; and the documents that
// scenarios run for groups, which are made as they are, for their digests are signed.
func (b *Blueprint) SSM() ([]File, error) {
	if len(b.Roles) == 0 {
		return b.foldered(b.memberFiles()), nil
	}
	approvals, err := b.Approvals()
	if err != nil {
		return nil, err
	}
	if err := apart(b.approvalResources(approvals)); err != nil {
		return nil, err
	}
	files := []File{{"halligan-ssm.yaml", []byte(b.approvalTemplate(approvals))}}
	for _, a := range approvals {
		files = append(files, File{a.Name + ".yaml", []byte(yaml(b.automation(a)))})
	}
	files = append(files, b.memberFiles()...)
	return b.foldered(files), over([]Size{{"template " + files[0].Name + ": bytes", len(files[0].Data), templateLongest}})
}

func (b *Blueprint) approvalTemplate(approvals []Approval) string {
	resources := object{}
	for _, r := range b.approvalResources(approvals) {
		resources = append(resources, field{name: r.id, note: r.note, value: r.cloudFormation()})
	}
	return yaml(object{
		{name: "AWSTemplateFormatVersion", value: "2010-09-09", note: b.made()},
		{name: "Description", value: "Halligan in account " + b.Account.ID + ": emergency access by Systems Manager Automation. Deploy in " + b.Home() + ", after halligan.yaml."},
		{name: "Resources", value: resources},
	})
}

// approvalResources are everything that the documents need.
func (b *Blueprint) approvalResources(approvals []Approval) []resource {
	var groups, documents []string
	var all []resource
	for _, a := range approvals {
		if !slices.Contains(groups, a.Group) {
			groups = append(groups, a.Group)
			all = append(all, b.approvedGroup(a)...)
		}
		documents = append(documents, a.Name)
		all = append(all, resource{
			id: idOf(a.Name), kind: kindDocument, after: []string{"Automation", "ApprovalTopic"},
			note: "One severity of one scenario: " + a.Scenario.ID + " at " + string(a.Severity) + ".",
			props: object{
				{name: "Name", value: a.Name}, {name: "DocumentType", value: "Automation"}, {name: "DocumentFormat", value: "YAML"},
				{name: "UpdateMethod", value: "NewVersion"}, {name: "Content", value: unnoted(b.automation(a))}, {name: "Tags", value: b.tags()},
			},
		})
	}
	all = append(all, b.automationRoleOf(groups), resource{
		id: "ApprovalTopic", kind: kindTopic, note: "Its name must begin with Automation.",
		props: object{{name: "TopicName", value: approveTopic}, {name: "DisplayName", value: "Emergency approvals"}, {name: "Tags", value: b.tags()}},
	})
	return append(all, b.approvalPeople(approvals, groups, documents)...)
}

// unnoted is a tree without its notes, for where they would be repeated.
func unnoted(o object) object {
	made := object{}
	for _, f := range o {
		value := f.value
		if l, ok := value.(list); ok {
			again := list{}
			for _, one := range l {
				if inner, ok := one.(object); ok {
					one = unnoted(inner)
				}
				again = append(again, one)
			}
			value = again
		}
		if inner, ok := value.(object); ok {
			value = unnoted(inner)
		}
		made = append(made, field{name: f.name, value: value})
	}
	return made
}

// approvedGroup is the group that a user is put into, empty on calm days.
func (b *Blueprint) approvedGroup(a Approval) []resource {
	id := idOf("approved", a.Scenario.ID, a.Target)
	of := a.Scenario.ID + "-" + a.Target
	all := []resource{{
		id: id + "May", kind: kindPolicy, note: "What the role " + a.Role.Name + " may, for people of the group below.",
		props: b.managed(prefix+"may-"+of, "What the scenario "+a.Scenario.ID+" allows.", b.RolePolicy(a.Role)),
	}, {
		id: id + "Rails", kind: kindPolicy, note: "The guard rails of the role, and a second factor given within the hour.",
		props: b.managed(prefix+"rails-"+of, "Guard rails of an approved group.", b.groupRails(a.Role)),
	}}
	attached := []string{b.policyARN(prefix + "may-" + of), b.policyARN(prefix + "rails-" + of)}
	if sharing := b.Sharing(a.Role); sharing != nil {
		all = append(all, resource{
			id: id + "Sharing", kind: kindPolicy, note: "What people of the group may not share.",
			props: b.managed(sharingName+"-"+of, "What an approved group may not share.", sharing),
		})
		attached = append(attached, b.policyARN(sharingName+"-"+of))
	}
	var after []string
	for _, policy := range all {
		after = append(after, policy.id)
	}
	return append(all, resource{
		id: id, kind: kindGroup, after: after, note: "Empty on calm days. What a member may ends when they are taken out, whatever they hold.",
		props: object{{name: "GroupName", value: a.Group}, {name: "ManagedPolicyArns", value: texts(attached...)}},
	})
}

// automationRoleOf is who the documents act as.
func (b *Blueprint) automationRoleOf(groups []string) resource {
	trust := b.AutomationTrust()
	may := document(
		statement{Sid: "OpenAndClose", Effect: allow, Action: words{"iam:AddUserToGroup", "iam:RemoveUserFromGroup"}, Resource: sorted(each(groups, func(g string) string { return b.iam("group/" + g) }))},
		statement{Sid: "Look", Effect: allow, Action: words{"iam:GetUser"}, Resource: words{b.iam("user/" + prefix + "*")}},
		statement{Sid: "Tell", Effect: allow, Action: words{"sns:Publish"}, Resource: words{"arn:" + b.Account.Partition + ":sns:" + b.Home() + ":" + b.Account.Number + ":" + approveTopic}})
	return resource{
		id: "Automation", kind: kindRole, note: "Who the documents act as: it can put users into these groups, take them out, and tell people.",
		props: object{
			{name: "RoleName", value: automationRole}, {name: "Description", value: "Systems Manager opens and closes emergency groups."},
			{name: "AssumeRolePolicyDocument", value: parsed(trust)}, {name: "Policies", value: list{inline("groups", may)}}, {name: "Tags", value: b.tags()},
		},
	}
}

// approvalPeople are the users of the account who ask and approve when there is
// no identity provider, and what they may on calm days: that, and nothing else.
func (b *Blueprint) approvalPeople(approvals []Approval, groups, documents []string) []resource {
	ssm := func(what string) string {
		return "arn:" + b.Account.Partition + ":ssm:" + b.Home() + ":" + b.Account.Number + ":" + what
	}
	factor := condition{"Bool": {"aws:MultiFactorAuthPresent": {"true"}}}
	ask := document(
		statement{Sid: "Ask", Effect: allow, Action: words{"ssm:StartAutomationExecution"}, Condition: factor,
			Resource: sorted(append(each(documents, func(d string) string { return ssm("automation-definition/" + d + ":*") }), each(documents, func(d string) string { return ssm("document/" + d) })...))},
		statement{Sid: "AsAutomation", Effect: allow, Action: words{"iam:PassRole"}, Resource: words{b.roleARN(automationRole)},
			Condition: condition{"StringEquals": {"iam:PassedToService": {"ssm.amazonaws.com"}}}},
		statement{Sid: "Look", Effect: allow, Action: words{"ssm:DescribeAutomationExecutions", "ssm:GetAutomationExecution", "ssm:DescribeAutomationStepExecutions"}, Resource: words{"*"}})
	approve := document(
		statement{Sid: "Approve", Effect: allow, Action: words{"ssm:SendAutomationSignal"}, Resource: words{ssm("automation-execution/*")}, Condition: factor},
		statement{Sid: "CloseByHand", Effect: allow, Action: words{"iam:RemoveUserFromGroup"}, Condition: factor,
			Resource: sorted(each(groups, func(g string) string { return b.iam("group/" + g) }))},
		statement{Sid: "Look", Effect: allow, Action: words{"ssm:DescribeAutomationExecutions", "ssm:GetAutomationExecution", "ssm:DescribeAutomationStepExecutions", "iam:GetGroup"}, Resource: words{"*"}})
	all := []resource{{
		id: "Requesters", kind: kindGroup, note: "Who may start the documents, and read how far they are.",
		props: object{{name: "GroupName", value: requestGroup}, {name: "Policies", value: list{inline("ask", ask)}}},
	}, {
		id: "Approvers", kind: kindGroup, note: "Who may answer: each document takes the yes of the people that its steps name. They may also close by hand.",
		props: object{{name: "GroupName", value: approveGroup}, {name: "Policies", value: list{inline("approve", approve)}}},
	}}
	people, of := []string{}, map[string][]string{}
	add := func(person, group string) {
		if !slices.Contains(of[person], group) {
			of[person] = append(of[person], group)
		}
		people = append(people, person)
	}
	for _, a := range approvals {
		for _, p := range a.Requesters {
			add(p, requestGroup)
		}
		for _, leg := range a.Legs {
			for _, p := range leg.People {
				add(p, approveGroup)
			}
		}
	}
	for i, person := range sorted(people) {
		note := ""
		if i == 0 {
			note = "The people, as users of the account, because an approver must be able to sign in when the identity provider is what is broken.\nThey have no credential yet: give each a password and two second factors (a security key and TOTP) on a calm day, and no access key."
		}
		all = append(all, resource{
			id: idOf("user", person), kind: kindUser, note: note, after: []string{"Requesters", "Approvers"},
			props: object{{name: "UserName", value: UserName(person)}, {name: "Groups", value: texts(sorted(of[person])...)}, {name: "Tags", value: b.tags()}},
		})
	}
	return all
}
