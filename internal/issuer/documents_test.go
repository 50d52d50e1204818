package issuer_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/issuer"
)

func publicKeys(t testing.TB) []issuer.PublicKey {
	t.Helper()
	var keys []issuer.PublicKey
	for _, pair := range tokenKeys() {
		key, err := issuer.ParseJWK(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func TestDocuments(t *testing.T) {
	keys := publicKeys(t)
	made, err := issuer.Documents("https://oidc.halligan.example.com/a", keys)
	if err != nil {
		t.Fatal(err)
	}
	if paths := slices.Sorted(maps.Keys(made)); !slices.Equal(paths, []string{"/.well-known/openid-configuration", "/jwks.json"}) {
		t.Errorf("paths %v", paths)
	}
	const want = `{"claims_supported":["sub","aud","exp","iat","iss","jti","nbf"],"id_token_signing_alg_values_supported":["RS256"],` +
		`"issuer":"https://oidc.halligan.example.com/a","jwks_uri":"https://oidc.halligan.example.com/a/jwks.json",` +
		`"response_types_supported":["id_token"],"scopes_supported":["openid"],"subject_types_supported":["public"]}`
	if got := string(made["/.well-known/openid-configuration"]); got != want {
		t.Errorf("got %s", got)
	}
	if set := string(made["/jwks.json"]); set != `{"keys":[`+string(tokenKeys()[0][1])+`,`+string(tokenKeys()[1][1])+`]}` || strings.Contains(set, `"d"`) {
		t.Errorf("keys %s", set)
	}
	again, _ := issuer.Documents("https://oidc.halligan.example.com/a", keys)
	if !bytes.Equal(again["/jwks.json"], made["/jwks.json"]) {
		t.Error("the same keys give another document")
	}
	for _, bad := range [][]issuer.PublicKey{nil, {keys[0], keys[0]}, {keys[0], keys[1], keys[0]}} {
		if _, err := issuer.KeySet(bad); err == nil {
			t.Errorf("%d keys are taken", len(bad))
		}
	}
}

func TestIssuerURLs(t *testing.T) {
	for url, folder := range map[string]string{
		"https://oidc.halligan.example.com": "oidc.halligan.example.com", "https://a.example.com/oidc/one": "a.example.com/oidc/one", "https://a.example.com:8443": "a.example.com_8443",
	} {
		if got, err := issuer.Folder(url); err != nil || got != folder {
			t.Errorf("%s: %q, %v", url, got, err)
		}
	}
	for _, bad := range []string{"", "oidc.example.com", "http://oidc.example.com", "https://oidc.example.com/", "https://OIDC.example.com", "https://a@oidc.example.com",
		"https://oidc.example.com?x", "https://oidc.example.com#x", "https://oidc.example.com/../etc", "https://oidc.example.com//a", "https://", "https://oidc.example.com/a b",
		"https://[::1]", "https://" + strings.Repeat("a", 250)} {
		if _, err := issuer.Folder(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestLook: what an issuer shows is compared byte by byte; nobody is followed, and
// whatever is wrong is named (T70).
func TestLook(t *testing.T) {
	keys := publicKeys(t)
	var documents map[string][]byte
	var spoil func(w http.ResponseWriter, r *http.Request) bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if spoil != nil && spoil(w, r) {
			return
		}
		w.Write(documents[r.URL.Path])
	}))
	defer server.Close()
	looker := issuer.NewLooker(func() time.Time { return server.Certificate().NotAfter.Add(-49 * time.Hour) })
	looker.Client.Transport = server.Client().Transport
	var err error
	if documents, err = issuer.Documents(server.URL, keys); err != nil {
		t.Fatal(err)
	}
	seen := looker.Look(t.Context(), server.URL, keys)
	if !seen.Good || seen.Why != "" || !slices.Equal(seen.Keys, []string{keys[0].ID, keys[1].ID}) || seen.Digest != canon.Sum(documents["/jwks.json"]) || seen.DaysLeft != 2 {
		t.Errorf("seen %+v", seen)
	}
	if text, err := json.Marshal(seen); err != nil || !strings.Contains(string(text), `"good":true`) {
		t.Errorf("%s, %v", text, err)
	}
	if seen := looker.Look(t.Context(), server.URL, []issuer.PublicKey{keys[1], keys[0]}); seen.Good || !strings.Contains(seen.Why, "other keys") {
		t.Errorf("in another order: %+v", seen)
	}
	if seen := looker.Look(t.Context(), server.URL, keys[:1]); seen.Good || !strings.Contains(seen.Why, "other keys") {
		t.Errorf("with a key more: %+v", seen)
	}
	for name, c := range map[string]struct {
		spoil func(w http.ResponseWriter, r *http.Request) bool
		why   string
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "elsewhere") {
				t.Error("it was followed elsewhere")
			}
			http.Redirect(w, r, server.URL+"/elsewhere", http.StatusFound)
			return true
		}, "Found"},
		"not there": {func(w http.ResponseWriter, r *http.Request) bool { http.NotFound(w, r); return true }, "Not Found"},
		"too long":  {func(w http.ResponseWriter, r *http.Request) bool { w.Write(make([]byte, 70<<10)); return true }, "too long"},
		"another discovery": {func(w http.ResponseWriter, r *http.Request) bool {
			return strings.Contains(r.URL.Path, "well-known") && write(w, `{"issuer":"x"}`)
		}, "discovery document is not"},
		"other keys": {func(w http.ResponseWriter, r *http.Request) bool {
			return strings.Contains(r.URL.Path, "jwks") && write(w, `{"keys":[]}`)
		}, "other keys"},
	} {
		spoil = c.spoil
		if seen := looker.Look(t.Context(), server.URL, keys); seen.Good || !strings.Contains(seen.Why, c.why) {
			t.Errorf("%s: %+v", name, seen)
		}
	}
	spoil = nil
	if seen := issuer.NewLooker(time.Now).Look(t.Context(), server.URL, keys); seen.Good || !strings.Contains(seen.Why, "authority that this machine does not know") {
		t.Errorf("with an unknown authority: %+v", seen)
	}
	server.Close()
	if seen := looker.Look(t.Context(), server.URL, keys); seen.Good || !strings.Contains(seen.Why, "cannot be reached") {
		t.Errorf("gone: %+v", seen)
	}
	if seen := looker.Look(t.Context(), "http://169.254.169.254", keys); seen.Good || seen.Why == "" {
		t.Errorf("not https: %+v", seen)
	}
}

func write(w http.ResponseWriter, text string) bool {
	w.Write([]byte(text))
	return true
}
