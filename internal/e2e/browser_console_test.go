package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// evaluated is what a script gives in the page, once it is there.
func evaluated[T any](b *browser, script string) (got T) {
	b.t.Helper()
	b.do(chromedp.Evaluate(script, &got, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return got
}

// askHere has ann ask for the account by keys that this browser makes.
func (b *browser) askHere() (id string) {
	b.t.Helper()
	b.visit("/ask/database-locked-out")
	b.sees("prod: sign this browser in to its console", "primary: nothing; untick it, or use the line")
	b.choose("read", "yes")
	b.choose("severity", "SEV1")
	b.fill("why", "pool exhausted, nobody can connect")
	b.press("Make the keys in this browser")
	b.sees("Made, and kept in this browser alone. Unticked, as they can do nothing with it: audit, primary, replica.")
	b.choose("target", "primary")
	b.press("Ask with a passkey")
	b.sees("primary can be used by no keys of a browser")
	b.choose("target", "primary") // not any more
	b.picture("console-ask")
	b.press("Ask with a passkey")
	return b.atRequest()
}

// signedIn are the calls of an action of an account's sign-in.
func signedIn(at *awstest.Double, action string) (calls []awstest.Call) {
	for _, call := range at.Calls() {
		if call.Kind == "signin" && call.Action == action {
			calls = append(calls, call)
		}
	}
	return calls
}

// TestBrowserConsole is an emergency with a phone and nothing else: asked for by keys
// that the phone's browser makes, agreed, the console opened; then stopped. Another
// browser of the same person has not those keys, and made-up ones are refused.
func TestBrowserConsole(t *testing.T) {
	at := awstest.New(t)
	w := paged(t, founding{aws: at})
	ann := w.browse(t, "ann", phone)
	ann.signIn("/requests")
	id := ann.askHere()
	for _, person := range []string{"sam", "lea"} {
		ok[string](t)(w.as(person, "approve", id, "--check", "call-back", "--yes"))
	}
	ann.sees("Go in: prod") // by itself
	ann.fits("the request's page")
	t.Run("accessible", func(t *testing.T) { ann.accessible(axe(t), "the request's page") })
	ann.picture("console-granted")
	ann.do(chromedp.Evaluate(`{const plain = fetch; window.fetch = async (a, o) => { const got = await plain(a, o); if (a === '/api/v1/statements') window.answer = await got.clone().text(); return got }; `+
		`const later = setTimeout; window.setTimeout = (f, ms) => { if (ms > 50000 && ms <= 60000) window.over = f; return later(f, ms) }; 0}`, nil))
	ann.press("Open the console")
	ann.sees("Opened in a new tab")
	if err := until(patience, "the link to be followed", func() (bool, error) { return len(signedIn(at, "login")) == 1, nil }); err != nil {
		t.Fatalf("%v\n%s", err, ann.text())
	}
	ann.picture("console-opened")
	if by := signedIn(at, "login")[0]; by.Referer != "" {
		t.Errorf("the account is told whence: %q", by.Referer)
	}
	ann.press("Open the console") // as one does whose browser let no tab through
	if err := until(patience, "the same link once more", func() (bool, error) { return len(signedIn(at, "login")) == 2, nil }); err != nil {
		t.Fatal(err)
	}
	if n := len(signedIn(at, "getSigninToken")); n != 1 {
		t.Errorf("%d links were made, want 1", n)
	}
	ann.do(chromedp.Evaluate(`window.over(); 0`, nil)) // a minute later the page knows no link any more
	ann.press("Open the console")
	if err := until(patience, "another link", func() (bool, error) {
		return len(signedIn(at, "login")) == 3 && len(signedIn(at, "getSigninToken")) == 2, nil
	}); err != nil {
		t.Fatal(err)
	}
	left := evaluated[string](ann, `(async () => document.documentElement.outerHTML + JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, performance.getEntries().map(e => e.name)]) + `+
		`(await (await new Promise((done) => { const r = indexedDB.open('halligan'); r.onsuccess = () => { const all = r.result.transaction('holders').objectStore('holders').getAll(); all.onsuccess = () => done(JSON.stringify(all.result)) } }))))()`)
	if strings.Contains(left, "SigninToken") || strings.Contains(left, "sign-in-token") || !strings.Contains(left, id) {
		t.Errorf("the link lies about:\n%s", left)
	}
	for _, said := range *ann.logged {
		if strings.Contains(said, "Content Security Policy") || strings.Contains(said, "TrustedHTML") {
			t.Error(said)
		}
	}
	earlier := evaluated[string](ann, `window.answer`)
	if !strings.Contains(earlier, `"credential"`) || strings.Contains(earlier, "SigninToken") {
		t.Errorf("the server answered %s", earlier)
	}
	// A server that answers with what it sealed before is found out.
	ann.visit("/requests/" + id)
	ann.sees("Go in: prod")
	ann.do(chromedp.Evaluate(fmt.Sprintf(`{const plain = fetch; window.fetch = (a, o) => a === '/api/v1/statements' ? Promise.resolve(new Response(%q, {status: 201})) : plain(a, o); 0}`, earlier), nil))
	ann.press("Open the console")
	ann.sees("What the server sent is not sealed to this browser for this")
	ann.clean()
	w.otherBrowser(t, id)
	// The account refuses, and the page says so.
	ann.visit("/requests/" + id)
	at.Break(awstest.Fault{Kind: "signin", How: "AccessDenied"})
	ann.press("Open the console")
	ann.sees("he account refuses the session")
	at.Mend()
	// A link that came when the press is long ago waits for another.
	ann.do(chromedp.Evaluate(`Object.defineProperty(navigator, 'userActivation', {configurable: true, value: {isActive: false}}); 0`, nil))
	before := len(signedIn(at, "login"))
	ann.press("Open the console")
	ann.sees("The link is here. Press once more")
	ann.do(chromedp.Evaluate(`delete navigator.userActivation; 0`, nil))
	ann.press("Open the console")
	ann.sees("Opened in a new tab")
	if err := until(patience, "the link to be followed", func() (bool, error) { return len(signedIn(at, "login")) == before+1, nil }); err != nil {
		t.Fatal(err)
	}
	ok[string](t)(w.as("sue", "stop", id, "--why", "enough"))
	ann.visit("/requests/" + id)
	ann.sees("stopped")
	if text := ann.text(); strings.Contains(text, "Open the console") {
		t.Errorf("after the stop:\n%s", text)
	}
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	said := ok[string](t)(w.as("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json")))
	if !strings.Contains(said, "VERIFIED") {
		t.Errorf("verify says:\n%s", said)
	}
}

// otherBrowser has ann look at her request where its keys are not, and put keys of her
// own making in their place.
func (w *town) otherBrowser(t *testing.T, id string) {
	t.Helper()
	b := w.browse(t, "ann", laptop)
	b.signIn("/requests/" + id)
	b.sees("The keys of this request are in the browser that asked")
	if text := b.text(); strings.Contains(text, "Open the console") || strings.Contains(text, "Give it all back") {
		t.Errorf("without the keys:\n%s", text)
	}
	b.do(chromedp.Evaluate(`(async () => {
		const ed25519 = await crypto.subtle.generateKey({name: 'Ed25519'}, false, ['sign', 'verify']);
		const p256 = await crypto.subtle.generateKey({name: 'ECDH', namedCurve: 'P-256'}, false, ['deriveBits']);
		const name = document.querySelector('[data-no-holder]').dataset.noHolder;
		const r = indexedDB.open('halligan', 1);
		r.onupgradeneeded = () => r.result.createObjectStore('holders', {keyPath: 'name'});
		await new Promise((done) => { r.onsuccess = () => { const put = r.result.transaction('holders', 'readwrite').objectStore('holders').put({name, ed25519, p256, made: Date.now()}); put.onsuccess = () => { r.result.close(); done() } } });
		return true;
	})()`, nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	b.visit("/requests/" + id)
	b.press("Open the console")
	b.sees("nly the key made for this very request may sign this")
	if slices.ContainsFunc(*b.said, func(said string) bool { return strings.Contains(said, "Error") }) {
		t.Error(strings.Join(*b.said, "\n"))
	}
	b.picture("console-other-browser")
}
