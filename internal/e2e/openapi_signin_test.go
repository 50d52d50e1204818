package e2e_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/oidc/oidctest"
)

// signInPaths are the two steps of a sign-in at the identity provider.
var signInPaths = []string{"/api/v1/sign-in/begin", "/api/v1/sign-in/finish"}

// signsIn goes through a sign-in at the provider, with each refusal that there is, and
// through what somebody may do with the list of where they are signed in. It is the id
// of a session of bob's.
func (s *scribe) signsIn(t *testing.T) string {
	t.Helper()
	p := s.wire.town.provider
	p.Subject = "subject-of-bob"
	begun := ok[*http.Response](t)(s.steps(t, signInPaths[0], `{"to":"/"}`, ""))
	var goes struct {
		URL string `json:"url"`
	}
	if err := json.UnmarshalRead(begun.Body, &goes); err != nil {
		t.Fatal(err)
	}
	back := ok[map[string][]string](t)(visited(p, goes.URL))
	sent := map[string]string{}
	for name, value := range back {
		sent[name] = value[0]
	}
	body := string(ok[[]byte](t)(json.Marshal(sent)))
	cookie := begun.Cookies()[0].Name + "=" + begun.Cookies()[0].Value
	for _, with := range []string{"", cookie, cookie} { // not begun here; taken; a second time
		ok[*http.Response](t)(s.steps(t, signInPaths[1], body, with))
	}
	for _, path := range signInPaths {
		s.post(t, path, []byte("[]"), http.StatusBadRequest)
		s.post(t, path, bytes.Repeat([]byte(" "), 300<<10), http.StatusRequestEntityTooLarge)
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"text/plain"}})
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"application/json"}, "Host": {"elsewhere.example.com"}})
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"cross-site"}})
	}
	_, list := s.do(t, http.MethodGet, "/api/v1/sessions", nil, http.Header{"Authorization": {"Bearer " + s.tokenOf(t, "bob")}})
	var where struct {
		Sessions []struct {
			ID      string `json:"id"`
			Current bool   `json:"current"`
		} `json:"sessions"`
	}
	if err := json.Unmarshal([]byte(list), &where); err != nil {
		t.Fatal(err)
	}
	for _, each := range where.Sessions {
		if !each.Current {
			return each.ID
		}
	}
	t.Fatalf("bob is signed in nowhere else: %s", list)
	return ""
}

// visited is what the provider sends a browser back with.
func visited(p *oidctest.Provider, address string) (map[string][]string, error) {
	p.Page = false
	return p.Visit(address)
}

func (s *scribe) steps(t *testing.T, path, body, cookie string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.wire.town.web+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	answer, err := s.http.Do(request)
	if err == nil {
		t.Cleanup(func() { _ = answer.Body.Close() }) // read, or not needed
	}
	return answer, err
}
