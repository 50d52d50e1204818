package meaning_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// words that random policies about roles are made of.
var (
	changingActions = []string{"*", "iam:*", "iam:Put*", "iam:put*", "iam:*RolePolicy", "iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:De*", "iam:CreatePolicyVersion", "iam:SetDefault*", "iam:?ttachRolePolicy", "s3:*", "iam:PutRolePermissionsBoundary"}
	changedThings   = []string{"*", "arn:aws:iam::" + number + ":role/*", "arn:aws:iam::" + number + ":role/Emergency*", "arn:aws:iam::" + number + ":role/EmergencyLogs", "arn:aws:iam::*:role/Emergency????",
		"arn:aws:iam::" + number + ":policy/halligan-*", "arn:aws:iam::999999999999:role/*", "arn:aws:iam::" + number + ":role/halligan-stopper"}
)

// byHand is a random policy as people write them.
func byHand(r *rand.Rand) string {
	text := ""
	for i := range 1 + r.IntN(3) {
		effect, action, resource := "Allow", "Action", "Resource"
		if i > 0 && r.IntN(2) == 0 {
			effect = "Deny"
		}
		if r.IntN(5) == 0 {
			action = "NotAction"
		}
		if r.IntN(5) == 0 {
			resource = "NotResource"
		}
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"Effect":%q,%q:%s,%q:%s}`, effect, action, listOf(some(r, changingActions, 3)), resource, listOf(some(r, changedThings, 3)))
	}
	return `{"Version":"2012-10-17","Statement":[` + text + `]}`
}

func listOf(all []string) string {
	text := ""
	for i, one := range all {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf("%q", one)
	}
	return "[" + text + "]"
}

// TestWhoMayChangeRolesIsWhatIAMSays holds the account's own reckoning of who may change
// its roles to the foreign evaluator: random policies of a user, with a boundary and
// without, name the same roles.
func TestWhoMayChangeRolesIsWhatIAMSays(t *testing.T) {
	b := sampleBlueprint(t)
	var roles []string
	for _, role := range b.Roles {
		roles = append(roles, role.Name)
		if role.Console {
			roles = append(roles, blueprint.ConsoleName(role.Name))
		}
	}
	roles = append(roles, blueprint.StopperName)
	actions := []string{"iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"}
	r := rand.New(rand.NewPCG(47, 11))
	const trials = 60
	var cases []meaning.Case
	var whose [][2]any // trial, role
	said := make([][]string, trials)
	for trial := range trials {
		own, bound := byHand(r), ""
		user := `{"UserName":"eve","Arn":"arn:aws:iam::` + number + `:user/eve","UserPolicyList":[{"PolicyName":"own","PolicyDocument":` + own + `}]`
		policies := `[]`
		var boundary []meaning.Policy
		if r.IntN(2) == 0 {
			bound = byHand(r)
			user += `,"PermissionsBoundary":{"PermissionsBoundaryArn":"arn:aws:iam::` + number + `:policy/bound"}`
			policies = `[{"Arn":"arn:aws:iam::` + number + `:policy/bound","PolicyName":"bound","PolicyVersionList":[{"Document":` + bound + `,"IsDefaultVersion":true}]}]`
			boundary = []meaning.Policy{{Name: "bound", Document: jsontext.Value(bound)}}
		}
		there, err := blueprint.IAM([]byte(`{"RoleDetailList":[],"UserDetailList":[` + user + `}],"Policies":` + policies + `}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range b.Others(there).Changing {
			if !o.Sure {
				t.Errorf("there is no condition, and %+v is not sure", o)
			}
			said[trial] = append(said[trial], o.Roles...)
		}
		ask := func(role, action, on string) {
			whose = append(whose, [2]any{trial, role})
			cases = append(cases, meaning.Case{Principal: "arn:aws:iam::" + number + ":user/eve", Action: action, Resource: on, Account: number,
				Identity: []meaning.Policy{{Name: "own", Document: jsontext.Value(own)}}, Boundary: boundary})
		}
		for _, role := range roles {
			for _, action := range actions {
				ask(role, action, "arn:aws:iam::"+number+":role/"+role)
			}
		}
		for _, role := range b.Roles {
			for _, action := range []string{"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"} {
				ask(role.Name, action, "arn:aws:iam::"+number+":policy/"+blueprint.BoundaryName(role.Name))
				ask(role.Name, action, "arn:aws:iam::"+number+":policy/"+blueprint.SlotName(role.Name, 2))
			}
		}
	}
	verdicts, err := judge(t).Weigh(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	want := make([][]string, trials)
	some, none := 0, 0
	for i, v := range verdicts {
		trial, role := whose[i][0].(int), whose[i][1].(string)
		if v.Allowed && !slices.Contains(want[trial], role) {
			want[trial] = append(want[trial], role)
		}
	}
	for trial := range trials {
		slices.Sort(want[trial])
		slices.Sort(said[trial])
		if !slices.Equal(want[trial], said[trial]) {
			t.Errorf("trial %d: IAM lets change %v, and it is said %v: %s", trial, want[trial], said[trial], cases[slices.IndexFunc(whose, func(w [2]any) bool { return w[0] == trial })].Identity[0].Document)
		}
		if len(want[trial]) > 0 {
			some++
		} else {
			none++
		}
	}
	if some < 10 || none < 5 {
		t.Errorf("%d trials let change something and %d nothing: too much alike to show anything", some, none)
	}
}
