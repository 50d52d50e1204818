package e2e_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	tab "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
)

// passkeys gives everybody a passkey beside their own key, which the cell knows.
func (w *town) passkeys(wanted bool) error {
	if !wanted {
		return nil
	}
	for _, person := range people {
		own, err := os.ReadFile(w.path("people", person, "key.pub"))
		if err != nil {
			return err
		}
		quoted := fmt.Sprintf("- %q", strings.TrimSpace(string(own)))
		if err := edit(w.path("cell", "cell.yaml"), func(text string) string {
			return strings.Replace(text, quoted, quoted+fmt.Sprintf("\n      - %q", passkeytest.New(person, origin).Line()), 1)
		}); err != nil {
			return err
		}
	}
	return nil
}

// viewport is what a browser is looked at through.
type viewport struct {
	name          string
	width, height int64
	phone, dark   bool
}

var (
	laptop = viewport{name: "laptop", width: 1180, height: 820}
	night  = viewport{name: "dark", width: 1180, height: 820, dark: true}
	phone  = viewport{name: "phone", width: 390, height: 844, phone: true}
)

// browser is one person's browser: a process and a profile of its own, with a
// virtual authenticator that holds their passkey.
type browser struct {
	t      *testing.T
	ctx    context.Context
	person string
	key    webauthn.AuthenticatorID
	said   *[]string // by the page's scripts, of what went wrong
}

// chromium is the browser's program; without one the test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium: apt-get install chromium")
	return ""
}

// browse opens a person's browser, whose passkey is at hand, on nothing yet.
func (w *town) browse(t *testing.T, person string, through viewport) *browser {
	t.Helper()
	known, err := w.serverKey()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "halligan-browser-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(profile),
		// The name is the cell's, as people type it; the certificate is trusted by its key.
		chromedp.Flag("host-resolver-rules", fmt.Sprintf("MAP %s:443 %s, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", origin, w.web)),
		chromedp.Flag("ignore-certificate-errors-spki-list", known),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.WindowSize(int(through.width), int(through.height)),
	)
	allocated, endProcess := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endTab := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the process to go
		endTab()
		endProcess()
		_ = os.RemoveAll(profile) // what a process of it may still write is no fault of the pages
	})
	if err := chromedp.Run(ctx); err != nil { // the browser ends with the context that it was begun in
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx, person: person, said: new([]string)}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			*b.said = append(*b.said, e.ExceptionDetails.Error())
		case *tab.EventJavascriptDialogOpening:
			*b.said = append(*b.said, "a dialog: "+e.Message)
		}
	})
	b.do(chromedp.ActionFunc(func(ctx context.Context) error { return b.arm(ctx, passkeytest.New(person, origin)) }), b.through(through))
	return b
}

// arm gives the browser a virtual authenticator with a passkey.
func (b *browser) arm(ctx context.Context, of *passkeytest.Authenticator) error {
	if err := webauthn.Enable().Do(ctx); err != nil {
		return err
	}
	var err error
	b.key, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}).Do(ctx)
	if err != nil || of == nil {
		return err
	}
	id := sha256.Sum256([]byte(b.person))
	return webauthn.AddCredential(b.key, &webauthn.Credential{
		CredentialID: base64.StdEncoding.EncodeToString(id[:]), IsResidentCredential: true, RpID: of.Host,
		PrivateKey: base64.StdEncoding.EncodeToString(of.PKCS8()), UserHandle: base64.StdEncoding.EncodeToString([]byte(b.person)), SignCount: 1,
	}).Do(ctx)
}

// through has the browser look through a viewport.
func (b *browser) through(v viewport) chromedp.Action {
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	return chromedp.Tasks{
		emulation.SetDeviceMetricsOverride(v.width, v.height, 1, v.phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
	}
}

// do does things in the browser, within a time.
func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := b.try(actions...); err != nil {
		b.t.Fatalf("%s's browser: %v\n%s\nthe page:\n%s", b.person, err, strings.Join(*b.said, "\n"), b.text())
	}
}

func (b *browser) try(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// text is what stands on the page.
func (b *browser) text() string {
	var text, where string
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Location(&where), chromedp.Evaluate(`document.body.innerText`, &text)); err != nil {
		return "none: " + err.Error()
	}
	return where + "\n" + text
}

// visit opens a page by its path.
func (b *browser) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate("https://"+origin+path), chromedp.WaitVisible("main h1", chromedp.ByQuery))
}

// sees waits until the page says each of some things.
func (b *browser) sees(wanted ...string) {
	b.t.Helper()
	for _, each := range wanted {
		if err := until(patience, "the page to say "+each, func() (bool, error) { return strings.Contains(b.text(), each), nil }); err != nil {
			b.t.Fatalf("%s's browser: %v\nit says:\n%s\n%s", b.person, err, b.text(), strings.Join(*b.said, "\n"))
		}
	}
}

// press clicks what a person would: a button or link by its whole text.
func (b *browser) press(text string) {
	b.t.Helper()
	expression := fmt.Sprintf(`//main//*[self::button or self::a][normalize-space(.)=%q]`, text)
	b.do(chromedp.WaitEnabled(expression, chromedp.BySearch), chromedp.Click(expression, chromedp.BySearch))
}

// fill writes into a field, found by its name.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	field := fmt.Sprintf(`main [name=%q]`, name)
	b.do(chromedp.WaitVisible(field, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).value = ""`, field), nil), chromedp.SendKeys(field, value, chromedp.ByQuery))
}

// choose ticks the radio or box of a name with a value.
func (b *browser) choose(name, value string) {
	b.t.Helper()
	b.do(chromedp.Click(fmt.Sprintf(`main input[name=%q][value=%q]`, name, value), chromedp.ByQuery))
}

// signIn signs in with the passkey and waits for the page that was wanted.
func (b *browser) signIn(path string) {
	b.t.Helper()
	b.visit(path)
	b.fill("person", b.person)
	b.press("Sign in with a passkey")
	b.arrives(path)
}

// arrives waits until the browser is at a path.
func (b *browser) arrives(path string) {
	b.t.Helper()
	var where string
	err := until(patience, "to arrive at "+path, func() (bool, error) {
		err := b.try(chromedp.Location(&where))
		at, _, _ := strings.Cut(where, "?")
		return at == "https://"+origin+path, err
	})
	if err != nil {
		b.t.Fatalf("%s's browser: %v; it is at %s\n%s\n%s", b.person, err, where, b.text(), strings.Join(*b.said, "\n"))
	}
	b.do(chromedp.WaitVisible("main h1", chromedp.ByQuery))
}

// verified says whether the authenticator verifies its user from now on.
func (b *browser) verified(yes bool) {
	b.t.Helper()
	b.do(webauthn.SetUserVerified(b.key, yes))
}

// picture keeps a picture of the whole page where HALLIGAN_PICTURES says, for
// people to look at.
func (b *browser) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("HALLIGAN_PICTURES")
	if folder == "" {
		return
	}
	var png []byte
	b.do(chromedp.FullScreenshot(&png, 100))
	if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

// clean demands that no script of the page failed.
func (b *browser) clean() {
	b.t.Helper()
	if len(*b.said) > 0 {
		b.t.Errorf("%s's browser: %s", b.person, strings.Join(*b.said, "\n"))
	}
}

// serverKey is the digest of the key that the server shows, as Chromium wants it.
func (w *town) serverKey() (string, error) {
	conn, err := tls.Dial("tcp", w.web, &tls.Config{InsecureSkipVerify: true, ServerName: origin}) // its key is what is asked for
	if err != nil {
		return "", err
	}
	defer conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// box is where something lies in the viewport.
type box struct{ X, Y, Width, Height float64 }

func (b *browser) box(selector string) (at box) {
	b.t.Helper()
	b.do(chromedp.Evaluate(fmt.Sprintf(`(({x, y, width, height}) => ({X: x, Y: y, Width: width, Height: height}))(document.querySelector(%q).getBoundingClientRect())`, selector), &at))
	return at
}
