package policy_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/policy"
)

const office = `@title("Only from the office")
@reason("Come through the office network or its VPN.")
forbid (principal, action, resource)
unless { context.source.isInRange(ip("10.0.0.0/8")) };
`

func TestEveryFaultHasItsPlaceAndMend(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		line, column int
		what         string
	}{
		"nothing":             {"", 1, 1, "holds no rule"},
		"a comment alone":     {"// to come\n", 1, 1, "holds no rule"},
		"no Cedar":            {office + "forbid (principal, action resource);\n", 5, 35, "cannot be read as Cedar"},
		"an open string":      {"@reason(\"x\nforbid (principal, action, resource);\n", 1, 9, "cannot be read as Cedar"},
		"a permit":            {"@reason(\"x\")\npermit (principal, action, resource);\n", 1, 1, "permits something"},
		"no reason":           {"forbid (principal, action, resource);\n", 1, 1, "has no @reason"},
		"another word":        {"@reason(\"x\")\n@why(\"y\")\nforbid (principal, action, resource);\n", 1, 1, "@why is not known"},
		"an empty reason":     {"@reason(\" \")\nforbid (principal, action, resource);\n", 1, 1, "must be one line"},
		"two lines":           {"@reason(\"a\\nb\")\nforbid (principal, action, resource);\n", 1, 1, "must be one line"},
		"a zone":              {"@reason(\"x\")\n@offset(\"CET\")\nforbid (principal, action, resource);\n", 1, 1, "no offset from UTC"},
		"a misspelt fact":     {strings.Replace(office, "context.source", "context.sorce", 1), 4, 18, "sorce"},
		"a misspelt value":    {"@reason(\"x\")\nforbid (principal, action, resource)\nwhen { resource.severity == Severity::\"SEV5\" };\n", 3, 39, "SEV5"},
		"a strange action":    {"@reason(\"x\")\nforbid (principal, action == Action::\"approve\", resource);\n", 2, 39, `there is no action "approve"`},
		"a wrong type":        {"@reason(\"x\")\nforbid (principal, action, resource)\nwhen { context.hour == \"8\" };\n", 1, 1, ""},
		"strength of a fetch": {"@reason(\"x\")\nforbid (principal, action, resource)\nunless { context.strength == Strength::\"hardware\" };\n", 3, 18, "strength"},
		"not text":            {"\xff", 1, 1, "UTF-8"},
		"a turned line":       {"// \u202e\n" + office, 1, 4, "U+202E"},
		"nested":              {"@reason(\"x\")\nforbid (principal, action, resource) when { " + strings.Repeat("(", 30) + "true" + strings.Repeat(")", 30) + " };\n", 2, 68, "nested deeper"},
		"too long":            {"//" + strings.Repeat("x", policy.Limit), 1, 1, "at most"},
		"too many":            {strings.Repeat("@reason(\"x\")\nforbid (principal, action, resource);\n", policy.RulesMost+1), 1, 1, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			file, faults := policy.Check([]byte(c.text))
			if file != nil || len(faults) == 0 {
				t.Fatal("is taken")
			}
			f := faults[0]
			t.Logf("%d:%d %s / %s / %s", f.Line, f.Column, f.What, f.Mend, f.Name)
			if f.Line != c.line || f.Column != c.column || !strings.Contains(f.What, c.what) {
				t.Errorf("%d:%d: %s; want %d:%d: %s", f.Line, f.Column, f.What, c.line, c.column, c.what)
			}
			if f.Mend == "" && f.Name == "" || strings.ContainsAny(f.What, "\n\r") {
				t.Errorf("nobody learns what to do about %q", f.What)
			}
		})
	}
}

func TestRulesAreReadWithTheirWords(t *testing.T) {
	file, err := policy.Decode([]byte(office))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Rules) != 1 || file.Rules[0].Title != "Only from the office" || file.Rules[0].Reason != "Come through the office network or its VPN." {
		t.Errorf("read as %+v", file.Rules)
	}
}

// TestARuleIsKnownByWhatItForbids: other words and other spaces make no other
// rule, another offset does.
func TestARuleIsKnownByWhatItForbids(t *testing.T) {
	id := func(text string) string {
		file, err := policy.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return file.Rules[0].ID
	}
	if id(office) != id("@reason(\"Elsewhere.\")\nforbid(principal,action,resource) unless {context.source.isInRange(ip(\"10.0.0.0/8\"))};") {
		t.Error("other words make another rule")
	}
	if id(office) == id("@offset(\"+01:00\")\n"+office) {
		t.Error("an offset makes no other rule")
	}
	if id(office) == id(strings.Replace(office, "10.0.0.0/8", "10.0.0.0/7", 1)) {
		t.Error("another network makes no other rule")
	}
}

func TestNamesOfEntities(t *testing.T) {
	file, err := policy.Decode([]byte(`@reason("x") forbid (principal in Group::"on-call", action, resource == Scenario::"data-loss") unless { principal in Group::"trained" };`))
	if err != nil {
		t.Fatal(err)
	}
	if groups := strings.Join(file.Names("Group"), " "); groups != "on-call trained" {
		t.Errorf("groups: %s", groups)
	}
	if scenarios := strings.Join(file.Names("Scenario"), " "); scenarios != "data-loss" {
		t.Errorf("scenarios: %s", scenarios)
	}
}

// TestEngineIsTheOneThatIsBuilt: an entry that was judged names it.
func TestEngineIsTheOneThatIsBuilt(t *testing.T) {
	data, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(policy.Engine, "cedar-go ")
	if !strings.Contains(string(data), "github.com/cedar-policy/cedar-go "+version+"\n") {
		t.Errorf("%s is not what go.mod requires: name the new engine, and read what its changes mean for verdicts", version)
	}
}

// TestLongRulesAreReadInTime: whoever proposes a file can make neither the decider
// nor a machine that checks evidence work for long.
func TestLongRulesAreReadInTime(t *testing.T) {
	const begin, end = `@reason("x") forbid (principal, action, resource) when { `, " };"
	fill := func(part, last string) string {
		return begin + strings.Repeat(part, (policy.Limit-len(begin)-len(end)-len(last))/len(part)) + last + end
	}
	for name, text := range map[string]string{
		"and":     fill("context.incident && ", "true"),
		"or":      fill("context.hour == 1 || ", "true"),
		"if then": fill("if context.incident then ", "true"),
		"if else": fill("if context.incident then true else ", "true"),
		"not":     fill("!", "true"),
		"minus":   fill("-", "1 == 1"),
		"plus":    fill("context.hour + ", "1 == 1"),
		"members": fill("context.", "hour == 1"),
		"sets":    begin + "[" + strings.Repeat("context.hour,", 4000) + "1].contains(2)" + end,
		"rules":   strings.Repeat(`@reason("x") forbid (principal, action, resource) when { context.hour == 1 };`, policy.RulesMost),
	} {
		begun := time.Now()
		_, faults := policy.Check([]byte(text))
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s took %s", name, took)
		} else {
			t.Logf("%s: %s, %v", name, took.Round(time.Millisecond), first(faults))
		}
	}
}

func first(faults []policy.Fault) string {
	if len(faults) == 0 {
		return "taken"
	}
	text := faults[0].Error()
	return text[:min(len(text), 120)]
}

// FuzzCheck: no file makes the decoder panic or work for long, what it takes has
// words, and is read again as the same.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(office))
	f.Add([]byte(`@id("a")@reason("x")@offset("-05:30") forbid (principal in Group::"g", action in [Action::"fetch"], resource) when { context.hour < 8 || !(context.symptoms.contains("a")) };`))
	f.Add([]byte(`@reason("x") forbid (principal, action, resource) when { if context.incident then -1 == 2 else context has source && "a" like "*\"" };`))
	f.Add([]byte(`@reason("x") permit (principal == ?principal, action, resource);`))
	f.Fuzz(func(t *testing.T, data []byte) {
		begun := time.Now()
		file, faults := policy.Check(data)
		if took := time.Since(begun); took > 5*time.Second {
			t.Fatalf("%d bytes took %s", len(data), took)
		}
		if (file == nil) != (len(faults) > 0) {
			t.Fatal("neither a file nor a fault, or both")
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Column < 1 || strings.ContainsAny(fault.What, "\n\r") || fault.Mend == "" && fault.Name == "" {
				t.Fatalf("a fault without place, line or mend: %+v", fault)
			}
		}
		if file == nil {
			return
		}
		for _, rule := range file.Rules {
			again, err := policy.Decode([]byte(`@reason("x") ` + rule.ID))
			if err != nil || again.Rules[0].ID != rule.ID {
				t.Fatalf("%q is read as %v (%v)", rule.ID, again, err)
			}
		}
		policy.Judge([]*policy.File{file}, policy.Facts{Action: policy.Fetch})
	})
}
