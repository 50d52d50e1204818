package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
)

// wordsLine is how the command line says the four words.
var wordsLine = regexp.MustCompile(`([a-z]+ [a-z]+ [a-z]+ [a-z]+)\n`)

// asking has ann ask on a laptop, with keys of her own machine.
func (w *town) asking(t *testing.T, b *browser, target string) {
	t.Helper()
	line, err := w.as("ann", "holder", "new")
	if err != nil {
		t.Fatal(err)
	}
	b.visit("/ask/database-locked-out")
	b.choose("read", "yes")
	b.choose("severity", "SEV1")
	b.do(chromedp.Evaluate(fmt.Sprintf(`document.querySelectorAll('[name=target]').forEach(e => { if (e.checked !== (e.value === %q)) e.click() })`, target), nil))
	b.fill("minutes", "60")
	b.fill("why", "pool exhausted, nobody can connect")
	b.fill("incident", "PD-4711")
	b.fill("holder", strings.TrimSpace(line))
	b.picture("story-ask")
	b.press("Ask with a passkey")
}

// atRequest waits for the page of a request that this browser has just made, and
// gives its id.
func (b *browser) atRequest() string {
	b.t.Helper()
	var where string
	if err := until(patience, "the page of the request", func() (bool, error) {
		err := b.try(chromedp.Location(&where))
		return strings.Contains(where, "/requests/"), err
	}); err != nil {
		b.t.Fatalf("%v: %s", err, b.text())
	}
	b.do(chromedp.WaitVisible("main h1", chromedp.ByQuery))
	return where[strings.LastIndex(where, "/")+1:]
}

// approves decides on a phone: everything within one thumb's reach.
func (b *browser) approves(id string, words string) {
	b.t.Helper()
	b.sees(words)
	for _, button := range []string{"button[value=approve]", "button[value=deny]"} {
		if at := b.box(button); at.Y < 0 || at.Y+at.Height > float64(phone.height) || at.X < 0 || at.X+at.Width > float64(phone.width) || at.Height < 44 {
			b.t.Errorf("%s lies at %+v, out of a thumb's reach", button, at)
		}
	}
	b.picture("story-decide-" + b.person)
	b.choose("check", "call-back")
	b.press("Approve with passkey")
	b.arrives("/requests/" + id)
}

// invites has somebody of the change quorum invite a person on that person's page,
// and gives the address that the person gets.
func (b *browser) invites(person string) (address string) {
	b.t.Helper()
	b.visit("/people/" + person)
	b.press("Sign an invitation")
	b.arrives("/people/" + person + "/invited")
	b.do(chromedp.WaitVisible("#enrol-address", chromedp.ByQuery), chromedp.Value("#enrol-address", &address, chromedp.ByQuery))
	b.picture("story-invited")
	return address
}

// enrols makes a passkey at the address of an invitation, and gives the words.
func (b *browser) enrols(address string) (words string) {
	b.t.Helper()
	b.goTo(address)
	b.sees("to make a passkey here", b.person)
	b.picture("story-enrol-" + b.person)
	b.press("Make a passkey for " + b.person)
	b.sees("It is made, and counts for nothing yet")
	b.picture("story-enrolled-" + b.person)
	return b.textOf("#enrol-words")
}

// newcomers have ann and leo, whose older passkeys are elsewhere, each invited to make
// one in the browser that they have at hand, and brings both into the cell: ann's by two
// browsers of the change quorum, leo's at command lines.
func (w *town) newcomers(t *testing.T, sam, sue *browser) (ann, leo *browser) {
	t.Helper()
	unarmed := func(person string, through viewport) *browser {
		return openBrowser(t, opening{person: person, through: through, sites: w.sites(t)})
	}
	ann, leo = unarmed("ann", laptop), unarmed("leo", phone)
	address := sam.invites("ann")
	words := ann.enrols(address)
	again := unarmed("eve", laptop) // the address is good once
	again.goTo(address)
	again.sees("it was used or revoked")
	sam.visit("/people/ann")
	sam.sees(words)
	sam.picture("story-offer")
	sam.choose("heard", "yes")
	sam.press("Sign and propose this key")
	shown := ""
	if err := until(patience, "the change", func() (bool, error) {
		shown = sam.text()
		return regexp.MustCompile(`/changes/[0-9a-f]{64}\n`).MatchString(shown), nil
	}); err != nil {
		t.Fatalf("%v: %s", err, sam.text())
	}
	change, _, _ := strings.Cut(shown, "\n")
	sue.visit(strings.TrimPrefix(change, "https://"+origin))
	sue.sees("Passkeys that it adds")
	sue.picture("story-change")
	sue.choose("check", "call-back")
	sue.press("Approve with passkey")
	sue.arrives("/changes")
	sue.sees("No change waits")

	typed := func(person string, args ...string) string {
		out, err := w.as(person, args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	words = leo.enrols(strings.TrimSpace(typed("sid", "invite", "leo")))
	offers := typed("sid", "invite", "--list")
	if !strings.Contains(offers, words) {
		t.Errorf("leo's browser says %q, and the command line\n%s", words, offers)
	}
	typed("sid", "change", "propose", "--offer", offers[:16], "--why", "leo signs on his phone, too", "--yes")
	proposed := wholeID.FindStringSubmatch(typed("sue", "change", "show", "--json"))
	if proposed == nil {
		t.Fatal("no change waits")
	}
	typed("sue", "change", "sign", proposed[1], "--check", "in-person", "--yes")
	return ann, leo
}

// TestBrowserNight is story 1 in browsers: ann is invited, makes a passkey on her laptop,
// and two of the change quorum agree. It signs her in; it asks and agrees to nothing
// while it cools off, since she has another key, and the page says so and keeps what she
// wrote. She asks with her older one. Leo's new one agrees to nothing either; two that
// have cooled off agree on phones. It is used from ann's terminal, stopped from a phone,
// and the review is there.
func TestBrowserNight(t *testing.T) {
	w := paged(t, founding{})
	sam, sue := w.browse(t, "sam", laptop), w.browse(t, "sue", phone)
	sam.signIn("/people")
	sue.signIn("/")
	ann, leo := w.newcomers(t, sam, sue)
	ann.signIn("/people/ann")
	ann.sees("it agrees to nothing until")
	w.asking(t, ann, "primary")
	ann.sees("was added lately and can agree to nothing before", "another key of yours, can do it now")
	ann.picture("story-ask-cools-off")
	ann.do(webauthn.ClearCredentials(ann.key), webauthn.AddCredential(ann.key, credential("ann", passkeytest.New("ann", origin))))
	ann.press("Ask with a passkey") // what she wrote is there
	id := ann.atRequest()
	ann.sees("PD-4711")
	out, err := w.as("ann", "status", id)
	if err != nil {
		t.Fatal(err)
	}
	said := wordsLine.FindStringSubmatch(out)
	if said == nil {
		t.Fatalf("no words in\n%s", out)
	}
	words := said[1]
	ann.sees(words)
	leo.signIn("/requests/" + id + "/decide")
	leo.choose("check", "call-back")
	leo.press("Approve with passkey")
	leo.sees("was added lately and can agree to nothing before") // as the law says: it reads, asks and stops at once, and agrees to nothing
	leo.picture("story-cools-off")
	for _, person := range []string{"sam", "lea"} {
		b := w.browse(t, person, phone)
		b.signIn("/requests/" + id + "/decide")
		b.approves(id, words)
		b.clean()
	}
	ann.sees("Left of 1 h") // by itself
	ann.picture("story-open")
	if out, err := w.as("ann", "credential", id, "--print"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	sue.visit("/requests/" + id + "/stop")
	sue.fill("why", "deletes that nobody announced")
	sue.picture("story-stop")
	sue.press("Stop this grant")
	sue.arrives("/requests/" + id)
	sue.sees("stopped")
	ann.sees("stopped")
	sue.visit("/requests/" + id + "/review")
	sue.sees("Review")
	sue.picture("story-review")
	ann.clean()
	sue.clean()
}

// TestBrowserRefused has browsers do what they must not get away with: one
// assertion twice, and for another request; a second tab; another host's page.
func TestBrowserRefused(t *testing.T) {
	w := paged(t, founding{})
	id, err := w.ask("ann", time.Hour, "primary")
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.ask("bob", time.Hour, "replica")
	if err != nil {
		t.Fatal(err)
	}
	first, second := w.browse(t, "sam", laptop), w.browse(t, "sam", laptop)
	for _, b := range []*browser{first, second} {
		b.signIn("/requests/" + id + "/decide")
		b.choose("check", "video")
	}
	// What the page sends is kept where the page stays: in the session's store.
	first.do(chromedp.Evaluate(`{const plain = fetch; window.fetch = (a, o) => { if (a === '/api/v1/statements') sessionStorage.setItem('sent', o.body); return plain(a, o) }; 0}`, nil))
	first.press("Approve with passkey")
	first.arrives("/requests/" + id)
	again := func(change string) (status int) {
		first.do(chromedp.Evaluate(`fetch('/api/v1/statements', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: sessionStorage.getItem('sent')`+change+`}).then(r => r.status)`,
			&status, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		return status
	}
	if got := again(""); got != 200 {
		t.Errorf("the same assertion again: %d, want the same answer again", got)
	}
	if got := again(fmt.Sprintf(`.replaceAll(%q, %q)`, id, other)); got != 400 {
		t.Errorf("the assertion for another request: %d", got)
	}
	if got := again(`.replace('"verdict":"approve"', '"verdict":"deny"')`); got != 400 {
		t.Errorf("the assertion of a yes for a no: %d", got)
	}
	if got := again(`.replace('"actor":"sam"', '"actor":"sue"')`); got != 400 {
		t.Errorf("the assertion in another's name: %d", got)
	}
	second.press("Approve with passkey")
	second.sees("already")
	out, err := w.as("sam", "status", id, "--json")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, `"approver":"sam"`) + strings.Count(out, `"approver": "sam"`); n != 1 {
		t.Errorf("sam decided %d times:\n%s", n, out)
	}
	// Without user verification the passkey does not sign at all.
	sue := w.browse(t, "sue", phone)
	sue.signIn("/requests/" + other + "/decide")
	sue.verified(false)
	sue.choose("check", "in-person")
	sue.press("Approve with passkey")
	sue.sees("Nothing was signed.")
}
