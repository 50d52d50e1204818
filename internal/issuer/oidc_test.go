package issuer_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/issuer"
)

// tokenKeys are made once: it takes a while.
var tokenKeys = sync.OnceValue(func() (pairs [2][2][]byte) {
	for i := range pairs {
		private, public, err := issuer.GenerateOIDC(rand.Reader)
		if err != nil {
			panic(err)
		}
		pairs[i] = [2][]byte{private, public}
	}
	return pairs
})

func bounds() issuer.Bounds {
	return issuer.Bounds{Audience: "sts.amazonaws.com", Subject: "halligan.example.com/", Now: func() time.Time { return noon }}
}

func tokens(t testing.TB) *issuer.OIDC {
	t.Helper()
	o, err := issuer.OpenOIDC(tokenKeys()[0][0], bounds())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// said is a token that Sign takes, for tests to spoil.
func said() map[string]any {
	return map[string]any{
		"aud": "sts.amazonaws.com", "iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Unix() + 60, "iss": "https://oidc.halligan.example.com",
		"jti": strings.Repeat("0a", 32), "sub": "halligan.example.com/database/db", "https://aws.amazon.com/source_identity": "hg-00112233445566ff",
		"https://aws.amazon.com/tags": map[string]any{
			"principal_tags":      map[string]any{"halligan-grant": []string{"00112233445566ff"}, "halligan-slot": []string{"1"}},
			"transitive_tag_keys": []string{"halligan-grant", "halligan-slot"},
		},
	}
}

func TestTokenIsExactlyTheClaims(t *testing.T) {
	o := tokens(t)
	claims := canon.MustEncode(said())
	token, err := o.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	if want := `{"alg":"RS256","kid":"` + o.KeyID() + `","typ":"JWT"}`; string(decoded[0]) != want || !bytes.Equal(decoded[1], claims) {
		t.Errorf("header %s, claims %s", decoded[0], decoded[1])
	}
	// Verified as RFC 7515 and 7518 say, by what the JWK says alone.
	var jwk struct{ N, E, Kty, Alg, Use, Kid string }
	if err := json.Unmarshal(o.PublicJWK(), &jwk, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	n, _ := base64.RawURLEncoding.DecodeString(jwk.N)
	e, _ := base64.RawURLEncoding.DecodeString(jwk.E)
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], decoded[2]); err != nil {
		t.Error(err)
	}
	if key.N.BitLen() != 3072 || jwk.Kty != "RSA" || jwk.Alg != "RS256" || jwk.Use != "sig" || jwk.Kid != o.KeyID() {
		t.Errorf("the JWK is %+v", jwk)
	}
	// A session without tags or source identity, such as the stopper's.
	plain := said()
	delete(plain, "https://aws.amazon.com/tags")
	delete(plain, "https://aws.amazon.com/source_identity")
	if _, err := o.Sign(canon.MustEncode(plain)); err != nil {
		t.Error(err)
	}
}

// TestThumbprint is the example of RFC 7638, 3.1.
func TestThumbprint(t *testing.T) {
	const n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs" +
		"tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI" +
		"SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	const print = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
	k, err := issuer.ParseJWK([]byte(`{"alg":"RS256","e":"AQAB","kid":"` + print + `","kty":"RSA","n":"` + n + `","use":"sig"}` + "\n"))
	if err != nil || k.ID != print {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestTokensRefused(t *testing.T) {
	o := tokens(t)
	set := func(key string, value any) func(map[string]any) { return func(c map[string]any) { c[key] = value } }
	without := func(key string) func(map[string]any) { return func(c map[string]any) { delete(c, key) } }
	tags := func(principal map[string]any, transitive ...string) func(map[string]any) {
		return set("https://aws.amazon.com/tags", map[string]any{"principal_tags": principal, "transitive_tag_keys": append([]string{}, transitive...)})
	}
	for name, c := range map[string]struct {
		spoil func(map[string]any)
		want  error
	}{
		"61 s":              {set("exp", noon.Unix()+61), issuer.ErrLife},
		"a day":             {set("exp", noon.Unix()+86400), issuer.ErrLife},
		"no end":            {set("exp", 0), issuer.ErrLife},
		"ends as it begins": {set("exp", noon.Unix()), issuer.ErrLife},
		"begins later":      {func(c map[string]any) { c["iat"], c["nbf"], c["exp"] = noon.Unix()+6, noon.Unix()+6, noon.Unix()+66 }, issuer.ErrLife},
		"begins in a year": {func(c map[string]any) {
			c["iat"], c["nbf"], c["exp"] = noon.Unix()+3e7, noon.Unix()+3e7, noon.Unix()+3e7+60
		}, issuer.ErrLife},
		"over":               {func(c map[string]any) { c["iat"], c["nbf"], c["exp"] = noon.Unix()-60, noon.Unix()-60, noon.Unix() }, issuer.ErrLife},
		"valid before":       {set("nbf", noon.Unix()-1), issuer.ErrLife},
		"other audience":     {set("aud", "https://vault.example.com"), issuer.ErrAudience},
		"two audiences":      {set("aud", []string{"sts.amazonaws.com", "other"}), issuer.ErrClaims},
		"other cell":         {set("sub", "halligan.example.com.evil/database/db"), issuer.ErrTokenSubject},
		"no subject":         {set("sub", "halligan.example.com/"), issuer.ErrTokenSubject},
		"long subject":       {set("sub", "halligan.example.com/"+strings.Repeat("x", 300)), issuer.ErrTokenSubject},
		"issuer not https":   {set("iss", "http://oidc.halligan.example.com"), issuer.ErrIssuer},
		"issuer with a user": {set("iss", "https://a@oidc.halligan.example.com"), issuer.ErrIssuer},
		"no id":              {set("jti", ""), issuer.ErrTokenID},
		"another id":         {set("jti", "../../x"), issuer.ErrTokenID},
		"one claim more":     {set("admin", true), issuer.ErrClaims},
		"no audience":        {without("aud"), issuer.ErrClaims},
		"no end at all":      {without("exp"), issuer.ErrClaims},
		"no nbf":             {without("nbf"), issuer.ErrClaims},
		"source identity":    {set("https://aws.amazon.com/source_identity", "a b"), issuer.ErrTags},
		"no tags in tags":    {tags(map[string]any{}), issuer.ErrTags},
		"two values":         {tags(map[string]any{"a": []string{"1", "2"}}), issuer.ErrTags},
		"tag not there":      {tags(map[string]any{"a": []string{"1"}}, "b"), issuer.ErrTags},
		"tag twice":          {tags(map[string]any{"a": []string{"1"}, "b": []string{"1"}}, "a", "a"), issuer.ErrTags},
		"tags by case":       {tags(map[string]any{"a": []string{"1"}, "A": []string{"1"}}), issuer.ErrTags},
		"bad value":          {tags(map[string]any{"a": []string{"*"}}), issuer.ErrTags},
		"huge":               {set("sub", "halligan.example.com/"+strings.Repeat("x", 9000)), issuer.ErrClaims},
	} {
		t.Run(name, func(t *testing.T) {
			claims := said()
			c.spoil(claims)
			if token, err := o.Sign(canon.MustEncode(claims)); !errors.Is(err, c.want) || token != "" {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	good := canon.MustEncode(said())
	for name, bad := range map[string][]byte{
		"empty": nil, "space": append([]byte(" "), good...), "more": append(bytes.Clone(good), '\n'), "twice": append(bytes.Clone(good), good...),
		"not sorted": []byte(`{"sub":"halligan.example.com/a","aud":"sts.amazonaws.com"}`), "list": []byte("[]"), "text": []byte("a.b.c"),
	} {
		if token, err := o.Sign(bad); !errors.Is(err, issuer.ErrClaims) || token != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range good {
		if _, err := o.Sign(good[:n]); err == nil {
			t.Fatalf("signed the first %d bytes", n)
		}
	}
}

func TestTokenKeys(t *testing.T) {
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := tokenKeys()[0][0]
	for name, bad := range map[string][]byte{
		"empty": nil, "a curve": pkcs8(curve), "two": append(bytes.Clone(good), good...), "public": tokenKeys()[0][1],
		"other block": bytes.ReplaceAll(good, []byte("PRIVATE KEY"), []byte("RSA PRIVATE KEY")),
	} {
		if _, err := issuer.OpenOIDC(bad, bounds()); !errors.Is(err, issuer.ErrTokenKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string]issuer.Bounds{
		"nothing": {}, "no clock": {Audience: "a", Subject: "b/"}, "no subject": {Audience: "a", Now: time.Now}, "no audience": {Subject: "b/", Now: time.Now},
	} {
		if _, err := issuer.OpenOIDC(good, b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	first, second := tokenKeys()[0][1], tokenKeys()[1][1]
	if bytes.Equal(first, second) {
		t.Error("two keys are the same")
	}
	for name, spoil := range map[string]func(string) string{
		"another id":   func(s string) string { return strings.Replace(s, `"kid":"`, `"kid":"A`, 1) },
		"private":      func(s string) string { return strings.Replace(s, `"alg"`, `"a":"","alg"`, 1) },
		"algorithm":    func(s string) string { return strings.Replace(s, "RS256", "none", 1) },
		"use":          func(s string) string { return strings.Replace(s, `"sig"`, `"enc"`, 1) },
		"exponent":     func(s string) string { return strings.Replace(s, "AQAB", "Aw", 1) },
		"space":        func(s string) string { return " " + s },
		"not the form": func(s string) string { return strings.Replace(s, ",", ", ", 1) },
		"empty":        func(string) string { return "" },
	} {
		if _, err := issuer.ParseJWK([]byte(spoil(string(first)))); !errors.Is(err, issuer.ErrJWK) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzToken: whatever is signed is a short token of the one cell for the one
// audience, in its one encoding.
func FuzzToken(f *testing.F) {
	o := tokens(f)
	f.Add(canon.MustEncode(said()))
	long := said()
	long["exp"] = noon.Unix() + 3600
	f.Add(canon.MustEncode(long))
	f.Add([]byte(`{"aud":"sts.amazonaws.com"}`))
	f.Fuzz(func(t *testing.T, claims []byte) {
		token, err := o.Sign(claims)
		if err != nil {
			var refusal issuer.Refusal
			if !errors.As(err, &refusal) || refusal.Error() == "" || token != "" {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		var got struct {
			Audience string `json:"aud"`
			Subject  string `json:"sub"`
			Issued   int64  `json:"iat"`
			Expires  int64  `json:"exp"`
		}
		if err := json.Unmarshal(claims, &got); err != nil || !canon.Canonical(claims) {
			t.Fatalf("signed what is not canonical: %v", err)
		}
		if got.Audience != "sts.amazonaws.com" || !strings.HasPrefix(got.Subject, "halligan.example.com/") || got.Expires-got.Issued > 60 || got.Expires > noon.Unix()+65 {
			t.Fatalf("signed %+v", got)
		}
	})
}

// FuzzParseJWK: what is read encodes to the same bytes.
func FuzzParseJWK(f *testing.F) {
	f.Add(tokenKeys()[0][1])
	f.Add([]byte(`{"kty":"RSA"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := issuer.ParseJWK(data)
		if err == nil && !bytes.Equal(k.Encode(), bytes.TrimRight(data, "\r\n")) {
			t.Fatalf("%q is read as %q", data, k.Encode())
		}
	})
}
