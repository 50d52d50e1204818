package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/authn/oidc/oidctest"
)

// signInAt has the people of a town sign in at an identity provider too: each has an
// identity there that is theirs, but sue, who has one of another provider.
func (w *town) signInAt(p *oidctest.Provider) error {
	if p == nil {
		return nil
	}
	p.Redirect, p.Page = "https://"+origin+"/sign-in/return", true
	for _, person := range people {
		issuer := p.Issuer()
		if person == "sue" {
			issuer = "https://login.another.example"
		}
		begins := fmt.Sprintf("\n  - id: %q\n", person)
		if err := edit(w.path("cell", "cell.yaml"), func(text string) string {
			return strings.Replace(text, begins, begins+fmt.Sprintf("    oidc: [{ issuer: %q, subject: subject-of-%s }]\n", issuer, person), 1)
		}); err != nil {
			return err
		}
	}
	if err := os.WriteFile(w.path("cell", "provider.pem"), p.Authority(), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(w.path("cell", "provider.secret"), []byte(oidctest.Secret+"\n"), 0o600); err != nil {
		return err
	}
	return edit(w.path("cell", "server.yaml"), func(text string) string {
		return text + fmt.Sprintf("\noidc:\n  issuer: %s\n  client_id: %s\n  client_secret_file: provider.secret\n  ca: provider.pem\n  name: Example Login\n  pages: https://%s\n", p.Issuer(), oidctest.ClientID, origin)
	})
}

// keyOf is the digest of the key that a provider shows, as Chromium wants it.
func keyOf(p *oidctest.Provider) string {
	sum := sha256.Sum256(p.Certificate().RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// byProvider signs in at the provider and waits for the page that was wanted.
func (b *browser) byProvider(p *oidctest.Provider, subject, path string) {
	b.t.Helper()
	p.Subject = subject
	if err := until(patience, "the page to offer the provider", func() (bool, error) { // it waits less than a second for it
		b.visit(path)
		return !strings.Contains(b.text(), "Example Login does not answer"), nil
	}); err != nil {
		b.t.Fatalf("%v\n%s", err, b.text())
	}
	b.press("Sign in by Example Login")
	b.press("Sign in as " + subject)
}

// TestBrowserProvider is story 6: an ordinary day by the identity provider, which then
// dies in the middle of an emergency. Asking, agreeing, the credential and stopping go
// on with passkeys; so does a server that dies besides.
func TestBrowserProvider(t *testing.T) {
	p, err := oidctest.New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { p.Stop() }()
	w := paged(t, founding{provider: p})
	w.trusts = append(w.trusts, keyOf(p))
	ann := w.browse(t, "ann", laptop)
	ann.byProvider(p, "subject-of-ann", "/requests")
	ann.arrives("/requests")
	ann.visit("/sessions")
	ann.sees("The identity provider", "this one")
	ann.picture("sessions")

	// Who is nobody here is told so plainly, and so is sue, whose subject is of another
	// provider.
	sue := w.browse(t, "sue", phone)
	for _, subject := range []string{"subject-of-nobody", "subject-of-sue"} {
		sue.byProvider(p, subject, "/")
		sue.sees("you are "+subject+", and nobody in this cell has that identity", "Sign in with a passkey")
	}
	sue.picture("sign-in-unknown")

	// T32: whatever a link says, a sign-in ends on a page of ours.
	lea := w.browse(t, "lea", laptop)
	p.Subject = "subject-of-lea"
	lea.do(chromedp.Navigate("https://" + origin + "/sign-in/provider?to=" + "https%3A%2F%2Fevil.example%2F"))
	lea.press("Sign in as subject-of-lea")
	lea.arrives("/")

	// The emergency begins, and the provider dies.
	w.asking(t, ann, "primary")
	id := ann.atRequest()
	p.Stop()
	sam := w.browse(t, "sam", phone)
	if err := until(patience, "the page to say that the provider is gone", func() (bool, error) {
		sam.visit("/requests/" + id + "/decide")
		return strings.Contains(sam.text(), "Example Login does not answer"), nil
	}); err != nil {
		t.Fatalf("%v\n%s", err, sam.text())
	}
	sam.picture("sign-in-silent")
	sam.press("Try it all the same")
	sam.sees("does not answer as it should", "nothing in an emergency needs the identity provider")
	sam.signIn("/requests/" + id + "/decide")
	out, err := w.as("ann", "status", id)
	if err != nil {
		t.Fatal(err)
	}
	said := wordsLine.FindStringSubmatch(out)
	if said == nil {
		t.Fatalf("no words in\n%s", out)
	}
	sam.approves(id, said[1])
	// The server dies besides. Who had signed in by the provider reads on.
	if err := w.stopServer(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	lea.visit("/requests/" + id + "/decide")
	lea.sees(said[1])
	lea.choose("check", "call-back")
	lea.press("Approve with passkey") // read by the provider's session, signed by the passkey
	lea.arrives("/requests/" + id)
	ann.visit("/requests/" + id)
	ann.sees("Left of 1 h")
	if out, err := w.as("ann", "credential", id, "--print"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	sue.signIn("/requests/" + id + "/stop")
	sue.fill("why", "deletes that nobody announced")
	sue.press("Stop this grant")
	sue.arrives("/requests/" + id)
	sue.sees("stopped")

	// It is back: the page offers it again.
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	bob := w.browse(t, "bob", laptop)
	if err := until(patience, "the provider to be offered again", func() (bool, error) {
		bob.visit("/sign-in")
		return strings.Contains(bob.text(), "Sign in by Example Login"), nil
	}); err != nil {
		t.Error(err)
	}
	for _, b := range []*browser{ann, sam, lea, sue, bob} {
		b.clean()
	}
}

// TestBrowserSessions: somebody signed in twice ends the other one, and that browser
// is at the page for signing in.
func TestBrowserSessions(t *testing.T) {
	w := paged(t, founding{})
	here, there := w.browse(t, "sam", laptop), w.browse(t, "sam", phone)
	here.signIn("/")
	there.signIn("/")
	here.visit("/people/sam")
	here.press("Where you are signed in")
	here.arrives("/sessions")
	here.sees("2 sessions", "this one")
	here.press("End all but this one")
	here.sees("1 session")
	there.visit("/people")
	there.arrives("/sign-in")
	here.visit("/people")
	here.arrives("/people")
	here.clean()
}
