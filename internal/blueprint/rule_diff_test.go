package blueprint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/blueprint"
)

// deployedRules are the rules of a region, as the blueprint has them.
func deployedRules(b *blueprint.Blueprint, region string) (all []blueprint.DeployedRule) {
	for _, r := range b.EventRules() {
		if !r.Global || region == b.GlobalRegion() {
			all = append(all, blueprint.DeployedRule{Name: r.Name, State: r.State, Pattern: string(r.Pattern), Targets: []blueprint.DeployedTarget{
				{ARN: "arn:aws:sns:" + region + ":" + b.Account.Number + ":halligan-alarms"},
				{ARN: "arn:aws:events:eu-west-1:" + b.Account.Number + ":event-bus/halligan-events", Role: "arn:aws:iam::" + b.Account.Number + ":role/halligan-forward"},
			}})
		}
	}
	return all
}

// TestCompareRules: rules that stand as the blueprint has them differ in nothing; one that
// is away, switched off or half off, that matches something else or tells somebody else,
// and one that nobody knows, is each named.
func TestCompareRules(t *testing.T) {
	b := of(t, "prod")
	for name, c := range map[string]struct {
		spoil func(*[]blueprint.DeployedRule)
		kind  string
		says  string
	}{
		"well":            {func(*[]blueprint.DeployedRule) {}, "", ""},
		"order and space": {func(all *[]blueprint.DeployedRule) { (*all)[0].Pattern = " " + (*all)[0].Pattern }, "", ""},
		"more targets": {func(all *[]blueprint.DeployedRule) {
			(*all)[0].Targets = append((*all)[0].Targets, blueprint.DeployedTarget{ARN: "arn:aws:lambda:eu-west-1:123456789012:function:x"})
		}, "", ""},
		"of others": {func(all *[]blueprint.DeployedRule) {
			*all = append(*all, blueprint.DeployedRule{Name: "nightly", State: "DISABLED"})
		}, "", ""},
		"missing":       {func(all *[]blueprint.DeployedRule) { *all = (*all)[1:] }, blueprint.Missing, "is not deployed"},
		"disabled":      {func(all *[]blueprint.DeployedRule) { (*all)[0].State = "DISABLED" }, blueprint.Differs, `is "DISABLED", and not ENABLED_WITH`},
		"without reads": {func(all *[]blueprint.DeployedRule) { (*all)[0].State = "ENABLED" }, blueprint.Differs, `is "ENABLED", and not ENABLED_WITH`},
		"narrower": {func(all *[]blueprint.DeployedRule) {
			(*all)[0].Pattern = `{"source":["aws.never"]}`
		}, blueprint.Differs, "matches something else"},
		"no pattern": {func(all *[]blueprint.DeployedRule) { (*all)[0].Pattern = "" }, blueprint.Differs, "matches something else"},
		"deaf":       {func(all *[]blueprint.DeployedRule) { (*all)[0].Targets = (*all)[0].Targets[1:] }, blueprint.Differs, "does not tell arn:aws:sns:us-east-1:123456789012:halligan-alarms"},
		"not kept":   {func(all *[]blueprint.DeployedRule) { (*all)[0].Targets[1].Role = "" }, blueprint.Differs, "does not tell arn:aws:events:"},
		"old": {func(all *[]blueprint.DeployedRule) {
			*all = append(*all, blueprint.DeployedRule{Name: "halligan-use-7", State: "ENABLED"})
		}, blueprint.Unknown, "is in no blueprint"},
	} {
		t.Run(name, func(t *testing.T) {
			there := deployedRules(b, "us-east-1")
			c.spoil(&there)
			found := b.CompareRules("us-east-1", there)
			switch {
			case c.kind == "" && len(found) > 0, c.kind != "" && len(found) != 1:
				t.Errorf("%+v", found)
			case c.kind != "" && (found[0].Kind != c.kind || !strings.Contains(found[0].Text, c.says) || !strings.Contains(found[0].What, "us-east-1")):
				t.Errorf("%+v", found[0])
			}
		})
	}
	here, there := deployedRules(b, "eu-west-1"), deployedRules(b, "us-east-1")
	if len(here) >= len(there) || len(b.CompareRules("eu-west-1", here)) > 0 {
		t.Errorf("in one region there are %d rules, in the one of IAM %d", len(here), len(there))
	}
	if all := b.CompareRules("eu-west-1", nil); len(all) != len(here) || slices.ContainsFunc(all, func(d blueprint.Difference) bool { return d.Kind != blueprint.Missing }) {
		t.Errorf("where nothing stands %d are missing", len(all))
	}
}
