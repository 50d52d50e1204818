package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// What a page has people do in a browser stands in a numbered list after the comment
// <!-- browser: PERSON -->, in sentences that a reader follows and a test reads:
//
//	open `ADDRESS` · open the address in `FILE`
//	press **BUTTON OR LINK** · choose **LABEL** · tick **LABEL**
//	write `TEXT` into **LABEL** · write the line in `FILE` into **LABEL**
//	copy the line into `FILE`                      that the page shows
//	says **TEXT** · is **TEXT** · and **TEXT**     what the page must show
//
// A label is named by its whole text or its beginning. Whatever is bold or code in the
// list must be part of one of these, so that nothing in it is left untried.

// act is one thing done or seen in a browser.
type act struct {
	do   string // open, press, choose, write, copy, says
	what string // address, text of a button or label, text that is shown
	file string // in place of what is opened or written
	text string // that is written
	to   string // file that is written to
}

var actShape = regexp.MustCompile(strings.Join([]string{
	"(?i:open) (the address in )?`([^`]+)`",
	`(?i:press) \*\*([^*]+)\*\*`,
	`(?i:choose|tick) \*\*([^*]+)\*\*`,
	"(?i:write) (the line in )?`([^`]+)` into \\*\\*([^*]+)\\*\\*",
	`(?:says|is|and) \*\*([^*]+)\*\*`,
	"(?i:copy) the line into `([^`]+)`",
}, "|"))

// inBrowser takes the list in that follows at a line.
func (p *page) inBrowser(at int, lines []string) error {
	var items []string
	for _, line := range lines {
		if !regexp.MustCompile(`^(\d+\. |   \S)`).MatchString(line) {
			break
		}
		items = append(items, strings.TrimSpace(line))
	}
	text := strings.Join(items, " ")
	if left := actShape.ReplaceAllString(text, ""); text == "" || strings.ContainsAny(left, "`*") {
		return fmt.Errorf("%s:%d: nobody knows what is to be done in a browser: %q", p.name, at+1, left)
	}
	var done []act
	for _, m := range actShape.FindAllStringSubmatch(text, -1) {
		switch {
		case m[1] != "":
			done = append(done, act{do: "open", file: m[2]})
		case m[2] != "":
			done = append(done, act{do: "open", what: m[2]})
		case m[3] != "":
			done = append(done, act{do: "press", what: m[3]})
		case m[4] != "":
			done = append(done, act{do: "choose", what: m[4]})
		case m[5] != "":
			done = append(done, act{do: "write", file: m[6], what: m[7]})
		case m[6] != "":
			done = append(done, act{do: "write", text: m[6], what: m[7]})
		case m[8] != "":
			done = append(done, act{do: "says", what: m[8]})
		default:
			done = append(done, act{do: "copy", what: "#line", to: m[9]})
		}
	}
	p.steps = append(p.steps, step{line: at + 1, command: fmt.Sprintf("in_browser %d", len(p.steps)), done: done})
	return nil
}

// browses tells whether a page has anything done in a browser.
func (p *page) browses() bool {
	for _, s := range p.steps {
		if len(s.done) > 0 {
			return true
		}
	}
	return false
}

// browserSteps is how the shell of a page has the test do things in a browser: it says
// where it stands, and waits. The page's own line for opening one gives its options.
const browserSteps = `in_browser() { echo "$1 $PORT $PWD" > "$HOME/browser.do"; read -r said < "$HOME/browser.done"; [ "$said" = done ]; }
chromium() { printf '%s\n' "$@" > "$HOME/browser.options.new"; mv "$HOME/browser.options.new" "$HOME/browser.options"; }
`

// attend runs the shell of a page to its end, and does in a browser what the page has
// people do there when the shell comes to it.
func (p *page) attend(t *testing.T, cmd *exec.Cmd, home string) error {
	t.Helper()
	if !p.browses() {
		return cmd.Run()
	}
	do, done := ok[*os.File](t)(pipe(home, "browser.do")), ok[*os.File](t)(pipe(home, "browser.done"))
	defer do.Close()
	defer done.Close()
	wanted, over := make(chan string), make(chan error, 1)
	go func() {
		defer close(wanted)
		buffer := make([]byte, 4096)
		for {
			n, err := do.Read(buffer)
			if err != nil {
				return
			}
			wanted <- string(buffer[:n])
		}
	}()
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { over <- cmd.Wait() }()
	var b *browser
	for {
		select {
		case failed := <-over:
			return failed
		case line := <-wanted:
			number, where, _ := strings.Cut(strings.TrimSpace(line), " ")
			if b == nil {
				b = asThePageSays(t, home)
			}
			for _, s := range p.steps {
				if s.command == "in_browser "+number {
					b.follows(s, where)
				}
			}
			if _, err := done.WriteString("done\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// pipe is a named pipe that is open at both ends.
func pipe(folder, name string) (*os.File, error) {
	at := filepath.Join(folder, name)
	if err := syscall.Mkfifo(at, 0o600); err != nil {
		return nil, err
	}
	return os.OpenFile(at, os.O_RDWR, 0)
}

// asThePageSays opens a browser with the options of the page's own line.
func asThePageSays(t *testing.T, home string) *browser {
	t.Helper()
	var lines []byte
	if err := until(patience, "the page to open a browser", func() (done bool, err error) {
		lines, err = os.ReadFile(filepath.Join(home, "browser.options"))
		return err == nil, err
	}); err != nil {
		t.Fatal(err)
	}
	o := opening{person: "the reader", through: laptop, options: map[string]string{}}
	for line := range strings.Lines(string(lines)) {
		name, value, isOption := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "--"), "=")
		if !isOption {
			t.Errorf("%q is no option of a browser", line)
		}
		o.options[name] = value
	}
	return openBrowser(t, o)
}

// follows does what a list of the page says, where its shell is: a port and a folder.
func (b *browser) follows(s step, where string) {
	b.t.Helper()
	port, folder, _ := strings.Cut(where, " ")
	for _, a := range s.done {
		text := a.text
		if a.file != "" {
			data, err := os.ReadFile(filepath.Join(folder, a.file))
			if err != nil {
				b.t.Fatal(err)
			}
			text = strings.TrimSpace(string(data))
		}
		switch a.do {
		case "open":
			address := a.what
			if a.file != "" {
				address = text
			}
			b.goTo(strings.ReplaceAll(address, "7878", port))
		case "press":
			b.press(a.what)
		case "choose":
			b.control(a.what)
			b.do(chromedp.Click("[data-found]", chromedp.ByQuery))
		case "write":
			b.control(a.what)
			b.do(chromedp.Evaluate(`document.querySelector('[data-found]').value = ""`, nil), chromedp.SendKeys("[data-found]", text, chromedp.ByQuery))
		case "copy":
			if err := os.WriteFile(filepath.Join(folder, a.to), []byte(b.textOf(a.what)+"\n"), 0o600); err != nil {
				b.t.Fatal(err)
			}
		case "says":
			b.sees(a.what)
		}
	}
}

// control marks the field, box or radio whose label begins with a text.
func (b *browser) control(label string) {
	b.t.Helper()
	script := fmt.Sprintf(`(() => {
		const found = [...document.querySelectorAll('main label')].filter(e => e.offsetParent && e.innerText.trim().startsWith(%q));
		for (const old of document.querySelectorAll('[data-found]')) old.removeAttribute('data-found');
		if (found.length) found[0].control.setAttribute('data-found', '');
		return found.length;
	})()`, label)
	var found int
	if err := until(patience, "a field "+label, func() (bool, error) { return found > 0, b.try(chromedp.Evaluate(script, &found)) }); err != nil || found != 1 {
		b.t.Fatalf("%d fields are called %q: %v; the page:\n%s", found, label, err, b.text())
	}
}
