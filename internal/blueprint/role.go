package blueprint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// The tags of a session, as its token carries them.
const (
	tagGrant    = "aws:RequestTag/halligan-grant"
	tagSlot     = "aws:RequestTag/halligan-slot"
	tagStrength = "aws:RequestTag/halligan-strength"
)

const (
	audience       = "sts.amazonaws.com"
	sourceIdentity = "hg-*"    // of every session that comes in by a token
	controlSlot    = "control" // of the session that a probe compares with
)

// RolePolicy is the role's only inline policy: the most that its scenarios allow.
func (b *Blueprint) RolePolicy(r Role) []byte { return []byte(r.Policy) }

// TrustPolicy says who comes in: a token of one of the cell's issuers for exactly
// this role's scenarios, whose session names its grant, its slot and how well the
// requester signed. A session that could not be stopped or told apart does not
// begin. The conditions stand at the call itself, which demands the tags; which
// slots there are stands where tags are set, because a trust policy is short.
func (b *Blueprint) TrustPolicy(r Role) []byte {
	var all []statement
	slots := []string{controlSlot}
	if r.Slots == 0 { // a way to a root user, which has none
		slots = nil
	}
	for k := range r.Slots {
		slots = append(slots, strconv.Itoa(k+1))
	}
	var strong []string
	for _, door := range r.Doors {
		strong = append(strong, door.Strengths...)
	}
	for i, k := range b.keepers() {
		for j, doors := range alike(r.Doors) {
			sid := "Door" + strconv.Itoa(i+1)
			if j > 0 {
				sid += "x" + strconv.Itoa(j+1)
			}
			likes := map[string]words{"sts:SourceIdentity": {sourceIdentity}, tagGrant: {"?*"}, tagSlot: {"?*"}}
			if len(slots) == 0 {
				delete(likes, tagSlot)
			}
			subjects := each(names(doors), func(name string) string { return b.Cell.Origin + "/" + name })
			all = append(all, statement{
				Sid: sid, Effect: allow, Principal: k.principal, Action: words{k.action},
				Condition: condition{"StringEquals": k.says(sorted(subjects), map[string]words{tagStrength: sorted(doors[0].Strengths)}), "StringLike": likes},
			})
		}
	}
	tagged := map[string]words{tagStrength: sorted(strong), tagSlot: sorted(slots)}
	if len(slots) == 0 {
		delete(tagged, tagSlot)
	}
	return document(append(all,
		statement{
			Sid: "Tags", Effect: allow, Principal: b.callers(), Action: words{"sts:TagSession"},
			Condition: condition{
				"StringEquals":            tagged,
				"ForAllValues:StringLike": {"aws:TagKeys": {prefix + "*"}},
			},
		},
		statement{
			Sid: "Source", Effect: allow, Principal: b.callers(), Action: words{"sts:SetSourceIdentity"},
			Condition: condition{"StringLike": {"sts:SourceIdentity": {sourceIdentity}}},
		})...)
}

// alike puts doors together that take the same strengths.
func alike(doors []Door) (all [][]Door) {
	for _, door := range doors {
		i := slices.IndexFunc(all, func(same []Door) bool { return slices.Equal(same[0].Strengths, door.Strengths) })
		if i < 0 {
			all = append(all, []Door{door})
			continue
		}
		all[i] = append(all[i], door)
	}
	return all
}

func names(doors []Door) (all []string) {
	for _, door := range doors {
		all = append(all, door.Scenario+"/"+door.Target)
	}
	return all
}

// Boundary is what bounds the role, whatever its policy or a session says: the
// guard rails that hold, and its regions and networks where those are the same
// for every grant. Calls that a service makes for the session come from the
// service's addresses.
func (b *Blueprint) Boundary(r Role) []byte {
	all := append([]statement{{Sid: "RestIsForThePolicy", Effect: allow, Action: words{"*"}, Resource: words{"*"}}}, b.rails(r.WithoutRails)...)
	return document(append(all, b.limits(r)...)...)
}

// limits are the regions and networks of a role.
func (b *Blueprint) limits(r Role) (all []statement) {
	if len(r.Regions) > 0 {
		all = append(all, statement{
			Sid: "OnlyInRegions", Effect: deny, NotAction: access.GlobalActions, Resource: words{"*"},
			Condition: condition{"StringNotEquals": {"aws:RequestedRegion": r.Regions}},
		})
	}
	if len(r.Networks) > 0 {
		all = append(all, statement{
			Sid: "OnlyFromNetworks", Effect: deny, Action: words{"*"}, Resource: words{"*"},
			Condition: condition{"NotIpAddress": {"aws:SourceIp": r.Networks}, "BoolIfExists": {"aws:ViaAWSService": {"false"}}},
		})
	}
	return all
}

// ConsoleTrust is the trust of every console fall-back role: users of the
// account itself, with AWS's own second factor given within the hour, and no
// role. Who may do so is said by the policies of those users. There is no source
// identity to ask for: the console cannot give one.
func (b *Blueprint) ConsoleTrust() []byte {
	return document(statement{
		Sid: "UsersWithSecondFactor", Effect: allow, Principal: principal{"AWS": {b.iam("root")}}, Action: words{"sts:AssumeRole"},
		Condition: condition{
			"Bool":            {"aws:MultiFactorAuthPresent": {"true"}},
			"NumericLessThan": {"aws:MultiFactorAuthAge": {"3600"}},
			"StringEquals":    {"aws:PrincipalType": {"User"}},
		},
	})
}

// ReachConsole is what lets a user reach a console role: to be given to the
// users of the envelopes, and to nobody else.
func (b *Blueprint) ReachConsole(r Role) []byte {
	return document(statement{
		Sid: "ReachConsoleRole", Effect: allow, Action: words{"sts:AssumeRole"}, Resource: words{b.roleARN(ConsoleName(r.Name))},
		Condition: condition{"Bool": {"aws:MultiFactorAuthPresent": {"true"}}},
	})
}

// StopSlot denies everything to the sessions in a slot. Attached to a role it
// ends them, typically within minutes, and no other.
func StopSlot(slot int) []byte {
	k := strconv.Itoa(slot)
	return document(statement{
		Sid: "StopSlot" + k, Effect: deny, Action: words{"*"}, Resource: words{"*"},
		Condition: condition{"StringEquals": {"aws:PrincipalTag/halligan-slot": {k}}},
	})
}

// StopAll denies everything. People attach it by hand, to end whatever a role is
// used for.
func StopAll() []byte {
	return document(statement{Sid: "StopAll", Effect: deny, Action: words{"*"}, Resource: words{"*"}})
}

// StopperTrust lets Halligan's server be the stopper, and nobody else.
func (b *Blueprint) StopperTrust() []byte {
	var all []statement
	for i, k := range b.keepers() {
		all = append(all, statement{
			Sid: "Server" + strconv.Itoa(i+1), Effect: allow, Principal: k.principal, Action: words{k.action, "sts:SetSourceIdentity"},
			Condition: condition{
				"StringEquals": k.says(words{b.Cell.Origin + "/stopper"}, nil),
				"StringLike":   {"sts:SourceIdentity": {sourceIdentity}},
			},
		})
	}
	return document(all...)
}

// StopperPolicy is all that the stopper may do: put the stop slots of a role on
// that role and take them off, see which are on it, and end Systems Manager
// sessions of Halligan's where a role may begin them.
func (b *Blueprint) StopperPolicy() []byte {
	var all []statement
	var watched []string
	sessions := false
	for i, r := range b.Roles {
		watched = append(watched, b.roleARN(r.Name))
		sessions = sessions || r.Sessions
		all = append(all, statement{
			Sid: "Stop" + strconv.Itoa(i+1), Effect: allow, Action: words{"iam:AttachRolePolicy", "iam:DetachRolePolicy"},
			Resource:  words{b.roleARN(r.Name)},
			Condition: condition{"ArnLike": {"iam:PolicyARN": b.slotPatterns(r)}},
		})
	}
	all = append(all, statement{Sid: "See", Effect: allow, Action: words{"iam:ListAttachedRolePolicies"}, Resource: sorted(watched)})
	if sessions {
		all = append(all,
			statement{Sid: "SeeSessions", Effect: allow, Action: words{"ssm:DescribeSessions"}, Resource: words{"*"}},
			statement{
				Sid: "EndSessions", Effect: allow, Action: words{"ssm:TerminateSession"},
				Resource: words{"arn:" + b.Account.Partition + ":ssm:*:" + b.Account.Number + ":session/hg-*"},
			})
	}
	return document(all...)
}

// slotPatterns match the slots of a role, and no other policy of this name: two
// patterns at most, so that the policy of many roles stays short.
func (b *Blueprint) slotPatterns(r Role) words {
	of := prefix + "stop-slot-" + r.Name + "-"
	patterns := []string{b.policyARN(of + "?")}
	if r.Slots > 9 {
		patterns = append(patterns, b.policyARN(of+"10"))
	}
	return patterns
}

// clean is a text that may stand in a description of AWS: Latin letters, on one
// line, and no longer than a limit.
func clean(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r > 0x7e:
			return -1
		}
		return r
	}, text)
	if len(text) > limit {
		return strings.TrimSpace(text[:limit])
	}
	return text
}
