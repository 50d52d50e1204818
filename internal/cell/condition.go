package cell

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/statement"
)

// conditioned is what a statement wants that conditions may forbid: to ask, to
// agree or to fetch, and the policies that are asked. None are of a statement that
// ends something or says no: nothing stands in the way of that (I6).
func (w *World) conditioned(s *Signed, r *access.Request) (f policy.Facts, of *access.Request, asked []access.PolicyRef) {
	var scenario *access.Scenario
	if r == nil {
		r = w.Requests[subject(s.Statement.Body)]
	}
	if _, decides := s.Statement.Body.(*statement.Decision); decides && r == nil {
		r, _ = w.extending(subject(s.Statement.Body))
		f.Longer = r != nil
	}
	if r != nil {
		scenario = w.scenarioOf(r)
		f.Severity, f.Targets, f.Incident = r.Severity, r.Targets, r.Incident != ""
	}
	switch body := s.Statement.Body.(type) {
	case *statement.Request:
		scenario = w.Scenarios[body.Scenario]
		f.Action, f.Severity, f.Targets, f.Incident = policy.Request, access.Severity(body.Severity), body.Targets, body.Incident != ""
	case *statement.Extend:
		f.Action, f.Longer = policy.Request, true
	case *statement.Solo:
		f.Action, f.Alone = policy.Request, true
	case *statement.Decision:
		if body.Verdict == statement.Approve {
			f.Action = policy.Decide
		}
	case *statement.Share:
		f.Action, f.Share, f.Targets = policy.Decide, true, []string{body.Envelope}
	case *statement.Fetch:
		f.Action, f.Targets = policy.Fetch, []string{body.Target}
	}
	if f.Action == "" || scenario == nil {
		return f, r, nil
	}
	f.Person, f.Scenario, f.Strength = s.Statement.Actor, scenario.ID, string(s.Signer.Strength)
	if f.Alone {
		f.Severity = scenario.Gravest()
	}
	return f, r, slices.Concat(w.Genesis.guardRails(), scenario.Conditions)
}

// forbidden asks the conditions of a statement that is allowed otherwise. The
// request is that which it speaks of, where the world does not have it.
func (w *World) forbidden(s *Signed, r *access.Request, c Command) *Refusal {
	f, r, asked := w.conditioned(s, r)
	if len(asked) == 0 {
		return nil
	}
	f.At, f.Address, f.Overdue, f.Cooling = c.At, c.Observed.Address, -1, w.cool(s, c.At) != nil
	if s == c.Signed { // what was signed with no server came from nowhere, at a time when nobody knew what was owed
		f.Overdue = w.overdue(c)
	}
	for _, group := range sortedKeys(w.Roster.Groups) {
		if w.Roster.In(f.Person, "group:"+group) {
			f.Groups = append(f.Groups, group)
		}
	}
	if r != nil {
		f.Symptoms = r.ShownSince(c.At.Add(-ShownFor.Duration()))
	}
	files := make([]*policy.File, len(asked))
	for i, ref := range asked {
		files[i] = w.policyFile(ref.Digest)
	}
	if verdict := policy.Judge(files, f); !verdict.Allowed {
		return refuse(Condition, "a condition of %s says no: %s", f.Scenario, strings.Join(verdict.Reasons, " "))
	}
	return nil
}

// engine says what judged a command, and what it had to be told: how many reviews
// of whoever signed are overdue, which evidence of one request does not show.
func (w *World) engine(c Command) (engine string, overdue int) {
	if c.Signed == nil {
		return "", 0
	}
	asks := func(s *Signed) bool { _, _, asked := w.conditioned(s, nil); return len(asked) > 0 }
	if !asks(c.Signed) && !slices.ContainsFunc(c.Signed.Acts, asks) {
		return "", 0
	}
	return cmp.Or(c.Observed.Engine, policy.Engine), w.overdue(c)
}

// overdue counts the reviews of whoever signed a command that are overdue.
func (w *World) overdue(c Command) (n int) {
	if w.partial {
		return c.Observed.Overdue
	}
	for _, r := range w.Requests {
		if r.Requester == c.Signed.Statement.Actor && r.Review.Late() {
			n++
		}
	}
	return n
}

// policyFile is a file of policies that is or was in force; nil when it cannot be
// read.
func (w *World) policyFile(digest canon.Digest) *policy.File {
	if known, ok := w.policies[digest]; ok {
		return known
	}
	data, err := w.attachment(digest)
	if err != nil {
		return nil
	}
	file, err := policy.Decode(data)
	if err == nil {
		w.policies[digest] = file
	}
	return file
}

// readPolicies reads and checks the policies of a document, by id.
func (w *World) readPolicies(g *Genesis) (map[string]*policy.File, error) {
	files := map[string]*policy.File{}
	for _, ref := range g.Policies {
		data, err := w.attachment(ref.Digest)
		if err == nil {
			files[ref.ID], err = policy.Decode(data)
		}
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", ref.ID, err)
		}
	}
	return files, nil
}

// guardRails are the policies that hold for every scenario.
func (g *Genesis) guardRails() (refs []access.PolicyRef) {
	for _, ref := range g.Policies {
		if slices.Contains(g.GuardRails, ref.ID) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// Files are the digests of everything that a document names.
func (g *Genesis) Files() (files []canon.Digest) {
	for _, ref := range g.Scenarios {
		files = append(files, ref.Digest)
	}
	for _, ref := range g.Policies {
		files = append(files, ref.Digest)
	}
	return files
}

func (g *Genesis) checkPolicies() error {
	if len(g.Policies) > access.PoliciesMost || len(g.GuardRails) > access.ConditionsMost {
		return fmt.Errorf("policies, guard_rails: must be at most %d and %d", access.PoliciesMost, access.ConditionsMost)
	}
	for i, ref := range g.Policies {
		if err := canon.CheckID(ref.ID); err != nil {
			return fmt.Errorf("policies: %w", err)
		}
		if i > 0 && g.Policies[i-1].ID >= ref.ID {
			return fmt.Errorf("policies: %s must stand once, in order", ref.ID)
		}
	}
	if named := len(g.guardRails()); named != len(g.GuardRails) {
		return fmt.Errorf("guard_rails: %d are named, and %d of them are policies of the cell", len(g.GuardRails), named)
	}
	return nil
}

// checkConditions refuses a condition that is no policy of the cell.
func checkConditions(s *access.Scenario, g *Genesis) error {
	if len(s.Conditions) > access.ConditionsMost {
		return fmt.Errorf("conditions: must be at most %d", access.ConditionsMost)
	}
	for i, ref := range s.Conditions {
		if !slices.Contains(g.Policies, ref) || slices.Contains(s.Conditions[:i], ref) {
			return fmt.Errorf("conditions: %s must be a policy of the cell, named once", ref.ID)
		}
	}
	return nil
}

// policies compares the policies of two documents, rule by rule: one more takes
// away, one less gives, and other words are only words.
func (c *comparing) policies(from, to Document) {
	for _, id := range union(from.Policies, to.Policies) {
		d := Difference{About: "policy " + id, Within: id, kind: aboutPolicy}
		was, is := rulesOf(from.Policies[id]), rulesOf(to.Policies[id])
		before := len(c.found)
		for _, rule := range union(was, is) {
			if _, had := was[rule]; !had {
				d.Bearing = Tightens
				c.note(d, "says no to more: %q: %s", is[rule].Title, is[rule].Line())
			} else if _, has := is[rule]; !has {
				d.Bearing = Widens
				c.note(d, "says no no more: %q: %s", was[rule].Title, was[rule].Line())
			}
		}
		if digest := from.Genesis.policy(id); len(c.found) == before && digest != to.Genesis.policy(id) {
			d.Bearing = Neutral
			c.note(d, "has other words, and says no to the same")
		}
	}
	d := Difference{About: "the cell", Of: "guard_rails", kind: aboutRails}
	c.lists(d, from.Genesis.GuardRails, to.Genesis.GuardRails, Tightens)
}

func rulesOf(f *policy.File) map[string]policy.Rule {
	rules := map[string]policy.Rule{}
	if f != nil {
		for _, rule := range f.Rules {
			rules[rule.ID] = rule
		}
	}
	return rules
}

func (g *Genesis) policy(id string) (digest canon.Digest) {
	for _, ref := range g.Policies {
		if ref.ID == id {
			digest = ref.Digest
		}
	}
	return digest
}

// ids are the names of policies.
func ids(refs []access.PolicyRef) (names []string) {
	for _, ref := range refs {
		names = append(names, ref.ID)
	}
	return names
}

// Conditions are the policies that hold for a scenario, guard rails first; a nil
// file is one that cannot be read.
func (w *World) Conditions(s *access.Scenario) []*policy.File {
	var files []*policy.File
	for _, ref := range slices.Concat(w.Genesis.guardRails(), s.Conditions) {
		files = append(files, w.policyFile(ref.Digest))
	}
	return files
}
