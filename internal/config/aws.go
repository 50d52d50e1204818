package config

import (
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// awsFile is what cell.yaml says of AWS.
type awsFile struct {
	Mark
	Issuers  []word        `yaml:"issuers,required"`
	Keys     []word        `yaml:"keys,required" mend:"name the files that halligan issuer made: the public key that signs now, then the next"`
	Accounts []accountFile `yaml:"accounts,required"`
	Center   *centerFile   `yaml:"identity_center"`
	Org      word          `yaml:"organization"`
}

func (*awsFile) planned() []string { return []string{"audience"} }

func (*awsFile) instead() map[string]string {
	return map[string]string{
		"denial": "write it under identity_center",
		"reader": "write reader: true at an account", "readers": "write reader: true at each account",
		"regions": "write them at each account",
	}
}

type accountFile struct {
	Mark
	ID         word   `yaml:"id,required"`
	Account    word   `yaml:"account,required"`
	Partition  word   `yaml:"partition"`
	Regions    []word `yaml:"regions,required"`
	Management flag   `yaml:"management"`
	OtherWay   word   `yaml:"other_way"`
	Door       word   `yaml:"door"`
	Base       word   `yaml:"base"`
	Reader     flag   `yaml:"reader"`
}

// jwkFile is a public key of the issuer.
type jwkFile struct {
	Mark
	Algorithm word `yaml:"alg,required"`
	Exponent  word `yaml:"e,required"`
	ID        word `yaml:"kid,required"`
	Type      word `yaml:"kty,required"`
	Modulus   word `yaml:"n,required"`
	Use       word `yaml:"use,required"`
}

const (
	issuerMend = "write https:// and a host of its own, without port and without a slash at the end, such as https://oidc.example.com"
	numberMend = `write its twelve digits in quotation marks, such as "123456789012"`
	regionMend = "write the name of a region, such as eu-west-1"
	jwkMend    = "let halligan issuer make it: a public RSA key of 2048 bits or more with kid, alg RS256 and use sig"
)

// readAWS checks what the cell has to do with AWS.
func (c *cellFacts) readAWS(f *findings, folder fs.FS) {
	file := c.file.AWS
	if file == nil {
		return
	}
	c.readIssuers(f, file)
	for _, w := range file.Keys {
		if key, ok := readIssuerKey(f, folder, w); ok {
			if len(c.aws.Keys) > 0 && c.aws.Keys[0].ID == key.ID {
				f.errorf(w.at, "name the next key here", "key %s stands twice", key.ID)
			}
			c.aws.Keys = append(c.aws.Keys, key)
		}
	}
	if n := len(file.Keys); file.Keys != nil && n == 0 || n > cell.IssuerKeysMost {
		f.errorf(file.key("keys"), "name the key that signs now, and the next", "keys: must be 1 to %d, are %d", cell.IssuerKeysMost, n)
	} else if n == 1 {
		f.warnf(file.key("keys"), "make the next one now, with halligan issuer new", "there is no next key: AWS must have read it before it can take the first one's place")
	}
	if n := len(file.Accounts); n > cell.AccountsMost {
		f.errorf(file.key("accounts"), "make cells of fewer accounts", "accounts: at most %d, has %d", cell.AccountsMost, n)
	}
	seen := map[string]place{}
	for _, a := range file.Accounts {
		out := readAccount(f, a)
		for _, w := range []word{a.ID, a.Account} {
			if first, twice := seen[w.text]; twice && w.text != "" {
				f.errorf(w.at, "take one out", "account %s stands twice, first in line %d", show(w.text), first.line)
			}
			seen[w.text] = w.at
		}
		c.aws.Accounts = append(c.aws.Accounts, out)
	}
	c.readCenter(f)
	c.readOrganization(f, file.Org)
}

// readOrganization checks by whose reader the organisation is read.
func (c *cellFacts) readOrganization(f *findings, w word) {
	i := slices.IndexFunc(c.aws.Accounts, func(a cell.Account) bool { return a.ID == w.text })
	switch {
	case w.text == "":
	case i < 0:
		f.errorf(w.at, c.accountNear(w.text, "accounts: "), "account %s does not exist", showID(w.text))
	case c.aws.Accounts[i].Management:
		f.errorf(w.at, "name a member account with reader: true that is a delegated administrator of the organisation", "account %s is the management account: nothing of Halligan's that takes tokens is put there", show(w.text))
	case !c.aws.Accounts[i].Reader:
		f.errorf(w.at, "add reader: true to that account", "account %s has no reader, so that nobody reads the organisation from it", show(w.text))
	default:
		c.aws.Organization = w.text
	}
}

func (c *cellFacts) readIssuers(f *findings, file *awsFile) {
	for i, w := range file.Issuers {
		c.aws.Issuers = append(c.aws.Issuers, w.text)
		if w.text == "" {
			continue
		}
		if cell.CheckIssuer(w.text) != nil {
			f.errorf(w.at, issuerMend, "%s is not an issuer", show(w.text))
		} else if i > 0 && issuerHost(w.text) == issuerHost(c.aws.Issuers[0]) {
			f.errorf(w.at, "serve the stand-by from another host, of another provider if you can", "both issuers are on %s", show(issuerHost(w.text)))
		}
	}
	if n := len(file.Issuers); file.Issuers != nil && n == 0 || n > cell.IssuersMost {
		f.errorf(file.key("issuers"), issuerMend, "issuers: must be 1 to %d, are %d", cell.IssuersMost, n)
	} else if n == 1 {
		f.warnf(file.key("issuers"), "add a stand-by on another host", "there is one issuer: while its host is down, AWS takes no new session")
	}
}

func issuerHost(issuer string) string {
	host, _, _ := strings.Cut(access.IssuerName(issuer), "/")
	return host
}

func readIssuerKey(f *findings, folder fs.FS, w word) (cell.IssuerKey, bool) {
	if w.text == "" {
		return cell.IssuerKey{}, false
	}
	root := openJSON(f, folder, w, 4096)
	if root == nil {
		return cell.IssuerKey{}, false
	}
	if slices.ContainsFunc(root.pairs, func(p pair) bool { return slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "k"}, p.key.text) }) {
		f.errorf(root.place, "never put it into this folder; name the public key, and make both anew", "is a private key")
		return cell.IssuerKey{}, false
	}
	before := len(f.list)
	var file jwkFile
	readValue(f, root, reflect.ValueOf(&file).Elem())
	if len(f.list) > before {
		return cell.IssuerKey{}, false
	}
	public := canon.MustEncode(map[string]string{
		"alg": file.Algorithm.text, "e": file.Exponent.text, "kid": file.ID.text, "kty": file.Type.text, "n": file.Modulus.text, "use": file.Use.text,
	})
	id, err := cell.CheckIssuerKey(string(public))
	if err != nil {
		f.errorf(root.place, jwkMend, "cannot be used: %v", err)
	}
	return cell.IssuerKey{ID: id, Public: string(public)}, err == nil
}

func readAccount(f *findings, a accountFile) cell.Account {
	out := cell.Account{ID: a.ID.text, Account: a.Account.text, Partition: a.Partition.text, Regions: texts(a.Regions), Management: a.Management.on, Other: a.OtherWay.text, Door: a.Door.text, Base: a.Base.text, Reader: a.Reader.on}
	idOf(f, a.ID)
	if a.Account.text != "" && !access.IsAccountNumber(a.Account.text) {
		f.errorf(a.Account.at, numberMend, "%s is not the number of an account", show(a.Account.text))
	}
	if a.Partition.text == cell.Partitions[0] {
		out.Partition = ""
	}
	if !slices.Contains(cell.Partitions, out.In()) {
		f.errorf(a.Partition.at, nearest(a.Partition.text, cell.Partitions, "known here: "), "%s is not a partition of AWS", show(a.Partition.text))
	}
	if n := len(a.Regions); a.Regions != nil && n == 0 || n > access.RegionsMost {
		f.errorf(a.key("regions"), regionMend, "regions: must be 1 to %d, are %d", access.RegionsMost, n)
	} else if n == 1 {
		f.warnf(a.key("regions"), "name a second one: its STS is asked when the first does not answer", "account %s has one region", show(out.ID))
	}
	checkRegions(f, a.Regions)
	for _, w := range a.Regions {
		if slices.Contains(cell.Partitions, out.In()) && access.IsRegion(w.text) && partitionOf(w.text) != out.In() {
			f.errorf(w.at, "name a region of that partition, or the partition of the account", "region %s is of partition %s, and account %s of %s", w.text, partitionOf(w.text), show(out.ID), out.In())
		}
	}
	readDoor(f, a, &out)
	if out.Reader && out.Management {
		f.errorf(a.Reader.at, "take it out; what the organisation says can be read from a member account", "account %s is the management account: nothing of Halligan's that takes tokens is put there", show(out.ID))
	}
	if !a.OtherWay.given() {
		f.warnf(a.ID.at, "add other_way: how a person gets in when Halligan does not work", "account %s has no other_way", show(out.ID))
	}
	lengthOf(f, a.OtherWay, textLongest)
	return out
}

// doors are how the roles of an account are taken.
var doors = []string{"web-identity", access.DoorExternalID}

// readDoor checks how the roles of an account are taken, and by whom.
func readDoor(f *findings, a accountFile, out *cell.Account) {
	switch {
	case a.Door.text == "" || a.Door.text == doors[0]:
		if out.Door = ""; a.Base.text != "" {
			f.errorf(a.Base.at, "take it out, or write door: "+access.DoorExternalID, "base belongs to an account whose door is %s", access.DoorExternalID)
		}
	case a.Door.text != access.DoorExternalID:
		f.errorf(a.Door.at, nearest(a.Door.text, doors, "known here: "), "%s is no door of an account", show(a.Door.text))
	case a.Base.text == "":
		f.errorf(a.Door.at, "add base: the ARN of the role or user that this server is in AWS", "account %s is opened with the server's own credentials, and nobody says whose they are", show(out.ID))
	case !cell.IsBase(out.In(), a.Base.text):
		f.errorf(a.Base.at, "write the ARN of one role or user, without a path and without *, such as arn:aws:iam::111122223333:role/halligan-server", "%s cannot be whose the server's credentials are", show(a.Base.text))
	default:
		f.warnf(a.Door.at, "use web-identity where the account can have an identity provider", "the server holds credentials of AWS that open the roles of account %s: who has them, has those", show(out.ID))
		if kind, _, _ := strings.Cut(strings.SplitN(a.Base.text, ":", 6)[5], "/"); kind == "user" {
			f.warnf(a.Base.at, "give the server's machine a role", "the server's credentials are those of a user, which do not run out")
		}
	}
}

// regionShape tells whether a region is named as AWS names its regions: an area, and
// where in it.
func regionShape(region string) bool {
	area, rest, _ := strings.Cut(strings.Replace(region, "us-gov-", "usgov-", 1), "-")
	where, _, _ := strings.Cut(rest, "-")
	return slices.Contains([]string{"af", "ap", "ca", "cn", "eu", "il", "me", "mx", "sa", "us", "usgov"}, area) &&
		slices.Contains([]string{"north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"}, where)
}

// partitionOf is the partition that a region is of, by its name.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return cell.Partitions[0]
}

func checkRegions(f *findings, words []word) {
	for i, w := range words {
		switch {
		case w.text == "":
		case !access.IsRegion(w.text):
			f.errorf(w.at, regionMend, "%s is not a region", show(w.text))
		case !regionShape(w.text):
			f.warnf(w.at, regionMend+", unless it is a new one", "no region of AWS is named like %s", show(w.text))
		case slices.Contains(texts(words[:i]), w.text):
			f.errorf(w.at, "take one out", "region %s stands twice", show(w.text))
		}
	}
}

// accountNear is the hint for an account that does not exist: its id, where what was
// written is the number of one.
func (c *cellFacts) accountNear(name, prefix string) string {
	var ids []string
	for _, a := range c.aws.Accounts {
		if a.Account == name {
			return "write its id: " + a.ID
		}
		if canon.CheckID(a.ID) == nil {
			ids = append(ids, a.ID)
		}
	}
	return nearest(name, ids, prefix)
}

// checkRoles refuses two targets of one role: its trust names one, its policy is
// the most of one, and its slots are counted together.
func checkRoles(f *findings, scenarios []*scenarioFacts) {
	first := map[string]place{}
	for _, s := range scenarios {
		for _, open := range s.file.Opens {
			var account, role word
			switch {
			case open.AWS != nil:
				account, role = open.AWS.Account, open.AWS.Role
			case open.RootTask != nil:
				account, role = open.RootTask.Through, open.RootTask.Role
			}
			if role.text == "" {
				continue
			}
			id := fmt.Sprintf("%s/%s", account.text, strings.ToLower(role.text))
			if before, twice := first[id]; twice {
				f.errorf(role.at, "make a role for each: what it may do and who may take it belong to one target",
					"role %s of account %s is opened in %s, line %d, too", show(role.text), show(account.text), before.file, before.line)
				continue
			}
			first[id] = role.at
		}
	}
}
