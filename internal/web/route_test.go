package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/web"
)

// TestRoutes demands an answer of every row of the table to who gets it and why
// another site cannot use it.
func TestRoutes(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range web.Routes() {
		if seen[r.Pattern()] {
			t.Errorf("%s stands twice", r.Pattern())
		}
		seen[r.Pattern()] = true
		if r.Access != web.Anybody && r.Access != web.SignedIn {
			t.Errorf("%s: access %q", r.Pattern(), r.Access)
		}
		switch {
		case r.Method == http.MethodGet && r.Guard == web.ReadsOnly && r.Body == 0:
		case r.Method == http.MethodGet && r.Guard == web.OwnBrowser && r.Access == web.Anybody && r.Body == 0:
		case r.Method == http.MethodPost && (r.Guard == web.WritesOut || r.Guard == web.OwnSession || r.Guard == web.PassesOn || r.Guard == web.LooksOut):
		default:
			t.Errorf("%s: guard %q with a body of %d", r.Pattern(), r.Guard, r.Body)
		}
		if !web.Serves(strings.TrimSuffix(r.Path, "{$}")) {
			t.Errorf("%s: the path is the API's", r.Pattern())
		}
	}
	if len(seen) == 0 {
		t.Fatal("no routes")
	}
}

// TestT24SignedInRoutesNeedASession asks for each page without one.
func TestT24SignedInRoutesNeedASession(t *testing.T) {
	h := open(t, nil)
	walked := 0
	for _, r := range web.Routes() {
		if r.Access != web.SignedIn {
			continue
		}
		walked++
		path := strings.NewReplacer("{$}", "", "{kind}", "stop").Replace(r.Path)
		if at := strings.Index(path, "{"); at >= 0 {
			path = path[:at] + "x" + path[strings.Index(path, "}")+1:]
		}
		var form url.Values
		if r.Method == http.MethodPost {
			form = url.Values{}
		}
		w := h.request(r.Method, path, form, "Cookie", "")
		if r.Method == http.MethodGet && (w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?to=")) {
			t.Errorf("%s: %d to %q", r.Pattern(), w.Code, w.Header().Get("Location"))
		}
		if r.Method == http.MethodPost && w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", r.Pattern(), w.Code)
		}
	}
	if walked == 0 {
		t.Fatal("no route needs a session")
	}
}

// TestT32AnotherSite tries every POST as another site's page would have a browser
// send it, and framing and base tricks by headers.
func TestT32AnotherSite(t *testing.T) {
	h := open(t, nil)
	walked := 0
	for _, r := range web.Routes() {
		if r.Method != http.MethodPost {
			continue
		}
		walked++
		path := strings.ReplaceAll(r.Path, "{kind}", "stop")
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		} {
			if w := h.request(http.MethodPost, path, url.Values{"person": {"mara"}}, headers...); w.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d", r.Pattern(), headers, w.Code)
			}
		}
	}
	if walked == 0 {
		t.Fatal("no POST")
	}
	policy := h.request(http.MethodGet, "/sign-in", nil).Header().Get("Content-Security-Policy")
	for _, wanted := range []string{"default-src 'none'", "script-src 'nonce-", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, wanted) {
			t.Errorf("the policy lacks %s: %s", wanted, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error(policy)
	}
}

// TestT32OpenRedirect has the page for signing in carry where to go on to.
func TestT32OpenRedirect(t *testing.T) {
	h := open(t, nil)
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil.example", "/\t/evil.example", "", "http:evil", "///evil.example"} {
		has(t, h.page("/sign-in?to="+url.QueryEscape(to)), `name="to" value="/"`)
	}
	has(t, h.page("/sign-in?to="+url.QueryEscape("/requests/ab?x=1&y=2")), `name="to" value="/requests/ab?x=1&amp;y=2"`)
}

// TestCrossSiteLink follows a link of a mail: the strict cookie stays at home, so
// that the page asks for itself once more.
func TestCrossSiteLink(t *testing.T) {
	h := open(t, nil)
	w := h.request(http.MethodGet, "/", nil, "Cookie", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
	if w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url=/" {
		t.Errorf("%d, refresh %q", w.Code, w.Header().Get("Refresh"))
	}
	if w := h.request(http.MethodGet, "/", nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"); w.Code != http.StatusForbidden {
		t.Errorf("a page elsewhere had it loaded as a picture: %d", w.Code)
	}
}

// TestAssets demands addresses that change with what they hold.
func TestAssets(t *testing.T) {
	h := open(t, nil)
	page := h.page("/sign-in")
	var found []string
	for _, part := range strings.Split(page, `"`) {
		if strings.HasPrefix(part, "/static/") && !slices.Contains(found, part) {
			found = append(found, part)
		}
	}
	if len(found) < 3 {
		t.Fatalf("only %q", found)
	}
	compressed := 0
	for _, path := range found {
		w := h.request(http.MethodGet, path, nil, "Cookie", "")
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d, %v", path, w.Code, w.Header())
		}
	}
	for _, path := range found {
		plain, small := h.request(http.MethodGet, path, nil), h.request(http.MethodGet, path, nil, "Accept-Encoding", "br, gzip;q=0.5")
		if none := h.request(http.MethodGet, path, nil, "Accept-Encoding", "gzip;q=0, br"); none.Header().Get("Content-Encoding") != "" || none.Body.String() != plain.Body.String() {
			t.Errorf("%s: compressed to whoever refuses it", path)
		}
		if small.Header().Get("Content-Encoding") == "" {
			continue
		}
		r, err := gzip.NewReader(small.Body)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(r)
		if err != nil || string(whole) != plain.Body.String() || small.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: compressed it is another: %v, %v", path, err, small.Header())
		}
		compressed++
	}
	if compressed < 2 {
		t.Errorf("%d assets are compressed", compressed)
	}
	if w := h.request(http.MethodGet, "/static/0000000000000000/look.css", nil); w.Code != http.StatusNotFound {
		t.Errorf("another digest: %d", w.Code)
	}
}

// TestT26TwoCookiesAreNobodys: where somebody put a second cookie of the name into a
// browser, no page picks one of the two.
func TestT26TwoCookiesAreNobodys(t *testing.T) {
	h := open(t, nil)
	for _, cookies := range []string{"__Host-halligan=mara's; __Host-halligan=eve's", "__Host-halligan=eve's; __Host-halligan=mara's"} {
		w := h.request(http.MethodGet, "/people", nil, "Cookie", cookies)
		if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "Mara Lind") || strings.Contains(w.Body.String(), "eve's") {
			t.Errorf("%s: %d\n%s", cookies, w.Code, w.Body)
		}
	}
}

// TestT41LinesHoldNoOtherCommand: the line that is shown for a command line is never
// more than one command, whatever a form said.
func TestT41LinesHoldNoOtherCommand(t *testing.T) {
	h := open(t, nil)
	for _, evil := range []string{"ilya; rm -rf ~", "ilya $(id)", "ilya\nrm"} {
		for what, form := range map[string]url.Values{
			"vouch person":     {"person": {evil}, "key": {print("b")}, "met": {"yes"}},
			"change person":    {"person": {evil}, "key": {""}, "why": {"left"}},
			"inspect envelope": {"envelope": {evil}, "serial": {"3"}, "bag": {"B-1"}, "state": {"whole"}},
			"inspect bag":      {"envelope": {"safe-key"}, "serial": {"3"}, "bag": {evil}, "state": {"whole"}},
			"inspect place":    {"envelope": {"safe-key"}, "serial": {"3"}, "bag": {"B-1"}, "place": {evil}, "state": {"whole"}},
		} {
			kind, _, _ := strings.Cut(what, " ")
			w := h.request(http.MethodPost, "/draft/"+kind, form)
			if w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "<pre") {
				t.Errorf("%s of %q: %d\n%s", what, evil, w.Code, w.Body)
			}
		}
	}
}

// TestT26EverySignOutCanSayThatItFailed: each form that signs out has a place to say
// that the session may not be over.
func TestT26EverySignOutCanSayThatItFailed(t *testing.T) {
	forms := strings.Split(open(t, map[string]any{"/api/v1/people": somebody()}).page("/people"), " data-out>")[1:]
	if len(forms) == 0 {
		t.Fatal("no form signs out")
	}
	for _, form := range forms {
		if inside, _, _ := strings.Cut(form, "</form>"); !strings.Contains(inside, `role="alert" hidden`) {
			t.Errorf("it could not say that it failed: %s", inside)
		}
	}
}
