package canon_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/hostile"
)

// TestT11Visible holds the one spelling to the table of hostile texts.
func TestT11Visible(t *testing.T) {
	for _, text := range hostile.Texts() {
		if got := canon.Visible(text.Raw); got != text.Shown {
			t.Errorf("%s is %q, want %q", text.Name, got, text.Shown)
		}
	}
	for raw, want := range map[string]string{"": "", "a\xff": `a\xFF`, "\x9b31m": `\x9B31m`, "a\x00": `a\u{0000}`, "tab\tand\nline": "tab\tand\nline", "\ufffd": "\ufffd"} {
		if got := canon.Visible(raw); got != want {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
	for _, text := range hostile.Harmless() {
		if got := canon.Visible(text); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := canon.Line("one\n\ttwo"); got != "one  two" {
		t.Errorf("on one line it is %q", got)
	}
}

func FuzzVisible(f *testing.F) {
	for _, text := range hostile.Texts() {
		f.Add(text.Raw)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := canon.Visible(text)
		if again := canon.Visible(got); again != got || !utf8.ValidString(got) || strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q is %q, that %q", text, got, again)
		}
	})
}
