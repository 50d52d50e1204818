package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focus is what has the keyboard.
type focus struct {
	Name    string // of a field; else the text
	Value   string
	Role    string // tag, or type of an input
	Visible bool   // an outline, or a ring, shows where it is
	Within  bool   // it lies in the viewport, not below what sticks to an edge
	Step    int    // its place among all that can have it, in the order of the document
}

// focused is what has the keyboard now. A press that moves it scrolls as well.
const focused = `(() => {
	const e = document.activeElement, style = getComputedStyle(e), ring = e.closest('label.opt') ?? e;
	const all = [...document.querySelectorAll('a[href], button, input, textarea, select, summary, [tabindex]')];
	const at = e.getBoundingClientRect();
	const top = document.elementFromPoint(Math.min(innerWidth - 1, at.x + at.width / 2), Math.min(innerHeight - 1, at.y + at.height / 2));
	return {
		Name: e.name || e.innerText?.trim() || e.id, Value: e.value ?? '', Role: e.type || e.localName, Step: all.indexOf(e),
		Visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
		Within: at.bottom > 0 && at.top < innerHeight && (top === e || e.contains(top) || ring.contains(top)),
	};
})()`

// types has keys pressed, one after another.
func (b *browser) types(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// has is what has the keyboard.
func (b *browser) has() (at focus) {
	b.t.Helper()
	b.do(chromedp.Evaluate(focused, &at))
	return at
}

// tabsTo presses Tab until a field of that name, or a link or button of that text, has
// the keyboard. On the way every stop must be seen, and come after the one before.
func (b *browser) tabsTo(name string) focus {
	b.t.Helper()
	last := b.has().Step
	for range 120 {
		b.types(kb.Tab)
		at := b.has()
		if at.Step >= 0 && !at.Visible {
			b.t.Errorf("%s: nothing shows that %s %q has the keyboard", b.person, at.Role, at.Name)
		}
		if at.Step >= 0 && !at.Within {
			b.t.Errorf("%s: %s %q has the keyboard out of sight", b.person, at.Role, at.Name)
		}
		if at.Step >= 0 && at.Step < last {
			b.t.Errorf("%s: %s %q comes before what had the keyboard", b.person, at.Role, at.Name)
		}
		last = at.Step
		if at.Name == name {
			return at
		}
	}
	b.t.Fatalf("%s: no Tab leads to %q; the page:\n%s", b.person, name, b.text())
	return focus{}
}

// signInByKeys signs in with nothing but keys, and waits for the page that was wanted.
func (b *browser) signInByKeys(path string) {
	b.t.Helper()
	b.visit(path)
	b.tabsTo("person")
	b.types(b.person + kb.Enter)
	b.arrives(path)
}

// TestBrowserKeyboardAlone: a request and a decision are made with keys alone, from
// signing in to the page that follows. Every stop is seen, in the order of the page,
// and Enter in a field signs no verdict.
func TestBrowserKeyboardAlone(t *testing.T) {
	w := paged(t, founding{})
	line, err := w.as("ann", "holder", "new")
	if err != nil {
		t.Fatal(err)
	}
	ann := w.browse(t, "ann", laptop)
	ann.signInByKeys("/")
	ann.types(kb.Tab)
	if at := ann.has(); at.Name != "Skip to the page" || !at.Within {
		t.Errorf("the first stop is %+v", at)
	}
	ann.tabsTo("Ask")
	ann.types(kb.Enter)
	ann.arrives("/ask")
	ann.tabsTo("broke")
	ann.types("database" + kb.Enter)
	ann.sees("It may be")
	ann.tabsTo("Production database refuses everyone")
	ann.types(kb.Enter)
	ann.sees("Is the normal way gone?")
	ann.tabsTo("gone")
	ann.types(" ")
	ann.tabsTo("Go on")
	ann.types(kb.Enter)
	ann.sees("What do you need?")
	ann.tabsTo("Go on to the request")
	ann.types(kb.Enter)
	ann.arrives("/ask/database-locked-out")

	ann.tabsTo("read")
	ann.types(" ")
	ann.tabsTo("severity")
	ann.types(" ")
	ann.tabsTo("target")
	ann.types(" ")
	ann.tabsTo("minutes")
	ann.types("30")
	ann.tabsTo("why")
	ann.types("pool exhausted, nobody can connect")
	ann.tabsTo("incident")
	ann.types("PD-4711")
	ann.tabsTo("holder")
	ann.types(strings.TrimSpace(line))
	ann.picture("keys-ask")
	ann.tabsTo("Ask with a passkey")
	ann.types(kb.Enter)
	id := ann.atRequest()
	ann.sees("PD-4711")

	sam := w.browse(t, "sam", laptop)
	sam.signInByKeys("/requests/" + id)
	sam.tabsTo("Look and decide")
	sam.types(kb.Enter)
	sam.arrives("/requests/" + id + "/decide")
	first := sam.tabsTo("check")
	sam.types(" " + kb.ArrowDown)
	if at := sam.has(); at.Name != "check" || at.Value == first.Value {
		t.Errorf("the arrow went from %q to %s %q", first.Value, at.Name, at.Value)
	}
	sam.types(kb.ArrowUp + kb.Enter) // Enter in a field: no button was chosen
	var chose bool
	if sam.do(chromedp.Evaluate(`document.querySelector('form.decide').hasAttribute('data-busy')`, &chose)); chose {
		t.Fatal("Enter in a field chose a verdict")
	}
	sam.tabsTo("note")
	sam.types("called the number in the roster")
	if at := sam.tabsTo("verdict"); at.Value != "deny" {
		t.Errorf("the first button is %+v", at)
	}
	if at := sam.tabsTo("verdict"); at.Value != "approve" {
		t.Errorf("the second button is %+v", at)
	}
	sam.picture("keys-decide")
	sam.types(kb.Enter)
	sam.arrives("/requests/" + id)
	sam.sees("sam agrees")
	ann.clean()
	sam.clean()
}
