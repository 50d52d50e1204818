package blueprint

// resource is one thing of an AWS account, in the form that CloudFormation gives
// it. Terraform's files are made from it too.
type resource struct {
	id    string // within its file: letters and digits
	kind  string // such as AWS::IAM::Role
	note  string
	props object
	after []string // ids of what must be there before it
	only  string   // condition of the template under which it is there
}

// The kinds.
const (
	kindProvider  = "AWS::IAM::OIDCProvider"
	kindPolicy    = "AWS::IAM::ManagedPolicy"
	kindRole      = "AWS::IAM::Role"
	kindGroup     = "AWS::IAM::Group"
	kindUser      = "AWS::IAM::User"
	kindTopic     = "AWS::SNS::Topic"
	kindTopicRule = "AWS::SNS::TopicPolicy"
	kindSend      = "AWS::SNS::Subscription"
	kindRule      = "AWS::Events::Rule"
	kindBus       = "AWS::Events::EventBus"
	kindArchive   = "AWS::Events::Archive"
	kindAlarm     = "AWS::CloudWatch::Alarm"
	kindDashboard = "AWS::CloudWatch::Dashboard"
	kindDocument  = "AWS::SSM::Document"
)

// idOf makes an id of a name: AWS takes letters and digits there.
func idOf(parts ...string) string {
	var id []byte
	for _, part := range parts {
		up := true
		for _, c := range []byte(part) {
			switch {
			case 'a' <= c && c <= 'z' && up:
				id = append(id, c-'a'+'A')
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
				id = append(id, c)
			default:
				up = true
				continue
			}
			up = false
		}
	}
	return string(id)
}

// tags mark what is Halligan's, and of which cell.
func (b *Blueprint) tags() list {
	return list{object{{name: "Key", value: "halligan-cell"}, {name: "Value", value: b.Cell.Origin}}}
}

// standing are the account's resources of IAM, which has no region, and what
// gathers the events of all regions.
func (b *Blueprint) standing() []resource {
	all := b.keeping()
	if !b.opened() {
		return all
	}
	for i, issuer := range b.issuers() {
		all = append(all, resource{
			id: "Issuer" + digits(i+1), kind: kindProvider,
			note: "Whose tokens the roles believe. AWS fetches the keys from there; there is no secret of AWS on Halligan's side.",
			props: object{
				{name: "Url", value: issuer}, {name: "ClientIdList", value: texts(audience)}, {name: "Tags", value: b.tags()},
			},
		})
	}
	for _, r := range b.Roles {
		all = append(all, b.emergencyRole(r)...)
	}
	for _, w := range b.Ways {
		all = append(all, b.way(w))
	}
	all = append(all, resource{
		id: "StopAll", kind: kindPolicy, note: "Attached by hand to a role, it ends everything that the role is used for.",
		props: b.managed(StopAllName, "Denies everything. Attach it to a role to stop it by hand.", StopAll()),
	})
	if len(b.Roles) > 0 {
		all = append(all, b.stopperRole())
	}
	if b.assigning() {
		all = append(all, b.centerRole())
	}
	if b.reads() {
		all = append(all, b.readerRole()...)
	}
	if b.executing() {
		all = append(all, b.executorRoles()...)
	}
	if b.denying() {
		all = append(all, b.denialRole())
	}
	return append(all, b.gathering()...)
}

func (b *Blueprint) stopperRole() resource {
	return resource{
		id: "Stopper", kind: kindRole, after: b.issuerIDs(),
		note: "Halligan's server as the stopper: it can put stop slots on roles and take them off, and nothing else.",
		props: object{
			{name: "RoleName", value: StopperName}, {name: "Description", value: "Halligan puts stop slots on emergency roles and takes them off."},
			{name: "MaxSessionDuration", value: 3600}, {name: "AssumeRolePolicyDocument", value: parsed(b.StopperTrust())},
			{name: "Policies", value: list{inline("halligan-stopper", b.StopperPolicy())}}, {name: "Tags", value: b.tags()},
		},
	}
}

func (b *Blueprint) issuerIDs() (ids []string) {
	for i := range b.issuers() {
		ids = append(ids, "Issuer"+digits(i+1))
	}
	return ids
}

// emergencyRole is a role with what bounds and stops it, and its console role.
func (b *Blueprint) emergencyRole(r Role) []resource {
	id := idOf(r.Name)
	all := []resource{{
		id: id + "Boundary", kind: kindPolicy,
		note:  "Guard rails of " + r.Name + ": whatever its policy allows, these hold" + without(r) + ".",
		props: b.managed(BoundaryName(r.Name), "Guard rails of an emergency role.", b.Boundary(r)),
	}}
	for k := range r.Slots {
		note := ""
		if k == 0 {
			note = "Stop slots of " + r.Name + ", attached to nothing on calm days: each ends the sessions of one grant."
		}
		all = append(all, resource{
			id: id + "StopSlot" + digits(k+1), kind: kindPolicy, note: note,
			props: b.managed(SlotName(r.Name, k+1), "Denies everything to the sessions in slot "+digits(k+1)+".", StopSlot(k+1)),
		})
	}
	all = append(all, resource{
		id: id, kind: kindRole, after: append(b.issuerIDs(), id+"Boundary"),
		note: "The emergency role " + r.Name + ", opened by " + both(names(r.Doors)) + ": " + clean(r.Allows, 400),
		props: object{
			{name: "RoleName", value: r.Name}, {name: "Description", value: clean("Emergency: "+r.Allows, 1000)}, {name: "MaxSessionDuration", value: 3600},
			{name: "PermissionsBoundary", value: b.policyARN(BoundaryName(r.Name))},
			{name: "AssumeRolePolicyDocument", value: parsed(b.TrustPolicy(r)), note: "Only a token for one of its scenarios, that names a grant, its slot and how the requester signed."},
			{name: "Policies", value: b.inlines(r), note: "The most that its scenarios allow, each session being narrower still, and what no session may share."},
			{name: "Tags", value: b.tags()},
		},
	})
	if r.Console {
		all = append(all, b.consoleRole(r)...)
	}
	return all
}

func (b *Blueprint) consoleRole(r Role) []resource {
	id := idOf(r.Name)
	return []resource{{
		id: id + "Console", kind: kindRole, after: []string{id + "Boundary"},
		note: "What people fall back to when Halligan is not there: by signing in as a user of this account with a second factor, and switching role. " +
			"No source identity can be given there, so that it cannot be the role above.",
		props: object{
			{name: "RoleName", value: ConsoleName(r.Name)}, {name: "Description", value: clean("Fall-back in the console: "+r.Allows, 1000)},
			{name: "MaxSessionDuration", value: 3600}, {name: "PermissionsBoundary", value: b.policyARN(BoundaryName(r.Name))},
			{name: "AssumeRolePolicyDocument", value: parsed(b.ConsoleTrust())},
			{name: "Policies", value: b.inlines(r)}, {name: "Tags", value: b.tags()},
		},
	}, {
		id: id + "Reach", kind: kindPolicy, note: "Attach this to the users whose passwords are in envelopes, and to nobody else.",
		props: b.managed(reachName(r.Name), "Lets a user switch to "+ConsoleName(r.Name)+".", b.ReachConsole(r)),
	}}
}

// reachName is the policy that lets a user switch to the console role of a role.
func reachName(role string) string { return prefix + "reach-" + ConsoleName(role) }

// without names the guard rails that do not hold.
func without(r Role) string {
	if len(r.WithoutRails) == 0 {
		return ""
	}
	return ", but not " + both(r.WithoutRails) + ", which its scenarios leave out"
}

// both is a list as people read it.
func both(all []string) string {
	text := ""
	for i, one := range all {
		switch {
		case i == 0:
		case i == len(all)-1:
			text += " and "
		default:
			text += ", "
		}
		text += one
	}
	return text
}

func (b *Blueprint) managed(name, about string, policy []byte) object {
	return object{{name: "ManagedPolicyName", value: name}, {name: "Description", value: about}, {name: "PolicyDocument", value: parsed(policy)}}
}

func inline(name string, policy []byte) object {
	return object{{name: "PolicyName", value: name}, {name: "PolicyDocument", value: parsed(policy)}}
}
