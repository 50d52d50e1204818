package blueprint

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// DenialName is the role that writes the policy of denials, in the account from which
// Identity Center is administered, and the name of that policy.
const DenialName = "halligan-denial"

// Denied is somebody whose sessions by a permission set are denied in an account.
type Denied struct {
	Partition, Account string // the account's number
	Set                string // name of the permission set
	User               string // id in the identity store
}

const (
	denialSid = "HalliganDenial"
	// nobody is the user of the statement that is always there, since no policy may be
	// empty: an id that no identity store gives.
	nobody = "00000000-0000-0000-0000-000000000000"
)

// Denial is the service control policy that denies everything to some for a cell, as one
// line of canonical JSON, and how many of them it has room for: those from the first on. It
// bears a digest of itself and the cell's origin, so that what somebody else wrote into it
// shows, another cell too.
func Denial(origin string, all []Denied) (content []byte, fits int) {
	content = denial(origin, nil)
	for n := 1; n <= len(all); n++ {
		longer := denial(origin, all[:n])
		if len(longer) > scpLongest {
			break
		}
		content, fits = longer, n
	}
	return content, fits
}

func denial(origin string, all []Denied) []byte {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Denied) int {
		return cmp.Or(strings.Compare(a.role(), b.role()), strings.Compare(a.User, b.User))
	})
	statements := []statement{{
		Sid: denialSid, Effect: deny, Action: words{"*"}, Resource: words{"*"},
		Condition: condition{"StringEquals": {userKey: {nobody}}},
	}}
	for i := 0; i < len(all); {
		role, users := all[i].role(), []string{}
		for ; i < len(all) && all[i].role() == role; i++ {
			users = append(users, all[i].User)
		}
		statements = append(statements, statement{
			Effect: deny, Action: words{"*"}, Resource: words{"*"},
			Condition: condition{"ArnLike": {"aws:PrincipalArn": {role}}, "StringEquals": {userKey: sorted(users)}},
		})
	}
	return sealed(origin, document(statements...))
}

const userKey = "identitystore:userId"

// role matches the role that Identity Center makes of the permission set in the
// account, whatever its path and the end of its name.
func (d Denied) role() string {
	return "arn:" + d.Partition + ":iam::" + d.Account + ":role/*AWSReservedSSO_" + d.Set + "_*"
}

// sealed puts the digest of a cell's policy behind its Sid.
func sealed(origin string, content []byte) []byte {
	bare := []byte(`"Sid":"` + denialSid + `"`)
	digest := canon.Sum(slices.Concat([]byte("halligan denial\n"+origin+"\n"), content))
	return bytes.Replace(content, bare, []byte(`"Sid":"`+denialSid+digest.Short()+`"`), 1)
}

// ReadDenial reads what a policy of denials says, as one line of canonical JSON, and
// tells whether it is whole as Denial wrote it for the cell. That keeps nobody from forging it, who
// may write it anyway; it shows what people did to it by hand.
func ReadDenial(origin, content string) (line []byte, ours bool) {
	value := jsontext.Value(content)
	if len(content) > 2*scpLongest || value.Canonicalize() != nil {
		return nil, false
	}
	line = value
	_, rest, found := bytes.Cut(line, []byte(`"Sid":"`+denialSid))
	digest, _, closed := bytes.Cut(rest, []byte(`"`))
	if !found || !closed || len(digest) != 16 {
		return line, false
	}
	bare := bytes.Replace(line, append([]byte(denialSid), digest...), []byte(denialSid), 1)
	return line, bytes.Equal(sealed(origin, bare), line)
}

// denying tells whether the account has the role that writes the policy of denials.
func (b *Blueprint) denying() bool { return b.assigning() && b.Cell.Center.Denial != "" }

// DenialTrust lets Halligan's server write the policy of denials, and nobody else.
func (b *Blueprint) DenialTrust() []byte { return b.serverTrust("denial") }

// DenialPolicy is all that the role may do: read one policy of the organisation and
// write it. It can attach none, detach none, and make none.
func (b *Blueprint) DenialPolicy() []byte {
	return document(statement{Sid: "Deny", Effect: allow, Action: denialActions, Resource: words{b.Cell.Center.Denial}})
}

var denialActions = words{"organizations:DescribePolicy", "organizations:UpdatePolicy"}

// delegation is the statement by which the management account lets the role do that:
// one of the organisation's resource policy.
func (b *Blueprint) delegation() []byte {
	return document(statement{
		Sid: denialSid, Effect: allow, Principal: principal{"AWS": {b.iam("root")}}, Action: denialActions, Resource: words{b.Cell.Center.Denial},
		Condition: condition{"ArnEquals": {"aws:PrincipalArn": {b.roleARN(DenialName)}}},
	})
}

func (b *Blueprint) denialRole() resource {
	return resource{
		id: "Denial", kind: kindRole, after: b.issuerIDs(),
		note: "Halligan's server at the organisation: it can read and write the one policy that denies people's sessions when their grants are over, and nothing else.",
		props: object{
			{name: "RoleName", value: DenialName}, {name: "Description", value: "Halligan denies sessions of IAM Identity Center when grants are over."},
			{name: "MaxSessionDuration", value: 3600}, {name: "AssumeRolePolicyDocument", value: parsed(b.DenialTrust())},
			{name: "Policies", value: list{inline(DenialName, b.DenialPolicy())}}, {name: "Tags", value: b.tags()},
		},
	}
}

// denialSizes are what AWS limits of the role.
func (b *Blueprint) denialSizes() []Size {
	return []Size{
		{"role " + DenialName + ": characters of its trust policy", len(b.DenialTrust()), trustLongest},
		{"role " + DenialName + ": characters of its inline policy", len(b.DenialPolicy()), access.RolePolicyLongest},
	}
}

// denialFiles are the policy of denials as it begins, where a cell has an Identity
// Center, and what lets the role write it, once its ARN is known.
func denialFiles(all []*Blueprint) []File {
	var files []File
	if i := slices.IndexFunc(all, func(b *Blueprint) bool { return b.Cell.Center != nil }); i >= 0 {
		files = append(files, File{DenialName + ".json", indented(denial(all[i].Cell.Origin, nil))})
	}
	for _, b := range all {
		if b.denying() {
			files = append(files, File{DenialName + "-delegation.json", indented(b.delegation())})
		}
	}
	return files
}
