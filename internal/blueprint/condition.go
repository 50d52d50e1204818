package blueprint

import (
	"slices"
	"strings"
)

// weighed are statements as far as their conditions are about the identity: without those
// that never hold for it, and without conditions where they always do.
func (i identity) weighed(all []permission) (kept []permission) {
	for _, p := range all {
		v := yes
		for operator, lines := range p.conditions {
			of, _ := lines.(map[string]any)
			if len(of) == 0 {
				v = min(v, perhaps)
			}
			for key, values := range of {
				v = min(v, i.meets(operator, strings.ToLower(key), texted(values)))
			}
		}
		if v > no {
			p.conditioned = v == perhaps
			kept = append(kept, p)
		}
	}
	return kept
}

// known is the identity without what its policies never say to it.
func (i identity) known() identity {
	i.says, i.bounds = i.weighed(i.says), i.weighed(i.bounds)
	return i
}

// fact is what AWS says of an identity in each of its requests, by keys of conditions.
// There are keys that it gives in requests of services alone; of others nothing is known.
func (i identity) fact(key string) (value string, there, known bool) {
	switch key {
	case "aws:principalarn":
		return i.arn, true, true
	case "aws:principalaccount":
		return accountOf(i.arn), true, true
	case "aws:principaltype":
		return "AssumedRole", !i.user, !i.user
	case "aws:principalisawsservice":
		return "false", true, true
	case "aws:username":
		return i.name, i.user, true
	case "aws:principalservicename", "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid":
		return "", false, true
	}
	return "", false, false
}

// meets weighs one line of a condition.
func (i identity) meets(operator, key string, values []string) verdict {
	fact, there, known := i.fact(key)
	operator, lenient := strings.CutSuffix(operator, "IfExists")
	positive := strings.Replace(operator, "Not", "", 1)
	not := positive != operator
	var same func(pattern string) bool
	switch positive {
	case "StringEquals":
		same = func(pattern string) bool { return pattern == fact }
	case "StringEqualsIgnoreCase", "Bool":
		same = func(pattern string) bool { return strings.EqualFold(pattern, fact) }
	case "StringLike":
		same = func(pattern string) bool { return wild(pattern, fact) }
	case "ArnLike", "ArnEquals":
		same = func(pattern string) bool { return wildARN(pattern, fact) }
		known = known && !slices.ContainsFunc(values, func(v string) bool { return strings.Count(v, ":") < arnColons })
	}
	if !known || same == nil || len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "${") }) {
		return perhaps
	}
	holds := not || lenient
	if there {
		holds = slices.ContainsFunc(values, same) != not
	}
	switch {
	case i.user && (key == "aws:principalarn" || key == "aws:username") && (holds || not || !i.ofIAM(key, values)):
		return perhaps // a user may go on as a federated user, who has another ARN and no name
	case holds:
		return yes
	}
	return no
}

// ofIAM tells whether values of a key are of users and roles alone.
func (identity) ofIAM(key string, values []string) bool {
	return key != "aws:principalarn" || !slices.ContainsFunc(values, func(v string) bool { return !strings.Contains(v, ":iam::") })
}

// arnColons are at least in each ARN.
const arnColons = 5

// wildARN is wild for each part of an ARN by itself, as conditions on ARNs have it.
func wildARN(pattern, arn string) bool {
	parts := strings.SplitN(arn, ":", arnColons+1)
	for i, one := range strings.SplitN(pattern, ":", arnColons+1) {
		if i >= len(parts) || !wild(one, parts[i]) {
			return false
		}
	}
	return true
}
