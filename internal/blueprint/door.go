package blueprint

import (
	"maps"

	"github.com/halligan-dev/halligan/internal/access"
)

// keeper is who lets people in at an account's door, and how what they say is read.
type keeper struct {
	principal principal
	action    string
	audience  string // condition key of whom a token is for; empty: there is no token
	subject   string // condition key of what a session is for
}

// keepers are the cell's issuers, each by its tokens; or, where an account takes none,
// the server's own credentials, which say what for in the external id.
func (b *Blueprint) keepers() (all []keeper) {
	if b.byExternalID() {
		return []keeper{{principal{"AWS": {b.Account.Base}}, "sts:AssumeRole", "", "sts:ExternalId"}}
	}
	for _, issuer := range b.Cell.Issuers {
		host := issuerHost(issuer)
		all = append(all, keeper{principal{"Federated": {b.providerARN(issuer)}}, "sts:AssumeRoleWithWebIdentity", host + ":aud", host + ":sub"})
	}
	return all
}

func (b *Blueprint) byExternalID() bool { return b.Account.Door == access.DoorExternalID }

// says is what must hold of a session that is for any of some subjects.
func (k keeper) says(subjects words, also map[string]words) map[string]words {
	all := map[string]words{k.subject: subjects}
	if k.audience != "" {
		all[k.audience] = words{audience}
	}
	maps.Copy(all, also)
	return all
}

// callers are all keepers together.
func (b *Blueprint) callers() principal {
	if b.byExternalID() {
		return principal{"AWS": {b.Account.Base}}
	}
	return principal{"Federated": sorted(each(b.issuers(), b.providerARN))}
}

// issuers are those that the account believes.
func (b *Blueprint) issuers() []string {
	if b.byExternalID() {
		return nil
	}
	return b.Cell.Issuers
}

// BasePolicy is what the server's own role or user needs for the account, where its door
// is an external id: to take these roles, with tags and a source identity, and nothing else.
func (b *Blueprint) BasePolicy() []byte {
	var roles []string
	for _, r := range b.Roles {
		roles = append(roles, b.roleARN(r.Name))
	}
	for _, w := range b.Ways {
		roles = append(roles, b.roleARN(w.Name))
	}
	if len(b.Roles) > 0 {
		roles = append(roles, b.roleARN(StopperName))
	}
	if b.reads() {
		roles = append(roles, b.roleARN(ReaderName))
	}
	if b.executing() {
		roles = append(roles, b.roleARN(ExecutorName))
	}
	return document(statement{
		Sid: "TakeEmergencyRoles", Effect: allow, Action: words{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"}, Resource: sorted(roles),
	})
}
