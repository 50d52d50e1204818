package blueprint

import "strings"

// Bounds of following who may take a role that may change others.
const (
	chainLongest = 4   // roles that are taken one after the other
	followedMost = 500 // roles
)

const assume = "sts:AssumeRole"

// changer is somebody who may change the account's roles.
type changer struct {
	identity
	by Other
}

// changers are those of some identities who may change the account's roles: by their own
// policies, or by those of roles of the account that they may take, each by the shortest
// way. Beyond is how many roles it was not followed of, who may take them.
func (b *Blueprint) changers(acting []identity) (all []Other, beyond int) {
	known, reached := map[string]bool{}, []changer{}
	for _, i := range acting {
		if by := b.changing(i); by.How != "" {
			known[i.arn], reached = true, append(reached, changer{i, by})
		}
	}
	followed := 0
	for range chainLongest {
		var next []changer
		for _, c := range reached {
			all = append(all, c.by)
			switch {
			case c.user:
			case followed == followedMost:
				beyond++
			default:
				followed++
				next = append(next, c.takenBy(acting, known)...)
			}
		}
		reached = next
	}
	for _, c := range reached {
		all = append(all, c.by)
		if !c.user {
			beyond++
		}
	}
	return all, beyond
}

// takenBy are those who are not known yet and may take a role that changes others.
func (c changer) takenBy(acting []identity, known map[string]bool) (all []changer) {
	for _, i := range acting {
		if known[i.arn] {
			continue
		}
		if v := i.takes(c.identity); v > no {
			by := c.by
			by.Who, by.Sure, by.As = i.words(), by.Sure && v == yes, append([]string{c.name}, by.As...)
			known[i.arn], all = true, append(all, changer{i, by})
		}
	}
	return all
}

// takes tells whether an identity may take a role of its account. The role's trust must
// let it in; its own policies must too, unless the trust names it.
func (i identity) takes(role identity) verdict {
	best, denied := no, no
	for _, p := range i.weighed(role.trust) {
		p.resources = []string{"*"}
		v := p.bears(assume, "*")
		named, anybody := i.among(p.principals)
		switch {
		case p.deny && (named || anybody):
			denied = max(denied, v)
		case p.deny || v == no:
		case named:
			best = max(best, min(v, i.undenied(assume, role.arn)))
		case anybody:
			best = max(best, min(v, i.may(assume, role.arn)))
		}
	}
	return min(best, yes-denied)
}

// undenied is whether no policy of the identity denies an action on a resource.
func (i identity) undenied(action, resource string) verdict {
	v := yes
	for _, p := range i.says {
		if p.deny {
			v = min(v, yes-p.bears(action, resource))
		}
	}
	if i.bounded && let(i.bounds, action, resource) == no {
		v = min(v, perhaps) // the boundary of a role counts here, that of a user may not
	}
	return v
}

// among tells whether principals of a trust policy name an identity, or take in all of its
// account.
func (i identity) among(principals []string) (named, anybody bool) {
	account := accountOf(i.arn)
	for _, who := range principals {
		arn, plain := strings.CutPrefix(who, "AWS ")
		switch {
		case plain && arn == i.arn:
			named = true
		case who == "*", strings.HasPrefix(who, "everybody but "), plain && arn == account, plain && strings.HasSuffix(arn, ":iam::"+account+":root"):
			anybody = true
		}
	}
	return named, anybody
}

func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}
