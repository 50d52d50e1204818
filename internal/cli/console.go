package cli

import (
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

type consoleCommand struct {
	ID     string `arg:"" help:"Your granted request: its id, or the first 8 or more digits of it."`
	Target string `arg:"" optional:"" help:"The AWS account. Needed only if the request has several targets."`
	Open   bool   `help:"Open the link in your browser instead of printing it."`
	memberFlags
}

// Help is the long help of `console`.
func (consoleCommand) Help() string {
	return `The link signs in to the account's console as the role of this grant. It is a secret, good for a quarter of an hour, and comes sealed to the key that was made for the request. Whoever opens it may be signed in for up to an hour; the policy of the session denies everything once the time that is printed is over, and a stop ends it as it ends the keys. The account must be one whose scenario says console: true.

Examples:

    halligan console 5f0c1a2b prod
    halligan console 5f0c1a2b prod --open`
}

// Run fetches a link.
func (o consoleCommand) Run(c *call) error {
	m, err := c.open(o.memberFlags)
	if err != nil {
		return err
	}
	h, err := m.holder(o.ID)
	if err != nil {
		return err
	}
	target, err := h.target(o.Target)
	if err != nil {
		return err
	}
	open, err := m.opening(h, target)
	if err != nil {
		return err
	}
	account, err := wanted(open, "halligan console")
	if err != nil {
		return err
	}
	if !account.Console {
		return failf(exitRefused, "the scenario of this request gives no sign-in to the console of %s", target).or("halligan exec %s %s -- aws …", h.id.Short(), target)
	}
	l, err := whenOpen(m, h, target, func() (*loan, error) { return m.borrow(h, account, true) })
	if err != nil {
		return err
	}
	if text := l.uncosigned(); text != "" {
		c.tell("%s", text)
	}
	out := l.answer()
	if o.Open {
		if err := c.browse(l.session.SignInURL); err != nil {
			return err
		}
		return c.answer(out, func() {
			c.say("Signing in to %s, serial %s. Its policy denies everything after %s.", target, l.serial, clockText(l.ends))
		})
	}
	out.URL = l.session.SignInURL
	return c.answer(out, func() {
		c.tell("A secret: whoever opens it is signed in to %s. Its policy denies everything after %s.", target, clockText(l.ends))
		c.say("%s", out.URL)
	})
}

// browseFor is how long a page with a link lies on disk for the browser to read.
const browseFor = 20 * time.Second

// leads is a page that goes on to a link.
const leads = `<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=%[1]s"><title>halligan</title><a href="%[1]s">Sign in</a>
`

// browse opens a secret link in the person's browser. The command line of a
// program can be read by everybody on a machine, so that it names a page that only
// its owner can read, for a moment.
func (c *call) browse(link string) error {
	const hint = "without --open the link is printed, for you to open"
	folder, err := os.MkdirTemp("", "halligan-") // readable for its owner alone
	if err != nil {
		return because(exitInternal, err, "cannot make a page for the browser").or(hint)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "sign-in.html")
	if err := writeNew(path, fmt.Appendf(nil, leads, html.EscapeString(link))); err != nil {
		return err
	}
	opener := "xdg-open"
	if runtime.GOOS == "darwin" {
		opener = "open"
	}
	child := exec.Command(opener, path) // it may go on as long as the browser does
	if err := child.Start(); err != nil {
		return because(exitUsage, err, "cannot open your browser with %s", opener).or(hint)
	}
	gone := make(chan error, 1)
	go func() { gone <- child.Wait() }()
	c.tell("The page for your browser is taken away again in %d seconds.", int(browseFor.Seconds()))
	over := time.After(browseFor)
	for {
		select {
		case err := <-gone:
			if err != nil {
				return because(exitUsage, err, "cannot open your browser with %s", opener).or(hint)
			}
			gone = nil
		case <-c.ctx.Done():
			return c.ctx.Err()
		case <-over:
			return nil
		}
	}
}
