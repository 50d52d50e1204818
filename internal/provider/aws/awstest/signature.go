package awstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Za-z0-9]+)/[0-9]{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// who names the session of a call's signature, which nobody has checked.
func (d *Double) who(r *http.Request) string {
	if m := authorization.FindStringSubmatch(r.Header.Get("Authorization")); m != nil && d.sessions[m[1]] != nil {
		return d.sessions[m[1]].Name
	}
	return ""
}

// signer gives the session whose keys signed a call; nil for a user's keys.
func (d *Double) signer(c *request) (*Session, refusal) {
	m := authorization.FindStringSubmatch(c.r.Header.Get("Authorization"))
	if m == nil {
		return nil, refusal{http.StatusForbidden, "MissingAuthenticationToken"}
	}
	by := sdk.Credentials{AccessKeyID: m[1], SecretAccessKey: d.users[m[1]]}
	s, k := d.sessions[m[1]], d.userKey(m[1])
	if k != nil && k.taken() == Active {
		by.SecretAccessKey = k.Secret
	}
	switch {
	case s == nil && by.SecretAccessKey == "":
		return nil, refusal{http.StatusForbidden, "InvalidClientTokenId"}
	case s != nil:
		by.SecretAccessKey, by.SessionToken = s.Secret, s.Token
		if c.r.Header.Get("X-Amz-Security-Token") != s.Token {
			return nil, refusal{http.StatusForbidden, "InvalidClientTokenId"}
		}
		if !d.now().Before(s.Until) {
			return nil, refusal{http.StatusBadRequest, "ExpiredToken"}
		}
	}
	if m[2] != c.region || !c.signedBy(by, m[3], strings.Split(m[4], ";")) {
		return nil, refusal{http.StatusForbidden, "SignatureDoesNotMatch"}
	}
	if c.user = k; k != nil {
		k.Used = d.now()
	}
	return s, fine
}

// signedBy signs the call again and compares.
func (c *request) signedBy(by sdk.Credentials, service string, headers []string) bool {
	at, err := time.Parse("20060102T150405Z", c.r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	sum := sha256.Sum256(c.body)
	hash := hex.EncodeToString(sum[:])
	if said := c.r.Header.Get("X-Amz-Content-Sha256"); said != "" && said != hash {
		return false
	}
	again, err := http.NewRequest(c.r.Method, "http://"+c.r.Host+c.r.URL.RequestURI(), bytes.NewReader(c.body))
	if err != nil {
		return false
	}
	if len(c.body) == 0 {
		again.Body, again.ContentLength = http.NoBody, 0
	}
	if !slices.Contains(headers, "content-length") { // some programs leave it out of what they sign
		again.ContentLength = 0
	}
	for _, name := range headers {
		if name != "host" && name != "content-length" {
			again.Header[http.CanonicalHeaderKey(name)] = c.r.Header.Values(name)
		}
	}
	if err := v4.NewSigner().SignHTTP(c.r.Context(), by, again, hash, service, c.region, at); err != nil {
		return false
	}
	return again.Header.Get("Authorization") == c.r.Header.Get("Authorization")
}
