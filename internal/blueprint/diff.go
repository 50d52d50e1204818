package blueprint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Deployed is what was found of an account: the resources of templates, or what
// IAM itself says.
type Deployed struct {
	found   []found
	shows   []string // kinds that it would show; none means all
	account string   // number of the account that said so; empty where none is named

	identities []identity // users and roles, with what they may
	peopled    bool       // users were asked for
}

// Provider is an identity provider that an account believes.
type Provider struct {
	URL       string // without https://
	Audiences []string
}

// Believing is what was found, and all identity providers of OpenID Connect.
func (d Deployed) Believing(all []Provider) Deployed {
	d.found, d.shows = slices.Clone(d.found), append(slices.Clone(d.shows), kindProvider)
	for _, p := range all {
		url := "https://" + p.URL
		d.found = append(d.found, found{kind: kindProvider, name: url, props: map[string]any{"Url": url, "ClientIdList": anys(p.Audiences)}, part: true})
	}
	return d
}

func anys(all []string) []any {
	made := []any{}
	for _, one := range all {
		made = append(made, one)
	}
	return made
}

// found is one resource that is there, or that should be.
type found struct {
	kind, name string
	props      map[string]any
	part       bool // nothing is said of members that it does not have
}

// Difference is one thing that is not as the blueprint has it.
type Difference struct {
	Account string `json:"account"`
	Kind    string `json:"kind"` // missing, unknown or differs
	What    string `json:"what"` // such as role EmergencyDatabase
	Text    string `json:"text"` // in words
	Part    Part   `json:"-"`
}

// Part is what of an account a difference is of.
type Part string

// The parts.
const (
	PartSlots Part = "slots" // stop slots, or what is attached to a role
	PartRails Part = "rails" // permissions boundaries, and what no session may share
	PartTrust Part = "trust" // who comes in: roles, their trust, identity providers
	PartRest  Part = "rest"
)

// partOf tells what a difference is of; member is the first word of what differs.
func partOf(of found, member string) Part {
	switch {
	case of.kind == kindPolicy && strings.HasPrefix(of.name, prefix+"stop-") || member == memberWord("ManagedPolicyArns"):
		return PartSlots
	case of.kind == kindPolicy && strings.HasPrefix(of.name, prefix+"boundary-") || member == memberWord("PermissionsBoundary") || strings.Contains(member, sharingName):
		return PartRails
	case of.kind == kindProvider || of.kind == kindRole && of.name != forwarder && of.name != automationRole && (member == "" || strings.HasPrefix(member, memberWord("AssumeRolePolicyDocument"))):
		return PartTrust
	}
	return PartRest
}

// The kinds of differences.
const (
	Missing = "missing"
	Unknown = "unknown"
	Differs = "differs"
)

// kindWords are what people call the kinds, and the member that names one.
var kindWords = map[string]struct{ word, named string }{
	kindProvider: {"identity provider", "Url"}, kindPolicy: {"policy", "ManagedPolicyName"}, kindRole: {"role", "RoleName"},
	kindGroup: {"group", "GroupName"}, kindUser: {"user", "UserName"}, kindTopic: {"topic", "TopicName"}, kindTopicRule: {"policy of topics", ""},
	kindSend: {"subscription", "Protocol"}, kindRule: {"rule", "Name"}, kindBus: {"event bus", "Name"}, kindArchive: {"archive", "ArchiveName"},
	kindAlarm: {"alarm", "AlarmName"}, kindDashboard: {"dashboard", "DashboardName"}, kindDocument: {"document", "Name"},
}

// Templates is what decoded CloudFormation templates hold: of each, its members
// as JSON or YAML give them.
func Templates(templates []map[string]any) Deployed {
	var d Deployed
	for _, t := range templates {
		resources, _ := t["Resources"].(map[string]any)
		for id, value := range resources {
			r, _ := value.(map[string]any)
			kind, _ := r["Type"].(string)
			props, _ := r["Properties"].(map[string]any)
			name, _ := props[kindWords[kind].named].(string)
			if name == "" {
				name = id
			}
			d.found = append(d.found, found{kind: kind, name: name, props: props})
		}
	}
	return d
}

// approvals tells whether the documents of Systems Manager are meant to be there:
// one who does not want them deploys none.
func (d Deployed) approvals() bool {
	return slices.ContainsFunc(d.found, func(f found) bool {
		return f.kind == kindDocument || f.kind == kindRole && f.name == automationRole
	})
}

// Compare names what is deployed and is not as the blueprint has it, and what is
// not deployed. It fails when another account was asked.
func (b *Blueprint) Compare(d Deployed) ([]Difference, error) {
	if d.account != "" && d.account != b.Account.Number {
		return nil, fmt.Errorf("this is what account %s says, and %s is %s", d.account, b.Account.ID, b.Account.Number)
	}
	want, err := b.templates(d)
	if err != nil {
		return nil, err
	}
	var all []Difference
	say := func(kind string, of found, member, text string) {
		all = append(all, Difference{b.Account.ID, kind, of.words(), of.words() + " " + text, partOf(of, member)})
	}
	for _, w := range want.found {
		i := slices.IndexFunc(d.found, w.same)
		switch {
		case i >= 0:
			for _, one := range differences(w, d.found[i]) {
				say(Differs, w, one.member, one.text)
			}
		case d.would(w.kind):
			say(Missing, w, "", "is not deployed")
		}
	}
	for _, g := range d.found {
		if !slices.ContainsFunc(want.found, g.same) && b.ours(g) {
			say(Unknown, g, "", "is deployed, and is in no blueprint: delete it, or find out who made it")
		}
	}
	slices.SortFunc(all, func(x, y Difference) int { return compare(x.What+"\x00"+x.Text, y.What+"\x00"+y.Text) })
	return slices.Compact(all), nil
}

// templates are what should be there, in the form in which it is found.
func (b *Blueprint) templates(d Deployed) (Deployed, error) {
	wanted := append(b.standing(), b.watching()...)
	if d.approvals() {
		all, err := b.Approvals()
		if err != nil {
			return Deployed{}, err
		}
		wanted = append(wanted, b.approvalResources(all)...)
	}
	resources := map[string]any{}
	for _, r := range wanted {
		resources[r.id] = plain(r.cloudFormation())
	}
	return Templates([]map[string]any{{"Resources": resources}}), nil
}

func (f found) same(other found) bool { return f.kind == other.kind && f.name == other.name }

func (f found) words() string {
	word := kindWords[f.kind].word
	if word == "" {
		word = f.kind
	}
	return word + " " + f.name
}

// ours tells whether something that no blueprint has is Halligan's all the same:
// it bears its name, it believes the cell's issuers, or it stands in a template
// that was given to be compared.
func (b *Blueprint) ours(f found) bool {
	if !f.part || strings.HasPrefix(f.name, prefix) {
		return true
	}
	trust := fmt.Sprint(f.props["AssumeRolePolicyDocument"])
	return slices.ContainsFunc(b.Cell.Issuers, func(issuer string) bool { return strings.Contains(trust, "oidc-provider/"+issuerHost(issuer)) })
}

func (d Deployed) would(kind string) bool { return len(d.shows) == 0 || slices.Contains(d.shows, kind) }

// difference is one in words, and the member that it is of.
type difference struct{ member, text string }

// differences says in words how what is there is not what should be.
func differences(want, got found) (all []difference) {
	w, g := map[string][]string{}, map[string][]string{}
	for name, value := range want.props {
		if _, there := got.props[name]; there || !got.part {
			flatten(w, memberWord(name), value)
		}
	}
	for name, value := range got.props {
		flatten(g, memberWord(name), value)
	}
	say := func(member, format string, args ...any) {
		all = append(all, difference{member, fmt.Sprintf(format, args...)})
	}
	for path, values := range w {
		have, there := g[path]
		switch {
		case !there:
			say(path, "lacks %s: %s", path, shown(values))
		case len(values) == 1 && len(have) == 1 && values[0] != have[0]:
			say(path, "has %s: %s, and not %s", path, shown(have), shown(values))
		default:
			if lost := lacking(values, have); len(lost) > 0 {
				say(path, "lacks of %s: %s", path, shown(lost))
			}
			if more := lacking(have, values); len(more) > 0 {
				say(path, "has more of %s: %s", path, shown(more))
			}
		}
	}
	for path, values := range g {
		if _, there := w[path]; !there {
			say(path, "has %s besides: %s", path, shown(values))
		}
	}
	return all
}

func lacking(want, have []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(one string) bool { return slices.Contains(have, one) })
}

func shown(values []string) string {
	if len(values) > 6 {
		return both(each(values[:6], strconv.Quote)) + fmt.Sprintf(" and %d more", len(values)-6)
	}
	return both(each(values, strconv.Quote))
}

// memberWord is what people call a member of a resource.
func memberWord(name string) string {
	words := map[string]string{
		"AssumeRolePolicyDocument": "trust", "PolicyDocument": "document", "PermissionsBoundary": "permissions boundary", "Policies": "inline policy",
		"ManagedPolicyArns": "attached policies", "EventPattern": "pattern", "State": "state", "Targets": "target", "MaxSessionDuration": "longest session, in seconds",
		"Content": "content", "Statement": "statement", "Condition": "condition",
	}
	if word := words[name]; word != "" {
		return word
	}
	return name
}

// flatten gives each value a path that is read as words. Order of lists does not
// count, what has a name is found by it, and what is empty is not there.
func flatten(into map[string][]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			flatten(into, path+" "+memberWord(name), member)
		}
	case []any:
		for i, one := range v {
			o, ok := one.(map[string]any)
			if !ok {
				flatten(into, path, one)
				continue
			}
			flatten(into, path+" "+nameOf(o, i), o)
		}
	case nil:
	default:
		if text := fmt.Sprint(value); text != "" {
			into[path] = append(into[path], text)
		}
	}
}

// nameOf is what a member of a list is called, or its number.
func nameOf(o map[string]any, i int) string {
	for _, named := range []string{"Sid", "PolicyName", "Id", "Key", "name", "Name"} {
		if name, ok := o[named].(string); ok {
			return name
		}
	}
	return strconv.Itoa(i + 1)
}
