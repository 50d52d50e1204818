package config

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
)

// contentsFile is what lies in an envelope, where AWS can change it.
type contentsFile struct {
	Mark
	AccessKey *userFile  `yaml:"aws_access_key"`
	Password  *userFile  `yaml:"aws_password"`
	Secret    *vaultFile `yaml:"aws_secret"`
}

type userFile struct {
	Mark
	Account word `yaml:"account,required"`
	User    word `yaml:"user,required"`
}

type vaultFile struct {
	Mark
	Account word `yaml:"account,required"`
	Region  word `yaml:"region,required"`
	Name    word `yaml:"name,required"`
}

// compiled is what is written, as far as it is.
func (c *contentsFile) compiled() *access.Contents {
	if c == nil {
		return nil
	}
	out := new(access.Contents)
	if from := c.AccessKey; from != nil {
		out.AccessKey = &access.AWSUser{Account: from.Account.text, User: from.User.text}
	}
	if from := c.Password; from != nil {
		out.Password = &access.AWSUser{Account: from.Account.text, User: from.User.text}
	}
	if from := c.Secret; from != nil {
		out.Secret = &access.AWSSecret{Account: from.Account.text, Region: from.Region.text, Name: from.Name.text}
	}
	return out
}

// whole tells whether everything that must be there is; what is missing is told where
// it is missing.
func (c *contentsFile) whole() bool {
	for _, user := range []*userFile{c.AccessKey, c.Password} {
		if user != nil && (!user.Account.given() || !user.User.given()) {
			return false
		}
	}
	return c.Secret == nil || c.Secret.Account.given() && c.Secret.Region.given() && c.Secret.Name.given()
}

// contents reads what lies in an envelope.
func (s *scenarioFacts) contents(e *envelopeFile) *access.Contents {
	if e.Contents == nil {
		return nil
	}
	if e.Physical.on || e.Honey.on {
		s.errorf(e.key("contents"), "take it out, or physical and honey", "nothing changes what is in bags, and nothing that works is in honey")
	}
	out := e.Contents.compiled()
	if err := out.Check(); err != nil && e.Contents.whole() && !s.told(e.key("contents")) {
		at, mend := s.contentsAt(e)
		s.errorf(at, mend, "%v", err)
	}
	return out
}

// contentsAt is where the first member of contents stands that cannot be used, and what
// mends it.
func (s *scenarioFacts) contentsAt(e *envelopeFile) (place, string) {
	const userMend = "write the name of the user alone, without path and ARN, such as halligan-emergency"
	of := e.Contents
	for _, u := range []*userFile{of.AccessKey, of.Password} {
		switch {
		case u == nil || (&contentsFile{AccessKey: u}).compiled().Check() == nil:
		case !access.IsAccountNumber(u.Account.text):
			return u.Account.at, s.numberMend(u.Account)
		default:
			return u.User.at, userMend
		}
	}
	switch v := of.Secret; {
	case v == nil || (&contentsFile{Secret: v}).compiled().Check() == nil:
	case !access.IsAccountNumber(v.Account.text):
		return v.Account.at, s.numberMend(v.Account)
	case !access.IsRegion(v.Region.text):
		return v.Region.at, regionMend
	default:
		return v.Name.at, "write the name of the secret, not its ARN: aws secretsmanager list-secrets"
	}
	return e.key("contents"), "write one of them, such as contents: { aws_access_key: { account: \"…\", user: … } }"
}

// numberMend is the hint for what is no account number: the number, where the cell
// has an account of that id.
func (s *scenarioFacts) numberMend(w word) string {
	if s.cell != nil {
		for _, a := range s.cell.aws.Accounts {
			if a.ID == w.text && access.IsAccountNumber(a.Account) {
				return fmt.Sprintf("write its number in quotation marks: %q", a.Account)
			}
		}
	}
	return numberMend
}

// checkContents refuses that two scenarios say different things of what lies in one
// envelope: nobody could tell what a rotation is to change.
func checkContents(f *findings, scenarios []*scenarioFacts) {
	type said struct {
		at   place
		what string
	}
	first := map[string]said{}
	for _, s := range scenarios {
		for _, open := range s.file.Opens {
			e := open.Envelope
			if e == nil || e.Name.text == "" {
				continue
			}
			now := said{e.Name.at, ""}
			if of := e.Contents.compiled(); of != nil && of.Check() == nil {
				now.what = of.String()
			}
			if before, twice := first[e.Name.text]; !twice {
				first[e.Name.text] = now
			} else if before.what != now.what {
				f.errorf(e.Name.at, "write the same contents in both, or in neither", "%s, line %d, says otherwise what lies in envelope %s", before.at.file, before.at.line, show(e.Name.text))
			}
		}
	}
}
