package blueprint_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/blueprint"
)

// deployed reads the sample's templates back, as they were deployed with a change
// of their text.
func deployed(t *testing.T, ssm bool, changes ...string) blueprint.Deployed {
	t.Helper()
	made, err := of(t, "prod").CloudFormation()
	all := files(t, made, err)
	if ssm {
		more, err := of(t, "prod").SSM()
		all = append(all, files(t, more, err)[0])
	}
	var templates []map[string]any
	for _, f := range all {
		if !strings.HasSuffix(f.Name, ".yaml") {
			continue
		}
		text := string(f.Data)
		for i := 0; i < len(changes); i += 2 {
			text = strings.Replace(text, changes[i], changes[i+1], 1)
		}
		var value map[string]any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		templates = append(templates, value)
	}
	return blueprint.Templates(templates)
}

func compared(t *testing.T, d blueprint.Deployed) (texts []string) {
	t.Helper()
	all, err := of(t, "prod").Compare(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		texts = append(texts, one.Kind+": "+one.Text)
	}
	return texts
}

// TestNoDifference: what was deployed as it came out differs in nothing.
func TestNoDifference(t *testing.T) {
	if got := compared(t, deployed(t, true)); got != nil {
		t.Errorf("differences: %s", strings.Join(got, "\n"))
	}
}

// TestDifferencesInWords: each change that somebody made at AWS is named.
func TestDifferencesInWords(t *testing.T) {
	cases := []struct {
		name    string
		changes []string
		want    string
	}{
		{"source identity", []string{`"sts:SourceIdentity": "hg-*"`, `"sts:SourceIdentity": "*"`},
			`differs: role EmergencyAccessRole has trust statement Door1 condition StringLike sts:SourceIdentity: "*", and not "hg-*"`},
		{"rail", []string{"              - \"sts:AssumeRole*\"\n", ""},
			`differs: policy halligan-boundary-EmergencyAccessRole lacks of document statement NoPersistence Action: "sts:AssumeRole*"`},
		{"bound", []string{"      PermissionsBoundary: \"arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyAccessRole\"\n", ""},
			`differs: role EmergencyAccessRole lacks permissions boundary: "arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyAccessRole"`},
		{"more", []string{`- "cloudwatch:*"`, "- \"cloudwatch:*\"\n                  - \"iam:*\""},
			`differs: role EmergencyAccessRole has more of inline policy scenario document statement WhatRuns Action: "iam:*"`},
		{"rule", []string{"State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "State: DISABLED"},
			`differs: rule halligan-alarms has state: "DISABLED", and not "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"`},
		{"renamed", []string{"RoleName: EmergencyDatabase\n", "RoleName: EmergencyOther\n"},
			`missing: role EmergencyDatabase is not deployed`},
		{"unknown", []string{"RoleName: EmergencyDatabase\n", "RoleName: EmergencyOther\n"},
			`unknown: role EmergencyOther is deployed, and is in no blueprint: delete it, or find out who made it`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := compared(t, deployed(t, false, c.changes...))
			if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+c.want+"\n") {
				t.Errorf("differences\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
			if len(got) > 2 {
				t.Errorf("%d differences of one change", len(got))
			}
		})
	}
}

// iam is the account as IAM itself describes it, with a text of it changed.
func iam(t *testing.T, changes ...string) blueprint.Deployed {
	t.Helper()
	b := of(t, "prod")
	var roles, policies []string
	policy := func(name string, document []byte) {
		policies = append(policies, `{"PolicyName":"`+name+`","PolicyVersionList":[{"Document":{"old":true},"IsDefaultVersion":false},{"Document":`+string(document)+`,"IsDefaultVersion":true}]}`)
	}
	role := func(name, boundary, inline string, trust, document, sharing []byte) {
		bound, more := "", ""
		if sharing != nil {
			more = `,{"PolicyName":"halligan-no-sharing","PolicyDocument":` + string(sharing) + `}`
		}
		if boundary != "" {
			bound = `,"PermissionsBoundary":{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::123456789012:policy/` + boundary + `"}`
		}
		roles = append(roles, `{"Arn":"arn:aws:iam::123456789012:role/`+name+`","RoleName":"`+name+`","AssumeRolePolicyDocument":`+string(trust)+`,"RolePolicyList":[{"PolicyName":"`+inline+`","PolicyDocument":`+string(document)+`}`+more+`],"AttachedManagedPolicies":[]`+bound+`}`)
	}
	for _, r := range b.Roles {
		policy(blueprint.BoundaryName(r.Name), b.Boundary(r))
		for k := range r.Slots {
			policy(blueprint.SlotName(r.Name, k+1), blueprint.StopSlot(k+1))
		}
		role(r.Name, blueprint.BoundaryName(r.Name), "scenario", b.TrustPolicy(r), b.RolePolicy(r), b.Sharing(r))
		if r.Console {
			role(blueprint.ConsoleName(r.Name), blueprint.BoundaryName(r.Name), "scenario", b.ConsoleTrust(), b.RolePolicy(r), b.Sharing(r))
			policy("halligan-reach-"+blueprint.ConsoleName(r.Name), b.ReachConsole(r))
		}
	}
	for _, k := range b.Kept {
		policy(blueprint.RotateName(k.Envelope), b.RotatePolicy(k))
	}
	policy(blueprint.EnvelopeUserName, blueprint.UserPolicy())
	policy(blueprint.StopAllName, blueprint.StopAll())
	role(blueprint.StopperName, "", blueprint.StopperName, b.StopperTrust(), b.StopperPolicy(), nil)
	text := `{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[` + strings.Join(roles, ",") + `],"Policies":[` + strings.Join(policies, ",") + `]}`
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the answer has no %s", changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	d, err := blueprint.IAM([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestIAM: what IAM itself says is compared too; there somebody's own role that
// believes the cell's issuers shows, a slot that is attached, and a boundary that
// was taken away.
func TestIAM(t *testing.T) {
	forward := `missing: role halligan-forward is not deployed`
	if diff := cmp.Diff([]string{forward}, compared(t, iam(t))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	cases := []struct{ name, old, new, want string }{
		{"attached", `"AttachedManagedPolicies":[]`, `"AttachedManagedPolicies":[{"PolicyName":"x","PolicyArn":"arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyAccessRole-3"}]`,
			`differs: role EmergencyAccessRole has attached policies besides: "arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyAccessRole-3"`},
		{"unbound", `,"PermissionsBoundary":{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyAccessRole"}`, "",
			`differs: role EmergencyAccessRole lacks permissions boundary: "arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyAccessRole"`},
		{"another's", `"RoleName":"EmergencyMachines"`, `"RoleName":"Backdoor"`,
			`unknown: role Backdoor is deployed, and is in no blueprint: delete it, or find out who made it`},
		{"door", `"halligan.example.com/stopper"`, `"*"`,
			`differs: role halligan-stopper has trust statement Server1 condition StringEquals oidc.halligan.example.com:sub: "*", and not "halligan.example.com/stopper"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := compared(t, iam(t, c.old, c.new))
			if !strings.Contains(strings.Join(got, "\n")+"\n", c.want+"\n") {
				t.Errorf("differences\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

// TestAnotherAccount: what another account says is not compared.
func TestAnotherAccount(t *testing.T) {
	d, err := blueprint.IAM([]byte(`{"RoleDetailList":[{"RoleName":"x","Arn":"arn:aws:iam::210987654321:role/x"}],"Policies":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := of(t, "prod").Compare(d); err == nil || !strings.Contains(err.Error(), "account 210987654321 says, and prod is 123456789012") {
		t.Errorf("error %v", err)
	}
}

// TestIAMRefuses what is no whole answer of IAM.
func TestIAMRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"RoleDetailList":[],"Policies":[],"Marker":"AAA"}`: "not whole", `{}`: "no answer", `[1]`: "cannot read",
	} {
		if _, err := blueprint.IAM([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

// FuzzIAM: whatever is given as IAM's answer ends in a comparison or an error.
func FuzzIAM(f *testing.F) {
	f.Add([]byte(`{"RoleDetailList":[{"RoleName":"x","AssumeRolePolicyDocument":"%7B%22Version%22%3A1%7D"}],"Policies":[]}`))
	f.Add([]byte(`{"RoleDetailList":[],"Policies":[{"PolicyName":"halligan-x","PolicyVersionList":[{"Document":{"Statement":[[1],{"Sid":2}]},"IsDefaultVersion":true}]}]}`))
	f.Add([]byte(`{"RoleDetailList":[{"RoleName":"EmergencyDatabase","AssumeRolePolicyDocument":{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":["*"]},"NotAction":"iam:*"}}}],"Policies":[],"UserDetailList":[{"UserName":"x","GroupList":["y"],"UserPolicyList":[{"PolicyDocument":{"Statement":[{"Effect":"Allow","Action":["*","${"],"NotResource":"a?*b${c}"}]}}]}]}`))
	b, err := blueprint.Of(sample(), "prod")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := blueprint.IAM(data)
		if err != nil {
			return
		}
		_, _ = b.Compare(d)
		if o := b.Others(d); len(o.Changing) > 0 && o.Changing[0].How == "" {
			t.Errorf("nobody says how: %+v", o.Changing[0])
		}
		b.EmergencyUsers(d)
	})
}
