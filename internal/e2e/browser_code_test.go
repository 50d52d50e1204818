package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/authn/totp/totptest"
	"github.com/halligan-dev/halligan/internal/enrol"
)

// next waits until the app shows a code that it has not shown before, and gives that.
func next(phone totptest.Phone) string {
	time.Sleep(time.Until(time.Now().Truncate(30 * time.Second).Add(30*time.Second + 100*time.Millisecond)))
	return phone.Code(time.Now())
}

// TestBrowserCodes: lea, invited, makes a code device on her phone's browser from the
// address alone, reads the words, and once it is agreed to signs in and stops a grant
// with codes; axe finds nothing on the pages that only codes have.
func TestBrowserCodes(t *testing.T) {
	t.Parallel()
	script := axe(t)
	w := newTown(t, founding{long: true})
	address := ok[string](t)(at(ok[string](t)(w.as("sam", "invite", "lea", "--json")), "address"))
	lea := openBrowser(t, opening{person: "lea", through: phone, sites: w.sites(t)})
	lea.goTo(address)
	lea.sees("to make a passkey here")
	lea.do(chromedp.Click("main details summary", chromedp.ByQuery))
	lea.press("Make a code device")
	lea.sees("It is shown only now")
	lea.accessible(script, "the page with the secret")
	lea.fits("the page with the secret")
	lea.picture("code-device")
	app := ok[totptest.Phone](t)(totptest.Scan("otpauth://totp/x?secret=" + strings.ReplaceAll(lea.textOf("main span.mono"), " ", "")))
	lea.fill("code", app.Code(time.Now()))
	lea.press("It is in my app")
	lea.sees("It is made, and counts for nothing yet")
	lea.accessible(script, "the page with the words")
	words := lea.textOf("main .words")
	list := ok[string](t)(w.as("sam", "invite", "--list", "--json"))
	if key := ok[string](t)(at(list, "offers.0.key")); words != strings.Join(enrol.WordsOf("totp "+key), " ") {
		t.Errorf("she reads %q", words)
	}
	change := ok[string](t)(at(ok[string](t)(w.as("sam", "change", "propose", "--offer", ok[string](t)(at(list, "offers.0.id")), "--why", "her app", "--yes", "--json")), "change"))
	ok[string](t)(w.as("sid", "change", "sign", change, "--check", "in-person", "--yes"))
	id := ok[string](t)(w.grant(10*time.Minute, "primary"))

	lea.visit("/requests/" + id + "/stop")
	lea.sees("Sign in to look")
	lea.fill("person", "lea")
	lea.press("Use a code of your app instead")
	lea.sees("Sign it with a code of your app")
	lea.fill("code", "000 000")
	lea.press("Sign with this code")
	lea.sees("The code is wrong")
	lea.accessible(script, "the page that asks for a code")
	lea.fits("the page that asks for a code")
	lea.picture("code-asked")
	lea.fill("code", next(app))
	lea.press("Sign with this code")
	lea.arrives("/requests/" + id + "/stop")
	lea.fill("why", "enough")
	lea.press("Use a code of your app instead")
	lea.sees("It ends it, and everybody is told")
	lea.fill("code", next(app))
	lea.press("Sign with this code")
	lea.arrives("/requests/" + id)
	lea.sees("it was stopped by lea, with a code: that it was them is the server's word")
	lea.picture("code-stopped")
	lea.clean()
}
