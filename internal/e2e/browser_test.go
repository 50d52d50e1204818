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

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
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
	logged *[]string // by the browser itself
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

// site is a name that browsers know and the server that it leads to.
type site struct {
	name    string // and port, when that is not 443
	address string
	key     string // of its certificate, as Chromium wants it; "" where browsers distrust it
}

// opening is how a browser is opened.
type opening struct {
	person  string
	through viewport
	sites   []site
	passkey *passkeytest.Authenticator // nil: none is at hand
	options map[string]string          // in place of sites and of a folder of its own
}

// flags are the options that say where a browser keeps what it has, whom its names are
// and which certificates it trusts.
func (o opening) flags(profile string) map[string]string {
	if o.options != nil {
		return o.options
	}
	var names, keys []string
	for _, each := range o.sites {
		name := each.name
		if !strings.Contains(name, ":") {
			name += ":443"
		}
		names, keys = append(names, "MAP "+name+" "+each.address), append(keys, each.key)
	}
	return map[string]string{
		"user-data-dir": profile, "host-resolver-rules": strings.Join(append(names, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"), ", "),
		"ignore-certificate-errors-spki-list": strings.Join(keys, ","),
	}
}

// browse opens a person's browser, whose passkey is at hand, on nothing yet.
func (w *town) browse(t *testing.T, person string, through viewport) *browser {
	t.Helper()
	return openBrowser(t, opening{person: person, through: through, sites: w.sites(t), passkey: passkeytest.New(person, origin)})
}

// sites is the town's server, by the name that people type, and with the port that its
// command line says beside it.
func (w *town) sites(t *testing.T) []site {
	t.Helper()
	key, err := serverKey(w.web, origin)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(w.web, ":")
	all := []site{{name: origin, address: w.web, key: key}, {name: origin + ":" + port, address: w.web, key: key}}
	for _, key := range w.trusts {
		all = append(all, site{name: "trusted.invalid", address: w.web, key: key}) // for its key alone
	}
	return all
}

// openBrowser opens a browser on nothing yet.
func openBrowser(t *testing.T, o opening) *browser {
	t.Helper()
	profile, err := os.MkdirTemp("", "halligan-browser-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.WindowSize(int(o.through.width), int(o.through.height)),
	)
	for name, value := range o.flags(profile) {
		options = append(options, chromedp.Flag(name, value))
	}
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
	b := &browser{t: t, ctx: ctx, person: o.person, said: new([]string), logged: new([]string)}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			*b.said = append(*b.said, e.ExceptionDetails.Error())
		case *tab.EventJavascriptDialogOpening:
			*b.said = append(*b.said, "a dialog: "+e.Message)
		case *log.EventEntryAdded:
			*b.logged = append(*b.logged, e.Entry.Text)
		}
	})
	b.do(chromedp.ActionFunc(func(ctx context.Context) error { return b.arm(ctx, o.passkey) }), b.through(o.through))
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
	return webauthn.AddCredential(b.key, credential(b.person, of)).Do(ctx)
}

// credential is a passkey as virtual authenticators hold it.
func credential(of string, key *passkeytest.Authenticator) *webauthn.Credential {
	id := sha256.Sum256([]byte(of + " " + key.Host))
	return &webauthn.Credential{
		CredentialID: base64.StdEncoding.EncodeToString(id[:]), IsResidentCredential: true, RpID: key.Host,
		PrivateKey: base64.StdEncoding.EncodeToString(key.PKCS8()), UserHandle: base64.StdEncoding.EncodeToString([]byte(of)), SignCount: 1,
	}
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

// onPage does things with what stands on a page that may be made anew meanwhile, by
// what happens in the cell: what is gone is looked for again.
func (b *browser) onPage(actions ...chromedp.Action) {
	b.t.Helper()
	if err := until(patience, "what stands on the page", func() (bool, error) {
		err := b.try(actions...)
		var gone *cdproto.Error
		return !errors.As(err, &gone), err
	}); err != nil {
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
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Location(&where), chromedp.Evaluate(`document.body.innerText`, &text)); err != nil {
		return "none: " + err.Error()
	}
	return where + "\n" + text
}

// visit opens a page by its path.
func (b *browser) visit(path string) {
	b.t.Helper()
	b.goTo("https://" + origin + path)
}

// goTo opens an address.
func (b *browser) goTo(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address), chromedp.WaitVisible("main h1", chromedp.ByQuery))
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

// textOf is the text of one thing on the page, which must be there.
func (b *browser) textOf(selector string) (text string) {
	b.t.Helper()
	b.onPage(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Text(selector, &text, chromedp.ByQuery))
	return strings.TrimSpace(text)
}

// press clicks what a person would: a button or link by its whole text.
func (b *browser) press(text string) {
	b.t.Helper()
	expression := fmt.Sprintf(`//main//*[self::button or self::a][normalize-space(.)=%q]`, text)
	b.onPage(chromedp.WaitEnabled(expression, chromedp.BySearch), chromedp.Click(expression, chromedp.BySearch))
}

// fill writes into a field, found by its name.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	field := fmt.Sprintf(`main [name=%q]`, name)
	b.onPage(chromedp.WaitVisible(field, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).value = ""`, field), nil), chromedp.SendKeys(field, value, chromedp.ByQuery))
}

// choose ticks the radio or box of a name with a value.
func (b *browser) choose(name, value string) {
	b.t.Helper()
	b.onPage(chromedp.Click(fmt.Sprintf(`main input[name=%q][value=%q]`, name, value), chromedp.ByQuery))
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

// serverKey is the digest of the key that a server shows, as Chromium wants it.
func serverKey(address, name string) (string, error) {
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, ServerName: name}) // its key is what is asked for
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
