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

// readsOrganization tells whether the account's reader reads the organisation.
func (b *Blueprint) readsOrganization() bool { return b.reads() && b.Cell.Organization == b.Account.ID }

// watchingActions are those that the account's reader needs for it.
func (b *Blueprint) watchingActions() words {
	if b.readsOrganization() {
		return append(append(words{}, ruleActions...), organizationActions...)
	}
	return ruleActions
}
