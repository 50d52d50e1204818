package meaning_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// TestGuardingIsWhatItSays puts service control policies that somebody changed before the
// evaluator: where it is said that nothing lacks, an administrator of the account is denied
// all that is to be guarded, and the keeper alone is not; where it is said that something
// lacks, they can do just that; and who is said to be bound cannot do their work.
func TestGuardingIsWhatItSays(t *testing.T) {
	b := own().blueprint(t)
	all := []*blueprint.Blueprint{b}
	const keeper = "arn:aws:iam::*:role/PlatformDeploy"
	whole := string(blueprint.SCP(all, []string{keeper}))
	n, role := b.Account.Number, b.Roles[0].Name
	roleARN := "arn:aws:iam::" + n + ":role/" + role
	trail := call{"cloudtrail:StopLogging", "arn:aws:cloudtrail:eu-west-1:" + n + ":trail/main"}
	put, attach := call{"iam:PutRolePolicy", roleARN}, call{"iam:AttachRolePolicy", roleARN}
	leave := call{"organizations:LeaveOrganization", "*"}
	admin, deployer, stopper := "arn:aws:iam::"+n+":role/Admin", "arn:aws:iam::"+n+":role/PlatformDeploy", "arn:aws:iam::"+n+":role/halligan-stopper"
	var lines []line
	for name, c := range map[string]struct {
		policy string
		open   *call // what an administrator can do; nil: nothing of these
		bound  bool  // the stopper is
	}{
		"as it was written":  {whole, nil, false},
		"wider":              {strings.Replace(whole, `"iam:Put*",`, `"iam:Pu*",`, 1), nil, false},
		"without a put":      {strings.ReplaceAll(whole, `"iam:Put*",`, ""), &put, false},
		"without the trails": {strings.Replace(whole, `"cloudtrail:Stop*",`, "", 1), &trail, false},
		"leaving allowed":    {strings.Replace(whole, `"Effect":"Deny","Resource":"*","Sid":"NoLeave`, `"Effect":"Allow","Resource":"*","Sid":"NoLeave`, 1), &leave, false},
		"another spared":     {strings.ReplaceAll(whole, keeper, admin), nil, false},
		"the stopper bound":  {strings.ReplaceAll(whole, stopper, "arn:aws:iam::"+n+":role/x"), nil, true},
	} {
		if name != "as it was written" && c.policy == whole {
			t.Fatalf("%s: nothing was changed", name)
		}
		g, err := b.GuardedBy(blueprint.Spared(all), []byte(c.policy))
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Lacks) > 0 != (c.open != nil) || slices.Contains(g.Binds, stopper) != c.bound {
			t.Errorf("%s: %+v", name, g)
		}
		ask := func(who string, of call) meaning.Case {
			return meaning.Case{
				Principal: who, Action: of.action, Resource: of.resource, Account: n, Identity: policy("AdministratorAccess", everything),
				SCP: []meaning.Policy{{Name: "guard", Document: jsontext.Value(c.policy)}}, Context: map[string][]string{"aws:PrincipalArn": {who}, "aws:PrincipalAccount": {n}},
			}
		}
		spared := slices.Contains(g.Keepers, admin)
		for _, of := range []call{put, attach, trail, leave} {
			want := denied
			if c.open != nil && of == *c.open || spared && of != leave {
				want = allowed
			}
			lines = append(lines, row(want, ask(admin, of), "%s: an administrator and %s", name, of.action))
		}
		lines = append(lines, row(slices.Contains(g.Keepers, keeper), ask(deployer, attach), "%s: the keeper attaches", name), row(!c.bound, ask(stopper, attach), "%s: the stopper attaches", name))
	}
	check(t, judge(t), lines)
}
