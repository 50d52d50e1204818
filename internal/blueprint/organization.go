package blueprint

// What the reader of an account reads beside IAM: whether the rules that tell of uses
// stand in each region, and, in the one account of the cell that reads the organisation,
// its accounts and the service control policies above them. Organizations answers a
// delegated administrator, or the management account, and nobody else. None of these
// actions can be had for less than everything that it lists, but for policies, whose ids
// are known only there.
var (
	ruleActions         = words{"events:ListRules", "events:ListTargetsByRule"}
	organizationActions = words{
		"organizations:DescribePolicy", "organizations:ListAccounts", "organizations:ListParents", "organizations:ListPolicies", "organizations:ListTargetsForPolicy",
	}
)

// hearing lets the reader see who is subscribed to the topics that the rules tell.
func (b *Blueprint) hearing() statement {
	return statement{Sid: "Hearing", Effect: allow, Action: words{"sns:ListSubscriptionsByTopic"}, Resource: words{
		"arn:" + b.Account.Partition + ":sns:*:" + b.Account.Number + ":" + AlarmTopic,
	}}
}

// TopicARN is the topic that the rules of a region tell.
func (b *Blueprint) TopicARN(region string) string {
	return "arn:" + b.Account.Partition + ":sns:" + region + ":" + b.Account.Number + ":" + AlarmTopic
}

// readsOrganization tells whether the account's reader reads the organisation.
func (b *Blueprint) readsOrganization() bool { return b.reads() && b.Cell.Organization == b.Account.ID }

// watchingActions are those that the account's reader needs for it.
func (b *Blueprint) watchingActions() words {
	if b.readsOrganization() {
		return append(append(words{}, ruleActions...), organizationActions...)
	}
	return ruleActions
}
