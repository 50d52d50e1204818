package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/oidc"
	"github.com/halligan-dev/halligan/internal/authn/oidc/oidctest"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

const begunCookieName = "__Host-halligan-oidc"

// providedBy has people sign in at an identity provider, where everybody's subject is
// theirs alone: sam is "subject-of-sam".
func providedBy(double *oidctest.Provider) func(*house) {
	return func(h *house) {
		withPasskeys(h)
		double.Redirect = "https://" + celltest.Origin + "/sign-in/return"
		for i := range h.genesis.People {
			p := &h.genesis.People[i]
			p.OIDC = []roster.Identity{{Issuer: double.Issuer(), Subject: "subject-of-" + p.ID}}
		}
		h.provider = providerOf(h, double)
	}
}

// providerOf asks a provider, and knows nothing of it yet.
func providerOf(t testing.TB, double *oidctest.Provider) *oidc.Provider {
	p, err := oidc.New(oidc.Settings{
		Issuer: double.Issuer(), ClientID: oidctest.ClientID, Secret: []byte(oidctest.Secret), Redirect: double.Redirect, Name: "Example Login", Roots: double.Roots(),
	})
	must(t, err)
	return p
}

func double(t *testing.T) *oidctest.Provider {
	t.Helper()
	p, err := oidctest.New()
	must(t, err)
	t.Cleanup(p.Stop)
	return p
}

// cookieNamed is a cookie of an answer; its value is empty where it was taken away.
func cookieNamed(r reply, name string) *http.Cookie {
	resp := http.Response{Header: r.Header}
	for _, each := range resp.Cookies() {
		if each.Name == name {
			return each
		}
	}
	return &http.Cookie{}
}

// attempt is a sign-in at the provider that a browser has under way.
type attempt struct {
	cookie *http.Cookie
	back   url.Values
}

// begins has a browser go to the provider and come back with what it gives.
func (h *house) begins(p *oidctest.Provider, subject string) attempt {
	h.Helper()
	r := h.do("POST", "/api/v1/sign-in/begin", []byte(`{"to":"/requests"}`))
	same(h, "begun", r.Status, http.StatusOK)
	var goes struct {
		URL string `json:"url"`
	}
	r.into(h, &goes)
	p.Subject = subject
	back, err := p.Visit(goes.URL)
	must(h, err)
	return attempt{cookieNamed(r, begunCookieName), back}
}

// finishes sends what came back.
func (h *house) finishes(a attempt, header ...string) reply {
	h.Helper()
	sent := map[string]string{}
	for name := range a.back {
		sent[name] = a.back.Get(name)
	}
	body, err := json.Marshal(sent)
	must(h, err)
	return h.do("POST", "/api/v1/sign-in/finish", body, append([]string{"Cookie", begunCookieName + "=" + a.cookie.Value}, header...)...)
}

// TestSignInByProvider is an ordinary day: signed in, read, and nothing else.
func TestSignInByProvider(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	for limit := time.Now().Add(time.Minute); ; { // less than a second is waited for a provider, each time
		ways := string(h.do("GET", "/api/v1/sign-in", nil).Body)
		if strings.Contains(ways, `"answers":true`) {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("the ways in: %s", ways)
		}
	}
	a := h.begins(p, "subject-of-sam")
	if c := a.cookie; !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 600 {
		t.Errorf("the cookie of the way there: %+v", c)
	}
	r := h.finishes(a)
	same(t, "finished", r.Status, http.StatusOK)
	contains(t, "who and where to", string(r.Body), `"person":"sam"`)
	contains(t, "who and where to", string(r.Body), `"to":"/requests"`)
	same(t, "the way there is forgotten", cookieNamed(r, begunCookieName).MaxAge, -1)
	session := cookieNamed(r, cookieName)
	if !session.Secure || !session.HttpOnly || session.SameSite != http.SameSiteStrictMode || session.MaxAge > 900 || strings.Contains(string(r.Body), "hs1.") {
		t.Errorf("the session's cookie: %+v", session)
	}
	contains(t, "who reads", string(h.browse(session, "/api/v1/me").Body), `"id":"sam"`)

	// T23: it is never enough to act, whatever is asked with it.
	id := h.asked("ann", "one", "db-1")
	data, _ := sign(t, "stranger", h.statement("sam", approval(id)))
	for _, body := range []string{"{}", string(envelope(t, data, signBytes(t, "stranger", statement.KindDecision, data)))} {
		got := h.do("POST", "/api/v1/statements", []byte(body), "Cookie", cookieName+"="+session.Value)
		if got.Status < 400 {
			t.Errorf("a session of the provider acted: %d %s", got.Status, got.Body)
		}
	}

	h.again() // a restart ends no session
	contains(t, "who reads after a restart", string(h.browse(session, "/api/v1/me").Body), `"id":"sam"`)
	same(t, "signed out", h.do("POST", "/api/v1/session/end", nil, "Cookie", cookieName+"="+session.Value, "Sec-Fetch-Site", "same-origin").Status, http.StatusNoContent)
	same(t, "after signing out", h.browse(session, "/api/v1/me").reason(), "token-refused")
	h.again()
	same(t, "after a restart", h.browse(session, "/api/v1/me").reason(), "token-refused")
}

// TestT30NobodyElseSignsIn: only issuer and subject together are somebody, and only
// while the roster says so.
func TestT30NobodyElseSignsIn(t *testing.T) {
	p, other := double(t), double(t)
	h := open(t, providedBy(p), func(h *house) {
		h.genesis.People[5].OIDC = []roster.Identity{{Issuer: other.Issuer(), Subject: "subject-of-sue"}} // sue's is of another provider
	})
	for _, subject := range []string{"subject-of-sue", "subject-of-SAM", "subject-of-sam2", "sam", "someone.else@example.com"} {
		r := h.finishes(h.begins(p, subject))
		same(t, subject, r.reason(), "identity-unknown")
		contains(t, "told plainly", string(r.Body), "you are "+subject)
		same(t, "a session of "+subject, cookieNamed(r, cookieName).Value, "")
	}
	session := cookieNamed(h.finishes(h.begins(p, "subject-of-bob")), cookieName)
	same(t, "bob reads", h.browse(session, "/api/v1/me").Status, http.StatusOK)
	why, beside := written(t, "left")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: why}, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	same(t, "bob was removed", h.browse(session, "/api/v1/me").reason(), "token-refused")
	same(t, "and signs in no more", h.finishes(h.begins(p, "subject-of-bob")).reason(), "identity-unknown")
}

// TestT26SignInIsOfOneBrowser: what the provider gave comes back with the cookie of
// the browser that asked, once, and in time.
func TestT26SignInIsOfOneBrowser(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	mine, evil := h.begins(p, "subject-of-sam"), h.begins(p, "subject-of-sue")
	for name, a := range map[string]attempt{
		"no cookie":              {&http.Cookie{}, mine.back},
		"another's cookie":       {evil.cookie, mine.back},
		"a cookie of nobody":     {&http.Cookie{Value: strings.Repeat("A", len(mine.cookie.Value))}, mine.back},
		"a cookie that was cut":  {&http.Cookie{Value: mine.cookie.Value[:len(mine.cookie.Value)-4]}, mine.back},
		"two cookies":            {&http.Cookie{Value: mine.cookie.Value + "; " + begunCookieName + "=" + mine.cookie.Value}, mine.back},
		"a session's for a sign": {h.signIn("sam"), mine.back},
	} {
		same(t, name, h.finishes(a).reason(), "not-begun-here")
	}
	// The state of one sign-in with the code of another: the provider takes no code
	// without the verifier that it was asked with.
	mixed := attempt{mine.cookie, url.Values{"state": mine.back["state"], "code": evil.back["code"]}}
	same(t, "another's code", h.finishes(mixed).reason(), "provider-refused")
	same(t, "the same sign-in again", h.finishes(mine).reason(), "not-begun-here")
	other := h.begins(p, "subject-of-sam")
	same(t, "another one", h.finishes(other).Status, http.StatusOK)
	same(t, "another one again", h.finishes(other).reason(), "not-begun-here")
	late := h.begins(p, "subject-of-sam")
	h.wall.move(11 * time.Minute)
	h.took(h.submit("sam", "sam", &statement.Session{For: 60})) // recorded time goes on
	same(t, "after eleven minutes", h.finishes(late).reason(), "not-begun-here")
	for _, body := range []string{"null", "[]", `"x"`, "7", `{"to":7}`, `{"to":null}`, `{"to":"/","to":"/"}`} {
		same(t, "begun with "+body, h.do("POST", "/api/v1/sign-in/begin", []byte(body)).reason(), "malformed")
	}
	for _, site := range []string{"cross-site", "same-site"} {
		same(t, "begun by a page of "+site, h.do("POST", "/api/v1/sign-in/begin", []byte("{}"), "Sec-Fetch-Site", site).reason(), "other-site")
	}
}

// TestT27WhatComesBack: another issuer's answer, errors that a stranger wrote, and
// members that nobody knows.
func TestT27WhatComesBack(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	for name, c := range map[string]struct {
		change func(url.Values)
		reason string
		says   string
	}{
		"another issuer":    {func(q url.Values) { q.Set("iss", "https://evil.example") }, "provider-refused", "another identity provider"},
		"denied":            {func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, "provider-refused", "did not let you in"},
		"an error of words": {func(q url.Values) { q.Del("code"); q.Set("error", "<b>call 555</b>") }, "provider-refused", "no words for"},
		"no code":           {func(q url.Values) { q.Del("code") }, "malformed", ""},
		"an unknown member": {func(q url.Values) { q.Set("person", "sam") }, "malformed", ""},
		"a long code":       {func(q url.Values) { q.Set("code", strings.Repeat("x", 5000)) }, "malformed", ""},
	} {
		a := h.begins(p, "subject-of-sam")
		c.change(a.back)
		r := h.finishes(a)
		same(t, name, r.reason(), c.reason)
		contains(t, name, string(r.Body), c.says)
		if strings.Contains(string(r.Body), "call 555") {
			t.Errorf("%s: a stranger's words are shown: %s", name, r.Body)
		}
	}
}

// TestT32OpenRedirectOfSignIn: where a sign-in goes on to is a path of ours.
func TestT32OpenRedirectOfSignIn(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	p.Subject = "subject-of-sam"
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "evil", "", "javascript:alert(1)", "/" + strings.Repeat("x", 2000)} {
		body, err := json.Marshal(map[string]string{"to": to})
		must(t, err)
		r := h.do("POST", "/api/v1/sign-in/begin", body)
		var goes struct {
			URL string `json:"url"`
		}
		r.into(t, &goes)
		back, err := p.Visit(goes.URL)
		must(t, err)
		got := h.finishes(attempt{cookieNamed(r, begunCookieName), back})
		contains(t, to, string(got.Body), `"to":"/"`)
	}
}

// TestProviderIsGone: without it everything goes on, and the ways in say so.
func TestProviderIsGone(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	session := cookieNamed(h.finishes(h.begins(p, "subject-of-sam")), cookieName)
	begun := h.begins(p, "subject-of-lea")
	p.Stop()
	h.provider = providerOf(t, p)
	h.again() // the server starts without it, too
	contains(t, "the ways in", string(h.do("GET", "/api/v1/sign-in", nil).Body), `"answers":false`)
	r := h.do("POST", "/api/v1/sign-in/begin", []byte("{}"))
	same(t, "a new sign-in", r.reason(), "provider-silent")
	contains(t, "what else there is", string(r.Body), "passkey")
	same(t, "one under way", h.finishes(begun).reason(), "provider-silent")
	same(t, "who had signed in reads on", h.browse(session, "/api/v1/me").Status, http.StatusOK)
	id := h.asked("ann", "one", "db-1")
	h.took(h.tap(deviceOf("sam"), "sam", approval(id)))
	h.took(h.tap(deviceOf("leo"), "leo", approval(id)))
	same(t, "a passkey signs in", h.signIn("lea").Secure, true)
	must(t, p.Start())
}

// TestT18SignInsAreBounded: an address that asks for many gets no more of them, and
// its people go on by passkeys.
func TestT18SignInsAreBounded(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	refused, tries := 0, 0
	for ; refused < 30 && tries < 500; tries++ { // one a second comes back
		if h.do("POST", "/api/v1/sign-in/begin", []byte("{}")).reason() == "too-many-attempts" {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("%d of %d were refused", refused, tries)
	}
	h.took(h.tap(deviceOf("sam"), "sam", &statement.Session{For: 60}))
	h.took(h.submit("sam", "sam", &statement.Session{For: 60}))
}

// TestT61SignInsAreNowhere: neither code, state, verifier nor token is in the log or in
// what is kept.
func TestT61SignInsAreNowhere(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	a := h.begins(p, "subject-of-sam")
	session := cookieNamed(h.finishes(a), cookieName)
	kept, err := os.ReadFile(filepath.Join(h.folder, "provided.json"))
	must(t, err)
	contains(t, "what is kept", string(kept), "subject-of-sam")
	for what, secret := range map[string]string{"code": a.back.Get("code"), "state": a.back.Get("state"), "cookie": a.cookie.Value, "token": session.Value, "client's secret": oidctest.Secret} {
		if strings.Contains(h.log.String(), secret) || strings.Contains(string(kept), secret) {
			t.Errorf("the %s is written down", what)
		}
	}
}

// TestNoProvider: a cell without one says so, and takes nothing.
func TestNoProvider(t *testing.T) {
	h := open(t)
	same(t, "the ways in", strings.TrimSpace(string(h.do("GET", "/api/v1/sign-in", nil).Body)), "{}")
	for _, path := range []string{"/api/v1/sign-in/begin", "/api/v1/sign-in/finish"} {
		same(t, path, h.do("POST", path, []byte("{}")).reason(), "not-found")
	}
}

// where is where somebody is signed in.
type where struct {
	Sessions []struct {
		ID      string `json:"id"`
		How     string `json:"how"`
		With    string `json:"with"`
		From    string `json:"from"`
		At      string `json:"at"`
		Until   string `json:"until"`
		Current bool   `json:"current"`
	} `json:"sessions"`
}

func (h *house) whereIs(cookie *http.Cookie) (w where) {
	h.Helper()
	r := h.browse(cookie, "/api/v1/sessions")
	same(h, "the list", r.Status, http.StatusOK)
	r.into(h, &w)
	return w
}

// TestSessions: somebody sees their own and nobody else's, ends one, and ends all the
// others; what is ended stays so.
func TestSessions(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	mine := h.signIn("sam")
	provided := cookieNamed(h.finishes(h.begins(p, "subject-of-sam")), cookieName)
	bearer := h.token("sam")
	others := h.signIn("lea")
	seen := h.whereIs(mine)
	hows, current := map[string]int{}, 0
	for _, each := range seen.Sessions {
		hows[each.How]++
		if each.Current {
			current++
			same(t, "how the current one came", each.How, "passkey")
		}
		if each.From != "127.0.0.1" || each.At == "" || each.Until <= each.At || each.With == "" {
			t.Errorf("%+v", each)
		}
	}
	same(t, "ways", fmt.Sprint(hows), "map[identity-provider:1 passkey:1 ssh-key:1]")
	same(t, "current ones", current, 1)
	same(t, "lea's", len(h.whereIs(others).Sessions), 1)

	end := func(cookie *http.Cookie, path string, header ...string) reply {
		return h.do("POST", "/api/v1/sessions/"+path, nil, append([]string{"Cookie", cookieName + "=" + cookie.Value, "Sec-Fetch-Site", "same-origin"}, header...)...)
	}
	of := func(how string) string {
		for _, each := range seen.Sessions {
			if each.How == how {
				return each.ID
			}
		}
		t.Fatal(how)
		return ""
	}
	same(t, "sam's, ended by lea", end(others, of("ssh-key")+"/end").reason(), "not-found")
	same(t, "from another site", end(mine, of("ssh-key")+"/end", "Sec-Fetch-Site", "cross-site").reason(), "other-site")
	same(t, "one", end(mine, of("ssh-key")[:12]+"/end").Status, http.StatusNoContent)
	same(t, "the ended one", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+bearer).reason(), "token-refused")
	same(t, "again", end(mine, of("ssh-key")+"/end").reason(), "not-found")
	h.again()
	same(t, "after a restart", len(h.whereIs(mine).Sessions), 2)
	got := end(mine, "end-others")
	same(t, "the others", got.Status, http.StatusOK)
	contains(t, "which", string(got.Body), of("identity-provider"))
	same(t, "the provider's", h.browse(provided, "/api/v1/me").reason(), "token-refused")
	same(t, "this one", h.browse(mine, "/api/v1/me").Status, http.StatusOK)
	same(t, "lea's", h.browse(others, "/api/v1/me").Status, http.StatusOK)
	same(t, "left", len(h.whereIs(mine).Sessions), 1)
	same(t, "its own end", end(mine, of("passkey")+"/end").Status, http.StatusNoContent)
	same(t, "itself", h.browse(mine, "/api/v1/me").reason(), "token-refused")
}

// TestT26SpoiledSessionsFile: where the file of the provider's sessions cannot be read,
// they are over, and those of keys are not.
func TestT26SpoiledSessionsFile(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	provided, mine := cookieNamed(h.finishes(h.begins(p, "subject-of-sam")), cookieName), h.signIn("sam")
	h.stop()
	must(t, os.WriteFile(filepath.Join(h.folder, "provided.json"), []byte(`[{"person":"sam"}`), 0o600))
	h.start()
	same(t, "the provider's", h.browse(provided, "/api/v1/me").reason(), "token-refused")
	same(t, "the passkey's", h.browse(mine, "/api/v1/me").Status, http.StatusOK)
}

// TestT69PagesOfStrangers: pages that nobody signed in for are bounded for their
// address, and take nothing from those who have signed in there.
func TestT69PagesOfStrangers(t *testing.T) {
	a := &asked{}
	h := open(t, withPasskeys, func(h *house) { h.pages = a.pages })
	page := func(cookie, path string) int {
		req, err := http.NewRequest("GET", h.server.URL+path, nil)
		must(t, err)
		req.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
		client := *h.client
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := client.Do(req)
		must(t, err)
		must(t, resp.Body.Close())
		return resp.StatusCode
	}
	mine, bounded := h.token("sam"), 0
	for range 800 {
		if page("hs1.AAAA", "/passkey") == http.StatusTooManyRequests {
			bounded++
		}
	}
	if bounded < 100 {
		t.Errorf("%d of 800 pages were refused", bounded)
	}
	before := a.Load()
	same(t, "a stranger's page", page("", "/sign-in"), http.StatusTooManyRequests)
	same(t, "what it cost", a.Load(), before)
	same(t, "a page of who has signed in", page(mine, "/people"), http.StatusOK)
	h.took(h.submit("lea", "lea", &statement.Session{For: 60})) // signing in is no page
}

var _ api.Provider = (*oidc.Provider)(nil)
