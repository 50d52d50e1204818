package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// drafted is what a browser is given to sign.
type drafted struct {
	Statement string `json:"statement"`
	Namespace string `json:"namespace"`
	Notes     []struct {
		Salt []byte `json:"salt"`
		Text string `json:"text"`
	} `json:"notes"`
	RP   string `json:"rp"`
	Done string `json:"done"`
}

// draft asks for a draft as the script does.
func (h *house) draft(kind string, form url.Values) (statement.Statement, drafted) {
	h.t.Helper()
	nonce := strings.Repeat("5a", 32)
	form.Set("nonce", nonce)
	w := h.request(http.MethodPost, "/draft/"+kind, form, "Accept", "application/json", "Sec-Fetch-Site", "same-origin")
	if w.Code != http.StatusOK {
		h.t.Fatalf("draft %s: %d %s", kind, w.Code, w.Body)
	}
	var d drafted
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		h.t.Fatal(err)
	}
	s, err := statement.Decode([]byte(d.Statement))
	if err != nil {
		h.t.Fatal(err)
	}
	if s.Nonce.String() != nonce || s.Ledger != cellName || s.Seen.Size != 42 || d.RP != cellName || d.Namespace != "halligan.v1."+kind {
		h.t.Errorf("the draft is %+v in %+v", s.Header, d)
	}
	if at := s.Expires.Std().Sub(instant); at <= 0 || at.Minutes() > 15 {
		h.t.Errorf("the draft may be signed for %s", at)
	}
	return s, d
}

func TestDraftOfASession(t *testing.T) {
	h := open(t, nil)
	s, d := h.draft("session", url.Values{"person": {"noor"}, "to": {"/inbox"}})
	if s.Actor != "noor" || d.Done != "/inbox" {
		t.Errorf("%s goes to %s", s.Actor, d.Done)
	}
}

// TestT21DraftIsOfTheReader writes a stop out for whoever signed in, whatever the
// form says of an actor.
func TestT21DraftIsOfTheReader(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("a request"))
	s, d := h.draft("stop", url.Values{"of": {of.String()}, "why": {"deletes that nobody announced"}, "actor": {"noor"}, "person": {"noor"}})
	stop, ok := s.Body.(*statement.Stop)
	if !ok || stop.Of != of || s.Actor != "mara" || d.Done != "/requests/"+of.String() {
		t.Errorf("%+v of %s, then %s", s.Body, s.Actor, d.Done)
	}
	if len(d.Notes) != 1 || d.Notes[0].Text != "deletes that nobody announced" {
		t.Errorf("notes %+v", d.Notes)
	}
}

// TestDraftRefused names the field that is wrong.
func TestDraftRefused(t *testing.T) {
	h := open(t, nil)
	of, nonce := canon.Sum([]byte("a request")).String(), strings.Repeat("5a", 32)
	for name, form := range map[string]url.Values{
		"why":   {"of": {of}, "nonce": {nonce}},
		"of":    {"of": {"5f0c"}, "nonce": {nonce}, "why": {"x"}},
		"nonce": {"of": {of}, "why": {"x"}, "nonce": {strings.Repeat("0", 64)}},
	} {
		w := h.request(http.MethodPost, "/draft/stop", form, "Accept", "application/json")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), name+" ") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := h.request(http.MethodPost, "/draft/nothing", url.Values{}, "Accept", "application/json"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown kind: %d", w.Code)
	}
	large := url.Values{"why": {strings.Repeat("x", 70<<10)}}
	if w := h.request(http.MethodPost, "/draft/stop", large, "Accept", "application/json"); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: %d", w.Code)
	}
}

// TestWithoutAScript gives the command that does the same.
func TestWithoutAScript(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("a request"))
	w := h.request(http.MethodPost, "/draft/stop", url.Values{"of": {of.String()}, "why": {"wrong host"}})
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	has(t, w.Body.String(), "halligan stop "+of.Short())
}

// TestT61NoSecretLeavesAPage: what looks like a secret is not written out, nor
// repeated in what the page says of it.
func TestT61NoSecretLeavesAPage(t *testing.T) {
	h := open(t, nil)
	const secret = "-----BEGIN OPENSSH PRIVATE KEY-----"
	form := url.Values{"of": {canon.Sum([]byte("a request")).String()}, "nonce": {strings.Repeat("5a", 32)}, "why": {"log in with " + secret}}
	w := h.request(http.MethodPost, "/draft/stop", form, "Accept", "application/json")
	if said := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(said, "why holds what looks like") || strings.Contains(said, "BEGIN") {
		t.Errorf("%d %s", w.Code, said)
	}
}
