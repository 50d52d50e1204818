package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// signIn is what the fake API answers about the ways in: it takes no session for it.
// What a test says under "begun" and "finished" is a *refusal, or what comes back.
func (h *house) signIn(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		h.sent = append(h.sent, r.URL.Path+" "+string(body))
	}
	said, ok := h.says[r.URL.Path]
	if no, refused := said.(*refusal); refused || !ok {
		if !ok {
			no = &refusal{http.StatusNotFound, "not-found", "not found", ""}
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(no.status)
		data, _ := json.Marshal(map[string]any{"status": no.status, "reason": no.reason, "title": no.title, "detail": no.detail})
		_, _ = w.Write(data)
		return
	}
	if r.Method == http.MethodPost {
		w.Header().Add("Set-Cookie", "__Host-halligan-oidc=of the API; Path=/; Secure")
	}
	data, err := json.Marshal(said)
	if err != nil {
		h.t.Error(err)
	}
	_, _ = w.Write(data)
}

type refusal struct {
	status                int
	reason, title, detail string
}

func idp(answers bool) map[string]any {
	return map[string]any{"provider": map[string]any{"name": "Example <Login>", "answers": answers}}
}

// TestSignInPage offers the provider where it answers, says so where it does not, and
// offers the passkey whatever the API knows of it.
func TestSignInPage(t *testing.T) {
	const passkey, offered = "Sign in with a passkey", `href="/sign-in/provider?to=%2frequests`
	h := open(t, map[string]any{"/api/v1/sign-in": idp(true)})
	page := h.page("/sign-in?to=/requests")
	has(t, page, passkey, "Sign in by <bdi>Example &lt;Login&gt;</bdi>", offered, "never to act")
	h.says["/api/v1/sign-in"] = idp(false)
	has(t, h.page("/sign-in?to=/requests"), passkey, "<bdi>Example &lt;Login&gt;</bdi> does not answer", "Everything goes on without it", offered, "Try it all the same")
	for _, without := range []any{map[string]any{}, &refusal{http.StatusTooManyRequests, "too-many-attempts", "too many attempts", ""}} {
		h.says["/api/v1/sign-in"] = without
		page := h.page("/sign-in")
		has(t, page, passkey)
		if strings.Contains(page, "/sign-in/provider") {
			t.Errorf("a provider is offered that there is not:\n%s", page)
		}
	}
}

// TestSignInByProvider goes there and comes back: what the API puts into cookies
// reaches the browser, and what stands in the address goes to the API and nowhere else.
func TestSignInByProvider(t *testing.T) {
	h := open(t, map[string]any{
		"/api/v1/sign-in": idp(true), "/api/v1/sign-in/begin": map[string]any{"url": "https://login.example.com/authorize?x=1"},
		"/api/v1/sign-in/finish": map[string]any{"person": "mara", "to": "/requests/ab?x=1"},
	})
	w := h.request(http.MethodGet, "/sign-in/provider?to="+url.QueryEscape("/requests/ab?x=1"), nil, "Cookie", "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "https://login.example.com/authorize?x=1" || !strings.Contains(fmt.Sprint(w.Header().Values("Set-Cookie")), "of the API") {
		t.Errorf("there: %d, %v", w.Code, w.Header())
	}
	w = h.request(http.MethodGet, "/sign-in/return?code=a%2Bb&state=s&iss=https%3A%2F%2Flogin.example.com&session_state=unknown", nil, "Cookie", "__Host-halligan-oidc=x", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/requests/ab?x=1" || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("back: %d, %v", w.Code, w.Header())
	}
	want := `[/api/v1/sign-in/begin {"to":"/requests/ab?x=1"} /api/v1/sign-in/finish {"code":"a+b","iss":"https://login.example.com","state":"s"}]`
	var sent []string
	for _, each := range h.sent {
		path, body, _ := strings.Cut(each, " ")
		var members map[string]string
		if err := json.Unmarshal([]byte(body), &members); err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(members, json.Deterministic(true))
		sent = append(sent, path+" "+string(again))
	}
	if got := fmt.Sprint(sent); got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// TestT32SignInOpenRedirect: wherever a link or an answer leads, the browser ends on a
// page of ours; and a link of another site begins no sign-in.
func TestT32SignInOpenRedirect(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/sign-in/begin": map[string]any{"url": "https://login.example.com/"}})
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		h.sent = nil
		h.request(http.MethodGet, "/sign-in/provider?to="+url.QueryEscape(to), nil, "Cookie", "")
		if got := fmt.Sprint(h.sent); got != `[/api/v1/sign-in/begin {"to":"/"}]` {
			t.Errorf("%s: %s", to, got)
		}
		h.says["/api/v1/sign-in/finish"] = map[string]any{"to": to}
		if w := h.request(http.MethodGet, "/sign-in/return?code=a&state=s", nil, "Cookie", ""); w.Header().Get("Location") != "/" {
			t.Errorf("%s: to %q", to, w.Header().Get("Location"))
		}
	}
	h.sent = nil
	for _, site := range []string{"cross-site", "same-site"} {
		w := h.request(http.MethodGet, "/sign-in/provider?to=/people", nil, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "navigate")
		if w.Header().Get("Location") != "/sign-in?to=%2Fpeople" || len(h.sent) > 0 {
			t.Errorf("from %s: to %q, sent %q", site, w.Header().Get("Location"), h.sent)
		}
	}
}

// TestT25SignInShowsNoStrangersWords: what an address says is shown nowhere, and a
// refusal stands beside the passkey.
func TestT25SignInShowsNoStrangersWords(t *testing.T) {
	h := open(t, map[string]any{
		"/api/v1/sign-in":        idp(true),
		"/api/v1/sign-in/finish": &refusal{http.StatusForbidden, "identity-unknown", "nobody in this cell", "at https://login.example.com you are <b>1001</b>, and nobody in this cell has that identity"},
	})
	w := h.request(http.MethodGet, "/sign-in/return?code=CANARY&state=CANARY&error=CANARY&error_description=CANARY", nil, "Cookie", "")
	if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "CANARY") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	has(t, w.Body.String(), "you are &lt;b&gt;1001&lt;/b&gt;", "Sign in with a passkey", `role="alert"`)
	if w := h.request(http.MethodGet, "/sign-in/return?code=a&code=b&state=s", nil, "Cookie", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Sign in with a passkey") {
		t.Errorf("two codes: %d", w.Code)
	}
}

// TestSessionsPage shows where somebody is signed in, and ends what they say.
func TestSessionsPage(t *testing.T) {
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	session := func(id, how, with string, current bool) map[string]any {
		return map[string]any{"id": id, "how": how, "with": with, "from": "192.0.2.7 <b>", "at": "2026-11-30T03:00:00.000Z", "until": "2026-11-30T03:15:00.000Z", "current": current}
	}
	h := open(t, map[string]any{"/api/v1/sessions": map[string]any{"sessions": []any{session(one, "passkey", "SHA256:a", true), session(two, "identity-provider", "https://login.example.com", false)}}})
	page := h.page("/sessions")
	has(t, page, "2 sessions", "A passkey, from <bdi>192.0.2.7 &lt;b&gt;</bdi>", "this one", "The identity provider", "Opened 7 min 12 s ago", `value="`+two+`"`, "End all but this one", "halligan sessions end --others")
	if strings.Contains(page, `value="`+one+`"`) {
		t.Error("the current session is offered to be ended")
	}
	for of, path := range map[string]string{two: "/api/v1/sessions/" + two + "/end", "others": "/api/v1/sessions/end-others"} {
		h.sent = nil
		h.says[path] = map[string]any{}
		w := h.request(http.MethodPost, "/sessions/end", url.Values{"of": {of}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sessions" || fmt.Sprint(h.sent) != "["+path+" ]" {
			t.Errorf("%s: %d to %q, sent %q", of, w.Code, w.Header().Get("Location"), h.sent)
		}
	}
	for _, of := range []string{"", "x", "../others", two + "/.."} {
		if w := h.request(http.MethodPost, "/sessions/end", url.Values{"of": {of}}); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", of, w.Code)
		}
	}
}
