package cli

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// aws is what a cell has to do with AWS.
func (s *sheet) aws(of *cell.AWS) {
	s.items("Issuers of tokens for AWS:", of.Issuers)
	var keys, accounts []string
	for i, key := range of.Keys {
		when := "signs now"
		if i > 0 {
			when = "is next"
		}
		keys = append(keys, key.ID+" "+when)
	}
	for i := range of.Accounts {
		accounts = append(accounts, accountText(&of.Accounts[i]))
	}
	s.items("Keys of the issuer:", keys)
	s.items("AWS accounts:", accounts)
	if of.Organization != "" {
		s.items("Organisation:", []string{"the server may read it from account " + of.Organization + ", by the reader there"})
	}
	if c := of.Center; c != nil {
		center := []string{fmt.Sprintf("instance %s, store %s, in %s, administered from account %s; people sign in at %s", c.Instance, c.Store, c.Region, c.Account, c.Portal)}
		if c.Denial != "" {
			center = append(center, "sessions of ended grants are denied by "+c.Denial+", which the server may write: whoever has its keys can lock everybody out of the accounts that it is attached to")
		}
		s.items("IAM Identity Center:", center)
	}
}

func accountText(a *cell.Account) string {
	text := fmt.Sprintf("%s is %s in %s; its sessions are asked for in %s", a.ID, a.Account, a.In(), both(a.Regions))
	if a.Door != "" {
		text += "; its roles are taken by an external id, with the credentials of " + a.Base
	}
	if a.Reader {
		text += "; the server may read IAM there"
	}
	if a.Management {
		text += "; it is the management account, which no service control policy binds"
	}
	if a.Other != "" {
		text += "; another way in: " + a.Other
	}
	return text
}

// roles says of each role, permission set and document of a scenario what its opening does not: the very
// documents that are signed, statement by statement.
func roles(of *access.Scenario) (lines []string) {
	for _, open := range of.Opens {
		if set := open.IdentityCenter; set != nil {
			lines = append(lines, fmt.Sprintf("%s is the permission set %s, whose sessions last up to %s", set.Name, set.ARN, set.Session))
		}
		if document := open.Automation; document != nil {
			lines = append(lines, fmt.Sprintf("%s is version %d of the document %s, whose content has the digest sha256:%s; it acts as the role %s", document.Name, document.Version, document.Document, document.Digest, document.Role))
		}
		role := open.AWS
		if role == nil {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s is probed by %s; %d grants of it can be stopped each by itself", role.Name, role.Probe.IAM(), role.SlotCount()))
		lines = append(lines, statements(role.Name+" may at most: ", role.Policy)...)
		if role.Session != "" {
			lines = append(lines, statements("each session of "+role.Name+" is narrowed to: ", role.Session)...)
		}
	}
	return lines
}

func statements(prefix, policy string) (lines []string) {
	document, err := access.DecodeIAM(policy)
	if err != nil {
		return []string{prefix + "a policy that cannot be read"}
	}
	for _, statement := range document.Statement {
		lines = append(lines, prefix+string(canon.MustEncode(statement)))
	}
	return lines
}
