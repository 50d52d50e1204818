package api_test

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/authn/totp/totptest"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/web"
)

// plain is a browser that runs no script: it fills in forms and follows.
type plain struct {
	h      *house
	cookie string
}

func (b *plain) sends(method, path string, form url.Values, header ...string) (status int, page string, to string) {
	b.h.Helper()
	var from io.Reader
	if form != nil {
		from = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, b.h.server.URL+path, from)
	must(b.h, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: b.cookie})
	}
	client := *b.h.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(r)
	must(b.h, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(b.h, err)
	for _, c := range resp.Cookies() {
		if c.Name == cookieName {
			b.cookie = c.Value
		}
	}
	return resp.StatusCode, string(data), resp.Header.Get("Location")
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// hidden are the hidden fields of a page.
func hidden(page string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// TestCodesOnPagesWithoutAScript: somebody makes a code device on the page of an
// invitation, signs in with a code of it, decides and stops, with forms alone.
func TestCodesOnPagesWithoutAScript(t *testing.T) {
	h := open(t, takesCodes, func(h *house) {
		h.pages = func(inside http.Handler) http.Handler {
			return web.New(web.Options{API: inside, Name: celltest.Origin, Log: slog.New(slog.DiscardHandler), SecretIn: config.SecretIn, Now: h.wall.now})
		}
	})

	// The invitation's page makes a device, of the whole address as of the code.
	c := h.invites("ann")
	guest := &plain{h: h}
	_, page, _ := guest.sends("GET", "/enrol", nil)
	contains(t, "the page of an invitation", page, `action="/enrol/device"`)
	status, page, _ := guest.sends("POST", "/enrol/device", url.Values{"code": {"https://x/enrol#" + c.String()}})
	same(t, "made: "+page[:min(200, len(page))], status, http.StatusOK)
	contains(t, "the picture", page, `<path class="ink" d="M4 4h1v1h-1z`)
	secret := regexp.MustCompile(`translate="no">([A-Z2-7 ]{39})<`).FindStringSubmatch(page)
	if secret == nil {
		t.Fatal("no secret")
	}
	phone, err := totptest.Scan("otpauth://totp/x?secret=" + strings.ReplaceAll(secret[1], " ", ""))
	must(t, err)
	form := hidden(page)
	form.Set("code", "123")
	status, page, _ = guest.sends("POST", "/enrol/device/confirm", form)
	same(t, "three digits", status, http.StatusBadRequest)
	same(t, "the secret is shown again", strings.Contains(page, secret[1]), false)
	form = hidden(page)
	digits := phone.Code(h.wall.now())
	form.Set("code", digits[:3]+" "+digits[3:])
	status, page, _ = guest.sends("POST", "/enrol/device/confirm", form)
	same(t, "confirmed", status, http.StatusOK)
	contains(t, "words", page, strings.Join(h.waiting("lea").Offers[0].Words, " "))
	status, _, _ = guest.sends("POST", "/enrol/device", url.Values{"code": {c.String()}})
	same(t, "the code again", status, http.StatusConflict)

	// Codes sign in, decide and stop.
	apps := h.devices("sam", "lea")
	id := h.asked("ann", "one", "db-1")
	signs := func(b *plain, page string, a app) (int, string, string) {
		t.Helper()
		contains(t, "a form for a code", page, `action="/code"`)
		h.wall.move(31 * time.Second)
		form := hidden(page)
		digits := a.Code(h.wall.now())
		form.Set("code", digits[:3]+" "+digits[3:])
		return b.sends("POST", "/code", form)
	}
	lea := &plain{h: h}
	_, page, _ = lea.sends("POST", "/draft/session", url.Values{"person": {"lea"}, "to": {"/requests"}})
	form = hidden(page)
	form.Set("code", wrong(apps["lea"], h.wall.now(), 1))
	status, again, _ := lea.sends("POST", "/code", form)
	same(t, "a wrong code", status, http.StatusForbidden)
	contains(t, "says so, with the form", again, "The code is wrong")
	status, page, to := signs(lea, again, apps["lea"])
	same(t, "signed in: "+alertOf(page), status, http.StatusSeeOther)
	same(t, "and sent to", to, "/requests")
	decide := "/requests/" + id.String() + "/decide"
	_, page, _ = lea.sends("GET", decide, nil)
	contains(t, "she may decide with a code", page, "Approve with a code")
	form = hidden(page)
	form.Set("check", "call-back")
	form.Set("verdict", "approve")
	_, page, _ = lea.sends("POST", "/draft/decision?by=code", form)
	contains(t, "it says what it is worth", page, "the server's word that it was you")
	status, _, to = signs(lea, page, apps["lea"])
	same(t, "decided", status, http.StatusSeeOther)
	_, page, _ = lea.sends("GET", to, nil)
	contains(t, "marked", page, "with a code: that it was them is the server&#39;s word")
	form = url.Values{"of": {id.String()}, "why": {"enough"}}
	_, page, _ = lea.sends("POST", "/draft/stop?by=code", form)
	status, _, _ = signs(lea, page, apps["lea"])
	same(t, "stopped", status, http.StatusSeeOther)
	same(t, "state", string(h.state(id)), "denied")

	// Another site's page sends no form of hers, and who has no device gets no form.
	status, _, _ = lea.sends("POST", "/code", form, "Origin", "https://evil.example.com", "Sec-Fetch-Site", "cross-site")
	same(t, "another site's page", status, http.StatusForbidden)
	bob := &plain{h: h, cookie: h.token("bob")}
	other := h.asked("bob", "two", "db-1")
	_, page, _ = bob.sends("POST", "/draft/withdraw", url.Values{"of": {other.String()}})
	same(t, "bob, who has no device, gets a form", strings.Contains(page, `action="/code"`), false)
	contains(t, "the command", page, "halligan withdraw")
}

var alerted = regexp.MustCompile(`(?s)role="alert">(.*?)</div>`)

// alertOf is what a page says went wrong.
func alertOf(page string) string {
	if m := alerted.FindStringSubmatch(page); m != nil {
		return m[1]
	}
	return ""
}
