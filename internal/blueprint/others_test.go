package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/blueprint"
)

// user is one of IAM's answer, with an inline policy of one statement.
func user(name, statement string, attached ...string) string {
	var all []string
	for _, arn := range attached {
		all = append(all, `{"PolicyName":"x","PolicyArn":"`+arn+`"}`)
	}
	inline := ""
	if statement != "" {
		inline = `{"PolicyName":"own","PolicyDocument":{"Version":"2012-10-17","Statement":` + statement + `}}`
	}
	return `{"UserName":"` + name + `","Arn":"arn:aws:iam::123456789012:user/` + name + `","UserPolicyList":[` + inline + `],"AttachedManagedPolicies":[` + strings.Join(all, ",") + `]}`
}

const (
	noUsers = `"UserDetailList":[]`
	admin   = "arn:aws:iam::aws:policy/AdministratorAccess"
	reach   = "arn:aws:iam::123456789012:policy/halligan-reach-EmergencyAccessRole-console"
)

func users(all ...string) []string {
	return []string{noUsers, `"UserDetailList":[` + strings.Join(all, ",") + `]`}
}

// managed adds a managed policy of one statement to the answer.
func managed(arn, statement string) []string {
	return []string{`"Policies":[`, `"Policies":[{"Arn":"` + arn + `","PolicyName":"x","PolicyVersionList":[{"Document":{"Statement":` + statement + `},"IsDefaultVersion":true}]},`}
}

// told is what is said of others, a line each.
func told(o blueprint.Others) (all []string) {
	for what, list := range map[string][]blueprint.Other{"trusted": o.Trusted, "switch": o.Switch, "changing": o.Changing} {
		for _, one := range list {
			line := fmt.Sprintf("%s %s %v %s %t", what, one.Who, one.Roles, one.How, one.Sure)
			if len(one.As) > 0 {
				line += fmt.Sprintf(" as %v", one.As)
			}
			all = append(all, line)
		}
	}
	for _, arn := range o.Unread {
		all = append(all, "unread "+arn)
	}
	if o.Beyond > 0 {
		all = append(all, fmt.Sprintf("beyond %d", o.Beyond))
	}
	slices.Sort(all)
	return all
}

// TestOthers: who else could take the account's roles, or change them, is named, as far
// as what IAM says decides it; conditions that are not weighed are said, and a denial
// counts before all.
func TestOthers(t *testing.T) {
	const everything = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	change := func(who, action, roles string, sure bool) string {
		return fmt.Sprintf("changing %s [%s] %s %t", who, roles, action, sure)
	}
	// Every role that the account has of Halligan.
	const each = "EmergencyAccessRole EmergencyAccessRole-console EmergencyDatabase EmergencyMachines halligan-stopper"
	for name, c := range map[string]struct {
		changes []string
		want    []string
	}{
		"nobody": {users(), nil},
		"a user may put a policy": {users(user("eve", `{"Effect":"Allow","Action":"iam:put*","Resource":"arn:aws:iam::123456789012:role/Emergency*base"}`)),
			[]string{change("user eve", "iam:PutRolePolicy", "EmergencyDatabase", true)}},
		"of another account": {users(user("eve", `{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::999999999999:role/*"}`)), nil},
		"under a condition": {users(user("eve", `[{"Effect":"Allow","Action":"iam:UpdateAssumeRolePolicy","Resource":"arn:aws:iam::123456789012:role/EmergencyDatabase","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`)),
			[]string{change("user eve", "iam:UpdateAssumeRolePolicy", "EmergencyDatabase", false)}},
		"by a variable": {users(user("eve", `{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"arn:aws:iam::123456789012:role/${aws:username}Database"}`)), []string{change("user eve", "iam:AttachRolePolicy", "EmergencyDatabase", false)}},
		"all but some actions": {users(user("eve", `{"Effect":"Allow","NotAction":["iam:Put*","iam:Attach*","iam:De*","iam:CreatePolicyVersion","iam:SetDefaultPolicyVersion","sts:*"],"Resource":"*"}`)),
			[]string{change("user eve", "iam:UpdateAssumeRolePolicy", each, true)}},
		"all but IAM":      {users(user("dev", `{"Effect":"Allow","NotAction":"iam:*","Resource":"arn:aws:s3:::*"}`)), nil},
		"all but one role": {users(user("eve", `{"Effect":"Allow","Action":"iam:DetachRolePolicy","NotResource":"arn:aws:iam::123456789012:role/Emergency*"}`)), []string{change("user eve", "iam:DetachRolePolicy", "halligan-stopper", true)}},
		"denied":           {users(user("eve", `[`+everything+`,{"Effect":"Deny","Action":["iam:*","sts:AssumeRole"],"Resource":"*"}]`)), nil},
		"denied under a condition": {users(user("eve", `[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]`)),
			[]string{change("user eve", "iam:UpdateAssumeRolePolicy", each, false)}},
		"the boundary's policy": {users(user("eve", `{"Effect":"Allow","Action":"iam:CreatePolicyVersion","Resource":"arn:aws:iam::123456789012:policy/halligan-boundary-*Database"}`)), []string{change("user eve", "iam:CreatePolicyVersion", "EmergencyDatabase", true)}},
		"a slot's policy":       {users(user("eve", `{"Effect":"Allow","Action":"iam:SetDefaultPolicyVersion","Resource":"arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyDatabase-3"}`)), []string{change("user eve", "iam:SetDefaultPolicyVersion", "EmergencyDatabase", true)}},
		"an administrator": {slices.Concat(users(user("root-like", "", admin)), managed(admin, everything)),
			[]string{change("user root-like", "iam:UpdateAssumeRolePolicy", each, true), "switch user root-like [EmergencyAccessRole-console] sts:AssumeRole true"}},
		"a policy that was not shown": {users(user("eve", "", admin)), []string{"unread " + admin}},
		"bounded": {slices.Concat(users(strings.TrimSuffix(user("eve", everything), "}")+`,"PermissionsBoundary":{"PermissionsBoundaryArn":"arn:aws:iam::123456789012:policy/only-s3"}}`),
			managed("arn:aws:iam::123456789012:policy/only-s3", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)), nil},
		"by a group": {slices.Concat(users(strings.TrimSuffix(user("eve", ""), "}")+`,"GroupList":["ops"]}`),
			[]string{`"GroupDetailList":[]`, `"GroupDetailList":[{"GroupName":"ops","GroupPolicyList":[{"PolicyName":"x","PolicyDocument":{"Statement":{"Effect":"Allow","Action":"iam:PutRolePolicy","Resource":"arn:aws:iam::123456789012:role/EmergencyDatabase"}}}]}]`}),
			[]string{change("user eve", "iam:PutRolePolicy", "EmergencyDatabase", true)}},
		"a role": {[]string{`"RoleDetailList":[`, `"RoleDetailList":[{"RoleName":"Deploy","Arn":"arn:aws:iam::123456789012:role/Deploy","AssumeRolePolicyDocument":{},"RolePolicyList":[{"PolicyName":"x","PolicyDocument":{"Statement":{"Effect":"Allow","Action":"iam:PutRolePolicy","Resource":"arn:aws:iam::123456789012:role/EmergencyDatabase"}}}]},`},
			[]string{change("role Deploy", "iam:PutRolePolicy", "EmergencyDatabase", true)}},
		"a role of AWS's own":          {[]string{`"RoleDetailList":[`, `"RoleDetailList":[{"RoleName":"AWSServiceRoleForX","Arn":"arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX","AssumeRolePolicyDocument":{},"RolePolicyList":[{"PolicyName":"x","PolicyDocument":{"Statement":` + everything + `}}]},`}, nil},
		"a user of an envelope":        {users(user("halligan-emergency", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`)), nil},
		"a user who reaches":           {slices.Concat(users(user("second", "", reach)), managed(reach, `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::123456789012:role/EmergencyAccessRole-console"}`)), nil},
		"a user who may take any role": {users(user("eve", `{"Effect":"Allow","Action":"sts:*","Resource":"*"}`)), []string{"switch user eve [EmergencyAccessRole-console] sts:AssumeRole true"}},
		"another in the trust":         {[]string{`"Action":"sts:AssumeRoleWithWebIdentity"`, `"Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Effect":"Allow"},{"Action":"sts:AssumeRoleWithWebIdentity"`}, []string{"trusted AWS arn:aws:iam::999999999999:root [EmergencyAccessRole] trust true"}},
		"anybody in the trust":         {[]string{`"Action":"sts:AssumeRoleWithWebIdentity"`, `"Action":"sts:*","Principal":"*","Effect":"Allow"},{"Action":"sts:AssumeRoleWithWebIdentity"`}, []string{"trusted * [EmergencyAccessRole] trust true"}},
		"all but one in the trust": {[]string{`"Action":"sts:AssumeRoleWithWebIdentity"`, `"Action":"sts:AssumeRole","NotPrincipal":{"AWS":"arn:aws:iam::999999999999:root"},"Effect":"Allow"},{"Action":"sts:AssumeRoleWithWebIdentity"`},
			[]string{"trusted everybody but arn:aws:iam::999999999999:root [EmergencyAccessRole] trust true"}},
		"a denial in the trust": {[]string{`"Action":"sts:AssumeRoleWithWebIdentity"`, `"Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Effect":"Deny"},{"Action":"sts:AssumeRoleWithWebIdentity"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(of(t, "prod").Others(iam(t, c.changes...)))
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
	if o := of(t, "prod").Others(iam(t, `"UserDetailList":[],`, "")); len(told(o)) > 0 {
		t.Errorf("an answer without users is judged: %v", told(o))
	}
}

// TestEmergencyUsers are those in envelopes, and those who bear the policy to reach a
// console role.
func TestEmergencyUsers(t *testing.T) {
	got := of(t, "prod").EmergencyUsers(iam(t, users(user("second", "", reach), user("dev", ""))...))
	if len(got) != 2 || got[0].Name != "halligan-emergency" || !got[0].Key || !got[0].Password || len(got[0].Envelopes) != 2 || got[1].Name != "second" || got[1].Key || !got[1].Password {
		t.Errorf("%+v", got)
	}
}

// TestPartsOfDifferences: each difference says what of the account it is of.
func TestPartsOfDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		d    blueprint.Deployed
		want blueprint.Part
	}{
		"a slot is gone":      {iam(t, `"PolicyName":"halligan-stop-slot-EmergencyDatabase-2"`, `"PolicyName":"x"`), blueprint.PartSlots},
		"a slot is attached":  {iam(t, `"AttachedManagedPolicies":[]`, `"AttachedManagedPolicies":[{"PolicyArn":"arn:aws:iam::123456789012:policy/halligan-stop-slot-1"}]`), blueprint.PartSlots},
		"no boundary":         {iam(t, `,"PermissionsBoundary":{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyDatabase"}`, ""), blueprint.PartRails},
		"may share":           {iam(t, `"PolicyName":"halligan-no-sharing"`, `"PolicyName":"x"`), blueprint.PartRails},
		"a wider trust":       {iam(t, `"sts:SourceIdentity":"hg-*"`, `"sts:SourceIdentity":"*"`), blueprint.PartTrust},
		"no role":             {iam(t, `"RoleName":"EmergencyDatabase"`, `"RoleName":"x"`), blueprint.PartTrust},
		"a wider role":        {iam(t, `"rds:StopDBInstance"`, `"rds:*"`), blueprint.PartRest},
		"providers are there": {iam(t).Believing([]blueprint.Provider{{URL: "oidc.halligan.example.com", Audiences: []string{"sts.amazonaws.com"}}, {URL: "oidc.halligan-standby.example.net", Audiences: []string{"sts.amazonaws.com"}}, {URL: "other"}}), ""},
		"a provider is gone":  {iam(t).Believing([]blueprint.Provider{{URL: "oidc.halligan.example.com", Audiences: []string{"sts.amazonaws.com"}}}), blueprint.PartTrust},
		"another audience":    {iam(t).Believing([]blueprint.Provider{{URL: "oidc.halligan.example.com", Audiences: []string{"x"}}, {URL: "oidc.halligan-standby.example.net", Audiences: []string{"sts.amazonaws.com"}}}), blueprint.PartTrust},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := of(t, "prod").Compare(c.d)
			if err != nil {
				t.Fatal(err)
			}
			all = slices.DeleteFunc(all, func(d blueprint.Difference) bool { return d.What == "role halligan-forward" })
			if c.want == "" && len(all) > 0 || c.want != "" && !slices.ContainsFunc(all, func(d blueprint.Difference) bool { return d.Part == c.want }) {
				t.Errorf("%+v", all)
			}
		})
	}
}
