package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axe is the checker of accessibility, which scripts/deps.sh puts there.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("..", "..", ".tools", "axe", "package", "axe.min.js"))
	if err != nil {
		t.Skip("no axe-core: run scripts/deps.sh")
	}
	return string(script)
}

// violation is what axe finds.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, Summary string }
}

// accessible demands that axe finds nothing on the page.
func (b *browser) accessible(script, what string) {
	b.t.Helper()
	var found []violation
	b.do(chromedp.Evaluate(script+`;0`, nil), chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map(n => ({HTML: n.html, Summary: n.failureSummary}))})))`,
		&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	for _, each := range found {
		for _, node := range each.Nodes {
			b.t.Errorf("%s: %s (%s): %s\n%s\n%s", what, each.ID, each.Impact, each.Help, node.HTML, node.Summary)
		}
	}
}

// fits demands that nothing of the page lies beyond the viewport's width.
func (b *browser) fits(what string) {
	b.t.Helper()
	var wide []string
	b.do(chromedp.Evaluate(`[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre, .skip, [hidden], details:not([open])')).map(e => e.outerHTML.slice(0, 160))`, &wide))
	if len(wide) > 0 {
		b.t.Errorf("%s: beyond the viewport:\n%s", what, strings.Join(wide, "\n"))
	}
}

// oneLine demands that no word of the head is broken, whatever else stands there.
func (b *browser) oneLine(what string) {
	b.t.Helper()
	var broken []string
	b.do(chromedp.Evaluate(`[...document.querySelectorAll('.brand, .menu > summary, .wide > .places, .halt, .bar-top > .who a, .bar-top > .sign-out button')].filter(e => e.offsetParent && e.getBoundingClientRect().height > 56).map(e => e.innerText)`, &broken))
	if len(broken) > 0 {
		b.t.Errorf("%s: broken in the head: %q", what, broken)
	}
}

// wholeWords demands that nothing which is pressed or counted breaks within a word: that it has
// no more lines than words.
func (b *browser) wholeWords(what string) {
	b.t.Helper()
	var broken []string
	b.do(chromedp.Evaluate(`[...document.querySelectorAll('button, .btn, .tag, th, td:not(.mono, :has(.mono))')].flatMap(e => {
		const texts = document.createTreeWalker(e, NodeFilter.SHOW_TEXT), broken = [];
		while (texts.nextNode()) {
			const text = texts.currentNode, range = document.createRange();
			range.selectNodeContents(text);
			const lines = new Set([...range.getClientRects()].map(r => r.top));
			if (lines.size > text.data.trim().split(/\s+/).length) broken.push(text.data);
		}
		return broken;
	})`, &broken))
	if len(broken) > 0 {
		b.t.Errorf("%s: broken within a word: %q", what, broken)
	}
}

// furnished is a town in which something is open, something waits and something
// is over, and the values of the pages' paths in it.
func furnished(t *testing.T) (w *town, values map[string][]string) {
	t.Helper()
	w = paged(t, founding{envelope: true, ladder: true})
	waiting, err := w.ask("bob", 30*time.Minute, "replica")
	if err != nil {
		t.Fatal(err)
	}
	over, err := w.ask("ann", time.Hour, "replica")
	if err == nil {
		_, err = w.as("sue", "deny", over, "--check", "call-back", "--yes")
	}
	if err != nil {
		t.Fatal(err)
	}
	sealRoot(t, w)
	ended, err := w.grant(time.Hour, "primary")
	if err == nil {
		_, err = w.as("sam", "stop", ended, "--why", "it was the replica", "--yes")
	}
	if err != nil {
		t.Fatal(err)
	}
	if said, err := w.as("bob", "approve", waiting, "--check", "in-person", "--yes"); err == nil {
		t.Fatalf("bob agreed to his own request:\n%s", said)
	}
	open, err := w.grant(time.Hour, "primary")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.as("sam", "change", "propose", "remove", "leo", "--why", "has left"); err != nil {
		t.Fatal(err)
	}
	changes, err := w.as("sam", "change", "show", "--json")
	if err != nil {
		t.Fatal(err)
	}
	change := wholeID.FindStringSubmatch(changes)
	if change == nil {
		t.Fatalf("no change in\n%s", changes)
	}
	return w, map[string][]string{"request": {waiting, open, over, ended}, "scenario": {"database-locked-out", "cloud-root-locked-out"}, "person": {"ann"}, "envelope": {"prod-root"}, "entry": {"9"}, "change": {change[1]}}
}

// TestBrowserPages looks at every page of the table in each viewport: axe finds
// nothing, nothing lies beyond the width, no script fails; and keeps pictures.
func TestBrowserPages(t *testing.T) {
	script := axe(t)
	w, values := furnished(t)
	paths := allPages(t, values)
	for _, through := range []viewport{laptop, night, phone} {
		t.Run(through.name, func(t *testing.T) {
			t.Parallel()
			b := w.browse(t, "sam", through)
			b.signIn("/")
			for _, path := range paths {
				b.visit(path)
				what := through.name + " " + path
				b.accessible(script, what)
				b.fits(what)
				b.oneLine(what)
				b.wholeWords(what)
				b.picture(fileName(path) + "-" + through.name)
			}
			b.clean()
		})
	}
}

// wholeID is how an answer in JSON names what it is about.
var wholeID = regexp.MustCompile(`"id": *"([0-9a-f]{64})"`)

// longID is an id that no name of a file needs whole.
var longID = regexp.MustCompile("[0-9a-f]{56}")

func fileName(path string) string {
	if path == "/" {
		return "now"
	}
	return longID.ReplaceAllString(strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "-"), "")
}

// concrete are the paths of a row of the table, with ids that there are.
func concrete(t *testing.T, path string, values map[string][]string) []string {
	t.Helper()
	of := map[string]string{
		"/requests/{id}": "request", "/scenarios/{scenario}": "scenario", "/people/{id}": "person", "/changes/{id}": "change", "/envelopes/{name}": "envelope", "/ask/{scenario}": "scenario", "/record/{entry}": "entry", "/coverage/{scenario}": "scenario",
	}
	path = strings.TrimSuffix(path, "{$}")
	open := strings.Index(path, "{")
	if open < 0 {
		return []string{path}
	}
	shut := open + strings.Index(path[open:], "}") + 1
	kind, ok := of[path[:shut]]
	if !ok {
		t.Errorf("no value for %s", path)
	}
	var all []string
	for _, value := range values[kind] {
		all = append(all, path[:open]+value+path[shut:])
	}
	return all
}
