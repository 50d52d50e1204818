package meaning_test

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/meaning"
)

// fallback is the table of the console role, for people of the account who have a user
// there when Halligan and its issuers are gone: AWS's own MFA, and not older than an hour.
func fallback(s sample) []line {
	if !s.console {
		return nil
	}
	ask := func(principal string, context map[string][]string) meaning.Case {
		return meaning.Case{Principal: principal, Action: "sts:AssumeRole", Resource: arn(s, "role", s.role+"-console"), Account: s.account,
			Identity: []meaning.Policy{{Name: "reach", Document: s.reach}}, Owner: s.consoleTrust, Context: context, Door: meaning.DoorWhole}
	}
	mfa := func(present, age string) map[string][]string {
		context := map[string][]string{"sts:RoleSessionName": {"anna"}, "aws:PrincipalType": {"User"}, "aws:PrincipalArn": {arn(s, "user", "anna")}}
		if present != "" {
			context["aws:MultiFactorAuthPresent"] = []string{present}
		}
		if age != "" {
			context["aws:MultiFactorAuthAge"] = []string{age}
		}
		return context
	}
	user := arn(s, "user", "anna")
	lines := []line{
		row(allowed, ask(user, mfa("true", "0")), "a user with MFA of this second goes to the console role"),
		row(allowed, ask(user, mfa("true", "3599")), "a user with MFA of nearly an hour ago goes to the console role"),
		row(denied, ask(user, mfa("true", "3600")), "a user with MFA of an hour ago does not"),
		row(denied, ask(user, mfa("true", "86400")), "a user with MFA of yesterday does not"),
		row(denied, ask(user, mfa("true", "")), "a user whose MFA has no age does not"),
		row(denied, ask(user, mfa("false", "")), "a user without MFA does not"),
		row(denied, ask(user, mfa("false", "10")), "a user without MFA does not, whatever its age is said to be"),
		row(denied, ask(user, mfa("", "")), "a user with a long-term key, who has no MFA to show, does not"),
		row(denied, ask("arn:aws:iam::999999999999:user/anna", mfa("true", "10")), "a user of another account does not"),
	}
	other := mfa("true", "10")
	other["aws:PrincipalType"], other["aws:PrincipalArn"] = []string{"AssumedRole"}, []string{arn(s, "role", "Admin")}
	lines = append(lines, row(denied, ask(fmt.Sprintf("arn:aws:sts::%s:assumed-role/Admin/x", s.account), other), "a session of another role does not"),
		line{"a web token does not open the console role", denied, s.enters(s.token(), s.role+"-console", s.consoleTrust)})
	more := ask(user, mfa("false", "10"))
	more.Identity = policy("theirs", everything)
	lines = append(lines, row(denied, more, "a user with every right, and without MFA, does not"))
	nobody := ask(user, mfa("true", "10"))
	nobody.Identity = nil
	return append(lines, row(denied, nobody, "a user whom nobody allowed to assume it does not"))
}
