package e2e_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	tab "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/halligan-dev/halligan/internal/web"
)

// allPages are the paths of every page of the table, in a town.
func allPages(t *testing.T, values map[string][]string) (paths []string) {
	t.Helper()
	for _, r := range web.Routes() {
		if r.Method != "GET" || strings.HasPrefix(r.Path, "/static/") || strings.HasSuffix(r.Path, "/bytes") { // no pages
			continue
		}
		paths = append(paths, concrete(t, r.Path, values)...)
	}
	if len(paths) < 20 {
		t.Fatalf("%d pages", len(paths))
	}
	return paths
}

// bare is what a page shows.
type bare struct {
	Heading string
	Text    string
	Forms   int      // that sign
	Silent  []string // forms that sign, and name no command in what stands around them
}

// shownPlainly says what a page shows, seen as a person sees it.
const shownPlainly = `(() => {
	document.querySelectorAll('main details').forEach(e => e.open = true);
	const forms = [...document.querySelectorAll('main form[data-act], main form[data-act-each], main form[data-make]')].filter(e => e.offsetParent);
	const command = e => [...e.querySelectorAll('code')].some(c => /^(halligan|ssh-keygen) /.test(c.innerText) && c.offsetParent);
	return {
		Heading: document.querySelector('main h1')?.innerText ?? '', Text: document.body.innerText, Forms: forms.length,
		Silent: forms.filter(e => !command(e) && !command(e.closest('section') ?? e)).map(e => e.outerHTML.slice(0, 160)),
	};
})()`

// TestBrowserWithoutScripts: with scripts switched off every page of the table shows
// what it shows with them, says that only a passkey needs one, and beside everything
// that is signed stands the command line that does the same.
func TestBrowserWithoutScripts(t *testing.T) {
	w, values := furnished(t)
	sam := w.browse(t, "sam", laptop)
	sam.signIn("/")
	paths, with := allPages(t, values), map[string]bare{}
	for _, path := range paths {
		sam.visit(path)
		var page bare
		sam.do(chromedp.Evaluate(shownPlainly, &page))
		with[path] = page
	}
	sam.do(emulation.SetScriptExecutionDisabled(true))
	signs := 0
	for _, path := range paths {
		sam.do(chromedp.Navigate("https://" + origin + path))
		var page bare
		sam.do(chromedp.Evaluate(shownPlainly, &page))
		signs += page.Forms
		if page.Heading == "" || page.Heading != with[path].Heading {
			t.Errorf("%s: its heading is %q, and %q with scripts", path, page.Heading, with[path].Heading)
		}
		if !strings.Contains(page.Text, "This browser runs no scripts here.") || !strings.Contains(page.Text, "Only a passkey needs a script") {
			t.Errorf("%s does not say that scripts are off, and what for they are needed:\n%s", path, page.Text)
		}
		if page.Forms != with[path].Forms {
			t.Errorf("%s: %d forms that sign, and %d with scripts", path, page.Forms, with[path].Forms)
		}
		for _, form := range page.Silent {
			t.Errorf("%s: no command line stands beside\n%s", path, form)
		}
		missing := lacking(with[path].Text, page.Text)
		if len(missing) > 0 && path != "/enrol" { // which says by a script that its address has no code
			missing = sam.still(path, missing)
		}
		if len(missing) > 0 && path != "/enrol" {
			t.Errorf("%s lacks what it says with scripts:\n%s", path, strings.Join(missing, "\n"))
		}
		sam.picture("plain-" + fileName(path))
	}
	if signs < 10 {
		t.Errorf("%d forms that sign were looked at", signs)
	}
	// A form that is sent all the same leads to the command.
	open := values["request"][1]
	sam.do(chromedp.Navigate("https://"+origin+"/requests/"+open+"/stop"),
		chromedp.SendKeys("[name=why]", "deletes that nobody announced", chromedp.ByQuery), chromedp.Click("main button.stop", chromedp.ByQuery))
	sam.sees("Sign it at a command line", "Nothing was sent.", "halligan stop "+open[:16])
	sam.picture("plain-by-hand")
}

// still are the lines of some that a page shows now, with scripts: what changed in the
// cell since it was looked at before is missing nowhere.
func (b *browser) still(path string, lines []string) (left []string) {
	b.t.Helper()
	b.do(emulation.SetScriptExecutionDisabled(false))
	b.visit(path)
	var page bare
	b.do(chromedp.Evaluate(shownPlainly, &page), emulation.SetScriptExecutionDisabled(true))
	gone := lacking(strings.Join(lines, "\n"), page.Text)
	return slices.DeleteFunc(lines, func(line string) bool { return slices.Contains(gone, line) })
}

// changing is what a page says otherwise a moment later, or of the reader's own clock.
var changing = regexp.MustCompile(`[0-9:.]+`)

// lacking are lines of a text that another does not have, whatever the time is.
func lacking(whole, part string) (missing []string) {
	has := map[string]bool{}
	for line := range strings.Lines(part) {
		has[changing.ReplaceAllString(strings.TrimSpace(line), "#")] = true
	}
	for line := range strings.Lines(whole) {
		if line = strings.TrimSpace(line); line != "" && !has[changing.ReplaceAllString(line, "#")] {
			missing = append(missing, line)
		}
	}
	return missing
}

// paper is an A4 page within its margins of 14 mm, at 96 dots an inch.
var paper = viewport{name: "paper", width: 688, height: 1000}

// printed is what is wrong with a page on paper.
type printed struct {
	Furniture []string // navigation, buttons and fields that would be printed
	Dim       []string // text that is not black, or stands on something that is not white
	Cut       []string // what lies beyond the width of the paper, or is cut off in a box
	Headings  []string
	Says      string // the line at its head
}

// onPaper looks at every element as the printer would.
const onPaper = `(() => {
	const seen = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible';
	const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
	const all = [...document.querySelectorAll('body *')].filter(seen);
	const brief = e => e.outerHTML.slice(0, 140);
	const style = e => getComputedStyle(e);
	return {
		Furniture: all.filter(e => e.matches('nav, nav *, button, .btn:not(.choices *), input:not(:checked), textarea, select, .menu, .bar-top, .bar, noscript, [role=search]')).map(brief),
		Dim: all.filter(e => own(e) && !e.closest('svg, .vh') && (style(e).color !== 'rgb(0, 0, 0)' || !['rgba(0, 0, 0, 0)', 'rgb(255, 255, 255)'].includes(style(e).backgroundColor))).map(e => style(e).color + ' on ' + style(e).backgroundColor + ' ' + brief(e)),
		Cut: all.filter(e => !e.closest('.vh, svg') && (e.getBoundingClientRect().right > innerWidth + 1 || (style(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1))).map(brief),
		Headings: [...document.querySelectorAll('h1')].filter(seen).map(e => e.innerText),
		Says: document.querySelector('.on-paper')?.innerText ?? '',
	};
})()`

// pdf is the page as it comes out of a printer, kept with the pictures.
func (b *browser) pdf(name string) (data []byte) {
	b.t.Helper()
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		data, _, err = tab.PrintToPDF().WithPreferCSSPageSize(true).WithPaperWidth(8.27).WithPaperHeight(11.69).Do(ctx)
		return err
	}))
	if folder := os.Getenv("HALLIGAN_PICTURES"); folder != "" {
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, name+".pdf"), data, 0o644)); err != nil {
			b.t.Fatal(err)
		}
	}
	return data
}

// sheets counts the pages of a PDF.
var sheets = regexp.MustCompile(`/Type\s*/Page\b`)

// TestBrowserPrints: on paper every page of the table is black on white, dark screens
// included, has a line that says of which cell it is, its heading, nothing to press and
// nothing cut, and is printed.
func TestBrowserPrints(t *testing.T) {
	w, values := furnished(t)
	sam := w.browse(t, "sam", night)
	sam.signIn("/")
	for _, path := range allPages(t, values) {
		sam.visit(path)
		sam.do(emulation.SetDeviceMetricsOverride(paper.width, paper.height, 1, false), emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
		var on printed
		sam.do(chromedp.Evaluate(onPaper, &on))
		for what, all := range map[string][]string{"furniture": on.Furniture, "not black on white": on.Dim, "cut": on.Cut} {
			if len(all) > 0 {
				t.Errorf("%s on paper, %s:\n%s", path, what, strings.Join(all, "\n"))
			}
		}
		if len(on.Headings) != 1 || on.Headings[0] == "" {
			t.Errorf("%s on paper has the headings %q", path, on.Headings)
		}
		if !strings.HasPrefix(on.Says, origin) || !strings.Contains(on.Says, "UTC") {
			t.Errorf("%s on paper is by its first line %q", path, on.Says)
		}
		if n := len(sheets.FindAll(sam.pdf("paper-"+fileName(path)), -1)); n < 1 || n > 12 {
			t.Errorf("%s is %d sheets of paper", path, n)
		}
		sam.do(sam.through(night))
	}
	sam.clean()
}
