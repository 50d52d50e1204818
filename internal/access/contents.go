package access

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Contents is what lies in an envelope, where that is something that can be changed
// without a person: exactly one member is set.
type Contents struct {
	AccessKey *AWSUser   `json:"aws_access_key,omitzero"` // of an IAM user: the only one it has
	Password  *AWSUser   `json:"aws_password,omitzero"`   // of an IAM user, at the console
	Secret    *AWSSecret `json:"aws_secret,omitzero"`     // the value of a secret of Secrets Manager
}

// AWSUser is an IAM user, by its account and name.
type AWSUser struct {
	Account string `json:"account"`
	User    string `json:"user"`
}

// AWSSecret is a secret of Secrets Manager, by its account, Region and name.
type AWSSecret struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Name    string `json:"name"`
}

const (
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	userLongest = 64
	secretName  = letters + "/_+=.@-"
	userName    = letters + "+=,.@_-"

	secretLongest = 512
)

// Check refuses contents that nothing of AWS's can be. Its errors begin with the
// member at fault.
func (c *Contents) Check() error {
	set := 0
	for _, of := range []struct {
		member string
		user   *AWSUser
	}{{"aws_access_key", c.AccessKey}, {"aws_password", c.Password}} {
		if of.user == nil {
			continue
		}
		set++
		if err := of.user.check(); err != nil {
			return fmt.Errorf("%s.%w", of.member, err)
		}
	}
	if c.Secret != nil {
		set++
		if err := c.Secret.check(); err != nil {
			return fmt.Errorf("aws_secret.%w", err)
		}
	}
	if set != 1 {
		return errors.New("aws_access_key: must be set alone, or aws_password or aws_secret in its place")
	}
	return nil
}

func (u *AWSUser) check() error {
	switch {
	case !IsAccountNumber(u.Account):
		return fmt.Errorf("account: %q is not twelve digits", u.Account)
	case len(u.User) == 0 || len(u.User) > userLongest || !canon.MadeOf(u.User, userName):
		return fmt.Errorf("user: %q is no name of an IAM user", u.User)
	}
	return nil
}

func (s *AWSSecret) check() error {
	switch {
	case !IsAccountNumber(s.Account):
		return fmt.Errorf("account: %q is not twelve digits", s.Account)
	case !IsRegion(s.Region):
		return fmt.Errorf("region: %q is no region of AWS", s.Region)
	case len(s.Name) == 0 || len(s.Name) > secretLongest || !canon.MadeOf(s.Name, secretName):
		return fmt.Errorf("name: %q is no name of a secret", s.Name)
	}
	return nil
}

// IsAccountNumber tells whether a text is the number of an AWS account.
func IsAccountNumber(text string) bool { return len(text) == 12 && canon.MadeOf(text, "0123456789") }

// Account is the account of AWS that the contents are of.
func (c *Contents) Account() string {
	switch {
	case c.AccessKey != nil:
		return c.AccessKey.Account
	case c.Password != nil:
		return c.Password.Account
	}
	return c.Secret.Account
}

// String says what lies in the envelope.
func (c *Contents) String() string {
	switch {
	case c.AccessKey != nil:
		return fmt.Sprintf("the access key of IAM user %s of account %s", c.AccessKey.User, c.AccessKey.Account)
	case c.Password != nil:
		return fmt.Sprintf("the console password of IAM user %s of account %s", c.Password.User, c.Password.Account)
	}
	return fmt.Sprintf("the value of secret %s of account %s in %s", c.Secret.Name, c.Secret.Account, c.Secret.Region)
}
