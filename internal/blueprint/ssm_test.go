package blueprint_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/halligan-dev/halligan/internal/blueprint"
)

// automations are the documents of the sample, read back.
func automations(t *testing.T) map[string]map[string]any {
	t.Helper()
	made, err := of(t, "prod").SSM()
	all := map[string]map[string]any{}
	for _, f := range files(t, made, err) {
		if strings.Contains(f.Name, "/Halligan-") {
			var value map[string]any
			if err := yaml.Unmarshal(f.Data, &value); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			all[f.Name] = value
		}
	}
	if len(all) != 3 {
		t.Fatalf("%d documents", len(all))
	}
	return all
}

// TestAutomationSchema holds the documents to the documented form of schema 0.3,
// as far as it is used, and refuses the mission's example's own defects.
func TestAutomationSchema(t *testing.T) {
	schema := automationSchema(t)
	for name, value := range automations(t) {
		if err := schema.Validate(anyJSON(t, value)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for defect, spoil := range map[string]func(steps []any){
			"a secret as an output": func(steps []any) {
				steps[0].(map[string]any)["outputs"] = []any{map[string]any{"Name": "SecretAccessKey"}}
			},
			"a role assumed in a step": func(steps []any) { steps[0].(map[string]any)["inputs"].(map[string]any)["Api"] = "AssumeRole" },
			"a topic of another name": func(steps []any) {
				steps[1].(map[string]any)["inputs"].(map[string]any)["NotificationArn"] = "arn:aws:sns:eu-west-1:123456789012:approvals"
			},
			"an approver of a provider": func(steps []any) {
				steps[1].(map[string]any)["inputs"].(map[string]any)["Approvers"] = []any{"arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_x/ben"}
			},
		} {
			spoilt := anyJSON(t, value)
			spoil(spoilt.(map[string]any)["mainSteps"].([]any))
			if schema.Validate(spoilt) == nil {
				t.Errorf("%s: the schema takes %s", name, defect)
			}
		}
	}
}

// automationSchema is the form of documents.
func automationSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/automation.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	of, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("automation.json", of); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("automation.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func anyJSON(t *testing.T, value any) any {
	t.Helper()
	data, err := yaml.MarshalWithOptions(value, yaml.JSON())
	if err != nil {
		t.Fatal(err)
	}
	again, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// way is how one step comes out.
type way string

const (
	did       way = "did"
	failed    way = "failed without effect"
	failedBut way = "failed although it took effect"
	cancelled way = "cancelled"
)

// run walks a document as Systems Manager does, every step as ways say, and gives
// what was called, and whether the user is in the group at the end.
func run(t *testing.T, document map[string]any, ways map[string]way) (calls []string, inside bool) {
	t.Helper()
	steps := document["mainSteps"].([]any)
	at := func(name string) int {
		i := slices.IndexFunc(steps, func(s any) bool { return s.(map[string]any)["name"] == name })
		if i < 0 {
			t.Fatalf("there is no step %s", name)
		}
		return i
	}
	for i, hops := 0, 0; i < len(steps); hops++ {
		if hops > 50 {
			t.Fatalf("it goes in circles: %v", calls)
		}
		step := steps[i].(map[string]any)
		name := step["name"].(string)
		took := ways[name]
		if took == "" {
			took = did
		}
		api, _ := step["inputs"].(map[string]any)["Api"].(string)
		calls = append(calls, name)
		if took == did || took == failedBut {
			switch api {
			case "AddUserToGroup":
				inside = true
			case "RemoveUserFromGroup":
				inside = false
			}
		}
		next := ""
		switch took {
		case did:
			if step["isEnd"] == true {
				return calls, inside
			}
			next, _ = step["nextStep"].(string)
		case cancelled:
			next = jump(step["onCancel"])
		default:
			next = jump(step["onFailure"])
			if step["isEnd"] == true {
				return calls, inside
			}
		}
		switch {
		case next == "Abort" || took != did && next == "":
			return calls, inside
		case next == "":
			i++
		default:
			i = at(next)
		}
	}
	return calls, inside
}

func jump(value any) string {
	text, _ := value.(string)
	return strings.TrimPrefix(text, "step:")
}

// TestAutomationClosesOnEveryWayOut: whatever fails or is cancelled, with and
// without effect, nobody stays in the group; where the closing itself fails,
// people are told. Nobody gets in without every leg.
func TestAutomationClosesOnEveryWayOut(t *testing.T) {
	for name, document := range automations(t) {
		calls, inside := run(t, document, nil)
		if inside || !slices.Contains(calls, "Close") || calls[len(calls)-1] != "TellClosed" {
			t.Errorf("%s: when all is well: %v, inside %v", name, calls, inside)
		}
		tried := 0
		for _, s := range document["mainSteps"].([]any) {
			step := s.(map[string]any)["name"].(string)
			for _, how := range []way{failed, failedBut, cancelled} {
				tried++
				calls, inside := run(t, document, map[string]way{step: how})
				where := fmt.Sprintf("%s: %s %s: %v", name, step, how, calls)
				opened := slices.Contains(calls, "Open")
				switch {
				case strings.HasPrefix(step, "Approve") || step == "CheckRequester":
					if opened {
						t.Errorf("%s: opened without a yes", where)
					}
				case step == "Close" && (how == failed || how == cancelled):
					if !slices.Contains(calls, "TellStillOpen") {
						t.Errorf("%s: nobody is told that it stays open", where)
					}
				case step == "TellStillOpen":
				case inside:
					t.Errorf("%s: the user is still in the group", where)
				case !slices.Contains(calls, "Close"):
					t.Errorf("%s: was not closed", where)
				}
			}
		}
		if tried < 20 {
			t.Errorf("%s: %d ways were tried", name, tried)
		}
	}
}

// TestAutomationLegs: each person fills one place, and nobody who approves can be
// let in.
func TestAutomationLegs(t *testing.T) {
	all, err := of(t, "prod").Approvals()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		seen := map[string]bool{}
		for _, leg := range a.Legs {
			if len(leg.People) < leg.Count {
				t.Errorf("%s: %s has %d people for %d places", a.Name, leg.From, len(leg.People), leg.Count)
			}
			for _, person := range leg.People {
				if seen[person] || slices.Contains(a.Requesters, person) {
					t.Errorf("%s: %s stands twice", a.Name, person)
				}
				seen[person] = true
			}
		}
		if !slices.Equal(a.Requesters, []string{"ann", "eve", "ida"}) {
			t.Errorf("%s: requesters %v", a.Name, a.Requesters)
		}
	}
}

// TestAutomationHoldsNoSecret: no step has outputs, and none gets a credential.
func TestAutomationHoldsNoSecret(t *testing.T) {
	made, err := of(t, "prod").SSM()
	for _, f := range files(t, made, err) {
		if !strings.Contains(f.Name, "/Halligan-") {
			continue
		}
		for _, word := range []string{"outputs", "SecretAccessKey", "SessionToken", "AccessKeyId", "CreateLoginProfile", "CreateAccessKey"} {
			if strings.Contains(string(f.Data), word) {
				t.Errorf("%s has %s", f.Name, word)
			}
		}
	}
	if (blueprint.UserName("ann")) != "halligan-ann" {
		t.Error("users have another name")
	}
}
