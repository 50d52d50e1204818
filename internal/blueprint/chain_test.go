package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// roles adds roles to IAM's answer, before those that are there.
func roles(all ...string) []string {
	return []string{`"RoleDetailList":[`, `"RoleDetailList":[` + strings.Join(all, ",") + `,`}
}

// role is one of IAM's answer: whom its trust lets in, by one statement, and what its
// policy allows.
func role(name, trust, statement string) string {
	inline := ""
	if statement != "" {
		inline = `{"PolicyName":"x","PolicyDocument":{"Statement":` + statement + `}}`
	}
	return `{"RoleName":"` + name + `","Arn":"arn:aws:iam::123456789012:role/` + name + `","AssumeRolePolicyDocument":{"Statement":` + trust + `},"RolePolicyList":[` + inline + `]}`
}

// lets is a statement of a trust policy.
func lets(who string) string {
	return `{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"sts:AssumeRole"}`
}

const (
	account = "arn:aws:iam::123456789012:"
	puts    = `{"Effect":"Allow","Action":"iam:PutRolePolicy","Resource":"arn:aws:iam::123456789012:role/EmergencyDatabase"}`
)

// TestChangersByRoles: who may take a role that may change an emergency role is named, with
// the roles that they take for it one after the other; whom a trust or a denial keeps out
// is not.
func TestChangersByRoles(t *testing.T) {
	takes := func(name string) string {
		return `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"` + account + `role/` + name + `"}`
	}
	deploy := "changing role Deploy [EmergencyDatabase] iam:PutRolePolicy true"
	eve := func(sure bool, as ...string) string {
		return fmt.Sprintf("changing user eve [EmergencyDatabase] iam:PutRolePolicy %t as %v", sure, as)
	}
	for name, c := range map[string]struct {
		changes []string
		want    []string
	}{
		"trusted with the account, and may":     {slices.Concat(users(user("eve", takes("Deploy"))), roles(role("Deploy", lets(account+"root"), puts))), []string{deploy, eve(true, "Deploy")}},
		"the account by its number":             {slices.Concat(users(user("eve", takes("D*"))), roles(role("Deploy", lets("123456789012"), puts))), []string{deploy, eve(true, "Deploy")}},
		"trusted with the account, and may not": {slices.Concat(users(user("eve", "")), roles(role("Deploy", lets(account+"root"), puts))), []string{deploy}},
		"trusted by name":                       {slices.Concat(users(user("eve", ""), user("ann", "")), roles(role("Deploy", lets(account+"user/eve"), puts))), []string{deploy, eve(true, "Deploy")}},
		"trusted by name, and denied": {slices.Concat(users(user("eve", `{"Effect":"Deny","Action":"sts:*","Resource":"*"}`)), roles(role("Deploy", lets(account+"user/eve"), puts))),
			[]string{deploy}},
		"another account is trusted": {slices.Concat(users(user("eve", takes("D*"))), roles(role("Deploy", lets("arn:aws:iam::999999999999:root"), puts))), []string{deploy}},
		"with a second factor": {slices.Concat(users(user("eve", takes("Deploy"))), roles(role("Deploy", `{"Effect":"Allow","Principal":{"AWS":"`+account+`root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, puts))),
			[]string{deploy, eve(false, "Deploy")}},
		"the trust denies them": {slices.Concat(users(user("eve", takes("Deploy"))), roles(role("Deploy", `[`+lets("*")+`,{"Effect":"Deny","Principal":{"AWS":"`+account+`user/eve"},"Action":"sts:*"}]`, puts))),
			[]string{deploy}},
		"the trust denies others": {slices.Concat(users(user("eve", takes("Deploy"))), roles(role("Deploy", `[`+lets("*")+`,{"Effect":"Deny","Principal":{"AWS":"`+account+`user/ann"},"Action":"sts:*"}]`, puts))),
			[]string{deploy, eve(true, "Deploy")}},
		"by two roles": {slices.Concat(users(user("eve", takes("Middle"))), roles(role("Deploy", lets(account+"role/Middle"), puts), role("Middle", lets(account+"root"), ""))),
			[]string{deploy, "changing role Middle [EmergencyDatabase] iam:PutRolePolicy true as [Deploy]", eve(true, "Middle", "Deploy")}},
		"in a circle": {slices.Concat(users(), roles(role("Deploy", lets(account+"role/Middle"), puts), role("Middle", lets(account+"role/Deploy"), ""))),
			[]string{deploy, "changing role Middle [EmergencyDatabase] iam:PutRolePolicy true as [Deploy]"}},
		"who may anyway": {slices.Concat(users(user("eve", `[`+puts+`,`+takes("Deploy")+`]`)), roles(role("Deploy", lets(account+"root"), puts))),
			[]string{deploy, "changing user eve [EmergencyDatabase] iam:PutRolePolicy true"}},
		"a service is trusted": {slices.Concat(users(user("eve", takes("D*"))), roles(role("Deploy", `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, puts))), []string{deploy}},
	} {
		t.Run(name, func(t *testing.T) {
			slices.Sort(c.want)
			if got := told(of(t, "prod").Others(iam(t, c.changes...))); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestChainsEnd: a long chain is followed so far, and that it may go on is said.
func TestChainsEnd(t *testing.T) {
	all := []string{role("R0", lets(account+"role/R1"), puts)}
	for i := 1; i < 9; i++ {
		all = append(all, role(fmt.Sprint("R", i), lets(account+fmt.Sprint("role/R", i+1)), ""))
	}
	o := of(t, "prod").Others(iam(t, slices.Concat(users(), roles(all...))...))
	if n := len(o.Changing); n != 5 || o.Beyond != 1 || !slices.Equal(o.Changing[4].As, []string{"R3", "R2", "R1", "R0"}) {
		t.Errorf("%d change, beyond %d: %+v", n, o.Beyond, o.Changing)
	}
}

// TestConditionsOfWhoAsks: a statement whose condition never holds for whoever it is
// attached to says nothing, and one whose condition always does is as good as without; a
// user may go on as somebody of another ARN.
func TestConditionsOfWhoAsks(t *testing.T) {
	under := func(effect, condition string) string {
		return `{"Effect":"` + effect + `","Action":"iam:PutRolePolicy","Resource":"` + account + `role/EmergencyDatabase","Condition":` + condition + `}`
	}
	for name, c := range map[string]struct{ condition, user, role string }{
		"a service":                      {`{"Bool":{"aws:PrincipalIsAWSService":"true"}}`, "no", "no"},
		"no service":                     {`{"Bool":{"aws:PrincipalIsAWSService":"false"}}`, "true", "true"},
		"a service by name":              {`{"StringEquals":{"AWS:PrincipalServiceName":"x.amazonaws.com"}}`, "no", "no"},
		"a service by name, if there":    {`{"StringEqualsIfExists":{"aws:PrincipalServiceName":"x.amazonaws.com"}}`, "true", "true"},
		"on behalf of a resource":        {`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::x"}}`, "no", "no"},
		"another account":                {`{"StringEquals":{"aws:PrincipalAccount":["999999999999"]}}`, "no", "no"},
		"any account but another":        {`{"StringNotEquals":{"aws:PrincipalAccount":"999999999999"}}`, "true", "true"},
		"another name":                   {`{"StringEquals":{"aws:username":"ann"}}`, "no", "no"},
		"their name":                     {`{"StringLike":{"aws:username":"e*"}}`, "false", "no"},
		"any name but theirs":            {`{"StringNotEquals":{"aws:username":"eve"}}`, "false", "true"},
		"another's ARN":                  {`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/Another"}}`, "no", "no"},
		"an ARN of a federated user":     {`{"ArnLike":{"aws:PrincipalArn":"arn:aws:sts::123456789012:federated-user/*"}}`, "false", "no"},
		"their ARN":                      {`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:*/Deploy"}}`, "no", "true"},
		"an ARN over its parts":          {`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*/Deploy"}}`, "false", "false"},
		"an ARN with a variable":         {`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/${aws:PrincipalTag/x}"}}`, "false", "false"},
		"a kind of session":              {`{"StringEquals":{"aws:PrincipalType":"User"}}`, "false", "no"},
		"one that holds, one not known":  {`{"Bool":{"aws:PrincipalIsAWSService":"false","aws:SecureTransport":"true"}}`, "false", "false"},
		"one not known, one that is not": {`{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:PrincipalAccount":"1"}}`, "no", "no"},
		"many values":                    {`{"ForAnyValue:StringEquals":{"aws:PrincipalAccount":"1"}}`, "false", "false"},
	} {
		t.Run(name, func(t *testing.T) {
			o := of(t, "prod").Others(iam(t, slices.Concat(users(user("eve", under("Allow", c.condition))), roles(role("Deploy", `[]`, under("Allow", c.condition))))...))
			got := map[string]string{"user eve": "no", "role Deploy": "no"}
			for _, one := range o.Changing {
				got[one.Who] = fmt.Sprint(one.Sure)
			}
			if got["user eve"] != c.user || got["role Deploy"] != c.role {
				t.Errorf("got %v, want %q of the user and %q of the role", got, c.user, c.role)
			}
		})
	}
	denied := func(condition string) []string {
		return told(of(t, "prod").Others(iam(t, users(user("eve", `[`+puts+`,`+under("Deny", condition)+`]`))...)))
	}
	if got := denied(`{"Bool":{"aws:PrincipalIsAWSService":"true"}}`); len(got) != 1 || !strings.HasSuffix(got[0], " true") {
		t.Errorf("a denial that never holds: %q", got)
	}
	if got := denied(`{"Bool":{"aws:PrincipalIsAWSService":"false"}}`); len(got) > 0 {
		t.Errorf("a denial that always holds: %q", got)
	}
}
