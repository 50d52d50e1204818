package api_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

const cookieName = "__Host-halligan"

// cookieOf is the one cookie of an answer.
func cookieOf(t testing.TB, r reply) *http.Cookie {
	t.Helper()
	resp := http.Response{Header: r.Header}
	if got := resp.Cookies(); len(got) == 1 && got[0].Name == cookieName {
		return got[0]
	}
	t.Fatalf("status %d, cookies %q: %s", r.Status, r.Header.Values("Set-Cookie"), r.Body)
	return nil
}

// signIn opens a session of a person in a browser.
func (h *house) signIn(person string) *http.Cookie {
	h.Helper()
	return cookieOf(h, h.tap(deviceOf(person), person, &statement.Session{For: 900}, `,"browser":true`))
}

// browse reads as a browser does from a page of the cell.
func (h *house) browse(cookie *http.Cookie, path string, header ...string) reply {
	h.Helper()
	return h.do("GET", path, nil, append([]string{"Cookie", cookieName + "=" + cookie.Value, "Sec-Fetch-Site", "same-origin"}, header...)...)
}

func TestReadingByCookie(t *testing.T) {
	h := open(t, withPasskeys)
	r := h.tap(deviceOf("sam"), "sam", &statement.Session{For: 900}, `,"browser":true`)
	cookie := cookieOf(t, r)
	a := h.took(r)
	same(t, "the token in the answer", a.Session.Token, "")
	if strings.Contains(string(r.Body), "hs1.") || strings.Contains(string(r.Body), `"token"`) || a.Session.Until.IsZero() {
		t.Errorf("the answer: %s", r.Body)
	}
	if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" ||
		cookie.MaxAge < 890 || cookie.MaxAge > 900 {
		t.Errorf("the cookie: %s", r.Header.Get("Set-Cookie"))
	}
	for _, site := range []string{"same-origin", "none"} {
		same(t, site, h.do("GET", "/api/v1/me", nil, "Cookie", cookieName+"="+cookie.Value, "Sec-Fetch-Site", site).Status, http.StatusOK)
	}
	same(t, "without Sec-Fetch-Site", h.do("GET", "/api/v1/me", nil, "Cookie", "a=b; "+cookieName+"="+cookie.Value).Status, http.StatusOK)
	contains(t, "who reads", string(h.browse(cookie, "/api/v1/me").Body), `"id":"sam"`)
	same(t, "a session by an SSH key", cookieOf(t, h.browserSession("lea")).Secure, true)

	h.wall.move(16 * time.Minute)
	h.again()
	same(t, "after its time", h.browse(cookie, "/api/v1/me").reason(), "token-refused")
}

// browserSession is a session statement by a person's SSH key, for a browser.
func (h *house) browserSession(person string, header ...string) reply {
	h.Helper()
	data, signature := sign(h, person, h.statement(person, &statement.Session{For: 900}))
	body := strings.TrimSuffix(string(envelope(h, data, signature)), "}") + `,"browser":true}`
	return h.do("POST", "/api/v1/statements", []byte(body), header...)
}

// TestT32OtherSites: the cookie is nothing in the hands of another site's page,
// and no such page can sign anybody in.
func TestT32OtherSites(t *testing.T) {
	h := open(t, withPasskeys)
	cookie, bearer := h.signIn("sam"), "Bearer "+h.token("sam")
	with := cookieName + "=" + cookie.Value
	for _, site := range []string{"cross-site", "same-site", "same-origin, cross-site", "SAME-ORIGIN", ""} {
		got := h.do("GET", "/api/v1/me", nil, "Cookie", with, "Sec-Fetch-Site", site)
		same(t, "reading from "+site, got.reason(), "other-site")
		same(t, "reading from "+site, got.Status, http.StatusForbidden)
		same(t, "ending from "+site, h.do("POST", "/api/v1/session/end", nil, "Cookie", with, "Sec-Fetch-Site", site).reason(), "other-site")
		got = h.browserSession("sam", "Sec-Fetch-Site", site)
		same(t, "signing in from "+site, got.reason(), "other-site")
		same(t, "signing in from "+site+": cookie", got.Header.Get("Set-Cookie"), "")
	}
	for what, header := range map[string][]string{
		"header and cookie":                  {"Authorization", bearer, "Cookie", with},
		"header and a wrong cookie":          {"Authorization", bearer, "Cookie", cookieName + "=x"},
		"a wrong header and a cookie":        {"Authorization", "Basic c2FtOg==", "Cookie", with},
		"header and cookie from another one": {"Authorization", bearer, "Cookie", with, "Sec-Fetch-Site", "cross-site"},
		"two cookies":                        {"Cookie", with + "; " + with},
	} {
		same(t, what, h.do("GET", "/api/v1/me", nil, header...).reason(), "token-twice")
	}
	same(t, "another name", h.do("GET", "/api/v1/me", nil, "Cookie", "halligan="+cookie.Value).reason(), "token-missing")
	// A form of another site: the type of its body alone is enough to be refused.
	data, signature := sign(t, "sam", h.statement("sam", &statement.Session{For: 900}))
	form := h.do("POST", "/api/v1/statements", envelope(t, data, signature), "Content-Type", "text/plain", "Cookie", with)
	same(t, "a form", form.reason(), "media-type")
	asked := h.do("OPTIONS", "/api/v1/statements", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	same(t, "asked whether it may", asked.Header.Get("Access-Control-Allow-Origin"), "")
	got := h.browse(cookie, "/api/v1/me", "Origin", "https://evil.example")
	same(t, "CORS", got.Header.Get("Access-Control-Allow-Origin"), "")
	same(t, "framing", got.Header.Get("X-Frame-Options"), "DENY")
	same(t, "still signed in", h.browse(cookie, "/api/v1/me").Status, http.StatusOK)
}

// TestT32OldBrowsersSayOrigin: of a browser without Sec-Fetch-Site, a page of
// another site, a sibling's included, ends no session and signs nobody in.
func TestT32OldBrowsersSayOrigin(t *testing.T) {
	h := open(t, withPasskeys)
	with := cookieName + "=" + h.signIn("sam").Value
	_, host, _ := strings.Cut(h.server.URL, "://")
	for _, origin := range []string{"https://evil.example", "https://www." + host, "https://" + host + ".evil.example", "null", ""} {
		same(t, "ending from "+origin, h.do("POST", "/api/v1/session/end", nil, "Cookie", with, "Origin", origin).reason(), "other-site")
		got := h.browserSession("sam", "Origin", origin)
		same(t, "signing in from "+origin, got.reason(), "other-site")
		same(t, "signing in from "+origin+": cookie", got.Header.Get("Set-Cookie"), "")
	}
	same(t, "still signed in", h.do("GET", "/api/v1/me", nil, "Cookie", with).Status, http.StatusOK)
	same(t, "signing in from its own page", cookieOf(t, h.browserSession("sam", "Origin", "https://"+host)).Secure, true)
	same(t, "ending from its own page", h.do("POST", "/api/v1/session/end", nil, "Cookie", with, "Origin", "https://"+host).Status, http.StatusNoContent)
}

// TestT26SessionEnds: a session that was ended is over at once, in the header and
// in the cookie, for its live view, and after a restart; others go on.
func TestT26SessionEnds(t *testing.T) {
	h := open(t, withPasskeys)
	cookie, other, lea := h.signIn("sam"), h.signIn("sam"), h.signIn("lea")
	token := h.token("sam")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next, _ := h.watch(ctx, "sam")
	end := func(header ...string) reply { return h.do("POST", "/api/v1/session/end", nil, header...) }

	got := end("Cookie", cookieName+"="+cookie.Value, "Sec-Fetch-Site", "same-origin")
	same(t, "ended", got.Status, http.StatusNoContent)
	if gone := cookieOf(t, got); gone.Value != "" || gone.MaxAge >= 0 || !gone.Secure || gone.Path != "/" {
		t.Errorf("the cookie is not taken back: %s", got.Header.Get("Set-Cookie"))
	}
	same(t, "ended by token", end("Authorization", "Bearer "+token).Status, http.StatusNoContent)
	h.asked("ann", "one", "db-1")
	if e, ok := next(); ok {
		t.Errorf("an ended session is told of %+v", e)
	}
	for range 2 {
		same(t, "the cookie", h.browse(cookie, "/api/v1/me").reason(), "token-refused")
		same(t, "its token in the header", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+cookie.Value).reason(), "token-refused")
		same(t, "the token", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token).reason(), "token-refused")
		same(t, "the token in a cookie", h.browse(&http.Cookie{Value: token}, "/api/v1/me").reason(), "token-refused")
		same(t, "ending it again", end("Authorization", "Bearer "+token).reason(), "token-refused")
		same(t, "her other session", h.browse(other, "/api/v1/me").Status, http.StatusOK)
		same(t, "another's", h.browse(lea, "/api/v1/me").Status, http.StatusOK)
		h.again()
	}
	// Whoever is removed has no session, whatever they hold.
	why, beside := written(t, "left")
	change := h.took(h.submit("sue", "sue", &statement.Change{Remove: statement.Removal{Person: "sam"}, Reason: why}, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	same(t, "of somebody removed", h.browse(other, "/api/v1/me").reason(), "token-refused")
	h.replayed()
}

// TestT26FileOfEndedSessions: what is over is forgotten, and a file that cannot be
// read ends every session rather than bring one back.
func TestT26FileOfEndedSessions(t *testing.T) {
	h := open(t, withPasskeys)
	file := filepath.Join(h.folder, "ended.json")
	sizes := []int64{}
	for range 3 {
		cookie := h.signIn("sam")
		same(t, "ended", h.do("POST", "/api/v1/session/end", nil, "Cookie", cookieName+"="+cookie.Value).Status, http.StatusNoContent)
		info, err := os.Stat(file)
		must(t, err)
		same(t, "mode", info.Mode().Perm(), 0o600)
		sizes = append(sizes, info.Size())
	}
	if !(sizes[0] < sizes[1] && sizes[1] < sizes[2]) {
		t.Errorf("the file's sizes: %v", sizes)
	}
	h.wall.move(16 * time.Minute)
	h.again()
	cookie := h.signIn("sam")
	kept := h.signIn("lea")
	same(t, "ended", h.do("POST", "/api/v1/session/end", nil, "Cookie", cookieName+"="+cookie.Value).Status, http.StatusNoContent)
	info, err := os.Stat(file)
	must(t, err)
	same(t, "the size after those of before are over", info.Size(), sizes[0])

	for what, content := range map[string]string{"empty": "", "cut": `[{"session":"`, "text": "x", "unknown": `[{"by":"sam"}]`, "space": "[ ]"} {
		h.stop()
		must(t, os.WriteFile(file, []byte(content), 0o600))
		h.start()
		same(t, what+": the ended one", h.browse(cookie, "/api/v1/me").reason(), "token-refused")
		same(t, what+": every other", h.browse(kept, "/api/v1/me").reason(), "token-refused")
		kept = h.signIn("lea")
		same(t, what+": a new one", h.browse(kept, "/api/v1/me").Status, http.StatusOK)
		contains(t, "the log", h.log.String(), "every session of before is over")
	}
	// Where the file cannot be written the session is over all the same, and it is said.
	h.stop()
	must(t, os.Remove(file))
	must(t, os.MkdirAll(filepath.Join(file, "in the way"), 0o700))
	h.start()
	cookie = h.signIn("sam")
	got := h.do("POST", "/api/v1/session/end", nil, "Cookie", cookieName+"="+cookie.Value)
	same(t, "not written", got.reason(), "internal")
	same(t, "not written, and over", h.browse(cookie, "/api/v1/me").reason(), "token-refused")
}

// TestEndingTakesNoBody: it is a POST of nothing, of the session that is brought.
func TestEndingTakesNoBody(t *testing.T) {
	h := open(t, withPasskeys)
	cookie := h.signIn("sam")
	got := h.do("POST", "/api/v1/session/end", []byte(`{}`), "Cookie", fmt.Sprint(cookieName, "=", cookie.Value))
	same(t, "with a body", got.reason(), "malformed")
	same(t, "by GET", h.do("GET", "/api/v1/session/end", nil, "Cookie", cookieName+"="+cookie.Value).reason(), "method-not-allowed")
	same(t, "still signed in", h.browse(cookie, "/api/v1/me").Status, http.StatusOK)
}

// TestT26ManyEndedSessions: where the file has no room for one more, the session is
// over all the same, and it is said that a restart would bring it back.
func TestT26ManyEndedSessions(t *testing.T) {
	h := open(t, withPasskeys)
	until := canon.At(h.wall.now().Add(10 * time.Minute)).String()
	rows := make([]string, 10_000)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"session":"%064x","until":%q}`, i+1, until)
	}
	h.stop()
	must(t, os.WriteFile(filepath.Join(h.folder, "ended.json"), []byte("["+strings.Join(rows, ",")+"]"), 0o600))
	h.start()
	cookie := h.signIn("sam")
	same(t, "with no room", h.do("POST", "/api/v1/session/end", nil, "Cookie", cookieName+"="+cookie.Value).Status, http.StatusServiceUnavailable)
	same(t, "the session", h.browse(cookie, "/api/v1/me").reason(), "token-refused")
}
