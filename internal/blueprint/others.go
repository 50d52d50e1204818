package blueprint

import (
	"slices"
	"strings"
)

// Others are those who could use the account's roles of Halligan, and whom no blueprint
// names. Service control policies are not weighed, which may keep them from it.
type Others struct {
	Trusted  []Other  // whom the trust of a role lets in besides
	Switch   []Other  // users who may switch to a console role, and are in no envelope
	Changing []Other  // whose policies let them change a role, or what bounds it or stops its sessions
	Unread   []string // ARNs of policies of somebody that the answer does not have: what they allow is not known
	Beyond   int      // roles of those that change, of which it was not followed who may take them
}

// Other is one of them.
type Other struct {
	Who   string   // such as user anna, role Admin, or as a trust policy names a principal
	Roles []string // by name
	How   string   // the first action that lets them
	Sure  bool     // no condition of a policy stands in between
	As    []string // roles that they take for it one after the other, by name; none: as themselves
}

// roleChangers are the actions by which a role becomes another's, or unbounded.
var roleChangers = []string{
	"iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary",
}

// policyChangers are those by which what bounds a role, or stops its sessions, says
// something else.
var policyChangers = []string{"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"}

var assuming = []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}

// identity is a user or a role that acts in the account.
type identity struct {
	name, arn string
	user      bool
	says      []permission
	trust     []permission // of a role
	bounds    []permission
	bounded   bool
	attached  []string // ARNs, those of its groups among them
	unread    []string // ARNs of its policies that were not shown
}

func (i identity) words() string {
	if i.user {
		return "user " + i.name
	}
	return "role " + i.name
}

// may weighs what its policies and its permissions boundary say together.
func (i identity) may(action, resource string) verdict {
	v := let(i.says, action, resource)
	if i.bounded {
		v = min(v, let(i.bounds, action, resource))
	}
	return v
}

// Others finds them in what IAM says. An answer without users is not judged.
func (b *Blueprint) Others(d Deployed) (o Others) {
	if !d.peopled {
		return o
	}
	o.Trusted = b.trusted(d)
	own, users := append(b.roleNames(), automationRole, forwarder), b.EmergencyUsers(d)
	var acting []identity
	for _, i := range d.identities {
		if !i.user && (slices.Contains(own, i.name) || strings.Contains(i.arn, ":role/aws-service-role/")) {
			continue
		}
		o.Unread = append(o.Unread, i.unread...)
		acting = append(acting, i)
		if reaches := b.reaches(i); reaches.How != "" && !slices.ContainsFunc(users, func(u EmergencyUser) bool { return i.user && u.Name == i.name }) {
			o.Switch = append(o.Switch, reaches)
		}
	}
	o.Unread = sorted(o.Unread)
	o.Changing, o.Beyond = b.changers(acting)
	return o
}

// trusted are the principals that the trust of a role names and the blueprint does not.
func (b *Blueprint) trusted(d Deployed) (all []Other) {
	wanted, err := b.templates(d)
	if err != nil {
		return nil // Compare says so
	}
	for _, want := range wanted.found {
		i := slices.IndexFunc(d.found, want.same)
		if want.kind != kindRole || i < 0 {
			continue
		}
		meant := letIn(want.props["AssumeRolePolicyDocument"])
		for _, who := range letIn(d.found[i].props["AssumeRolePolicyDocument"]) {
			if !slices.Contains(meant, who) {
				all = append(all, Other{Who: who, Roles: []string{want.name}, How: "trust", Sure: true})
			}
		}
	}
	return all
}

// letIn are the principals that a trust policy lets take a role, each once.
func letIn(trust any) []string {
	var all []string
	for _, p := range permissions(trust) {
		p.resources, p.conditioned = []string{"*"}, false // whoever it may be
		if !p.deny && slices.ContainsFunc(assuming, func(action string) bool { return p.bears(action, "*") == yes }) {
			all = append(all, p.principals...)
		}
	}
	return sorted(all)
}

// changing is what an identity may change of the account's roles.
func (b *Blueprint) changing(i identity) (o Other) {
	o.Who = i.words()
	note := func(role, action string, v verdict) {
		if v == no {
			return
		}
		if o.How == "" || v == yes && !o.Sure {
			o.How = action
		}
		o.Sure = o.Sure || v == yes
		if !slices.Contains(o.Roles, role) {
			o.Roles = append(o.Roles, role)
		}
	}
	for _, name := range b.roleNames() {
		for _, action := range roleChangers {
			note(name, action, i.may(action, b.roleARN(name)))
		}
	}
	holding := func(role, policy string) {
		for _, action := range policyChangers {
			note(role, action, i.may(action, b.policyARN(policy)))
		}
	}
	for _, r := range b.Roles {
		holding(r.Name, BoundaryName(r.Name))
		for k := range r.Slots {
			holding(r.Name, SlotName(r.Name, k+1))
		}
	}
	if b.reads() {
		holding(ReaderName, BoundaryName(ReaderName))
	}
	return o
}

// reaches is what a user may switch to in the console. A console role takes no role.
func (b *Blueprint) reaches(i identity) (o Other) {
	o.Who = i.words()
	for _, r := range b.Roles {
		if v := i.may("sts:AssumeRole", b.roleARN(ConsoleName(r.Name))); r.Console && i.user && v > no {
			o.How, o.Sure = "sts:AssumeRole", o.Sure || v == yes
			o.Roles = append(o.Roles, ConsoleName(r.Name))
		}
	}
	return o
}

// EmergencyUser is a user of the account who is there for emergencies: their key or
// password lies in an envelope, or they may switch to a console role by the policy that
// the blueprint has for it.
type EmergencyUser struct {
	Name      string
	Key       bool // an access key lies in an envelope
	Password  bool // a password does, or is what they sign in with to switch role
	Envelopes []string
}

// EmergencyUsers are those that the cell's envelopes name, and those that bear a policy
// to reach a console role, by name.
func (b *Blueprint) EmergencyUsers(d Deployed) (all []EmergencyUser) {
	of := func(name string) *EmergencyUser {
		i := slices.IndexFunc(all, func(u EmergencyUser) bool { return u.Name == name })
		if i < 0 {
			i, all = len(all), append(all, EmergencyUser{Name: name})
		}
		return &all[i]
	}
	for _, k := range b.Kept {
		switch c := k.Contents; {
		case c.AccessKey != nil:
			u := of(c.AccessKey.User)
			u.Key, u.Envelopes = true, append(u.Envelopes, k.Envelope)
		case c.Password != nil:
			u := of(c.Password.User)
			u.Password, u.Envelopes = true, append(u.Envelopes, k.Envelope)
		}
	}
	for _, r := range b.Roles {
		for _, i := range d.identities {
			if r.Console && i.user && slices.Contains(i.attached, b.policyARN(reachName(r.Name))) {
				of(i.name).Password = true
			}
		}
	}
	slices.SortFunc(all, func(x, y EmergencyUser) int { return strings.Compare(x.Name, y.Name) })
	return all
}
