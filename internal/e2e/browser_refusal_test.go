package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	tabs "github.com/chromedp/cdproto/target"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
)

// evil is the name of another site.
const evil = "evil.example"

// evilSite is a site that the browser trusts as any other, and that wants what the
// cell's pages are for.
func evilSite(t *testing.T) site {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/post" { // presses its own form as soon as it is there
			fmt.Fprintf(w, `<!doctype html><title>e</title><main><h1>Win</h1></main><form method="post" action="https://%s%s"><input name="of" value="%s"><input name="request" value="%[3]s"><input name="verdict" value="approve"><input name="check" value="video"></form><script>document.forms[0].submit()</script>`,
				origin, r.URL.Query().Get("to"), r.URL.Query().Get("of"))
			return
		}
		fmt.Fprintf(w, `<!doctype html><title>e</title><main><h1>Win</h1><iframe src="https://%s%s"></iframe></main>`, origin, r.URL.Query().Get("frame"))
	}))
	t.Cleanup(s.Close)
	address := strings.TrimPrefix(s.URL, "https://")
	key, err := serverKey(address, evil)
	if err != nil {
		t.Fatal(err)
	}
	return site{name: evil, address: address, key: key}
}

// awaited is a script whose promise is waited for.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// asks runs a script that ends in a text, wherever the browser is.
func (b *browser) asks(script string) (answer string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`(async () => { `+script+` })().then(String, e => e.name + ': ' + e.message)`, &answer, awaited))
	return answer
}

// assertsFor has the passkey at hand sign a statement as a page of a name would ask it
// to, and gives the request body that relays it.
const assertsFor = `
const statement = %s, utf8 = new TextEncoder();
const word = (n) => new Uint8Array([n >> 24, n >> 16, n >> 8, n]);
const string = (bytes) => [word(bytes.length), bytes];
const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', utf8.encode(statement)));
const challenge = new Uint8Array(await new Blob([utf8.encode('SSHSIG'), ...string(utf8.encode('halligan.v1.decision')), ...string(new Uint8Array()), ...string(utf8.encode('sha512')), ...string(digest)]).arrayBuffer());
const made = await navigator.credentials.get({publicKey: {challenge, rpId: %q, userVerification: 'required'}});
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
return '{"statement":' + statement + ',"signature":' + JSON.stringify({passkey: {
  authenticator_data: base64(made.response.authenticatorData), client_data: base64(made.response.clientDataJSON), signature: base64(made.response.signature)}}) + '}';`

// drafted is the statement of sam's yes that the cell's own page would have signed.
func (b *browser) drafted(id string) string {
	b.t.Helper()
	return b.asks(fmt.Sprintf(`const draft = await (await fetch('/draft/decision', {method: 'POST', headers: {Accept: 'application/json'}, body: new URLSearchParams({
		of: %[1]q, request: %[1]q, verdict: 'approve', check: 'video', nonce: [...crypto.getRandomValues(new Uint8Array(32))].map(n => n.toString(16).padStart(2, '0')).join('')})})).json();
		return JSON.stringify(draft.statement)`, id))
}

// relay sends a body to the API as a server does that is no browser: no cookie, no
// origin, nothing that a browser adds.
func (w *town) relay(t *testing.T, body string) (status int, said string) {
	t.Helper()
	wire := ok[*wire](t)(w.wire())
	answer := ok[*http.Response](t)(wire.http.Post("https://"+w.web+"/api/v1/statements", "application/json", strings.NewReader(body)))
	defer answer.Body.Close()
	return answer.StatusCode, string(ok[[]byte](t)(io.ReadAll(answer.Body)))
}

// TestT32T20AnotherOriginInABrowser: a page of another site has sam's browser, which
// is signed in, and a passkey that even has sam's own private key. It gets nothing of
// the cell's passkey, what it has signed is taken nowhere, and what it posts is refused.
func TestT32T20AnotherOriginInABrowser(t *testing.T) {
	w := paged(t, founding{})
	id, err := w.ask("ann", time.Hour, "primary")
	if err != nil {
		t.Fatal(err)
	}
	at := evilSite(t)
	sam := openBrowser(t, opening{person: "sam", through: laptop, sites: append(w.sites(t), at), passkey: passkeytest.New("sam", origin)})
	sam.signIn("/requests/" + id + "/decide")
	statement := sam.drafted(id)
	if !strings.Contains(statement, id) {
		t.Fatalf("no draft: %s", statement)
	}
	thief := passkeytest.New("sam", origin)
	thief.Host = evil
	sam.do(sam.alsoKnows(thief))

	t.Run("asks for the cell's passkey", func(t *testing.T) {
		sam.goTo("https://" + evil + "/?frame=" + "/requests/" + id + "/decide")
		if got := sam.asks(fmt.Sprintf(assertsFor, statement, origin)); !strings.HasPrefix(got, "SecurityError") {
			t.Errorf("it got %s", got)
		}
	})
	t.Run("relays what its own passkey signed", func(t *testing.T) {
		relayed := sam.asks(fmt.Sprintf(assertsFor, statement, evil))
		if !strings.HasPrefix(relayed, `{"statement"`) {
			t.Fatalf("the other site's own passkey did not sign: %s", relayed)
		}
		if status, said := w.relay(t, relayed); status == http.StatusOK || !strings.Contains(said, "signature") {
			t.Errorf("relayed from %s: %d %s", evil, status, said)
		}
	})
	t.Run("frames the page", func(t *testing.T) {
		if err := until(patience, "the browser to say why it shows no frame", func() (bool, error) {
			return strings.Contains(strings.Join(*sam.logged, "\n"), "Framing 'https://"+origin), nil
		}); err != nil {
			t.Errorf("%v: %q", err, *sam.logged)
		}
		sam.picture("refused-frame")
	})
	t.Run("fetches in sam's name", func(t *testing.T) {
		for _, mode := range []string{"cors", "no-cors"} {
			got := sam.asks(fmt.Sprintf(`const a = await fetch('https://%s/draft/decision', {method: 'POST', mode: %q, credentials: 'include', body: new URLSearchParams({of: %q})}); return a.type + (await a.text())`, origin, mode, id))
			if got != "opaque" && !strings.HasPrefix(got, "TypeError") {
				t.Errorf("%s: %s", mode, got)
			}
		}
	})
	t.Run("posts a form", func(t *testing.T) {
		for _, to := range []string{"/draft/decision", "/draft/stop", "/draft/session", "/draft/invitation", "/passkey/line"} {
			sam.goTo("https://" + evil + "/post?to=" + to + "&of=" + id)
			sam.sees("Another site asked for this", "nothing was done")
		}
		sam.picture("refused-form")
	})
	out, err := w.as("sam", "status", id, "--json")
	if err != nil || strings.Contains(out, `"approver"`) {
		t.Errorf("%v: something of it counted\n%s", err, out)
	}
	// The same browser, on the cell's own page, still can.
	sam.visit("/requests/" + id + "/decide")
	sam.choose("check", "video")
	sam.press("Approve with passkey")
	sam.arrives("/requests/" + id)
}

// alsoKnows puts one more passkey into the browser's authenticator.
func (b *browser) alsoKnows(of *passkeytest.Authenticator) chromedp.Action {
	return webauthn.AddCredential(b.key, credential(b.person+" of "+of.Host, of))
}

// TestBrowserTooLate: a page is open for longer than what it signed is good for, or
// than its session. It says what to do, keeps what was written, and then goes on.
func TestBrowserTooLate(t *testing.T) {
	w := paged(t, founding{})
	id, err := w.grant(time.Hour, "primary")
	if err != nil {
		t.Fatal(err)
	}
	const why = "deletes that nobody announced"
	sue := w.browse(t, "sue", laptop)
	sue.signIn("/requests/" + id + "/stop")
	kept := func() {
		t.Helper()
		var written string
		if sue.do(chromedp.Value(`[name=why]`, &written, chromedp.ByQuery)); written != why {
			t.Errorf("of what was written is left %q", written)
		}
	}
	t.Run("the statement expired", func(t *testing.T) {
		// Ten minutes went by before it arrived: the bytes that are signed say so.
		sue.do(chromedp.Evaluate(`window.own = window.fetch; window.fetch = async (at, ...rest) => {
			const answer = await own(at, ...rest);
			if (!String(at).startsWith('/draft/')) return answer;
			const draft = await answer.json();
			draft.statement = draft.statement.replace(/"expires":"[^"]*"/, '"expires":"' + new Date(Date.now() - 1000).toISOString() + '"');
			return new Response(JSON.stringify(draft));
		}; 0`, nil))
		sue.fill("why", why)
		sue.press("Stop this grant")
		sue.sees("It was not taken: too long went by between the button and your passkey.", "Nothing is lost", "Press the button again.")
		sue.picture("late-statement")
		kept()
		sue.do(chromedp.Evaluate(`window.fetch = window.own; 0`, nil))
	})
	t.Run("the session is over", func(t *testing.T) {
		sue.do(network.ClearBrowserCookies())
		sue.press("Stop this grant")
		sue.sees("Your session is over, and nothing was sent.", "Sign in again in another tab")
		sue.picture("late-session")
		kept()
		sue.signsInBeside()
		kept()
	})
	sue.press("Stop this grant")
	sue.arrives("/requests/" + id)
	sue.sees("stopped")
	sue.clean()
}

// TestBrowserThatDistrustsThePage: a browser that was told to go on in spite of the
// certificate gives no passkey to the page, and the page says how to mend that.
func TestBrowserThatDistrustsThePage(t *testing.T) {
	w := paged(t, founding{})
	unknown := w.sites(t)[0]
	unknown.key = ""
	sam := openBrowser(t, opening{person: "sam", through: phone, sites: []site{unknown}, passkey: passkeytest.New("sam", origin)})
	if err := sam.try(chromedp.Navigate("https://" + origin + "/sign-in")); err == nil || !strings.Contains(err.Error(), "CERT") {
		t.Fatalf("the browser trusts a certificate that nobody told it to trust: %v", err)
	}
	sam.do(chromedp.Click("#details-button", chromedp.ByQuery), chromedp.Click("#proceed-link", chromedp.ByQuery)) // in spite of the warning
	sam.sees("Sign in to look")
	// Virtual authenticators sign on such a page, and others do not: this is what Chromium
	// says then.
	refuse := chromedp.Evaluate(`for (const way of ['get', 'create']) navigator.credentials[way] = () => Promise.reject(new DOMException('WebAuthn is not supported on sites with TLS certificate errors.', 'NotAllowedError')); 0`, nil)
	sam.do(refuse)
	sam.fill("person", "sam")
	sam.press("Sign in with a passkey")
	sam.sees("This browser distrusts the certificate of this page", "halligan tls trust")
	sam.do(chromedp.Click("#distrust summary", chromedp.ByQuery))
	sam.sees("halligan tls trust > authority.crt", "compare the SHA-256", origin)
	sam.picture("distrust-sign-in")
	sam.visit("/passkey")
	sam.do(refuse)
	sam.fill("person", "sam")
	sam.press("Make it on this device")
	sam.sees("Nothing was made.", "This browser distrusts the certificate of this page")
	sam.picture("distrust-passkey")
}

// signsInBeside signs in through the link that the page shows, in a tab of its own.
func (b *browser) signsInBeside() {
	b.t.Helper()
	opened := chromedp.WaitNewTarget(b.ctx, func(info *tabs.Info) bool { return strings.Contains(info.URL, "/sign-in") })
	b.do(chromedp.Click(`[role=alert] a`, chromedp.ByQuery))
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithTargetID(<-opened))
	defer end()
	if err := chromedp.Run(ctx); err != nil {
		b.t.Fatal(err)
	}
	beside := &browser{t: b.t, ctx: ctx, person: b.person, said: new([]string)}
	beside.do(chromedp.ActionFunc(func(ctx context.Context) error { return beside.arm(ctx, passkeytest.New(b.person, origin)) }))
	beside.fill("person", b.person)
	beside.press("Sign in with a passkey")
	beside.arrives("/")
}
