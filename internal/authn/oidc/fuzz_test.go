package oidc_test

import (
	"encoding/base64"
	"testing"

	"github.com/halligan-dev/halligan/internal/authn/oidc"
)

// FuzzClaims: whatever a token says, what is read of it is one reading.
func FuzzClaims(f *testing.F) {
	for _, claims := range []string{
		`{"iss":"https://a.example","sub":"1","aud":"halligan","exp":1,"iat":1,"nonce":"n"}`,
		`{"aud":["halligan","other"],"azp":"halligan","exp":1e9,"iat":1.5,"nbf":0}`,
		`{"sub":"1","sub":"2"}`, `{"exp":-1}`, `{"exp":1e300}`, `{"aud":7}`, `[]`, `null`, ``,
	} {
		f.Add(claims)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".AA"
		read, err := oidc.ReadClaims(token)
		if err != nil {
			return
		}
		again, err := oidc.ReadClaims(token)
		if err != nil || again.Subject != read.Subject || again.Issuer != read.Issuer {
			t.Errorf("read twice: %+v, %+v", read, again)
		}
		if _, err := oidc.ReadClaims(token + ".AA"); err == nil {
			t.Error("a fourth part is taken")
		}
	})
}

// FuzzDocument: what is taken is of the issuer that was asked.
func FuzzDocument(f *testing.F) {
	for _, document := range []string{
		`{"issuer":"https://a.example","authorization_endpoint":"https://a.example/a","token_endpoint":"https://a.example/t","jwks_uri":"https://a.example/k"}`,
		`{"issuer":"https://a.example","issuer":"https://b.example"}`, `{"code_challenge_methods_supported":["plain"]}`, `{}`, `[]`, ``,
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if read, err := oidc.ReadDocument(data, "https://a.example"); err == nil && read.Issuer != "https://a.example" {
			t.Errorf("%+v", read)
		}
	})
}
