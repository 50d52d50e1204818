package config

import "github.com/halligan-dev/halligan/internal/access"

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

// contents reads what lies in an envelope.
func (s *scenarioFacts) contents(e *envelopeFile) *access.Contents {
	if e.Contents == nil {
		return nil
	}
	out, whole := new(access.Contents), true
	if from := e.Contents.AccessKey; from != nil {
		whole = whole && from.Account.given() && from.User.given()
		out.AccessKey = &access.AWSUser{Account: from.Account.text, User: from.User.text}
	}
	if from := e.Contents.Password; from != nil {
		whole = whole && from.Account.given() && from.User.given()
		out.Password = &access.AWSUser{Account: from.Account.text, User: from.User.text}
	}
	if from := e.Contents.Secret; from != nil {
		whole = whole && from.Account.given() && from.Region.given() && from.Name.given()
		out.Secret = &access.AWSSecret{Account: from.Account.text, Region: from.Region.text, Name: from.Name.text}
	}
	if e.Physical.on || e.Honey.on {
		s.errorf(e.key("contents"), "take it out, or physical and honey", "nothing changes what is in bags, and nothing that works is in honey")
	}
	if err := out.Check(); err != nil && whole { // what is missing is told where it is missing
		s.errorf(e.key("contents"), "write contents: { aws_access_key: { account: \"…\", user: … } }", "%v", err)
	}
	return out
}
