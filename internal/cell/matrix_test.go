package cell_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/cell"
)

var update = flag.Bool("update", false, "write golden files anew")

const matrixHead = `The law as a table: every state of a request, a change and a cell, and what each
statement and each effect becomes in it. Tests write this file from the rules and
compare (go test ./internal/cell -run Matrix -update writes it anew).

People: ann asks. sam and sue are security, lea and leo leads: SEV1 needs one of
each. bob is on call like ann and has a request of his own waiting. max approves
SEV3 alone. Of a recovery, vic, wil and zoe are trustees, and two of them its quorum. Of envelopes, leo seals, and ann, bob, lea and sue are custodians. roy was a lead and is removed. eve is nobody. Unless told otherwise
everybody signs with their own key, and the request is for db-1, half an hour.

    deed             by or with                                    what it becomes

Events stand as name[what of them matters]. "no: reason" is a refusal; in
parentheses is whom it is held against, and without them it is a stranger's.

`

// section is a part of the matrix: deeds tried in states.
type section struct {
	title  string
	states []state
	deeds  []deed
}

func sections() []section {
	return []section{
		{"A cell before it lives", statesBefore, beforeDeeds()},
		{"A request: statements", statesOfRequest, requestDeeds()},
		{"A request: effects", statesOfRequest, effectDeeds()},
		{"A lease of a program", statesOfProgram, programDeeds()},
		{"A lease of an execution of Systems Manager", statesOfAutomation, programDeeds()},
		{"A lease of an AWS role", statesOfAWS, awsDeeds()},
		{"A lease of a root user's task", statesOfRootTasks, awsDeeds()},
		{"A lease of an assignment", statesOfCenter, centerDeeds()},
		{"A lease whose sessions a policy denies", statesOfDenial, denialDeeds()},
		{"A ladder", statesOfLadder, ladderDeeds()},
		{"Symptoms", statesOfSymptoms, symptomDeeds()},
		{"Conditions", statesOfConditions, conditionDeeds()},
		{"Going in alone", statesOfSolo, soloDeeds()},
		{"An extension of a grant", statesOfExtension, extendDeeds()},
		{"A review", statesOfReview, reviewDeeds()},
		{"A change of the roster", statesOfChange, changeDeeds()},
		{"An amendment of the cell's document", statesOfAmendment, amendDeeds()},
		{"A recovery", statesOfRecovery, recoverDeeds()},
		{"A key that is vouched for", statesOfVouch, vouchDeeds()},
		{"A code of an app", statesOfCode, codeDeeds()},
		{"A key that is suspended", statesOfSuspension, suspendDeeds()},
		{"The ledger's key", statesOfLedgerKey, ledgerKeyDeeds()},
		{"Envelopes", statesOfCustody, custodyDeeds()},
		{"What was signed with no server", statesOfOffline, offlineDeeds()},
		{"Witnesses", statesOfWitness, witnessDeeds()},
		{"An epoch", statesOfEpoch, epochDeeds()},
		{"The clock", statesOfClock, clockDeeds()},
		{"The rules of a cell", statesOfRules, rulesDeeds()},
		{"What is wrong in itself", []state{{"a living cell", newStory}}, faultDeeds()},
	}
}

// cellOfMatrix is one line of the matrix as it came out.
type cellOfMatrix struct {
	section, state string
	deed           deed
	command        cell.Command
	before, after  *story // after is nil when it was refused
	outcome        cell.Outcome
	err            error
	told           string
}

// walkMatrix tries every deed in every state.
func walkMatrix() []cellOfMatrix {
	var all []cellOfMatrix
	for _, part := range sections() {
		for _, from := range part.states {
			built := from.build()
			for _, d := range part.deeds {
				line := built.try(d)
				line.section, line.state = part.title, from.name
				all = append(all, line)
			}
		}
	}
	return all
}

// fork is a copy: steps of the one do not show in the other.
func (s *story) fork() *story {
	f := *s
	f.Cell = s.Fork()
	return &f
}

// try tries a deed in a copy of the state; some deeds prepare that first.
func (s *story) try(d deed) cellOfMatrix {
	before := s.fork()
	line := cellOfMatrix{deed: d, command: d.make(before), before: before}
	line.outcome, line.err = cell.Decide(before.World, line.command)
	line.told = tellAll(line.command.At, line.outcome, line.err)
	if line.err == nil {
		line.after = before.fork()
		line.after.Must(line.command)
	}
	return line
}

func writeMatrix(lines []cellOfMatrix) string {
	var out strings.Builder
	out.WriteString(matrixHead)
	var section, state string
	for _, line := range lines {
		if line.section != section {
			fmt.Fprintf(&out, "\n%s\n%s\n%s\n", strings.Repeat("=", 78), line.section, strings.Repeat("=", 78))
			section, state = line.section, ""
		}
		if line.state != state {
			fmt.Fprintf(&out, "\n--- %s ---\n\n", line.state)
			state = line.state
		}
		fmt.Fprintf(&out, "    %-16s %-45s %s\n", line.deed.verb, line.deed.who, line.told)
	}
	return out.String() + "\n" + writeRefused()
}

// writeRefused shows what a refusal becomes in the ledger.
func writeRefused() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\nWhat a refusal becomes\n%s\n\n", strings.Repeat("=", 78), strings.Repeat("=", 78))
	for _, person := range []string{"bob", "eve"} {
		s := newStory().ask("db-1")
		c := s.By(person, person, stop(s))
		_, err := cell.Decide(s.World, c)
		recorded, err := s.World.StepRefused(c, refusalOf(err))
		told := "no entry: " + fmt.Sprint(err)
		if err == nil {
			told = "entry in stream " + recorded.Outcome.Stream + ": " + tellAll(c.At, recorded.Outcome, nil)
		}
		fmt.Fprintf(&out, "    %-16s %-45s %s\n", "stop", person+", "+role[person], told)
	}
	return out.String()
}

// golden compares with a file of testdata or of the docs, or writes it anew.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the rules give (-file +rules); if the rules are right, -update writes it anew:\n%s", path, diff)
	}
}

func TestMatrix(t *testing.T) {
	lines := walkMatrix()
	for _, line := range lines {
		if line.err != nil && refusalOf(line.err) == nil {
			t.Errorf("%s, %s %s: %v", line.state, line.deed.verb, line.deed.who, line.err)
		}
	}
	if len(lines) < 3000 {
		t.Errorf("only %d lines", len(lines))
	}
	text := writeMatrix(lines)
	golden(t, filepath.Join("testdata", "matrix.txt"), text)
	everyReason(t, text)
	everyEvent(t, text)
	everyKind(t, lines)
	t.Logf("%d lines", len(lines))
}

// everyReason demands each reason of refusal.go somewhere in the matrix.
func everyReason(t *testing.T, text string) {
	t.Helper()
	reasons := reasonsOf(t)
	if len(reasons) < 40 {
		t.Fatalf("only %d reasons found in refusal.go", len(reasons))
	}
	for _, reason := range reasons {
		if reason == string(cell.RulesTooOld) {
			continue // no kind of statement is newer than rules 1 yet
		}
		if !strings.Contains(text, "no: "+reason+"\n") && !strings.Contains(text, "no: "+reason+" (") {
			t.Errorf("reason %s occurs nowhere in the matrix", reason)
		}
	}
}

// reasonsOf reads the reasons from the source, so that none is forgotten here.
func reasonsOf(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "refusal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Reason" {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				reasons = append(reasons, text)
			}
		}
		return true
	})
	return reasons
}

func everyEvent(t *testing.T, text string) {
	t.Helper()
	for _, name := range cell.EventNames() {
		if !strings.Contains(text, " "+name+"[") && !strings.Contains(text, " "+name+",") && !strings.Contains(text, " "+name+"\n") {
			t.Errorf("event %s occurs nowhere in the matrix", name)
		}
	}
}

// everyKind demands that each kind of statement and effect is tried, and that
// each once succeeds.
func everyKind(t *testing.T, lines []cellOfMatrix) {
	t.Helper()
	done := map[string]bool{}
	for _, line := range lines {
		c, name := line.command, ""
		if c.Signed != nil {
			name = string(c.Signed.Statement.Body.Kind())
		} else {
			name = string(c.Effect.Kind)
		}
		done[name] = done[name] || line.err == nil
	}
	var kinds []string
	for _, rule := range cell.Rules() {
		kinds = append(kinds, string(rule.Kind))
	}
	kinds = append(kinds, effectKinds()...)
	for _, kind := range kinds {
		if !done[kind] {
			t.Errorf("%s never succeeds in the matrix", kind)
		}
	}
	for kind := range done {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%s is in the matrix but no kind of statement or effect", kind)
		}
	}
}

func effectKinds() []string {
	return []string{
		string(cell.EffectOpened), string(cell.EffectOpenFailed), string(cell.EffectDelivered), string(cell.EffectMintFailed),
		string(cell.EffectProbed), string(cell.EffectListed), string(cell.EffectShut), string(cell.EffectAlarmReceipt), string(cell.EffectDue),
		string(cell.EffectConsequence), string(cell.EffectClock), string(cell.EffectRefusedCount),
		string(cell.EffectCosigned), string(cell.EffectUnwitnessed), string(cell.EffectLooked),
		string(cell.EffectOverlapped), string(cell.EffectDenied),
	}
}

// TestMatrixCellsAreSteps demands of every line that succeeds that Step does
// what Decide said, and of every other that the world is as it was.
func TestMatrixCellsAreSteps(t *testing.T) {
	for _, line := range walkMatrix() {
		where := fmt.Sprintf("%s, %s %s", line.state, line.deed.verb, line.deed.who)
		if line.err == nil {
			last := line.after.Log[len(line.after.Log)-1]
			if diff := differ(line.outcome, last.Outcome); diff != "" {
				t.Errorf("%s: Step gave other events than Decide:\n%s", where, diff)
			}
			continue
		}
		before := wholeOf(line.before.World)
		_, err := line.before.World.Step(line.command)
		if refusal := refusalOf(err); refusal == nil || refusal.Reason != refusalOf(line.err).Reason {
			t.Errorf("%s: Step gave %v, Decide %v", where, err, line.err)
		}
		if diff := differ(before, wholeOf(line.before.World)); diff != "" {
			t.Errorf("%s: a refusal moved the world:\n%s", where, diff)
		}
	}
}
