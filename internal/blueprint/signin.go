package blueprint

import (
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Whoever signs in by a permission set comes in by a role that Identity Center made in
// the account, whose name it chose: what is known of it is how it begins.
const (
	reservedRole = "AWSReservedSSO_"
	reservedPath = "aws-reserved/sso.amazonaws.com/"
)

// setsOf are the names of the permission sets that scenarios give, in an account of the
// cell or, of none, in all of them, and the numbers of those accounts.
func (b *Blueprint) setsOf(account string) (names, numbers []string) {
	if b.Cell.Center == nil {
		return nil, nil
	}
	for _, s := range b.Cell.Scenarios {
		for _, open := range s.Opens {
			t := open.IdentityCenter
			if t == nil || account != "" && t.Account != account {
				continue
			}
			if i := slices.IndexFunc(b.Cell.Accounts, func(a Account) bool { return a.ID == t.Account }); i >= 0 {
				names, numbers = append(names, t.Set), append(numbers, b.Cell.Accounts[i].Number)
			}
		}
	}
	return sorted(names), sorted(numbers)
}

// hearsPortal tells whether the access portal's own records may come to the account:
// that Identity Center is the organisation's, and is administered there.
func (b *Blueprint) hearsPortal() bool {
	center := b.Cell.Center
	return center != nil && (b.Account.Management || center.Account == b.Account.ID)
}

// signedIn are the rules that tell of each sign-in by a permission set that scenarios
// give: in its account by the role that Identity Center made there, and where the access
// portal is recorded by the name of the set.
func (b *Blueprint) signedIn() []EventRule {
	here, _ := b.setsOf(b.Account.ID)
	const otherwise = "delete the assignment, and deny everything to the user by a service control policy"
	rules := b.ruleOf("permission-set", "Somebody signed in by a permission set that a scenario gives. Each time must have a grant.", here, b.reservedPattern)
	if b.hearsPortal() {
		all, _ := b.setsOf("")
		rules = append(rules, b.ruleOf("portal", "The access portal let somebody in by a permission set that a scenario gives. Each time must have a grant.", all, b.portalPattern)...)
	}
	for i := range rules {
		rules[i].Else = otherwise
	}
	return rules
}

// ruleOf is a rule about names, or several where one pattern cannot hold them all.
func (b *Blueprint) ruleOf(name, about string, of []string, pattern func([]string) []byte) (rules []EventRule) {
	for i, part := range inParts(of, pattern) {
		suffix := ""
		if i > 0 {
			suffix = "-" + strconv.Itoa(i+1)
		}
		rules = append(rules, EventRule{Name: prefix + name + suffix, About: about, Pattern: pattern(part), State: stateAll})
	}
	return rules
}

// inParts parts names so that a pattern of each part is short enough.
func inParts(names []string, pattern func([]string) []byte) (parts [][]string) {
	for _, name := range names {
		last := len(parts) - 1
		if last >= 0 && len(pattern(append(slices.Clone(parts[last]), name))) <= patternLongest {
			parts[last] = append(parts[last], name)
			continue
		}
		parts = append(parts, []string{name})
	}
	return parts
}

// reservedPattern matches calls that give a session of the role of a permission set, and
// sign-ins to the console with one. The role's path has the region of Identity Center,
// unless that is us-east-1. A set whose name goes on where another's ends sets off the
// other's too: nothing tells them apart but digits that only Identity Center knows.
func (b *Blueprint) reservedPattern(names []string) []byte {
	var roles, signed []any
	for _, name := range names {
		begin := reservedRole + name + "_"
		if region := b.Cell.Center.Region; region != "" {
			roles = append(roles, begins(b.roleARN(reservedPath+region+"/"+begin)))
		}
		roles = append(roles, begins(b.roleARN(reservedPath+begin)))
		signed = append(signed, begins("arn:"+b.Account.Partition+":sts::"+b.Account.Number+":assumed-role/"+begin))
	}
	return canon.MustEncode(pattern{"$or": []any{
		pattern{"source": listed("aws.sts"), "detail": pattern{
			"eventName":         listed("AssumeRoleWithSAML"),
			"requestParameters": pattern{"roleArn": roles},
		}},
		pattern{"source": listed("aws.signin"), "detail": pattern{
			"eventName":    listed("ConsoleLogin"),
			"userIdentity": pattern{"arn": signed},
		}},
	}})
}

// portalAccounts is how many accounts fit into a pattern beside the names.
const portalAccounts = 40

// portalPattern matches the portal's own record of letting somebody into an account of a
// scenario. Which of the sets in which of the accounts is not told apart: each is a
// scenario's. Where there are too many accounts, it is any account.
func (b *Blueprint) portalPattern(names []string) []byte {
	of := pattern{"role_name": names}
	if _, accounts := b.setsOf(""); len(accounts) <= portalAccounts {
		of["account_id"] = accounts
	}
	return canon.MustEncode(pattern{"source": listed("aws.signin", "aws.sso"), "detail": pattern{
		"eventName": listed("Federate"), "serviceEventDetails": of,
	}})
}
