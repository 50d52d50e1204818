package e2e_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// paged is a town whose people have passkeys, with its server running.
func paged(t *testing.T, f founding) *town {
	t.Helper()
	chromium(t)
	defer slot()()
	f.passkeys = true
	w, err := found(t.TempDir(), f)
	if w != nil {
		t.Cleanup(func() {
			if err := w.close(); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestBrowserSignIn signs in with a passkey; one that did not verify its user is
// refused, and so is the passkey of somebody else.
func TestBrowserSignIn(t *testing.T) {
	w := paged(t, founding{})
	b := w.browse(t, "sam", laptop)
	b.verified(false)
	b.visit("/")
	b.fill("person", "sam")
	b.press("Sign in with a passkey")
	b.sees("Nothing was signed.")
	b.verified(true)
	b.fill("person", "sue")
	b.press("Sign in with a passkey")
	b.sees("The passkey that signed is none of sue's in this cell. When the device asks, choose the passkey of sue")
	b.fill("person", "sam")
	b.press("Sign in with a passkey")
	b.arrives("/")
	b.sees("Nothing is open")
	b.picture("now-empty")
	// The server dies in the middle; the page says so, and goes on by itself.
	if err := w.stopServer(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.sees("Not live")
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ask("ann", time.Hour, "primary"); err != nil {
		t.Fatal(err)
	}
	b.sees("ann asked")
	b.picture("now-waiting")
	b.clean()
}

// TestT26SignOutThatFailedSaysSo: nobody leaves a machine in the belief that a
// session is over which is not.
func TestT26SignOutThatFailedSaysSo(t *testing.T) {
	w := paged(t, founding{})
	b := w.browse(t, "sam", laptop)
	b.signIn("/")
	out := chromedp.Click(".sign-out button", chromedp.ByQuery)
	for _, failing := range []string{`Promise.reject(new TypeError('gone'))`, `Promise.resolve(new Response('{}', {status: 503}))`} {
		b.do(chromedp.Evaluate(`window.own ??= window.fetch; window.fetch = (at, ...rest) => String(at).endsWith('/session/end') ? `+failing+` : own(at, ...rest); 0`, nil), out)
		b.sees("You may still be signed in.")
	}
	b.visit("/people")
	b.sees("people")
	b.do(out)
	b.arrives("/sign-in")
	b.visit("/people")
	b.arrives("/sign-in")
}
