package config

import (
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/roster"
)

// casesMost bounds the cases of one file of tests.
const casesMost = 200

// policyTestFile is a table of what policies say of some acts.
type policyTestFile struct {
	Mark
	Policies []word       `yaml:"policies"`
	Cases    []policyCase `yaml:"cases,required"`
}

type policyCase struct {
	Mark
	Case     word   `yaml:"case,required"`
	Who      word   `yaml:"who,required"`
	Groups   []word `yaml:"groups"`
	Does     word   `yaml:"does,required"`
	Scenario word   `yaml:"scenario"`
	Severity word   `yaml:"severity"`
	Targets  []word `yaml:"targets"`
	From     word   `yaml:"from"`
	At       word   `yaml:"at"`
	Strength word   `yaml:"strength"`
	Symptoms []word `yaml:"symptoms"`
	Overdue  count  `yaml:"overdue"`
	Incident flag   `yaml:"incident"`
	Cooling  flag   `yaml:"cooling"`
	Longer   flag   `yaml:"longer"`
	Alone    flag   `yaml:"alone"`
	Share    flag   `yaml:"share"`
	Expect   word   `yaml:"expect,required"`
	Reason   word   `yaml:"reason"`
}

// PolicyResult is what became of one case.
type PolicyResult struct {
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Case    string   `json:"case"`
	Expect  string   `json:"expect"` // allow or deny
	Got     string   `json:"got"`
	Reasons []string `json:"reasons,omitempty"` // of whatever said no
	Passed  bool     `json:"passed"`

	at place
}

const (
	allows = "allow"
	denies = "deny"
)

// TestPolicies runs the tests of a folder's policies. It gives what is wrong with
// the policies and the tests themselves, and what became of each case.
func TestPolicies(folder string) ([]PolicyResult, []Problem) {
	f := &findings{}
	root, err := os.OpenRoot(folder)
	if err != nil {
		f.errorf(place{CellFile, 0, 0}, "name the folder that holds "+CellFile, "cannot be read: %v", reason(err))
		return nil, f.sorted()
	}
	defer func() { _ = root.Close() }()
	cell := readCell(&findings{}, root.FS())
	results := runPolicies(f, root.FS(), readPolicies(f, root.FS()), cell)
	return results, f.sorted()
}

// runPolicies runs every case. The cell may be nil: then nobody has groups but
// those that the case gives them.
func runPolicies(f *findings, folder fs.FS, policies map[string]*policyFacts, cell *cellFacts) []PolicyResult {
	var results []PolicyResult
	_, names := policyFiles(&findings{}, folder)
	for _, name := range names {
		root := open(f, folder, name, "make it readable for you, or move it away")
		if root == nil {
			continue
		}
		var file policyTestFile
		readValue(f, root, reflect.ValueOf(&file).Elem())
		files, good := tested(f, policies, name, &file)
		if len(file.Cases) == 0 || len(file.Cases) > casesMost {
			f.errorf(file.at, "write one, or make two files of it", "cases: must be 1 to %d, are %d", casesMost, len(file.Cases))
			continue
		}
		for i := range file.Cases {
			facts, read := file.Cases[i].facts(f, cell)
			if good && read {
				results = append(results, file.Cases[i].judge(files, facts))
			}
		}
	}
	return results
}

// tested are the policies that a file of tests is about: those that it names, or
// the one of its own name.
func tested(f *findings, policies map[string]*policyFacts, name string, file *policyTestFile) ([]*policy.File, bool) {
	words := file.Policies
	if len(words) == 0 {
		words = []word{{strings.TrimSuffix(path.Base(name), testSuffix) + policySuffix, file.at}}
	}
	var files []*policy.File
	good := true
	for _, w := range words {
		p := policies[PoliciesDir+"/"+w.text]
		if p == nil {
			f.errorf(w.at, "write policies: [office.cedar], the names of files beside it", "policy %s does not exist", show(w.text))
			good = false
			continue
		}
		good = good && p.file != nil
		files = append(files, p.file)
	}
	return files, good
}

// facts are those of one case: a Sunday night, from nowhere, unless it says more.
func (c *policyCase) facts(f *findings, cell *cellFacts) (policy.Facts, bool) {
	before := len(f.list)
	one := func(w word, of []string) {
		if w.given() && w.text != "" && !slices.Contains(of, w.text) {
			f.errorf(w.at, nearest(w.text, of, "write one of "), "%s is not one of them", show(w.text))
		}
	}
	actions := []string{string(policy.Request), string(policy.Decide), string(policy.Fetch)}
	severities := []string{"SEV1", "SEV2", "SEV3", "SEV4"}
	strengths := []string{string(roster.ServerAttested), string(roster.Possession), string(roster.UserVerified), string(roster.Hardware)}
	one(c.Does, actions)
	one(c.Severity, severities)
	one(c.Strength, strengths)
	one(c.Expect, []string{allows, denies})
	if c.Reason.given() && c.Expect.text == allows {
		f.errorf(c.Reason.at, "take it out", "nothing is said to who is allowed")
	}
	facts := policy.Facts{
		Action: policy.Action(c.Does.text), Person: c.Who.text, Groups: texts(c.Groups), Scenario: c.Scenario.text,
		Severity: access.Severity(orElse(c.Severity, "SEV1")), Targets: texts(c.Targets), Address: c.From.text,
		At: canon.At(time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)), Strength: orElse(c.Strength, string(roster.Possession)),
		Symptoms: texts(c.Symptoms), Overdue: c.Overdue.n, Incident: c.Incident.on, Cooling: c.Cooling.on,
		Longer: c.Longer.on, Alone: c.Alone.on, Share: c.Share.on,
	}
	if c.At.given() {
		at, err := time.Parse(time.RFC3339, c.At.text)
		if err != nil {
			f.errorf(c.At.at, `write "2026-11-22T03:07:00Z"`, "%s is not an instant", show(c.At.text))
		}
		facts.At = canon.At(at)
	}
	if _, err := netip.ParseAddr(c.From.text); c.From.given() && err != nil {
		f.errorf(c.From.at, "write an address such as 10.1.2.3", "%s is not an IP address", show(c.From.text))
	}
	if c.Groups == nil && cell != nil {
		for group, members := range cell.groups {
			if slices.Contains(members, facts.Person) {
				facts.Groups = append(facts.Groups, group)
			}
		}
	}
	return facts, len(f.list) == before
}

// judge asks the policies, and compares.
func (c *policyCase) judge(files []*policy.File, facts policy.Facts) PolicyResult {
	verdict := policy.Judge(files, facts)
	r := PolicyResult{File: c.at.file, Line: c.at.line, Case: c.Case.text, Expect: c.Expect.text, Got: denies, Reasons: verdict.Reasons, at: c.at}
	if verdict.Allowed {
		r.Got = allows
	}
	r.Passed = r.Got == r.Expect && (!c.Reason.given() || slices.Contains(r.Reasons, c.Reason.text))
	return r
}

// Said is what the policies said, in words.
func (r PolicyResult) Said() string {
	if r.Got == allows {
		return "it is allowed"
	}
	return fmt.Sprintf("it is refused: %s", strings.Join(r.Reasons, " "))
}

// lintPolicies makes a problem of each case that does not come out as it says.
func lintPolicies(f *findings, results []PolicyResult) {
	for _, r := range results {
		if !r.Passed {
			f.errorf(r.at, "mend the rule, or the case: halligan policy test shows all of them", "the case %s does not hold: %s", show(r.Case), r.Said())
		}
	}
}

func orElse(w word, other string) string {
	if w.text == "" {
		return other
	}
	return w.text
}
