package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// wordsLine is how the command line says the four words.
var wordsLine = regexp.MustCompile(`([a-z]+ [a-z]+ [a-z]+ [a-z]+)\n`)

// asked has ann ask on a laptop, with keys of her own machine, and gives the id.
func (w *town) asked(t *testing.T, b *browser, target string) string {
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
	return b.atRequest()
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

// TestBrowserNight is story 1 in browsers: asked on a laptop, agreed to on two
// phones, used from ann's terminal, stopped from a phone, and the review is there.
func TestBrowserNight(t *testing.T) {
	w := paged(t, founding{})
	ann := w.browse(t, "ann", laptop)
	ann.signIn("/")
	id := w.asked(t, ann, "primary")
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
	sue := w.browse(t, "sue", phone)
	sue.signIn("/requests/" + id + "/stop")
	sue.fill("why", "deletes that nobody announced")
	sue.picture("story-stop")
	sue.press("Stop it now")
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
