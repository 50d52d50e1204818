package issuer

import (
	"net/url"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

const (
	// MaxTokenLife is the longest time between a token's iat and exp.
	MaxTokenLife = 60 * time.Second
	// tokenSkew is how far ahead of this machine's clock a token may begin. Not
	// every reader asks when a token begins: what ends later than that and
	// MaxTokenLife from now would be a long one.
	tokenSkew = 5 * time.Second

	claimsMost = 8 << 10
	tagsMost   = 50 // of a session, by AWS
)

// claims are what a token says. Nothing else is signed.
type claims struct {
	Audience  string    `json:"aud"`
	Expires   int64     `json:"exp"`
	Source    string    `json:"https://aws.amazon.com/source_identity,omitempty"`
	Tags      *sessions `json:"https://aws.amazon.com/tags,omitempty"`
	Issued    int64     `json:"iat"`
	Issuer    string    `json:"iss"`
	ID        string    `json:"jti"`
	NotBefore int64     `json:"nbf"`
	Subject   string    `json:"sub"`
}

// sessions are the tags that AWS puts on the session.
type sessions struct {
	Principal  map[string][]string `json:"principal_tags"`
	Transitive []string            `json:"transitive_tag_keys"`
}

// check demands that these bytes are a whole token that ends soon and is for
// nobody else, in its one encoding.
func (b Bounds) check(token []byte) error {
	var c claims
	if len(token) > claimsMost || canon.Decode(token, claimsMost, &c) != nil {
		return ErrClaims
	}
	now := b.Now()
	switch {
	case c.Audience != b.Audience:
		return ErrAudience
	case !strings.HasPrefix(c.Subject, b.Subject) || len(c.Subject) == len(b.Subject) || len(c.Subject) > 255:
		return ErrTokenSubject
	case CheckURL(c.Issuer) != nil:
		return ErrIssuer
	case !made(c.ID, 32, 64, hexDigit):
		return ErrTokenID
	case c.NotBefore != c.Issued, c.Expires <= c.Issued, c.Expires-c.Issued > int64(MaxTokenLife/time.Second):
		return ErrLife
	case c.Issued > now.Add(tokenSkew).Unix(), c.Expires <= now.Unix():
		return ErrLife
	case c.Source != "" && !made(c.Source, 2, 64, inSource), c.Tags != nil && !c.Tags.valid():
		return ErrTags
	}
	return nil
}

// valid tells whether AWS would take the tags: each key has one value, and the
// transitive ones are among them.
func (s *sessions) valid() bool {
	if len(s.Principal) == 0 || len(s.Principal) > tagsMost || len(s.Transitive) > len(s.Principal) {
		return false
	}
	folded := map[string]bool{}
	for key, values := range s.Principal {
		plain := strings.ToLower(key)
		if !made(key, 1, 128, inTag) || folded[plain] || len(values) != 1 || !made(values[0], 0, 256, inTag) {
			return false
		}
		folded[plain] = true
	}
	named := map[string]bool{}
	for _, key := range s.Transitive {
		if _, known := s.Principal[key]; !known || named[key] {
			return false
		}
		named[key] = true
	}
	return true
}

// CheckURL demands that text is the URL of an issuer: https, a host, perhaps a
// path, and nothing else, without a slash at its end.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errIssuerURL
	}
	if strings.HasSuffix(text, "/") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") || len(text) > 200 || u.String() != text ||
		strings.ToLower(u.Host) != u.Host || !isHost(u.Host) {
		return errIssuerURL
	}
	return nil
}
