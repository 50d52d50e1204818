package blueprint

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
)

// IAMLimit is the length in bytes of the longest answer of IAM that is read.
const IAMLimit = 64 << 20

// iamAccount is what GetAccountAuthorizationDetails answers, as far as it is
// looked at.
type iamAccount struct {
	Roles    []iamRole   `json:"RoleDetailList"`
	Groups   []iamGroup  `json:"GroupDetailList"`
	Users    []iamUser   `json:"UserDetailList"`
	Policies []iamPolicy `json:"Policies"`
	Marker   string      `json:"Marker"`
}

type iamRole struct {
	Name     string        `json:"RoleName"`
	ARN      string        `json:"Arn"`
	Trust    any           `json:"AssumeRolePolicyDocument"`
	Inline   []iamInline   `json:"RolePolicyList"`
	Attached []iamAttached `json:"AttachedManagedPolicies"`
	Boundary iamBoundary   `json:"PermissionsBoundary"`
}

type iamBoundary struct {
	ARN string `json:"PermissionsBoundaryArn"`
}

type iamUser struct {
	Name     string        `json:"UserName"`
	ARN      string        `json:"Arn"`
	Groups   []string      `json:"GroupList"`
	Inline   []iamInline   `json:"UserPolicyList"`
	Attached []iamAttached `json:"AttachedManagedPolicies"`
	Boundary iamBoundary   `json:"PermissionsBoundary"`
}

type iamGroup struct {
	Name     string        `json:"GroupName"`
	Inline   []iamInline   `json:"GroupPolicyList"`
	Attached []iamAttached `json:"AttachedManagedPolicies"`
}

type iamInline struct {
	Name     string `json:"PolicyName"`
	Document any    `json:"PolicyDocument"`
}

type iamAttached struct {
	ARN string `json:"PolicyArn"`
}

type iamPolicy struct {
	ARN      string `json:"Arn"`
	Name     string `json:"PolicyName"`
	Versions []struct {
		Document any  `json:"Document"`
		Default  bool `json:"IsDefaultVersion"`
	} `json:"PolicyVersionList"`
}

// IAM is what an account's IAM itself says: the answer of
// `aws iam get-account-authorization-details`, whole. It shows roles, groups and
// policies as they are now, whatever any template says.
func IAM(data []byte) (Deployed, error) {
	if len(data) > IAMLimit {
		return Deployed{}, fmt.Errorf("the answer of IAM has %d bytes, at most %d", len(data), IAMLimit)
	}
	var a iamAccount
	if err := json.Unmarshal(data, &a); err != nil {
		return Deployed{}, fmt.Errorf("cannot read the answer of IAM: %w", err)
	}
	if a.Marker != "" {
		return Deployed{}, errors.New("the answer of IAM is not whole: it has a Marker; let the AWS command line put its pages together")
	}
	if a.Roles == nil && a.Policies == nil {
		return Deployed{}, errors.New("this is no answer of get-account-authorization-details: RoleDetailList and Policies are not there")
	}
	d := Deployed{shows: []string{kindRole, kindGroup, kindPolicy}}
	for _, r := range a.Roles {
		if parts := strings.Split(r.ARN, ":"); len(parts) > 4 {
			d.account = parts[4]
		}
		props := map[string]any{
			"AssumeRolePolicyDocument": decoded(r.Trust), "PermissionsBoundary": r.Boundary.ARN, "Policies": inlines(r.Inline), "ManagedPolicyArns": arns(r.Attached),
		}
		d.found = append(d.found, found{kind: kindRole, name: r.Name, props: props, part: true})
	}
	for _, g := range a.Groups {
		props := map[string]any{"Policies": inlines(g.Inline), "ManagedPolicyArns": arns(g.Attached)}
		d.found = append(d.found, found{kind: kindGroup, name: g.Name, props: props, part: true})
	}
	d.act(a)
	for _, p := range a.Policies {
		if strings.HasPrefix(p.ARN, "arn:") && strings.Contains(p.ARN, ":iam::aws:") {
			continue // one of AWS's own
		}
		if p.Name == "" {
			p.Name = p.ARN[strings.LastIndexByte(p.ARN, '/')+1:]
		}
		for _, version := range p.Versions {
			if version.Default {
				d.found = append(d.found, found{kind: kindPolicy, name: p.Name, props: map[string]any{"PolicyDocument": decoded(version.Document)}, part: true})
			}
		}
	}
	return d, nil
}

// act takes down who acts in the account, and what their policies say.
func (d *Deployed) act(a iamAccount) {
	d.peopled = a.Users != nil
	if !d.peopled {
		return
	}
	managed, groups := map[string][]permission{}, map[string]iamGroup{}
	for _, p := range a.Policies {
		for _, version := range p.Versions {
			if version.Default {
				managed[p.ARN] = permissions(decoded(version.Document))
			}
		}
	}
	for _, g := range a.Groups {
		groups[g.Name] = g
	}
	take := func(i *identity, inline []iamInline, attached []iamAttached) {
		for _, one := range inline {
			i.says = append(i.says, permissions(decoded(one.Document))...)
		}
		for _, one := range attached {
			said, shown := managed[one.ARN]
			if !shown {
				i.unread = append(i.unread, one.ARN)
			}
			i.says, i.attached = append(i.says, said...), append(i.attached, one.ARN)
		}
	}
	bound := func(i *identity, by iamBoundary) {
		said, shown := managed[by.ARN]
		if i.bounds, i.bounded = said, by.ARN != "" && shown; by.ARN != "" && !shown {
			i.unread = append(i.unread, by.ARN)
		}
	}
	for _, r := range a.Roles {
		i := identity{name: r.Name, arn: r.ARN, trust: permissions(decoded(r.Trust))}
		take(&i, r.Inline, r.Attached)
		bound(&i, r.Boundary)
		d.identities = append(d.identities, i.known())
	}
	for _, u := range a.Users {
		i := identity{name: u.Name, arn: u.ARN, user: true}
		take(&i, u.Inline, u.Attached)
		for _, name := range u.Groups {
			take(&i, groups[name].Inline, groups[name].Attached)
		}
		bound(&i, u.Boundary)
		d.identities = append(d.identities, i.known())
	}
}

func inlines(all []iamInline) []any {
	made := []any{}
	for _, one := range all {
		made = append(made, map[string]any{"PolicyName": one.Name, "PolicyDocument": decoded(one.Document)})
	}
	return made
}

func arns(all []iamAttached) []any {
	made := []any{}
	for _, one := range all {
		made = append(made, one.ARN)
	}
	return made
}

// decoded is a policy document as a value: the API sends it as text in the form
// of a URL, the command line as JSON.
func decoded(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if strings.HasPrefix(text, "%") {
		if plainText, err := url.PathUnescape(text); err == nil {
			text = plainText
		}
	}
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return value
	}
	return document
}
