package cell

import (
	"cmp"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// aws compares what the cell has to do with AWS. Another issuer or key widens:
// whoever has it can make tokens that the roles take.
func (c *comparing) aws(from, to *AWS) {
	d := Difference{About: "the token issuer", Of: "aws.issuers", kind: aboutIssuer}
	c.lists(d, from.Issuers, to.Issuers, Widens)
	if d.Bearing = Neutral; len(from.Issuers) == len(to.Issuers) && len(to.Issuers) > 1 && from.Issuers[0] == to.Issuers[1] && from.Issuers[1] == to.Issuers[0] {
		c.note(d, "%s is tried first now", to.Issuers[0])
	}
	d.Of = "aws.keys"
	c.lists(d, keyIDs(from.Keys), keyIDs(to.Keys), Widens)
	if len(from.Keys) > 0 && len(to.Keys) > 0 && from.Keys[0].ID != to.Keys[0].ID {
		c.note(d, "%s signs from now on", to.Keys[0].ID)
	}
	c.center(from.Center, to.Center)
	if from.Organization != to.Organization {
		d := Difference{About: "the organisation of AWS accounts", Of: "aws.organization", kind: aboutIssuer, Bearing: permits(to.Organization != "")}
		c.note(d, "is read from: %s becomes %s", cmp.Or(from.Organization, "nobody"), cmp.Or(to.Organization, "nobody"))
	}
	idOf := func(a Account) string { return a.ID }
	before, after := byID(from.Accounts, idOf), byID(to.Accounts, idOf)
	for _, id := range union(before, after) {
		d := Difference{About: "AWS account " + id, Within: id, kind: aboutAccount, Bearing: Widens}
		was, had := before[id]
		is, has := after[id]
		switch {
		case !had:
			d.Bearing = Neutral
			c.note(d, "is added: %s", is.Account)
		case !has:
			d.Bearing = Tightens
			c.note(d, "is removed")
		default:
			c.account(d, was, is)
		}
	}
}

func (c *comparing) account(d Difference, was, is Account) {
	differ := func(of string, bearing Bearing, before, after any) {
		if before != after {
			d.Of, d.Bearing = of, bearing
			c.note(d, "%v becomes %v", before, after)
		}
	}
	differ("account", Widens, was.In()+" "+was.Account, is.In()+" "+is.Account)
	differ("regions", Neutral, strings.Join(was.Regions, ", "), strings.Join(is.Regions, ", "))
	differ("management", Widens, was.Management, is.Management)
	differ("other_way", Neutral, was.Other, is.Other)
	differ("door", Widens, cmp.Or(was.Door, "web-identity"), cmp.Or(is.Door, "web-identity"))
	differ("base", Widens, cmp.Or(was.Base, "nobody"), cmp.Or(is.Base, "nobody"))
	differ("reader", permits(is.Reader), was.Reader, is.Reader)
	was.Account, was.Partition, was.Regions, was.Management, was.Other = is.Account, is.Partition, is.Regions, is.Management, is.Other
	was.Door, was.Base, was.Reader = is.Door, is.Base, is.Reader
	if d.Of = ""; !same(was, is) {
		c.other(d)
	}
}

// accountsNamed are the AWS accounts that a scenario names.
func accountsNamed(s *access.Scenario) (accounts []string) {
	for _, open := range s.Opens {
		if open.AWS != nil {
			accounts = append(accounts, open.AWS.Account)
		}
		if open.RootTask != nil {
			accounts = append(accounts, open.RootTask.Account, open.RootTask.Through)
		}
		if open.IdentityCenter != nil {
			accounts = append(accounts, open.IdentityCenter.Account)
		}
		if open.Automation != nil {
			accounts = append(accounts, open.Automation.Account)
		}
	}
	return accounts
}

func keyIDs(keys []IssuerKey) (ids []string) {
	for _, key := range keys {
		ids = append(ids, key.ID)
	}
	return ids
}

// role compares two versions of a role, member by member. A statement of a policy
// that comes or goes is told by its words; which of two opens more is not guessed.
func (c *comparing) role(d Difference, was, is *access.AWS) {
	of := d.Of
	differ := func(member string, bearing Bearing, before, after any) {
		if before != after {
			d.Of, d.Bearing = of+"."+member, bearing
			c.note(d, "%v becomes %v", before, after)
		}
	}
	differ("account", Widens, was.Account, is.Account)
	differ("role", Widens, was.Role, is.Role)
	differ("probe", Widens, was.Probe.IAM(), is.Probe.IAM())
	differ("console", permits(is.Console), was.Console, is.Console)
	differ("slots", Neutral, was.SlotCount(), is.SlotCount())
	differ("allows", Neutral, was.Allows, is.Allows)
	c.statements(d, of+".policy", was.Policy, is.Policy)
	switch d.Of = of + ".session_policy"; {
	case was.Session == is.Session:
	case was.Session == "":
		d.Bearing = Tightens
		c.note(d, "each session is narrowed now: %s", is.Session)
	case is.Session == "":
		d.Bearing = Widens
		c.note(d, "sessions are narrowed no more: %s", was.Session)
	default:
		c.statements(d, d.Of, was.Session, is.Session)
	}
	d.Of = of + ".regions"
	c.limits(d, was.Regions, is.Regions)
	d.Of = of + ".source_address"
	c.limits(d, was.Source, is.Source)
	d.Of = of + ".without_rails"
	c.lists(d, was.WithoutRails, is.WithoutRails, Widens)
	rest := *was
	rest.Account, rest.Role, rest.Probe, rest.Console, rest.Slots, rest.Allows = is.Account, is.Role, is.Probe, is.Console, is.Slots, is.Allows
	rest.Policy, rest.Session, rest.Regions, rest.Source, rest.WithoutRails = is.Policy, is.Session, is.Regions, is.Source, is.WithoutRails
	if d.Of = of; !same(rest, *is) {
		c.other(d)
	}
}

func permits(now bool) Bearing {
	if now {
		return Widens
	}
	return Tightens
}

// statements compares two policy documents, statement by statement.
func (c *comparing) statements(d Difference, of, from, to string) {
	before, after := statementsOf(from), statementsOf(to)
	for _, text := range union(before, after) {
		d.Of = of
		effect, had := before[text]
		_, has := after[text]
		switch {
		case had && has:
		case had:
			d.Bearing = opposite(effect)
			c.note(d, "no more: %s", text)
		default:
			d.Bearing = after[text]
			c.note(d, "new: %s", text)
		}
	}
	if d.Bearing = Neutral; from != to && slices.Equal(sortedKeys(before), sortedKeys(after)) {
		c.note(d, "is in another order, and says the same")
	}
}

// statementsOf are the statements of a document, each with what adding it does.
func statementsOf(policy string) map[string]Bearing {
	statements := map[string]Bearing{}
	document, _ := access.DecodeIAM(policy)
	for _, s := range document.Statement {
		bearing := Widens
		if s.Effect == access.IAMDeny {
			bearing = Tightens
		}
		statements[string(canon.MustEncode(s))] = bearing
	}
	return statements
}

// center compares the organisation's Identity Center.
func (c *comparing) center(from, to *Center) {
	d := Difference{About: "IAM Identity Center", Of: "aws.identity_center", kind: aboutIssuer, Bearing: Widens}
	switch {
	case same(from, to):
	case from == nil:
		d.Bearing = Neutral
		c.note(d, "is added: %s", canon.MustEncode(to))
	case to == nil:
		d.Bearing = Tightens
		c.note(d, "is removed")
	default:
		c.note(d, "%s becomes %s", canon.MustEncode(from), canon.MustEncode(to))
	}
}

// user compares whose user of Identity Center a person has.
func (c *comparing) user(d Difference, from, to string) {
	if d.Of, d.Bearing = "identity_center", Widens; from != to {
		c.note(d, "user %s becomes %s: what a grant opens by Identity Center is theirs", orNone(from), orNone(to))
	}
}

func orNone(id string) string {
	if id == "" {
		return "none"
	}
	return id
}
