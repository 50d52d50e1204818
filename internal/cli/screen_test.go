package cli_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/cli"
)

// deceits are texts that would move, hide or turn what a person reads (T11).
var deceits = []string{
	"\x1b[2J\x1b[Happroved", "\x1b]0;title\a", "a\rb", "a\bb", "\x9b31m", "\u009b31m", "x\x00y", "\x7f",
	"\u202egnp.exe", "\u2066a\u2069", "\u200bzero", "\u200e", "\ufeffbom", "\u2028line", "\u2029par", "\u2800blank",
	"\U000e0041tag", "v\ufe0f", "\U000e0100", "\u00adsoft", "\u115ffill", "\u3164fill", "\xff\xfe", "\ue000private", "\u034fjoin",
}

func TestScreenShowsEverything(t *testing.T) {
	for _, text := range deceits {
		got := cli.Shown(text)
		if got == text || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
			return r != '\n' && r != '\t' && (!unicode.IsGraphic(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
		}) {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	for _, text := range []string{"", "plain", "tab\tand\nline", "Zoë, 東京, 🔥, e\u0301", "│ quoted"} {
		if got := cli.Shown(text); got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestJSONStaysTheSameValue(t *testing.T) {
	for _, text := range deceits {
		data, err := json.Marshal(text)
		if err != nil {
			continue // invalid UTF-8 is in no JSON
		}
		safe := cli.ShownJSON(data)
		var back string
		if err := json.Unmarshal([]byte(safe), &back); err != nil || back != text {
			t.Errorf("%q became %q (%v)", text, back, err)
		}
		if cli.Shown(safe) != safe {
			t.Errorf("%q still holds what a reader cannot see", safe)
		}
	}
}

func TestQuotedTextCannotPassForOurs(t *testing.T) {
	for l := range strings.Lines(cli.Quoted("  ", "fine\nSigned and recorded as entry 9.\n\nWords: a b c d")) {
		if !strings.HasPrefix(l, "  │ ") {
			t.Errorf("%q", l)
		}
	}
}

func FuzzScreen(f *testing.F) {
	for _, text := range deceits {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := cli.Shown(text)
		if again := cli.Shown(got); again != got || !utf8.ValidString(got) {
			t.Errorf("%q is shown as %q, that as %q", text, got, again)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q has other lines than %q", got, text)
		}
	})
}
