package cli_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/hostile"
)

// deceits are texts that would move, hide or turn what a person reads (T11): those of
// every surface, and bytes that are no text.
var deceits = func() (all []string) {
	for _, text := range hostile.Texts() {
		if text.Shown != text.Raw {
			all = append(all, text.Raw)
		}
	}
	return append(all, "\xff\xfe", "\x9b31m", "x\x00y")
}()

// TestT11ScreenShowsWhatEverySurfaceShows holds the command line to the table that
// pages and alarms are held to.
func TestT11ScreenShowsWhatEverySurfaceShows(t *testing.T) {
	for _, text := range hostile.Texts() {
		if got := cli.Shown(text.Raw); got != text.Shown {
			t.Errorf("%s is shown as %q, want %q", text.Name, got, text.Shown)
		}
	}
	for _, text := range hostile.Harmless() {
		if got := cli.Shown(text); got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
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
