package blueprint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// GuardName is how the name of the service control policy that guards begins: where one
// cannot hold all accounts, there are several.
const GuardName = prefix + "guard"

// Guarding is what one service control policy that is attached above an account does for
// what the blueprint puts into it.
type Guarding struct {
	Lacks   []string // what it does not deny, in words
	Binds   []string // ARNs of Halligan's own that it keeps from their work
	Keepers []string // ARNs, or patterns of them, whom it lets change it
	Open    []string // those of the keepers that are any user or any role
}

// Spared are those of Halligan's own whom the policies of some accounts do not bind.
func Spared(all []*Blueprint) (spared []string) {
	for _, s := range guarding(all, nil) {
		spared = append(spared, spares(s)...)
	}
	return sorted(spared)
}

// GuardedBy compares a service control policy above an account, as Organizations has it,
// with what that of the cell's accounts says of it; ours are whom that spares. Who the
// keepers are, whoever attached it chose; that they are few enough, people must see.
//
// Each policy is judged by itself. AWS denies what any of them denies, so that several
// could guard together what none does alone; but then who is spared is another for each
// action, and nobody could say it. The blueprint writes whole policies.
func (b *Blueprint) GuardedBy(ours []string, policy []byte) (Guarding, error) {
	if len(policy) > policyLongestRead {
		return Guarding{}, fmt.Errorf("a service control policy has %d bytes, at most %d are read", len(policy), policyLongestRead)
	}
	there, err := readStatements(policy)
	if err != nil {
		return Guarding{}, err
	}
	var g Guarding
	for _, w := range guarding([]*Blueprint{b}, nil) {
		g.judge(w, there, ours)
	}
	g.Binds, g.Keepers = sorted(g.Binds), sorted(g.Keepers)
	for _, keeper := range g.Keepers {
		if like(keeper, b.iam("role/a")) || like(keeper, b.iam("user/a")) {
			g.Open = append(g.Open, keeper)
		}
	}
	return g, nil
}

// judge finds what of one statement is denied to whom. Several statements of the policy
// may do it together.
func (g *Guarding) judge(want statement, there []statement, ours []string) {
	var without []string
	for _, action := range want.Action {
		for _, resource := range want.Resource {
			denied := false
			for _, s := range there {
				spared, ok := s.denies(action, resource)
				if !ok {
					continue
				}
				denied = true
				g.Keepers = append(g.Keepers, lacking(spared, ours)...)
				g.Binds = append(g.Binds, slices.DeleteFunc(slices.Clone(spares(want)), func(ours string) bool { return covers(spared, ours, false) })...)
			}
			if !denied {
				without = append(without, action+" on "+resource)
			}
		}
	}
	if len(without) > 0 {
		g.Lacks = append(g.Lacks, want.Sid+": "+shown(without))
	}
}

// denies tells whether a statement denies an action on a resource to everybody but those
// whom it spares.
func (s statement) denies(action, resource string) (spared []string, ok bool) {
	if s.Effect != deny || len(s.NotAction)+len(s.NotResource) > 0 || !covers(s.Action, action, true) || !covers(s.Resource, resource, false) {
		return nil, false
	}
	switch {
	case len(s.Condition) == 0:
		return nil, true
	case len(s.Condition) == 1 && len(s.Condition["ArnNotLike"]) == 1 && len(spares(s)) > 0:
		return spares(s), true
	}
	return nil, false // under another condition it may not hold
}

// spares are those whom a statement does not bind.
func spares(s statement) []string { return s.Condition["ArnNotLike"]["aws:PrincipalArn"] }

// covers tells whether one of some patterns takes in all that another text, itself a
// pattern or not, stands for. Of actions, the case does not count.
func covers(patterns []string, text string, fold bool) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if fold {
			return like(strings.ToLower(p), strings.ToLower(text))
		}
		return like(p, text)
	})
}

// like tells whether a pattern in which * stands for anything takes in a text.
func like(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, first)
	if !ok || !wild {
		return ok && text == ""
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last)
}

// UnmarshalJSON reads one word or a list of them.
func (w *words) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = words{one}
		return nil
	}
	var all []string
	err := json.Unmarshal(data, &all)
	*w = all
	return err
}

// policyLongestRead bounds a policy that is read, in bytes: more than Organizations takes.
const policyLongestRead = 8 * scpLongest

// readStatements reads the statements of a policy that others may have written.
func readStatements(data []byte) ([]statement, error) {
	var several policy
	if err := json.Unmarshal(data, &several); err == nil {
		return several.Statement, nil
	}
	var single struct {
		Statement statement `json:"Statement"`
	}
	if err := json.Unmarshal(data, &single); err != nil {
		return nil, fmt.Errorf("cannot read a service control policy: %w", err)
	}
	return []statement{single.Statement}, nil
}
