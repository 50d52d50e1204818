package blueprint

import (
	"slices"
	"strings"
)

// What an identity's policies say to one action on one resource. Service control
// policies and policies of sessions are not in IAM's answer and are not weighed: they
// can only take away.
type verdict int

const (
	no      verdict = iota
	perhaps         // if conditions hold that are not weighed here
	yes
)

// permission is one statement of a policy.
type permission struct {
	deny        bool
	actions     []string
	resources   []string
	butActions  bool     // it means every action but these
	butElse     bool     // and every resource but these
	conditioned bool     // it holds under conditions alone that are not known here
	principals  []string // of a trust policy: whom it lets in, each as kind:who
	conditions  map[string]any
}

// permissions reads a policy document as IAM's answer has it. What is no policy says
// nothing.
func permissions(document any) (all []permission) {
	d, _ := document.(map[string]any)
	list, ok := d["Statement"].([]any)
	if !ok {
		list = []any{d["Statement"]}
	}
	for _, one := range list {
		s, ok := one.(map[string]any)
		if !ok {
			continue
		}
		p := permission{deny: s["Effect"] == deny, actions: texted(s["Action"]), resources: texted(s["Resource"]), principals: whose(s)}
		if not, there := s["NotAction"]; there {
			p.actions, p.butActions = texted(not), true
		}
		if not, there := s["NotResource"]; there {
			p.resources, p.butElse = texted(not), true
		}
		p.conditions, _ = s["Condition"].(map[string]any)
		p.conditioned = len(p.conditions) > 0
		all = append(all, p)
	}
	return all
}

// texted is one text or a list of them, as IAM writes it.
func texted(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
	}
	return all
}

// whose are the principals of a statement of a trust policy.
func whose(s map[string]any) (all []string) {
	if not, there := s["NotPrincipal"]; there {
		who, _ := not.(map[string]any)
		for _, kind := range sortedNames(who) {
			all = append(all, "everybody but "+strings.Join(texted(who[kind]), ", "))
		}
		return append(all, texted(not)...)
	}
	if text, ok := s["Principal"].(string); ok {
		return []string{text}
	}
	who, _ := s["Principal"].(map[string]any)
	for _, kind := range sortedNames(who) {
		for _, one := range texted(who[kind]) {
			if one == "*" {
				all = append(all, one)
				continue
			}
			all = append(all, kind+" "+one)
		}
	}
	return all
}

func sortedNames(of map[string]any) []string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// bears tells whether the statement is about an action on a resource. A policy variable
// stands for anything.
func (p permission) bears(action, resource string) verdict {
	if slices.ContainsFunc(p.actions, func(one string) bool { return wild(strings.ToLower(one), strings.ToLower(action)) }) == p.butActions {
		return no
	}
	variable := false
	on := slices.ContainsFunc(p.resources, func(one string) bool {
		plain, has := withoutVariables(one)
		hit := wild(plain, resource)
		variable = variable || hit && has
		return hit
	})
	switch {
	case variable:
		return perhaps
	case on == p.butElse:
		return no
	case p.conditioned:
		return perhaps
	}
	return yes
}

// withoutVariables puts * for the variables of a pattern, such as ${aws:username}.
func withoutVariables(pattern string) (plain string, has bool) {
	for {
		from := strings.Index(pattern, "${")
		if from < 0 {
			return pattern, has
		}
		to := strings.IndexByte(pattern[from:], '}')
		if to < 0 {
			return pattern, has
		}
		pattern, has = pattern[:from]+"*"+pattern[from+to+1:], true
	}
}

// let weighs statements as IAM does: a denial that surely holds counts before all else.
func let(all []permission, action, resource string) verdict {
	best := no
	for _, p := range all {
		v := p.bears(action, resource)
		switch {
		case p.deny && v == yes:
			return no
		case !p.deny:
			best = max(best, v)
		}
	}
	if best == yes && slices.ContainsFunc(all, func(p permission) bool { return p.deny && p.bears(action, resource) == perhaps }) {
		return perhaps
	}
	return best
}

// wild tells whether a text is of a pattern in which * stands for any text and ? for
// one character.
func wild(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
