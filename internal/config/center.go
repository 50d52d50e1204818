package config

import (
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// centerFile is the organisation's IAM Identity Center.
type centerFile struct {
	Mark
	Instance word `yaml:"instance,required" mend:"write its ARN: aws sso-admin list-instances"`
	Region   word `yaml:"region,required"`
	Store    word `yaml:"identity_store,required" mend:"write its id: aws sso-admin list-instances"`
	Account  word `yaml:"account,required" mend:"name the account of accounts that is its delegated administrator"`
	Portal   word `yaml:"portal,required" mend:"write the URL at which people sign in, such as https://example.awsapps.com/start"`
	Denial   word `yaml:"denial"`
}

func (*centerFile) planned() []string { return []string{"application", "groups"} }

func (*centerFile) instead() map[string]string {
	return map[string]string{"regions": "write region: the one in which it takes changes, of several the primary one"}
}

// setFile is a permission set that a scenario opens.
type setFile struct {
	Mark
	Name    word `yaml:"name"`
	Account word `yaml:"account,required"`
	Set     word `yaml:"permission_set,required" mend:"write its name, as the access portal shows it"`
	ARN     word `yaml:"arn,required" mend:"write its ARN: aws sso-admin list-permission-sets"`
	Session span `yaml:"session"`
	Allows  word `yaml:"allows,required" mend:"say in plain words what the permission set may do: approvers read it"`
}

func (*setFile) planned() []string { return []string{"group", "relay_state"} }

func (*setFile) instead() map[string]string {
	const denial = "name the policy by which sessions are denied in " + CellFile + ", under aws: identity_center.denial"
	return map[string]string{"deny": denial, "scp": denial, "denial": denial, "instance": "write it in " + CellFile + ", under aws: identity_center"}
}

const (
	instanceMend = "write it as aws sso-admin list-instances has it, such as arn:aws:sso:::instance/ssoins-1234567890abcdef"
	setMend      = "write it as aws sso-admin list-permission-sets has it, such as arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef"
)

// readCenter checks the Identity Center of aws in cell.yaml.
func (c *cellFacts) readCenter(f *findings) {
	file := c.file.AWS.Center
	if file == nil {
		return
	}
	out := cell.Center{Instance: file.Instance.text, Region: file.Region.text, Store: file.Store.text, Account: file.Account.text, Portal: file.Portal.text, Denial: file.Denial.text}
	partition, _, ok := access.InstanceOf(out.Instance)
	if out.Instance != "" && !ok {
		f.errorf(file.Instance.at, instanceMend, "%s is not the ARN of an instance", show(out.Instance))
	}
	checkRegions(f, []word{file.Region})
	if out.Store != "" && !cell.IsStore(out.Store) {
		f.errorf(file.Store.at, "write d- and ten digits, such as d-1234567890", "%s is not the id of an identity store", show(out.Store))
	}
	if out.Portal != "" && cell.CheckPortal(out.Portal) != nil {
		f.errorf(file.Portal.at, "write an https URL, such as https://example.awsapps.com/start", "%s is no address of an access portal", show(out.Portal))
	}
	c.denial(f, file.Denial, partition)
	i := slices.IndexFunc(c.aws.Accounts, func(a cell.Account) bool { return a.ID == out.Account })
	switch {
	case out.Account == "":
	case i < 0:
		f.errorf(file.Account.at, c.accountNear(out.Account, "accounts: "), "account %s does not exist", showID(out.Account))
	case ok && c.aws.Accounts[i].In() != partition:
		f.errorf(file.Account.at, "name the account from which this instance is administered", "account %s is in partition %s, the instance in %s", show(out.Account), c.aws.Accounts[i].In(), partition)
	case c.aws.Accounts[i].Management:
		f.errorf(file.Account.at, "make a member account its delegated administrator, and name that", "account %s is the management account: no role of Halligan is put there", show(out.Account))
	}
	c.aws.Center = &out
}

const denialMend = "write the ARN of the policy made from halligan-denial.json, such as arn:aws:organizations::111122223333:policy/o-exampleorgid/service_control_policy/p-examplepolicy"

// denial checks the policy by which sessions are denied.
func (c *cellFacts) denial(f *findings, w word, partition string) {
	if w.text == "" {
		return
	}
	in, owner, _, ok := access.PolicyOf(w.text)
	switch {
	case !ok:
		f.errorf(w.at, denialMend, "%s is not the ARN of a service control policy", show(w.text))
		return
	case partition != "" && in != partition:
		f.errorf(w.at, "name a policy of the instance's partition", "the policy is in partition %s, the instance in %s", in, partition)
	}
	if i := slices.IndexFunc(c.aws.Accounts, func(a cell.Account) bool { return a.Account == owner }); i >= 0 && !c.aws.Accounts[i].Management {
		f.errorf(w.at, "write the ARN as organizations describe-policy has it, or management: true at the account", "account %s owns the policy and is not said to be the management account", show(c.aws.Accounts[i].ID))
	}
	f.warnf(w.at, "leave it out where nobody may be able to lock people out of these accounts",
		"whoever has this server's keys can write this policy, and deny everybody everything in the accounts that it is attached to; they can allow nothing by it")
}

// userOf reads a person's user of Identity Center, and claims it for them.
func userOf(f *findings, p personFile, claimed map[string]string) string {
	user := p.User.text
	if user == "" {
		return ""
	}
	if !access.IsCenterID(user) {
		f.errorf(p.User.at, "write the UserId in lower case: aws identitystore list-users", "%s is not the id of a user of Identity Center", show(user))
		return ""
	}
	if other, taken := claimed[user]; taken {
		f.errorf(p.User.at, "one user is one human's: take one of them out", "user %s of Identity Center is also person %s", show(user), other)
		return ""
	}
	claimed[user] = p.ID.text
	return user
}

// signInScenarios are those that are for when people cannot sign in.
var signInScenarios = []string{"identity-provider-down", "federation-broken", "identity-center-or-region-down"}

// identityCenter reads a permission set.
func (s *scenarioFacts) identityCenter(t *setFile) access.IdentityCenter {
	before := len(s.list)
	out := access.IdentityCenter{Name: s.targetName(t.Name, t.Account), Account: t.Account.text, Set: t.Set.text, ARN: t.ARN.text, Session: t.Session.seconds, Allows: t.Allows.text}
	if !t.Session.given() {
		out.Session = access.SetSessionLeast // what a permission set has that names none
	}
	lengthOf(s.findings, t.Allows, textLongest)
	s.personal(t.Allows)
	if n := len(out.Set); n > access.SetNameLongest {
		s.errorf(t.Set.at, bareName(t.Set.text, "use the name of an existing permission set"), "permission_set has %d characters, at most %d", n, access.SetNameLongest)
	} else if n > 0 && !access.IsSetName(out.Set) {
		s.errorf(t.Set.at, bareName(t.Set.text, "use letters, digits and +=,.@_-"), "%s is not the name of a permission set", show(out.Set))
	}
	if _, _, ok := access.SetOf(out.ARN); out.ARN != "" && !ok {
		s.errorf(t.ARN.at, setMend, "%s is not the ARN of a permission set", show(out.ARN))
	}
	s.within(t.Session, "session", access.SetSessionLeast, access.SetSessionMost)
	s.center(t, &out)
	if long := out.Session > access.SetSessionLeast && out.Session <= access.SetSessionMost; long && s.cell != nil && s.cell.aws.Center != nil && s.cell.aws.Center.Denial != "" {
		s.warnf(t.Session.at, "make the sessions of the permission set as short as the work takes",
			"a session is denied by policy when the assignment is gone, which proves nothing: each lease closes only after %s, or when a person attests", out.Session)
	} else if long {
		s.warnf(t.Session.at, "make the sessions of the permission set as short as the work takes",
			"a session goes on for up to %s when the assignment is gone, and nothing here ends it: each lease closes only then, or when a person attests", out.Session)
	}
	if slices.Contains(signInScenarios, s.file.Scenario.text) {
		s.warnf(t.at, "open a role of the account instead (aws:), which needs no sign-in", "%s is for when people cannot sign in, and whoever uses a permission set must", s.file.Scenario.text)
	}
	whole := t.Account.text != "" && out.Set != "" && out.ARN != "" && out.Allows != ""
	if whole && !HasErrors(s.list[before:]) && !s.told(t.at) { // the law must find nothing that was not told here
		if err := out.Check(); err != nil {
			s.errorf(t.at, "write it otherwise", "%v", err)
		}
	}
	return out
}

// center checks a permission set against the cell.
func (s *scenarioFacts) center(t *setFile, out *access.IdentityCenter) {
	if s.cell == nil {
		return
	}
	center := s.cell.aws.Center
	if center == nil {
		s.errorf(t.at, "add identity_center under aws in "+CellFile, "the cell has no Identity Center")
		return
	}
	_, in, _ := access.InstanceOf(center.Instance)
	partition, of, ok := access.SetOf(out.ARN)
	if ok && in != "" && of != in {
		s.errorf(t.ARN.at, "name a permission set of the instance in "+CellFile, "the permission set is of instance %s, the cell's is %s", of, in)
	}
	i := slices.IndexFunc(s.cell.aws.Accounts, func(a cell.Account) bool { return a.ID == t.Account.text })
	switch {
	case t.Account.text == "":
	case i < 0:
		s.errorf(t.Account.at, s.cell.accountNear(t.Account.text, "accounts of aws in "+CellFile+": "), "account %s does not exist", showID(t.Account.text))
	case s.cell.aws.Accounts[i].Management:
		s.errorf(t.Account.at, "name a member account", "account %s is the management account: what assigns there can change IAM there", show(t.Account.text))
	case ok && s.cell.aws.Accounts[i].In() != partition:
		s.errorf(t.ARN.at, "name a permission set of the account's partition", "the permission set is in partition %s, account %s in %s", partition, show(t.Account.text), s.cell.aws.Accounts[i].In())
	}
	s.users(t)
}

// users warns of people who may ask and have no user to assign anything to.
func (s *scenarioFacts) users(t *setFile) {
	var without []string
	for _, w := range s.file.MayRequest {
		for _, member := range s.cell.groups[groupName(w)] {
			if i := slices.IndexFunc(s.cell.people, func(p person) bool { return p.id == member }); i >= 0 && s.cell.people[i].user == "" && !slices.Contains(without, member) {
				without = append(without, member)
			}
		}
	}
	if slices.Sort(without); len(without) > 0 {
		s.warnf(t.at, "add identity_center with their UserId to them in "+CellFile, "may ask for this and have no user of Identity Center: %s", strings.Join(without[:min(len(without), 8)], ", "))
	}
}

// checkSets refuses two targets of one permission set in one account within a
// scenario: one assignment cannot be given twice, nor its end told apart.
func checkSets(f *findings, scenarios []*scenarioFacts) {
	for _, s := range scenarios {
		first := map[string]place{}
		for _, open := range s.file.Opens {
			set := open.IdentityCenter
			if set == nil || set.ARN.text == "" {
				continue
			}
			id := set.Account.text + " " + set.ARN.text
			if before, twice := first[id]; twice {
				f.errorf(set.ARN.at, "take one out", "the permission set is opened in account %s in line %d, too", show(set.Account.text), before.line)
				continue
			}
			first[id] = set.ARN.at
		}
	}
}
