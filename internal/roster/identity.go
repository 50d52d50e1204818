package roster

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Identity is who a person is to an identity provider (OpenID Connect Core 1.0,
// section 2: only issuer and subject together name somebody). It lets a person read;
// it never signs.
type Identity struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// IdentitiesMost bounds the identities of one person.
const IdentitiesMost = 4

const (
	issuerLongest  = 512
	subjectLongest = 255 // OpenID Connect Core 1.0, section 2
)

// Check tells what is wrong with an identity taken by itself. Both parts are compared
// byte by byte for ever, so that neither may be spelled in two ways.
func (i Identity) Check() error {
	if err := CheckIssuer(i.Issuer); err != nil {
		return err
	}
	if i.Subject == "" || len(i.Subject) > subjectLongest || strings.ContainsFunc(i.Subject, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("subject must be 1 to %d letters, digits and signs of ASCII, without a space", subjectLongest)
	}
	return nil
}

// CheckIssuer refuses what is no issuer: an https URL of a host, without sign-in,
// query and fragment.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || len(issuer) > issuerLongest || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.String() != issuer {
		return errors.New("issuer must be an https URL with a host, and without a query")
	}
	return nil
}

// claim makes the identities of a person theirs alone. Those of somebody who was
// removed are free: whoever comes back under another id is the same to a provider.
func (r *Roster) claim(at int) error {
	p := r.People[at]
	if p.Removed {
		return nil
	}
	if len(p.OIDC) > IdentitiesMost {
		return fmt.Errorf("person %s may have %d identities", p.ID, IdentitiesMost)
	}
	for _, identity := range p.OIDC {
		if err := identity.Check(); err != nil {
			return fmt.Errorf("person %s: %w", p.ID, err)
		}
		if other, taken := r.identified[identity]; taken {
			return fmt.Errorf("person %s: subject %q of %s %w (also with %s): one identity is one human's", p.ID, identity.Subject, identity.Issuer, ErrTwice, r.People[other].ID)
		}
		r.identified[identity] = at
	}
	return r.claimUser(p.User, at)
}

// claimUser makes a user of IAM Identity Center one human's.
func (r *Roster) claimUser(user string, at int) error {
	if user == "" {
		return nil
	}
	if !access.IsCenterID(user) {
		return fmt.Errorf("person %s: identity_center: %q is not the id of a user, a UUID in lower case", r.People[at].ID, user)
	}
	if other, taken := r.users[user]; taken {
		return fmt.Errorf("person %s: user %s of Identity Center %w (also with %s): one user is one human's", r.People[at].ID, user, ErrTwice, r.People[other].ID)
	}
	r.users[user] = at
	return nil
}

// Identified is the present person who has an identity: issuer and subject both.
func (r *Roster) Identified(as Identity) (person string, ok bool) {
	at, ok := r.identified[as]
	if !ok || r.People[at].Removed {
		return "", false
	}
	return r.People[at].ID, true
}
