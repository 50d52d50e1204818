package awstest_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const (
	issuerURL = "https://oidc.halligan.example.com"
	roleARN   = "arn:aws:iam::123456789012:role/EmergencyDatabase"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

var keys = sync.OnceValue(func() (two [2]*rsa.PrivateKey) {
	for i := range two {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		two[i] = key
	}
	return two
})

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// token is a token as anybody could write one.
func token(t *testing.T, key *rsa.PrivateKey, header, claims map[string]any) string {
	t.Helper()
	var parts [2]string
	for i, part := range []map[string]any{header, claims} {
		data, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts[i] = b64(data)
	}
	signed := parts[0] + "." + parts[1]
	digest := sha256.Sum256([]byte(signed))
	value, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(value)
}

func double(t *testing.T) *awstest.Double {
	d := awstest.New(t)
	d.SetClock(func() time.Time { return noon })
	public := keys()[0].PublicKey
	d.AddIssuer(issuerURL, func() ([]byte, error) {
		return []byte(`{"keys":[{"kty":"RSA","kid":"k","n":"` + b64(public.N.Bytes()) + `","e":"` + b64(big.NewInt(int64(public.E)).Bytes()) + `"}]}`), nil
	})
	d.AddRole(awstest.Role{ARN: roleARN, Audience: "sts.amazonaws.com", Subjects: []string{"cell/database/db"}, Sources: "hg-", Strengths: []string{"hardware"}, Allows: []string{"rds:*"}})
	return d
}

func assume(t *testing.T, d *awstest.Double, token string, more url.Values) (int, string) {
	t.Helper()
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {roleARN}, "RoleSessionName": {"hg-x"}, "WebIdentityToken": {token}}
	maps.Copy(form, more)
	answer, err := http.PostForm(strings.ReplaceAll(d.Endpoints()["sts"], "{region}", "eu-west-1")+"/", form)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// TestT33ForgedTokens: the double that our tests trust takes no token that AWS would
// not: another key, no signature, another issuer, audience, subject or identity, one
// that is over, and one whose key is the public one taken for a secret.
func TestT33ForgedTokens(t *testing.T) {
	header := func() map[string]any { return map[string]any{"alg": "RS256", "kid": "k", "typ": "JWT"} }
	claims := func() map[string]any {
		return map[string]any{
			"iss": issuerURL, "aud": "sts.amazonaws.com", "sub": "cell/database/db", "iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Unix() + 60, "jti": "1",
			"https://aws.amazon.com/source_identity": "hg-1",
			"https://aws.amazon.com/tags":            map[string]any{"principal_tags": map[string]any{"halligan-strength": []string{"hardware"}}, "transitive_tag_keys": []string{}},
		}
	}
	d := double(t)
	if status, body := assume(t, d, token(t, keys()[0], header(), claims()), nil); status != http.StatusOK {
		t.Fatalf("a good token: %d %s", status, body)
	}
	set := func(key string, value any) func(h, c map[string]any) {
		return func(_, c map[string]any) { c[key] = value }
	}
	for name, c := range map[string]struct {
		spoil func(h, c map[string]any)
		code  string
	}{
		"no algorithm":     {func(h, _ map[string]any) { h["alg"] = "none" }, "InvalidIdentityToken"},
		"another key's id": {func(h, _ map[string]any) { h["kid"] = "other" }, "InvalidIdentityToken"},
		"another issuer":   {set("iss", "https://evil.example.com"), "InvalidIdentityToken"},
		"over":             {set("exp", noon.Unix()), "ExpiredTokenException"},
		"a long one":       {set("exp", noon.Unix()+3600), "InvalidIdentityToken"},
		"of tomorrow":      {set("nbf", noon.Unix()+86400), "InvalidIdentityToken"},
		"no id":            {set("jti", ""), "InvalidIdentityToken"},
		"audience":         {set("aud", "sts"), "AccessDenied"},
		"subject":          {set("sub", "cell/database/db2"), "AccessDenied"},
		"identity":         {set("https://aws.amazon.com/source_identity", "ann"), "AccessDenied"},
		"no strength":      {set("https://aws.amazon.com/tags", map[string]any{}), "AccessDenied"},
	} {
		h, body := header(), claims()
		c.spoil(h, body)
		if status, said := assume(t, d, token(t, keys()[0], h, body), nil); status/100 != 4 || !strings.Contains(said, "<Code>"+c.code+"</Code>") {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
	good := token(t, keys()[0], header(), claims())
	parts := strings.Split(good, ".")
	mac := hmac.New(sha256.New, keys()[0].N.Bytes())
	mac.Write([]byte(parts[0] + "." + parts[1]))
	for name, forged := range map[string]string{
		"another key": token(t, keys()[1], header(), claims()), "no signature": parts[0] + "." + parts[1] + ".", "a mac": parts[0] + "." + parts[1] + "." + b64(mac.Sum(nil)), "nothing": "",
	} {
		if status, said := assume(t, d, forged, nil); status/100 != 4 {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
	for name, more := range map[string]url.Values{
		"another account": {"RoleArn": {"arn:aws:iam::999999999999:role/EmergencyDatabase"}}, "too short": {"DurationSeconds": {"899"}},
		"too long": {"DurationSeconds": {"43201"}}, "no name": {"RoleSessionName": {""}}, "policy": {"Policy": {"{"}}, "long policy": {"Policy": {strings.Repeat(" ", 2049)}},
	} {
		if status, said := assume(t, d, good, more); status/100 != 4 {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
	d.AddIssuer(issuerURL, func() ([]byte, error) { return nil, errors.New("down") })
	if _, said := assume(t, d, good, nil); !strings.Contains(said, "IDPCommunicationError") {
		t.Errorf("with its issuer down: %s", said)
	}
	if began := d.Sessions(); len(began) != 1 {
		t.Errorf("%d sessions began", len(began))
	}
}
