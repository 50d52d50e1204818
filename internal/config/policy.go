package config

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/roster"
)

// PoliciesDir is the folder of the policies and of their tests.
const PoliciesDir = "policies"

const (
	policySuffix = ".cedar"
	testSuffix   = ".test.yaml"
	iamSuffix    = ".json"
)

// policyFacts is a file of policies that could be read.
type policyFacts struct {
	ref   access.PolicyRef
	data  []byte
	file  *policy.File // nil: it is broken, and said to be
	at    place
	named bool // by a scenario or as a guard rail
}

// policyFiles lists what is in the folder of policies, and refuses what would be
// left out without a word.
func policyFiles(f *findings, folder fs.FS) (policies, tests []string) {
	entries, err := fs.ReadDir(folder, PoliciesDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.errorf(place{PoliciesDir, 0, 0}, "make it a folder that you can read", "cannot be read: %v", reason(err))
	}
	for _, e := range entries {
		name := path.Join(PoliciesDir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."), strings.HasSuffix(e.Name(), "~"):
		case e.IsDir():
			f.errorf(place{name, 0, 0}, "move its files one folder up", "is a folder: policies stand in one folder")
		case strings.HasSuffix(e.Name(), policySuffix):
			policies = append(policies, name)
		case strings.HasSuffix(e.Name(), testSuffix):
			tests = append(tests, name)
		case strings.HasSuffix(e.Name(), iamSuffix): // read where a scenario names it
		default:
			f.errorf(place{name, 0, 0}, "rename it to end in .cedar or .test.yaml, or move it away", "is in the folder of policies but would not be read")
		}
	}
	if len(policies) > access.PoliciesMost || len(tests) > access.PoliciesMost {
		f.errorf(place{PoliciesDir, 0, 0}, "put rules that belong together into one file", "holds %d policies and %d tests, at most %d of each", len(policies), len(tests), access.PoliciesMost)
		return nil, nil
	}
	return policies, tests
}

// readPolicies reads and checks the policies of a folder, by name.
func readPolicies(f *findings, folder fs.FS) map[string]*policyFacts {
	policies := map[string]*policyFacts{}
	names, _ := policyFiles(f, folder)
	for _, name := range names {
		id := strings.TrimSuffix(path.Base(name), policySuffix)
		if canon.CheckID(id) != nil {
			f.errorf(place{name, 0, 0}, "use a–z, 0–9, dot, underscore and hyphen, at most 63", "%s is not an id", showID(id))
			continue
		}
		data, err := readFile(folder, name)
		if err != nil {
			f.errorf(place{name, 0, 0}, "make it readable for you, or move it away", "cannot be read: %v", reason(err))
			continue
		}
		p := &policyFacts{ref: access.PolicyRef{ID: id, Digest: canon.Sum(data)}, data: data, at: place{name, 0, 0}}
		var faults []policy.Fault
		p.file, faults = policy.Check(data)
		for _, fault := range faults {
			mend := fault.Mend
			if mend == "" {
				mend = nearest(fault.Name, policy.Known(), "halligan policy schema prints all: ")
			}
			f.errorf(place{name, fault.Line, fault.Column}, mend, "%s", fault.What)
		}
		policies[name] = p
	}
	return policies
}

// checkPolicies looks for what the rules name and the cell does not have: such a
// rule would forbid something else than it says. Scenarios are checked where all
// of them are known.
func (c *cellFacts) checkPolicies(f *findings, scenarios []string) {
	known := map[string][]string{
		"Group": slices.Collect(maps.Keys(c.groups)), "Person": c.personIDs(), "Scenario": scenarios,
	}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		p := c.policies[name]
		if p.file == nil {
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(known)) {
			for _, id := range p.file.Names(kind) {
				if !slices.Contains(known[kind], id) {
					at := p.at
					at.line, at.column = policy.PlaceOf(p.data, kind, id)
					f.errorf(at, nearest(id, known[kind], "known are "), "%s %s does not exist", strings.ToLower(kind), showID(id))
				}
			}
		}
		if !p.named {
			f.warnf(p.at, "name it in conditions of a scenario or in guard_rails of "+CellFile+", or move it away", "is named nowhere: it forbids nothing")
		}
	}
}

func (c *cellFacts) personIDs() []string {
	ids := make([]string, 0, len(c.people))
	for _, p := range c.people {
		ids = append(ids, p.id)
	}
	return ids
}

// refs reads names of policies. What is broken or not there is not among them.
func (c *cellFacts) refs(f *findings, of string, words []word, at place) []access.PolicyRef {
	if len(words) > access.ConditionsMost {
		f.errorf(at, "put rules that belong together into one file", "%s: at most %d, has %d", of, access.ConditionsMost, len(words))
	}
	var refs []access.PolicyRef
	for _, w := range words {
		p, there := c.policies[w.text]
		switch {
		case w.text == "":
		case !there:
			names := slices.Sorted(maps.Keys(c.policies))
			mend := "write it into that file: docs/howto/write-a-condition.md shows how"
			if len(names) > 0 {
				mend = nearest(w.text, names, "there are ")
			}
			f.errorf(w.at, mend, "policy %s does not exist", show(w.text))
		case slices.Contains(refs, p.ref):
			f.errorf(w.at, "take one out", "%s stands twice", show(w.text))
		default:
			p.named = true
			refs = append(refs, p.ref)
		}
	}
	slices.SortFunc(refs, func(a, b access.PolicyRef) int { return strings.Compare(a.ID, b.ID) })
	return refs
}

// conditions reads which policies hold for the scenario, and warns of those that
// nobody could satisfy.
func (s *scenarioFacts) conditions() {
	if s.cell == nil {
		return
	}
	s.out.Conditions = s.cell.refs(s.findings, "conditions", s.file.Conditions, s.file.key("conditions"))
	var files []*policy.File
	for _, ref := range slices.Concat(s.cell.rails, s.out.Conditions) {
		if p := s.cell.policies[PoliciesDir+"/"+ref.ID+policySuffix]; p.file != nil {
			files = append(files, p.file)
		}
	}
	if len(files) == 0 {
		return
	}
	for _, e := range s.file.Severities {
		severity := access.Severity(e.key.text)
		s.forbidden(files, severity, e.value)
	}
}

// forbidden warns where the conditions let nobody ask at a severity, or too few
// agree, from wherever and whenever they come.
func (s *scenarioFacts) forbidden(files []*policy.File, severity access.Severity, t termsFile) {
	why := map[string]bool{}
	may := func(action policy.Action) func(string) bool {
		return func(person string) bool {
			reasons := s.cell.always(files, policy.Facts{Action: action, Person: person, Scenario: s.out.ID, Severity: severity})
			for _, reason := range reasons {
				why[reason] = true
			}
			return len(reasons) == 0 && s.able(person)
		}
	}
	askers := s.mayAsk()
	left := slices.DeleteFunc(slices.Clone(askers), func(p string) bool { return !may(policy.Request)(p) })
	if len(askers) > 0 && len(left) == 0 && len(why) > 0 {
		s.warnf(t.at, "look at the conditions: "+strings.Join(slices.Sorted(maps.Keys(why)), " "), "the conditions let nobody ask at %s", severity)
		return
	}
	clear(why)
	q, ok := s.cell.readQuorum(&findings{}, t.key("quorum"), t.Quorum)
	if !ok {
		return
	}
	covered := q.cover(s.cell, left, may(policy.Decide))
	more, legs := lacking(covered, "")
	if more == 0 && len(covered.Stuck) > 0 {
		more, legs = lacking(covered, covered.Stuck[0])
	}
	if more > 0 && len(why) > 0 {
		s.warnf(q.where(legs[0]), "look at the conditions: "+strings.Join(slices.Sorted(maps.Keys(why)), " "),
			"the conditions leave too few who may agree at %s: %d more of %s needed", severity, more, either(legs))
	}
}

// always are the reasons for which a person is refused with the strongest of their
// keys, from wherever and whenever.
func (c *cellFacts) always(files []*policy.File, facts policy.Facts) []string {
	facts.Strength = string(roster.Possession)
	if c.secure[facts.Person] {
		facts.Strength = string(roster.UserVerified)
	}
	if c.hardware[facts.Person] {
		facts.Strength = string(roster.Hardware)
	}
	for group, members := range c.groups {
		if slices.Contains(members, facts.Person) {
			facts.Groups = append(facts.Groups, group)
		}
	}
	return policy.Always(files, facts)
}

// policyRefs are those policies that are named, in order.
func (c *cellFacts) policyRefs() (refs []access.PolicyRef) {
	for _, p := range c.policies {
		if p.named {
			refs = append(refs, p.ref)
		}
	}
	slices.SortFunc(refs, func(a, b access.PolicyRef) int { return strings.Compare(a.ID, b.ID) })
	return refs
}

// law puts the policies into genesis and gives their bytes, by id.
func (c *cellFacts) law(g *cell.Genesis) map[string][]byte {
	g.Policies = c.policyRefs()
	for _, ref := range c.rails {
		g.GuardRails = append(g.GuardRails, ref.ID)
	}
	files := map[string][]byte{}
	for _, ref := range g.Policies {
		files[ref.ID] = c.policies[PoliciesDir+"/"+ref.ID+policySuffix].data
	}
	return files
}
