package meaning_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/meaning"
)

type record = map[string]any

// recorded are the events in testdata/cloudtrail.
func recorded(t *testing.T) []record {
	t.Helper()
	files, err := filepath.Glob("testdata/cloudtrail/*/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files of recorded events: %v", len(files), err)
	}
	var all []record
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var some []record
		if err := json.Unmarshal(data, &some); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, some...)
	}
	return all
}

// changed is a copy of a record in which members, named by their way, have other values.
func changed(r record, members map[string]any) record {
	r = maps.Clone(r)
	for way, value := range members {
		at, name, deeper := strings.Cut(way, ".")
		if !deeper {
			r[at] = value
			continue
		}
		inner, _ := r[at].(record)
		r[at] = changed(inner, map[string]any{name: value})
	}
	return r
}

// first is the first record of an action, with or without an error.
func first(t *testing.T, all []record, action string, failed bool) record {
	t.Helper()
	i := slices.IndexFunc(all, func(r record) bool { _, code := r["errorCode"]; return r["eventName"] == action && code == failed })
	if i < 0 {
		t.Fatalf("no record of %s, failed %v", action, failed)
	}
	return all[i]
}

// fires are the names of the rules that a record sets off.
func fires(t *testing.T, b *blueprint.Blueprint, r record) []string {
	t.Helper()
	var names []string
	for _, rule := range b.EventRules() {
		p, err := meaning.ReadPattern(rule.Pattern)
		if err != nil {
			t.Fatalf("%s: %v", rule.Name, err)
		}
		if !p.Matches(meaning.Event(r)) {
			continue
		}
		names = append(names, rule.Name)
		if reads, _ := r["readOnly"].(bool); reads && rule.State != "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" {
			t.Errorf("%s matches %v, which only reads, and its state %s leaves such events out", rule.Name, r["eventName"], rule.State)
		}
	}
	return names
}

func expect(t *testing.T, b *blueprint.Blueprint, r record, rule, means string) {
	t.Helper()
	got := fires(t, b, r)
	if rule == "" && len(got) > 0 || rule != "" && !slices.Contains(got, rule) {
		t.Errorf("%s: fires %v, and %q is meant", means, got, rule)
	}
}

// TestRulesSeeTheUseOfARole: whoever assumes an emergency role, by whichever door and in
// whichever Region, is told of; whoever assumes another is not. Records of a web token
// like ours and of a switch in the console are made of others' records.
func TestRulesSeeTheUseOfARole(t *testing.T) {
	b, all := sampleBlueprint(t), recorded(t)
	assume, saml := first(t, all, "AssumeRole", false), first(t, all, "AssumeRoleWithSAML", false)
	login := first(t, all, "ConsoleLogin", false)
	for _, role := range b.Roles {
		arn := "arn:aws:iam::" + b.Account.Number + ":role/" + role.Name
		to := map[string]any{"requestParameters.roleArn": arn, "recipientAccountId": b.Account.Number}
		expect(t, b, changed(assume, to), "halligan-use", "AssumeRole of "+role.Name)
		expect(t, b, changed(saml, to), "halligan-use", "AssumeRoleWithSAML of "+role.Name)
		web := changed(changed(saml, to), map[string]any{"eventName": "AssumeRoleWithWebIdentity", "userIdentity.type": "WebIdentityUser",
			"userIdentity.identityProvider": "arn:aws:iam::" + b.Account.Number + ":oidc-provider/oidc.halligan.example.com"})
		expect(t, b, web, "halligan-use", "AssumeRoleWithWebIdentity of "+role.Name)
		for _, region := range []string{"eu-west-1", "us-east-1", "ap-southeast-2", "il-central-1"} {
			expect(t, b, changed(web, map[string]any{"awsRegion": region}), "halligan-use", "AssumeRoleWithWebIdentity of "+role.Name+" in "+region)
		}
		refused := changed(first(t, all, "AssumeRole", true), map[string]any{
			"errorMessage": "User: arn:aws:iam::" + b.Account.Number + ":user/x is not authorized to perform: sts:AssumeRole on resource: " + arn})
		expect(t, b, refused, "halligan-use", "a refused AssumeRole of "+role.Name+", which names the role in its message alone")
		for _, event := range []string{"ConsoleLogin", "SwitchRole"} {
			expect(t, b, changed(login, map[string]any{"eventName": event, "userIdentity.type": "AssumedRole",
				"userIdentity.arn": "arn:aws:sts::" + b.Account.Number + ":assumed-role/" + role.Name + "/hg-01hzy3k7-0f0f0f0f"}),
				"halligan-use", event+" with "+role.Name)
		}
		expect(t, b, changed(assume, map[string]any{"requestParameters.roleArn": arn + "2"}), "", "AssumeRole of another role of nearly that name")
		expect(t, b, changed(assume, map[string]any{"requestParameters.roleArn": strings.Replace(arn, b.Account.Number, "999999999999", 1)}), "",
			"AssumeRole of a role of that name in another account")
	}
}

// TestRulesSeeTheRootUser: a sign-in of the root user is told of in each Region that it
// can be recorded in, whether it succeeded or not; one of an ordinary user is not.
func TestRulesSeeTheRootUser(t *testing.T) {
	b := sampleBlueprint(t)
	root, users := 0, 0
	for _, r := range recorded(t) {
		identity, _ := r["userIdentity"].(record)
		switch {
		case identity["type"] == "Root":
			root++
			for _, region := range []string{"us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"} {
				expect(t, b, changed(r, map[string]any{"awsRegion": region}), "halligan-root", "the root user's "+r["eventName"].(string))
				if !slices.Contains(b.RuleRegions(), region) {
					t.Errorf("a console sign-in can be recorded in %s, and no rule stands there", region)
				}
			}
		case r["eventName"] == "ConsoleLogin":
			users++
			expect(t, b, r, "", "a user's sign-in")
		}
	}
	if root < 5 || users < 5 {
		t.Errorf("%d records of the root user and %d sign-ins of users: the samples have more", root, users)
	}
}

// TestRulesSeeChangesOfTheGuardRails: changes of emergency roles, of their policies, of the
// identity providers, of the trail and of the rules themselves are told of.
func TestRulesSeeChangesOfTheGuardRails(t *testing.T) {
	b, all := sampleBlueprint(t), recorded(t)
	iam := first(t, all, "AttachRolePolicy", false)
	ask := func(name string, parameters record) record {
		r := changed(iam, map[string]any{"eventName": name})
		r["requestParameters"] = parameters
		return r
	}
	own := "arn:aws:iam::" + b.Account.Number + ":"
	if !slices.Contains(b.RuleRegions(), "us-east-1") {
		t.Error("changes of IAM are recorded in us-east-1, and no rule stands there")
	}
	for _, role := range append(each(b.Roles), "halligan-stopper") {
		for _, name := range []string{"AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole",
			"DeleteRole", "DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary"} {
			expect(t, b, ask(name, record{"roleName": role}), "halligan-changed", name+" of "+role)
		}
		expect(t, b, ask("CreatePolicyVersion", record{"policyArn": own + "policy/halligan-boundary-" + role}), "halligan-changed", "a new version of the boundary of "+role)
		expect(t, b, ask("DeletePolicy", record{"policyArn": own + "policy/halligan-stop-slot-" + role + "-1"}), "halligan-changed", "a stop slot deleted")
	}
	for _, host := range b.Cell.Issuers {
		arn := own + "oidc-provider/" + strings.TrimPrefix(host, "https://")
		for _, name := range []string{"DeleteOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"} {
			expect(t, b, ask(name, record{"openIDConnectProviderArn": arn}), "halligan-changed", name)
		}
	}
	expect(t, b, first(t, all, "UpdateAssumeRolePolicy", false), "", "a change of another role")
	expect(t, b, iam, "", "a policy attached to another role")
	expect(t, b, ask("GetRole", record{"roleName": b.Roles[0].Name}), "", "a look at an emergency role")
	for _, name := range []string{"StopLogging", "DeleteTrail", "PutEventSelectors"} {
		expect(t, b, first(t, all, name, false), "halligan-trail", name)
	}
	for name, member := range map[string]string{"DisableRule": "name", "DeleteRule": "name", "RemoveTargets": "rule", "PutTargets": "rule", "PutRule": "name"} {
		change := changed(iam, map[string]any{"eventName": name, "eventSource": "events.amazonaws.com"})
		for rule, means := range map[string]string{"halligan-use": "halligan-alarms", "nightly": ""} {
			change["requestParameters"] = record{member: rule}
			expect(t, b, change, means, name+" of the rule "+rule)
		}
	}
}

func each(roles []blueprint.Role) (names []string) {
	for _, r := range roles {
		names = append(names, r.Name)
	}
	return names
}

// TestRulesLeaveOrdinaryEventsAlone: of all that was recorded elsewhere, only the root
// user and changes of a trail are told of. An alarm that rings every day is not heard.
func TestRulesLeaveOrdinaryEventsAlone(t *testing.T) {
	b, all := sampleBlueprint(t), recorded(t)
	trail := []any{"StopLogging", "DeleteTrail", "PutEventSelectors", "UpdateTrail"}
	ordinary := 0
	for _, r := range all {
		identity, _ := r["userIdentity"].(record)
		if identity["type"] == "Root" || r["eventSource"] == "cloudtrail.amazonaws.com" && slices.Contains(trail, r["eventName"]) {
			continue
		}
		ordinary++
		if got := fires(t, b, r); len(got) > 0 {
			t.Errorf("%v by %v sets off %v", r["eventName"], identity["arn"], got)
		}
	}
	if ordinary < 60 {
		t.Errorf("only %d ordinary events were tried", ordinary)
	}
}
