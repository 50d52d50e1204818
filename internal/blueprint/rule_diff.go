package blueprint

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
)

// DeployedRule is a rule of EventBridge, on the default bus, as one region has it.
type DeployedRule struct {
	Name, State string
	Pattern     string // as it was put there
	Targets     []DeployedTarget
}

// DeployedTarget is where a rule sends what it matched.
type DeployedTarget struct {
	ARN  string
	Role string // ARN of the role by which it does; empty: none
}

// RulePrefix is how the names of rules begin that are Halligan's.
const RulePrefix = prefix

// CompareRules names the rules of one region that are not as the blueprint has them: of
// those there whose names begin with RulePrefix, all.
func (b *Blueprint) CompareRules(region string, there []DeployedRule) []Difference {
	var all []Difference
	say := func(kind, name, text string, args ...any) {
		what := "rule " + name + " in " + region
		all = append(all, Difference{Account: b.Account.ID, Kind: kind, What: what, Text: what + " " + fmt.Sprintf(text, args...), Part: PartRest})
	}
	wanted := b.rulesIn(region)
	for _, w := range wanted {
		i := slices.IndexFunc(there, func(r DeployedRule) bool { return r.Name == w.Name })
		if i < 0 {
			say(Missing, w.Name, "is not deployed")
			continue
		}
		got := there[i]
		if got.State != w.State {
			say(Differs, w.Name, "is %s, and not %s", shown([]string{got.State}), w.State)
		}
		if !samePattern(got.Pattern, w.Pattern) {
			say(Differs, w.Name, "matches something else than the blueprint has: %s", shown([]string{clean(got.Pattern, 300)}))
		}
		for _, target := range b.ruleTargets(region) {
			if !slices.Contains(got.Targets, target) {
				say(Differs, w.Name, "does not tell %s", target.words())
			}
		}
	}
	for _, r := range there {
		if strings.HasPrefix(r.Name, prefix) && !slices.ContainsFunc(wanted, func(w EventRule) bool { return w.Name == r.Name }) {
			say(Unknown, r.Name, "is deployed, and is in no blueprint: delete it, or find out who made it")
		}
	}
	slices.SortFunc(all, func(x, y Difference) int { return compare(x.Text, y.Text) })
	return all
}

// rulesIn are the rules that stand in a region.
func (b *Blueprint) rulesIn(region string) []EventRule {
	return slices.DeleteFunc(b.EventRules(), func(r EventRule) bool { return r.Global && region != b.GlobalRegion() })
}

// ruleTargets are whom each rule of a region tells.
func (b *Blueprint) ruleTargets(region string) []DeployedTarget {
	all := []DeployedTarget{{ARN: b.TopicARN(region)}}
	if b.opened() {
		all = append(all, DeployedTarget{ARN: b.busARN(), Role: b.roleARN(forwarder)})
	}
	return all
}

func (t DeployedTarget) words() string {
	if t.Role == "" {
		return t.ARN
	}
	return t.ARN + ", by " + t.Role
}

// samePattern tells whether a pattern is, but for the order of members and white space,
// one of ours.
func samePattern(text string, ours []byte) bool {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return false
	}
	data, err := canon.Encode(value)
	return err == nil && bytes.Equal(data, ours)
}
