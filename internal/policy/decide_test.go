package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/policy"
)

// night is a request of ann's, at 03:07 on a Sunday, from the office.
func night() policy.Facts {
	return policy.Facts{
		Action: policy.Request, Person: "ann", Groups: []string{"on-call"}, Scenario: "database-locked-out", Severity: "SEV1",
		Targets: []string{"db-1"}, Address: "10.1.2.3", At: canon.At(time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)), Strength: "possession",
	}
}

func read(t testing.TB, text string) *policy.File {
	t.Helper()
	file, err := policy.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return file
}

// forbids tells whether a rule says no to what is asked.
func forbids(t *testing.T, rule string, f policy.Facts) bool {
	t.Helper()
	return !policy.Judge([]*policy.File{read(t, `@reason("no") `+rule)}, f).Allowed
}

func TestNoPolicySaysNothing(t *testing.T) {
	if v := policy.Judge(nil, night()); !v.Allowed || v.Reasons != nil {
		t.Errorf("without a policy: %+v", v)
	}
}

func TestEveryFactIsTheOneThatWasGiven(t *testing.T) {
	const any = "forbid (principal, action, resource) when { "
	const ask = `forbid (principal, action == Action::"request", resource) when { `
	for rule, change := range map[string]func(*policy.Facts){
		`forbid (principal == Person::"bob", action, resource);`:                           func(f *policy.Facts) { f.Person = "bob" },
		`forbid (principal in Group::"guests", action, resource);`:                         func(f *policy.Facts) { f.Groups = []string{"guests"} },
		`forbid (principal, action == Action::"fetch", resource);`:                         func(f *policy.Facts) { f.Action = policy.Fetch },
		`forbid (principal, action, resource == Scenario::"data-loss");`:                   func(f *policy.Facts) { f.Scenario = "data-loss" },
		any + `resource.severity == Severity::"SEV3" };`:                                   func(f *policy.Facts) { f.Severity = "SEV3" },
		any + `resource.targets.contains("db-2") };`:                                       func(f *policy.Facts) { f.Targets = []string{"db-1", "db-2"} },
		any + `context.source.isInRange(ip("192.0.2.0/24")) };`:                            func(f *policy.Facts) { f.Address = "::ffff:192.0.2.7" },
		any + `context.source.isIpv6() };`:                                                 func(f *policy.Facts) { f.Address = "2001:db8::1" },
		any + `context.at >= datetime("2026-12-24T00:00:00Z") };`:                          func(f *policy.Facts) { f.At = f.At.Add(40 * 24 * time.Hour) },
		any + `context.hour == 4 && context.minute == 7 };`:                                func(f *policy.Facts) { f.At = f.At.Add(time.Hour) },
		any + `context.weekday == Weekday::"mon" };`:                                       func(f *policy.Facts) { f.At = f.At.Add(24 * time.Hour) },
		any + `context.incident };`:                                                        func(f *policy.Facts) { f.Incident = true },
		any + `context.symptoms.contains("database") };`:                                   func(f *policy.Facts) { f.Symptoms = []string{"database"} },
		any + `context.overdue > 1 };`:                                                     func(f *policy.Facts) { f.Overdue = 2 },
		ask + `context.strength == Strength::"hardware" };`:                                func(f *policy.Facts) { f.Strength = "hardware" },
		ask + `context.cooling };`:                                                         func(f *policy.Facts) { f.Cooling = true },
		ask + `context.longer };`:                                                          func(f *policy.Facts) { f.Longer = true },
		ask + `context.alone };`:                                                           func(f *policy.Facts) { f.Alone = true },
		`forbid (principal, action == Action::"decide", resource) when { context.share };`: func(f *policy.Facts) { f.Action, f.Share = policy.Decide, true },
	} {
		if forbids(t, rule, night()) {
			t.Errorf("%s forbids before it should", rule)
		}
		changed := night()
		change(&changed)
		if !forbids(t, rule, changed) {
			t.Errorf("%s does not forbid", rule)
		}
	}
}

func TestAnOffsetMovesTheClockOfItsRuleAlone(t *testing.T) {
	late := night()
	late.At = canon.At(time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC))
	const monday = `forbid (principal, action, resource) when { context.weekday == Weekday::"mon" && context.hour == 0 };`
	if forbids(t, monday, late) || !forbids(t, `@offset("+01:00") `+monday, late) || forbids(t, `@offset("-01:00") `+monday, late) {
		t.Error("half past eleven on Sunday evening is Monday an hour further east, and nowhere else")
	}
}

// TestWhatCannotBeJudgedIsRefused: Cedar leaves a forbid that fails out of
// account.
func TestWhatCannotBeJudgedIsRefused(t *testing.T) {
	unseen := night()
	unseen.Address = ""
	unknown := night()
	unknown.Overdue = -1
	for rule, f := range map[string]policy.Facts{
		`forbid (principal, action, resource) unless { context.source.isInRange(ip("0.0.0.0/0")) };`: unseen,
		`forbid (principal, action, resource) when { context.source.isLoopback() };`:                 unseen,
		`forbid (principal, action, resource) when { context.overdue > 0 };`:                         unknown,
		`forbid (principal, action, resource) when { context.hour + 9223372036854775807 < 0 };`:      night(),
	} {
		v := policy.Judge([]*policy.File{read(t, `@reason("Not like this.") `+rule)}, f)
		if v.Allowed || len(v.Reasons) != 1 || !strings.HasPrefix(v.Reasons[0], "Not like this. (it cannot be judged: ") {
			t.Errorf("%s: %+v", rule, v)
		}
	}
	if v := policy.Judge([]*policy.File{nil}, night()); v.Allowed || len(v.Reasons) != 1 {
		t.Errorf("a file that cannot be read: %+v", v)
	}
}

func TestReasonsAreThoseOfTheRulesThatSaidNo(t *testing.T) {
	v := policy.Judge([]*policy.File{
		read(t, office),
		read(t, `@reason("a") forbid (principal, action, resource); @reason("b") forbid (principal, action == Action::"fetch", resource); @reason("a") forbid (principal == Person::"ann", action, resource);`),
	}, night())
	if v.Allowed || !slices.Equal(v.Reasons, []string{"a"}) {
		t.Errorf("%+v", v)
	}
}

var rules = []string{
	office,
	`@reason("b") forbid (principal in Group::"on-call", action, resource) when { context.hour < 8 };`,
	`@reason("c") forbid (principal, action == Action::"request", resource) unless { context.strength == Strength::"hardware" };`,
	`@reason("d") forbid (principal, action, resource) when { context.source.isIpv6() };`,
	`@reason("e") forbid (principal, action == Action::"decide", resource) when { context.overdue > 0 };`,
	`@reason("f") @offset("+05:30") forbid (principal, action, resource) when { context.weekday == Weekday::"sun" };`,
	`@reason("g") forbid (principal, action, resource) when { context.hour + 9223372036854775807 < 0 };`,
}

// TestAddingARuleNeverAllowsMore over random files and acts: what some rules
// refuse, those and one more refuse, with all of the reasons.
func TestAddingARuleNeverAllowsMore(t *testing.T) {
	var files []*policy.File
	for _, rule := range rules {
		files = append(files, read(t, rule))
	}
	allowed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		f := night()
		f.Action = rapid.SampledFrom(policy.Actions).Draw(t, "action")
		f.Severity = rapid.SampledFrom(access.Severities).Draw(t, "severity")
		f.Address = rapid.SampledFrom([]string{"", "10.0.0.1", "192.0.2.1", "2001:db8::1"}).Draw(t, "address")
		f.Strength = rapid.SampledFrom([]string{"possession", "hardware"}).Draw(t, "strength")
		f.Overdue = rapid.IntRange(-1, 2).Draw(t, "overdue")
		f.At = f.At.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "hours")) * time.Hour)
		some := rapid.SliceOfN(rapid.SampledFrom(files), 0, 4).Draw(t, "files")
		before := policy.Judge(some, f)
		at := rapid.IntRange(0, len(some)).Draw(t, "place")
		after := policy.Judge(slices.Insert(slices.Clone(some), at, rapid.SampledFrom(files).Draw(t, "one more")), f)
		if !before.Allowed && after.Allowed {
			t.Fatalf("refused for %v, and allowed with one more", before.Reasons)
		}
		for _, reason := range before.Reasons {
			if !slices.Contains(after.Reasons, reason) {
				t.Fatalf("%q is not said any more: %v", reason, after.Reasons)
			}
		}
		if before.Allowed == (len(before.Reasons) > 0) {
			t.Fatalf("%+v", before)
		}
		if before.Allowed {
			allowed++
		} else {
			refused++
		}
	})
	if allowed == 0 || refused == 0 {
		t.Errorf("%d allowed, %d refused: the property was tried on one kind alone", allowed, refused)
	}
}

func TestAlwaysTellsWhatNoPlaceAndTimeMends(t *testing.T) {
	weak, far := night(), night()
	weak.Action, far.Action = policy.Decide, policy.Decide
	strong := `@reason("weak") forbid (principal, action == Action::"decide", resource) when { resource.severity == Severity::"SEV1" } unless { context.strength == Strength::"hardware" };`
	if got := policy.Always([]*policy.File{read(t, strong), read(t, office)}, weak); !slices.Equal(got, []string{"weak"}) {
		t.Errorf("a weak key: %v", got)
	}
	far.Strength = "hardware"
	for _, rule := range append(rules, strong, `@reason("t") forbid (principal, action, resource) when { resource.targets.contains("db-1") };`) {
		if got := policy.Always([]*policy.File{read(t, rule)}, far); len(got) > 0 && !strings.Contains(rule, `"c"`) {
			t.Errorf("%s is said to refuse always: %v", rule, got)
		}
	}
	if got := policy.Always([]*policy.File{read(t, `@reason("x") forbid (principal in Group::"on-call", action, resource);`)}, far); len(got) != 1 {
		t.Errorf("a group: %v", got)
	}
}

// BenchmarkJudgeFifty is one act against fifty rules.
func BenchmarkJudgeFifty(b *testing.B) {
	var text strings.Builder
	for i := range 50 {
		fmt.Fprintf(&text, "@reason(\"rule %d\") forbid (principal in Group::\"group-%d\", action, resource) unless { context.source.isInRange(ip(\"10.%d.0.0/16\")) && context.hour < 24 };\n", i, i, i)
	}
	files := []*policy.File{read(b, text.String())}
	f := night()
	f.Groups = []string{"on-call", "group-1"}
	f.Address = "10.1.2.3"
	b.ReportAllocs()
	for b.Loop() {
		if !policy.Judge(files, f).Allowed {
			b.Fatal("refused")
		}
	}
}
