package jwe_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal/jwe"
)

func newKey(t testing.TB) (*ecdsa.PrivateKey, canon.KeyP256) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return private, canon.KeyP256(public)
}

func bound() jwe.Bound {
	return jwe.Bound{Request: canon.Sum([]byte("request")), Fetch: canon.Sum([]byte("fetch")), Holder: canon.Key32{7}}
}

func read(text string) (*jose.JSONWebEncryption, error) {
	return jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
}

// TestSeal: what was sealed is a JWE in the one form, opens by its key and by no
// other, and not once a byte of it or of what it is bound to is another.
func TestSeal(t *testing.T) {
	private, public := newKey(t)
	text, err := jwe.Seal([]byte("https://signin.example/?token=hunter2"), public, bound())
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 5 || parts[1] != "" || strings.Contains(text, "hunter2") {
		t.Fatalf("sealed as %s", text)
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	var header map[string]any
	if err := json.Unmarshal(head, &header); err != nil {
		t.Fatal(err)
	}
	delete(header, "epk")
	b := bound()
	for name, want := range map[string]string{
		"alg": "ECDH-ES", "enc": "A256GCM", "typ": "halligan-console", "kid": b.Holder.String(), "request": b.Request.String(), "fetch": b.Fetch.String(),
	} {
		if header[name] != want {
			t.Errorf("%s is %v, want %s", name, header[name], want)
		}
		delete(header, name)
	}
	if len(header) > 0 {
		t.Errorf("the header says more: %v", header)
	}
	parsed, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := parsed.Decrypt(private); err != nil || string(plain) != "https://signin.example/?token=hunter2" {
		t.Errorf("opened as %q, %v", plain, err)
	}
	other, _ := newKey(t)
	if _, err := parsed.Decrypt(other); err == nil {
		t.Error("another key opens it")
	}
	another := strings.Replace(string(head), b.Request.String(), canon.Sum([]byte("another")).String(), 1)
	for name, changed := range map[string]string{
		"bound to another request": base64.RawURLEncoding.EncodeToString([]byte(another)) + text[len(parts[0]):],
		"another text":             strings.Join([]string{parts[0], "", parts[2], flip(parts[3]), parts[4]}, "."),
		"another tag":              strings.Join([]string{parts[0], "", parts[2], parts[3], flip(parts[4])}, "."),
	} {
		parsed, err := read(changed)
		if err != nil {
			continue
		}
		if plain, err := parsed.Decrypt(private); err == nil {
			t.Errorf("%s: opens as %q", name, plain)
		}
	}
	if again, err := jwe.Seal([]byte("x"), public, bound()); err != nil || strings.Split(again, ".")[0] == parts[0] {
		t.Errorf("two texts have one ephemeral key: %v", err)
	}
}

func flip(part string) string {
	if part[0] == 'A' {
		return "B" + part[1:]
	}
	return "A" + part[1:]
}

func TestSealRefuses(t *testing.T) {
	_, public := newKey(t)
	off := public
	off[64] ^= 1
	unbound := bound()
	unbound.Fetch = canon.Digest{}
	for name, c := range map[string]struct {
		secret []byte
		to     canon.KeyP256
		about  jwe.Bound
	}{
		"nothing":          {nil, public, bound()},
		"too much":         {make([]byte, jwe.SecretMost+1), public, bound()},
		"no key":           {[]byte("hunter2"), canon.KeyP256{}, bound()},
		"no point":         {[]byte("hunter2"), off, bound()},
		"bound to nothing": {[]byte("hunter2"), public, unbound},
	} {
		if text, err := jwe.Seal(c.secret, c.to, c.about); err == nil || text != "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
