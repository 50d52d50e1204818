package cell

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// AWS is what a cell has to do with AWS: who issues its tokens, which keys sign
// them, and the accounts that scenarios name.
type AWS struct {
	Issuers      []string    `json:"issuers,omitempty"` // https URLs; the first is tried first
	Keys         []IssuerKey `json:"keys,omitempty"`    // that sign tokens: the current one, then the next
	Accounts     []Account   `json:"accounts,omitempty"`
	Center       *Center     `json:"identity_center,omitzero"`
	Organization string      `json:"organization,omitempty"` // id of the account whose reader reads the organisation
}

// IssuerKey is a public key of the token issuer.
type IssuerKey struct {
	ID     string `json:"id"`     // JWK thumbprint (RFC 7638), SHA-256, base64url
	Public string `json:"public"` // JWK (RFC 7517) as canonical JSON
}

// Account is an AWS account.
type Account struct {
	ID         string   `json:"id"`
	Account    string   `json:"account"`             // twelve digits
	Partition  string   `json:"partition,omitempty"` // empty: aws
	Regions    []string `json:"regions"`             // whose STS endpoints are tried, in this order
	Management bool     `json:"management,omitzero"` // of the organisation: no SCP binds it
	Other      string   `json:"other_way,omitempty"` // the way in without Halligan
	Door       string   `json:"door,omitempty"`      // how its roles are taken: empty, by web identity tokens, or access.DoorExternalID
	Base       string   `json:"base,omitempty"`      // ARN of who takes them by that door: the server's role or user
	Reader     bool     `json:"reader,omitzero"`     // it has a role by which the server reads IAM, to know whether all is as it should be
}

// Limits of AWS in a cell.
const (
	IssuersMost    = 2
	IssuerKeysMost = 2
	AccountsMost   = 256
)

// Partitions lists the partitions of AWS.
var Partitions = []string{"aws", "aws-cn", "aws-us-gov"}

// RulesOfAWS is the number of the first rules that know AWS.
const RulesOfAWS = 2

// In is the partition of the account.
func (a *Account) In() string {
	if a.Partition == "" {
		return Partitions[0]
	}
	return a.Partition
}

// ARN is that of a resource of IAM in the account, such as role/NAME.
func (a *Account) ARN(resource string) string {
	return fmt.Sprintf("arn:%s:iam::%s:%s", a.In(), a.Account, resource)
}

// Account finds an AWS account of the cell.
func (g *Genesis) Account(id string) (*Account, bool) {
	i := slices.IndexFunc(g.AWS.Accounts, func(a Account) bool { return a.ID == id })
	if i < 0 {
		return nil, false
	}
	return &g.AWS.Accounts[i], true
}

// moved tells whether another document has an account no more, or elsewhere.
func (g *Genesis) moved(id string, after *Genesis) bool {
	before, had := g.Account(id)
	now, has := after.Account(id)
	return !had || !has || before.Account != now.Account || before.In() != now.In()
}

// numbered tells whether the cell has an AWS account of a number.
func (g *Genesis) numbered(number string) bool {
	return slices.ContainsFunc(g.AWS.Accounts, func(a Account) bool { return a.Account == number })
}

// leavesAWS names what of AWS a lease is in, if another document has that no more, or
// elsewhere.
func (g *Genesis) leavesAWS(l *access.Lease, after *Genesis) string {
	switch {
	case l.Account != "" && g.moved(l.Account, after):
		return "AWS account " + l.Account
	case l.Automation != "" && g.moved(l.Automation, after):
		return "AWS account " + l.Automation
	case l.Assignment != nil && !g.AWS.Center.same(after.AWS.Center):
		return "IAM Identity Center"
	case l.Assignment != nil && (g.AWS.Center != nil && g.moved(g.AWS.Center.Account, after) || !after.numbered(l.Assignment.Account)):
		return "an AWS account of IAM Identity Center"
	}
	return ""
}

func (g *Genesis) checkAWS() error {
	a := &g.AWS
	switch given := len(a.Issuers) + len(a.Keys) + len(a.Accounts); {
	case given == 0 && a.Center == nil && a.Organization == "":
		return nil
	case g.Rules < RulesOfAWS:
		return fmt.Errorf("aws: needs rules %d; this cell begins with rules %d", RulesOfAWS, g.Rules)
	case len(a.Issuers) == 0 || len(a.Issuers) > IssuersMost:
		return fmt.Errorf("aws.issuers: must be 1 to %d", IssuersMost)
	case len(a.Keys) == 0 || len(a.Keys) > IssuerKeysMost:
		return fmt.Errorf("aws.keys: must be 1 to %d", IssuerKeysMost)
	case len(a.Accounts) > AccountsMost:
		return fmt.Errorf("aws.accounts: at most %d", AccountsMost)
	}
	for i, issuer := range a.Issuers {
		if err := CheckIssuer(issuer); err != nil {
			return fmt.Errorf("aws.issuers: %w", err)
		}
		if i > 0 && issuerHost(issuer) == issuerHost(a.Issuers[0]) {
			return fmt.Errorf("aws.issuers: both are on %s; the stand-by must be another host", issuerHost(issuer))
		}
	}
	for i, key := range a.Keys {
		id, err := CheckIssuerKey(key.Public)
		if err != nil {
			return fmt.Errorf("aws.keys: %w", err)
		}
		if id != key.ID || i > 0 && key.ID == a.Keys[0].ID {
			return fmt.Errorf("aws.keys: %q is not the thumbprint of its key, or stands twice", key.ID)
		}
	}
	return errors.Join(a.checkAccounts(), g.checkCenter(), g.checkOrganization())
}

func (g *Genesis) checkOrganization() error {
	if account, known := g.Account(g.AWS.Organization); g.AWS.Organization != "" && (!known || !account.Reader) {
		return fmt.Errorf("aws.organization: %q is no AWS account of the cell that has a reader", g.AWS.Organization)
	}
	return nil
}

func (a *AWS) checkAccounts() error {
	seen := map[string]bool{}
	for i := range a.Accounts {
		account := &a.Accounts[i]
		if err := account.check(); err != nil {
			return fmt.Errorf("aws.accounts: %s: %w", account.ID, err)
		}
		if seen[account.ID] || seen[account.Account] {
			return fmt.Errorf("aws.accounts: %s, or its number %s, stands twice", account.ID, account.Account)
		}
		seen[account.ID], seen[account.Account] = true, true
	}
	return nil
}

func (a *Account) check() error {
	if err := canon.CheckID(a.ID); err != nil {
		return err
	}
	switch {
	case !access.IsAccountNumber(a.Account):
		return fmt.Errorf("account: %q is not twelve digits", a.Account)
	case a.Partition == Partitions[0] || !slices.Contains(Partitions, a.In()):
		return fmt.Errorf("partition: %q is not one of %v", a.Partition, Partitions[1:])
	case len(a.Regions) == 0 || len(a.Regions) > access.RegionsMost:
		return fmt.Errorf("regions: must be 1 to %d", access.RegionsMost)
	}
	for i, region := range a.Regions {
		if !access.IsRegion(region) || slices.Contains(a.Regions[:i], region) {
			return fmt.Errorf("regions: %q is not a region such as eu-west-1, or stands twice", region)
		}
	}
	return a.checkDoor()
}

// checkDoor refuses a door that is none, and a caller that could be anybody.
func (a *Account) checkDoor() error {
	switch {
	case a.Door == "" && a.Base == "":
		return nil
	case a.Door != access.DoorExternalID:
		return fmt.Errorf("door: %q is not %q, which alone has a base", a.Door, access.DoorExternalID)
	case !IsBase(a.In(), a.Base):
		return fmt.Errorf("base: %q is not the ARN of a role or user in %s, without a path", a.Base, a.In())
	}
	return nil
}

// IsBase tells whether a text is the ARN of one role or one user of a partition.
func IsBase(partition, text string) bool {
	rest, ok := strings.CutPrefix(text, "arn:"+partition+":iam::")
	account, who, parted := strings.Cut(rest, ":")
	kind, name, named := strings.Cut(who, "/")
	return ok && parted && named && access.IsAccountNumber(account) && (kind == "role" || kind == "user") && access.IsRoleName(name)
}

// CheckIssuer refuses what AWS takes for no issuer: an https URL of a host, with a
// path or none, and without port, query and slash at its end.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.String() != issuer || len(issuer) > 255 || canon.CheckOrigin(u.Host) != nil ||
		u.Path != "" && (strings.HasSuffix(u.Path, "/") || !canon.MadeOf(u.Path, canon.Lower+"/._-") || strings.Contains(u.Path, "/.") || strings.Contains(u.Path, "//")) || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not an issuer such as https://oidc.example.com, without port and without a slash at the end", issuer)
	}
	return nil
}

func issuerHost(issuer string) string {
	host, _, _ := strings.Cut(access.IssuerName(issuer), "/")
	return host
}

// jwk is a public RSA key for RS256.
type jwk struct {
	Algorithm string `json:"alg"`
	Exponent  string `json:"e"`
	ID        string `json:"kid"`
	Type      string `json:"kty"`
	Modulus   string `json:"n"`
	Use       string `json:"use"`
}

// CheckIssuerKey refuses a JWK that is not a public RSA key of 2,048 to 4,096 bits
// for RS256 in canonical JSON, and gives its thumbprint.
func CheckIssuerKey(public string) (id string, err error) {
	var key jwk
	if err := canon.Decode([]byte(public), 4096, &key); err != nil {
		return "", fmt.Errorf("not a public JWK: %w", err)
	}
	modulus, err := base64.RawURLEncoding.Strict().DecodeString(key.Modulus)
	switch {
	case err != nil || len(modulus) < 256 || len(modulus) > 512 || modulus[0] < 0x80 || modulus[len(modulus)-1]&1 == 0:
		return "", errors.New("n: must be an RSA modulus of 2048 to 4096 bits in base64url")
	case key.Type != "RSA" || key.Algorithm != "RS256" || key.Use != "sig" || key.Exponent != "AQAB":
		return "", errors.New(`must have kty "RSA", alg "RS256", use "sig" and e "AQAB"`)
	}
	digest := canon.Sum(canon.MustEncode(map[string]string{"e": key.Exponent, "kty": key.Type, "n": key.Modulus}))
	if id = base64.RawURLEncoding.EncodeToString(digest[:]); id != key.ID {
		return "", fmt.Errorf("kid: must be the key's thumbprint %s (RFC 7638), is %q", id, key.ID)
	}
	return id, nil
}

// JWKS is the set of the cell's issuer keys (RFC 7517) as it is published.
func (a *AWS) JWKS() []byte {
	var set bytes.Buffer
	set.WriteString(`{"keys":[`)
	for i, key := range a.Keys {
		if i > 0 {
			set.WriteByte(',')
		}
		set.WriteString(key.Public)
	}
	set.WriteString(`]}`)
	return set.Bytes()
}

// checkRootTask refuses a root task that the cell could not give.
func checkRootTask(t *access.RootTask, g *Genesis) error {
	if err := t.Check(); err != nil {
		return err
	}
	account, ok := g.Account(t.Account)
	if !ok {
		return fmt.Errorf("account: %q is no AWS account of the cell", t.Account)
	}
	through, ok := g.Account(t.Through)
	switch {
	case !ok:
		return fmt.Errorf("through: %q is no AWS account of the cell", t.Through)
	case account.Management:
		return fmt.Errorf("account: %s is the management account, whose root user nobody becomes by a task", account.ID)
	case account.In() != through.In():
		return fmt.Errorf("through: %s is in %s and %s in %s", through.ID, through.In(), account.ID, account.In())
	}
	return nil
}

// checkAWSTarget refuses a role that the cell could not give.
func checkAWSTarget(t *access.AWS, g *Genesis) error {
	if err := t.Check(); err != nil {
		return err
	}
	account, ok := g.Account(t.Account)
	if !ok {
		return fmt.Errorf("account: %q is no AWS account of the cell", t.Account)
	}
	if account.Management && !t.Holds(access.RailOrganization) {
		return fmt.Errorf("without_rails: %s holds in the management account %s, always", access.RailOrganization, account.ID)
	}
	return nil
}

// checkAutomation refuses a document that the cell could not run.
func checkAutomation(t *access.Automation, g *Genesis) error {
	if err := t.Check(); err != nil {
		return err
	}
	account, ok := g.Account(t.Account)
	switch {
	case !ok:
		return fmt.Errorf("account: %q is no AWS account of the cell", t.Account)
	case account.Management:
		return fmt.Errorf("account: %s is the management account: no role of Halligan is put there", account.ID)
	}
	return nil
}
