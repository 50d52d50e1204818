package blueprint

import (
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/access"
)

// Center is the organisation's IAM Identity Center.
type Center struct {
	Instance string // ARN
	Region   string // in which people are signed in
	Account  string // id of the account of the cell from which it is administered
	Denial   string // ARN of the policy of denials; empty: people deny by hand
}

// CenterName is the role that assigns the permission sets of scenarios, in the account
// from which Identity Center is administered.
const CenterName = "halligan-identity-center"

// assigned are the permission sets that scenarios give and the numbers of the accounts
// that they give them in; nothing where another account assigns.
func (b *Blueprint) assigned() (sets, accounts []string) {
	if b.Cell.Center == nil || b.Cell.Center.Account != b.Account.ID {
		return nil, nil
	}
	for _, s := range b.Cell.Scenarios {
		for _, open := range s.Opens {
			if t := open.IdentityCenter; t != nil {
				i := slices.IndexFunc(b.Cell.Accounts, func(a Account) bool { return a.ID == t.Account })
				if i >= 0 {
					sets, accounts = append(sets, t.ARN), append(accounts, b.Cell.Accounts[i].Number)
				}
			}
		}
	}
	return sorted(sets), sorted(accounts)
}

// assigning tells whether the account has the role that assigns.
func (b *Blueprint) assigning() bool {
	sets, _ := b.assigned()
	return len(sets) > 0
}

// CenterTrust lets Halligan's server assign, and nobody else.
func (b *Blueprint) CenterTrust() []byte { return b.serverTrust("identity-center") }

// serverTrust lets Halligan's server take a role for one purpose, and nobody else.
func (b *Blueprint) serverTrust(purpose string) []byte {
	var all []statement
	for i, issuer := range b.Cell.Issuers {
		host := issuerHost(issuer)
		all = append(all, statement{
			Sid: "Server" + strconv.Itoa(i+1), Effect: allow, Principal: principal{"Federated": {b.providerARN(issuer)}},
			Action: words{"sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"},
			Condition: condition{
				"StringEquals": {host + ":aud": {audience}, host + ":sub": {b.Cell.Origin + "/" + purpose}},
				"StringLike":   {"sts:SourceIdentity": {sourceIdentity}},
			},
		})
	}
	return document(all...)
}

// CenterPolicy is all that the role may do: give the permission sets of scenarios to
// users in the accounts of scenarios and take them again, and see what became of it.
// It can neither make nor change a permission set. IAM looks at each resource of a call
// by itself, so that any of the sets may be given in any of the accounts; which one, the
// session's own policy says.
func (b *Blueprint) CenterPolicy() []byte {
	sets, accounts := b.assigned()
	where := append([]string{b.Cell.Center.Instance}, sets...)
	for _, account := range accounts {
		where = append(where, "arn:"+b.Account.Partition+":sso:::account/"+account)
	}
	return document(
		statement{Sid: "Assign", Effect: allow, Action: words{
			"sso:CreateAccountAssignment", "sso:DeleteAccountAssignment", "sso:DescribePermissionSet", "sso:ListAccountAssignments",
		}, Resource: sorted(where)},
		statement{Sid: "SeeWhatBecame", Effect: allow, Action: words{
			"sso:DescribeAccountAssignmentCreationStatus", "sso:DescribeAccountAssignmentDeletionStatus",
			"sso:ListAccountAssignmentCreationStatus", "sso:ListAccountAssignmentDeletionStatus",
		}, Resource: words{b.Cell.Center.Instance}},
	)
}

func (b *Blueprint) centerRole() resource {
	return resource{
		id: "IdentityCenter", kind: kindRole, after: b.issuerIDs(),
		note: "Halligan's server at Identity Center: it can give the permission sets of scenarios to people's own users and take them again, and nothing else.",
		props: object{
			{name: "RoleName", value: CenterName}, {name: "Description", value: "Halligan assigns permission sets of IAM Identity Center while grants live."},
			{name: "MaxSessionDuration", value: 3600}, {name: "AssumeRolePolicyDocument", value: parsed(b.CenterTrust())},
			{name: "Policies", value: list{inline(CenterName, b.CenterPolicy())}}, {name: "Tags", value: b.tags()},
		},
	}
}

// centerSizes are what AWS limits of the role.
func (b *Blueprint) centerSizes() []Size {
	return []Size{
		{"role " + CenterName + ": characters of its trust policy", len(b.CenterTrust()), trustLongest},
		{"role " + CenterName + ": characters of its inline policy", len(b.CenterPolicy()), access.RolePolicyLongest},
	}
}
