package blueprint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Cell is what of a cell its AWS side is made from.
type Cell struct {
	Origin    string
	Issuers   []string // https URLs, first is tried first
	Accounts  []Account
	Scenarios []*access.Scenario
	Groups    map[string][]string // group → person ids
	Center    *Center             // nil: it has none
	// Organization is the id of the account whose reader reads the organisation; empty:
	// nobody does.
	Organization string
}

// Account is an AWS account of the cell.
type Account struct {
	ID         string
	Number     string // twelve digits
	Partition  string // aws, unless it is another
	Regions    []string
	Management bool // of an organisation: nothing protects it, so that it gets no role
	Other      string
	Door       string // how its roles are taken: empty, by web identity tokens, or access.DoorExternalID
	Base       string // ARN of who takes them by that door
	Reader     bool   // it has the role by which the server reads IAM
}

// Blueprint is the AWS side of one account.
type Blueprint struct {
	Cell    Cell
	Account Account
	Roles   []Role // by name
	Ways    []Way  // by name: roles that become root users of other accounts
	Kept    []Kept // by envelope

	Runs []*access.Automation // by document
}

// Role is an emergency role, with everything that scenarios say of it.
type Role struct {
	Name         string
	Policy       string // the most that it may do: an IAM policy document, canonical
	Slots        int
	Regions      []string // only there, global services aside; none means anywhere
	Networks     []string // only from there; none means that the session alone says it
	WithoutRails []string
	Console      bool // it has a fall-back role that people reach by signing in
	Sessions     bool // it may begin Systems Manager sessions, which are ended one by one
	Doors        []Door
	Allows       string
}

// Door is one target of one scenario that opens a role.
type Door struct {
	Scenario, Target string
	Strengths        []string // of the requester's signature, any of these
}

// The names of what is made beside the roles.
const (
	StopperName = "halligan-stopper"
	sharingName = prefix + "no-sharing" // of an inline policy of each role
	StopAllName = "halligan-stop-all"
	prefix      = "halligan-"
)

// BoundaryName is the managed policy that bounds a role.
func BoundaryName(role string) string { return prefix + "boundary-" + role }

// SlotName is the managed policy that stops what is in a slot of a role.
func SlotName(role string, slot int) string {
	return prefix + "stop-slot-" + role + "-" + strconv.Itoa(slot)
}

// ConsoleName is the role that people fall back to in the console.
func ConsoleName(role string) string { return role + access.ConsoleSuffix }

// Of gives the AWS side of an account of a cell. It fails where scenarios
// contradict one another, and where something is over a limit of AWS.
func Of(c Cell, account string) (*Blueprint, error) {
	i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == account })
	if i < 0 {
		return nil, fmt.Errorf("%q is no account of the cell", account)
	}
	b := &Blueprint{Cell: c, Account: c.Accounts[i]}
	if b.Account.Partition == "" {
		b.Account.Partition = "aws"
	}
	if len(b.Account.Regions) == 0 {
		return nil, fmt.Errorf("account %s names no region", account)
	}
	if len(c.Issuers) == 0 {
		return nil, fmt.Errorf("the cell names no issuer: AWS has nobody to believe")
	}
	b.keep()
	for _, s := range c.Scenarios {
		for _, open := range s.Opens {
			if task := open.RootTask; task != nil && task.Through == account {
				if err := b.addWay(s, task); err != nil {
					return nil, fmt.Errorf("account %s, scenario %s: %w", account, s.ID, err)
				}
			}
			if open.AWS == nil || open.AWS.Account != account {
				continue
			}
			if err := b.add(s, open.AWS); err != nil {
				return nil, fmt.Errorf("account %s, scenario %s: %w", account, s.ID, err)
			}
		}
	}
	if b.Account.Management && b.reads() {
		return nil, fmt.Errorf("account %s is the management account of its organisation: it gets no role; take reader out of it in cell.yaml", account)
	}
	for _, s := range c.Scenarios {
		for _, open := range s.Opens {
			if t := open.Automation; t != nil && t.Account == account {
				if err := b.run(s, t); err != nil {
					return nil, fmt.Errorf("account %s, scenario %s: %w", account, s.ID, err)
				}
			}
		}
	}
	if b.Account.Management && b.assigning() {
		return nil, fmt.Errorf("account %s is the management account of its organisation: it gets no role; make a member account the delegated administrator of Identity Center, and name that in cell.yaml", account)
	}
	if b.Account.Management && len(b.Roles) > 0 {
		return nil, fmt.Errorf("account %s is the management account of its organisation, which no service control policy binds: it gets no role; %s is opened in it by a scenario, which should open it in a member account", account, b.Roles[0].Name)
	}
	if err := b.checkWays(); err != nil {
		return nil, fmt.Errorf("account %s: %w", account, err)
	}
	slices.SortFunc(b.Roles, func(x, y Role) int { return strings.Compare(x.Name, y.Name) })
	slices.SortFunc(b.Ways, func(x, y Way) int { return strings.Compare(x.Name, y.Name) })
	for i := range b.Roles {
		doors := b.Roles[i].Doors
		slices.SortFunc(doors, func(x, y Door) int { return strings.Compare(b.subject(x), b.subject(y)) })
	}
	return b, b.checkLimits()
}

// add takes in what one target of a scenario opens.
func (b *Blueprint) add(s *access.Scenario, a *access.AWS) error {
	role := Role{
		Name: a.Role, Policy: a.Policy, Slots: a.SlotCount(), Regions: sorted(a.Regions), WithoutRails: sorted(a.WithoutRails),
		Console: a.Console, Sessions: a.Outlives(), Allows: a.Allows,
	}
	if !slices.Contains(a.Source, access.FromRequest) {
		role.Networks = sorted(a.Source)
	}
	door := Door{Scenario: s.ID, Target: a.Name, Strengths: strengths(s.Controls.MFA)}
	i := slices.IndexFunc(b.Roles, func(r Role) bool { return strings.EqualFold(r.Name, role.Name) })
	if i < 0 {
		role.Doors = []Door{door}
		b.Roles = append(b.Roles, role)
		return nil
	}
	if part := differs(&b.Roles[i], &role); part != "" {
		return fmt.Errorf("role %s is opened by %s with another %s: one role has one; say the same in both, or name another role", role.Name, b.Roles[i].Doors[0].Scenario, part)
	}
	b.Roles[i].Doors = append(b.Roles[i].Doors, door)
	return nil
}

// differs names what two scenarios say differently of one role.
func differs(x, y *Role) string {
	switch {
	case x.Name != y.Name:
		return "spelling of its name"
	case x.Policy != y.Policy:
		return "policy"
	case x.Slots != y.Slots:
		return "number of slots"
	case !slices.Equal(x.Regions, y.Regions):
		return "list of regions"
	case !slices.Equal(x.Networks, y.Networks):
		return "list of networks"
	case !slices.Equal(x.WithoutRails, y.WithoutRails):
		return "list of guard rails left out"
	case x.Console != y.Console:
		return "answer to whether there is a console"
	case x.Allows != y.Allows:
		return "text of what it allows"
	}
	return ""
}

// allStrengths are what a session may say of the requester's signature, weakest
// first.
var allStrengths = []string{"server-attested", "possession", "user-verified", "hardware"}

// strengths are those that a scenario's controls take. Where they demand none, a
// signature by a key is the least there is.
func strengths(least string) []string {
	if least == "" {
		least = "possession"
	}
	return allStrengths[max(0, slices.Index(allStrengths, least)):]
}

// subject is the subject of a token that a door takes.
func (b *Blueprint) subject(d Door) string { return b.Cell.Origin + "/" + d.Scenario + "/" + d.Target }

// Role finds a role by its name.
func (b *Blueprint) Role(name string) (Role, bool) {
	i := slices.IndexFunc(b.Roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return b.Roles[i], true
}

// Home is the region that what stands once in an account is put into.
func (b *Blueprint) Home() string { return b.Account.Regions[0] }

// iam is the ARN of something of IAM in the account.
func (b *Blueprint) iam(what string) string {
	return "arn:" + b.Account.Partition + ":iam::" + b.Account.Number + ":" + what
}

func (b *Blueprint) roleARN(name string) string   { return b.iam("role/" + name) }
func (b *Blueprint) policyARN(name string) string { return b.iam("policy/" + name) }

// issuerHost is how IAM names an issuer: its URL without the scheme.
func issuerHost(issuer string) string { return access.IssuerName(issuer) }

func (b *Blueprint) providerARN(issuer string) string {
	return b.iam("oidc-provider/" + issuerHost(issuer))
}

// roleNames are all roles that the account has of Halligan: the emergency roles,
// the console's, the stopper and the reader, and the ways to root users.
func (b *Blueprint) roleNames() []string {
	var names []string
	for _, w := range b.Ways {
		names = append(names, w.Name)
	}
	if b.assigning() {
		names = append(names, CenterName)
	}
	if b.reads() {
		names = append(names, ReaderName)
	}
	if b.executing() {
		names = append(names, ExecutorName)
	}
	if b.denying() {
		names = append(names, DenialName)
	}
	if len(b.Roles) > 0 {
		names = append(names, StopperName)
	}
	for _, r := range b.Roles {
		names = append(names, r.Name)
		if r.Console {
			names = append(names, ConsoleName(r.Name))
		}
	}
	return sorted(names)
}
