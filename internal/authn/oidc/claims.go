package oidc

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// claims are what of an ID token counts (OpenID Connect Core 1.0, section 2). Others
// are passed over: who somebody is and what they may do is not the provider's to say.
type claims struct {
	Issuer     string    `json:"iss"`
	Subject    string    `json:"sub"`
	Audience   audience  `json:"aud"`
	Authorized string    `json:"azp"`
	Expires    *jsonTime `json:"exp"`
	Issued     *jsonTime `json:"iat"`
	NotBefore  *jsonTime `json:"nbf"`
	Nonce      string    `json:"nonce"`
}

// audience is one name or several.
type audience []string

// UnmarshalJSON reads a text or a list of texts.
func (a *audience) UnmarshalJSON(data []byte) error {
	if jsontext.Value(data).Kind() == '"' {
		*a = make(audience, 1)
		return json.Unmarshal(data, &(*a)[0])
	}
	var all []string
	err := json.Unmarshal(data, &all)
	*a = all
	return err
}

// jsonTime is a time as seconds since 1970, whole or not (RFC 7519, section 2).
type jsonTime time.Time

// secondsMost is beyond any time of a token.
const secondsMost = 1 << 36

// UnmarshalJSON reads a number.
func (t *jsonTime) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	if seconds < 0 || seconds > secondsMost {
		return errors.New("a time is out of bounds")
	}
	*t = jsonTime(time.UnixMilli(int64(seconds * 1000)))
	return nil
}

// expected is what the token of one sign-in must say.
type expected struct {
	issuer, client, nonce string
	now                   time.Time
}

// A token is redeemed at once after it was made: what is older was kept by somebody.
const (
	issuedMost = 5 * time.Minute
	skewMost   = time.Minute
)

const subjectMost = 255

var (
	errShape   = errors.New("it is no JWT of three parts whose claims are each there once")
	errNobody  = errors.New("its subject is empty, too long or not plain ASCII")
	errNonce   = errors.New("its nonce is of another sign-in")
	errClient  = errors.New("it is for another client too, or for another alone")
	errExpired = errors.New("it is over, or says of no time that it ends")
	errIssued  = errors.New("it was not issued just now")
)

// readClaims reads the claims of a token whose signature the caller checks. A claim
// that stands twice is an error: two readers would read two tokens.
func readClaims(token string) (c claims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > tokenMost {
		return claims{}, errShape
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil || json.Unmarshal(data, &c) != nil {
		return claims{}, errShape
	}
	return c, nil
}

// check demands that the claims are those of one sign-in. The verifier has looked at
// some of them already; here stands all that must hold.
func (c claims) check(want expected) error {
	switch {
	case c.Issuer != want.issuer:
		return fmt.Errorf("it is of another issuer than %s", want.issuer)
	case c.Subject == "" || len(c.Subject) > subjectMost || strings.ContainsFunc(c.Subject, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errNobody
	case len(c.Audience) != 1 || c.Audience[0] != want.client, c.Authorized != "" && c.Authorized != want.client:
		return errClient
	case want.nonce == "" || subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(want.nonce)) != 1:
		return errNonce
	case c.Expires == nil || !want.now.Before(time.Time(*c.Expires)):
		return errExpired
	case c.Issued == nil || time.Time(*c.Issued).Before(want.now.Add(-issuedMost)) || time.Time(*c.Issued).After(want.now.Add(skewMost)),
		c.NotBefore != nil && time.Time(*c.NotBefore).After(want.now.Add(skewMost)):
		return errIssued
	}
	return nil
}
