package web_test

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
)

// registered is the form that the script sends of a new passkey.
func registered(a *passkeytest.Authenticator) url.Values {
	made := a.Register()
	b64 := base64.StdEncoding.EncodeToString
	return url.Values{"person": {"mara"}, "attestation": {b64(made.Attestation)}, "client_data": {b64(made.ClientData)}}
}

// TestMakePasskey: the page names the cell and the challenge of its passkeys, and
// what a device made becomes the line of a roster. Nobody needs to have signed in.
func TestMakePasskey(t *testing.T) {
	h := open(t, nil)
	w := h.request(http.MethodGet, "/passkey", nil, "Cookie", "")
	challenge := base64.StdEncoding.EncodeToString(passkey.RegistrationChallenge(cellName))
	has(t, html.UnescapeString(w.Body.String()), `data-host="`+cellName+`"`, `data-make="`+challenge+`"`, "counts for nothing yet")
	has(t, h.page("/sign-in"), "Ask somebody of the change quorum to invite you", `href="/passkey"`)

	device := passkeytest.New("mara", cellName)
	device.Flags |= passkeytest.BackupEligible
	w = h.request(http.MethodPost, "/passkey/line", registered(device), "Accept", "application/json", "Cookie", "")
	var made struct {
		Line        string `json:"line"`
		Fingerprint string `json:"fingerprint"`
		Copied      bool   `json:"copied"`
		Verified    bool   `json:"verified"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if made.Line != device.Line()+" mara-passkey" || !strings.HasPrefix(made.Fingerprint, "SHA256:") || !made.Copied || !made.Verified {
		t.Errorf("made %+v", made)
	}
	h.asked = slices.DeleteFunc(h.asked, func(path string) bool { return path == "/api/v1/sign-in" }) // which ways in there are
	if len(h.asked) != 0 {
		t.Errorf("the API was asked %q: nothing is to be kept", h.asked)
	}
}

// TestPasskeysThatTheCellCannotUse are refused with what to do.
func TestPasskeysThatTheCellCannotUse(t *testing.T) {
	h := open(t, nil)
	good := registered(passkeytest.New("mara", cellName))
	with := func(field, value string) url.Values {
		form := url.Values{}
		for name, values := range good {
			form[name] = values
		}
		form.Set(field, value)
		return form
	}
	rsa := passkeytest.New("mara", cellName)
	made := rsa.RegisterKey([]byte("id"), []byte{0xa0})
	for name, c := range map[string]struct {
		form url.Values
		says string
	}{
		"another host's":      {registered(passkeytest.New("mara", "evil.example")), "signed something else"},
		"not base64":          {with("attestation", "?"), "attestation is not base64"},
		"client data missing": {with("client_data", ""), "client data"},
		"client data not b64": {with("client_data", "?"), "client_data is not base64"},
		"nothing":             {with("attestation", ""), "attestation object"},
		"another algorithm":   {with("attestation", base64.StdEncoding.EncodeToString(made.Attestation)), "ES256"},
		"no id":               {with("person", "Mara Lind"), "person is not an id"},
		"a line in the id":    {with("person", "mara\nssh-ed25519 AAAA"), "person is not an id"},
	} {
		w := h.request(http.MethodPost, "/passkey/line", c.form, "Accept", "application/json")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d: %s", name, w.Code, w.Body)
		}
	}
	w := h.request(http.MethodPost, "/passkey/line", good)
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a script: %d", w.Code)
	}
	has(t, w.Body.String(), "made in a script", "SSH key")
}

// TestFormsOfScripts: what fetch() sends names a charset, and what a form sends
// does not; nothing else is taken.
func TestFormsOfScripts(t *testing.T) {
	h := open(t, nil)
	form := registered(passkeytest.New("mara", cellName))
	for kind, status := range map[string]int{
		"application/x-www-form-urlencoded":                    http.StatusOK,
		"application/x-www-form-urlencoded;charset=UTF-8":      http.StatusOK,
		"application/x-www-form-urlencoded; charset=a;charset": http.StatusUnsupportedMediaType,
		"text/plain":       http.StatusUnsupportedMediaType,
		"application/json": http.StatusUnsupportedMediaType,
		"":                 http.StatusUnsupportedMediaType,
	} {
		if w := h.request(http.MethodPost, "/passkey/line", form, "Accept", "application/json", "Content-Type", kind); w.Code != status {
			t.Errorf("%q: %d, want %d", kind, w.Code, status)
		}
	}
}
