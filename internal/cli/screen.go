package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// screen is a writer that lets through only what a reader can see: line feeds,
// tabs and visible characters. Everything else (escape sequences, other controls,
// what turns the direction of writing, what has no width) is written as \u{…}, so
// that no text from elsewhere can move the cursor, repaint a line or hide in one.
type screen struct{ to io.Writer }

// Write counts the bytes of p, however many were written for them.
func (s screen) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.to, shown(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// shown is a text as a screen shows it.
func shown(text string) string {
	return escape(text, func(r rune) string { return fmt.Sprintf("\\u{%04X}", r) })
}

// shownJSON is JSON that means the same and holds nothing invisible: such
// characters stand only within strings, where JSON can spell them.
func shownJSON(data []byte) string {
	return escape(string(data), func(r rune) string {
		if r <= 0xFFFF {
			return fmt.Sprintf("\\u%04x", r)
		}
		r -= 0x10000
		return fmt.Sprintf("\\u%04x\\u%04x", 0xD800+(r>>10), 0xDC00+(r&0x3FF))
	})
}

func escape(text string, spell func(rune) string) string {
	if !strings.ContainsFunc(text, invisible) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "\\x%02X", text[0])
		case invisible(r):
			b.WriteString(spell(r))
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

// invisible tells whether a reader could not see a character, or see it as
// another than it is.
func invisible(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u2800': // drawn as nothing, though Unicode counts it as a symbol
		return true
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// line is a text from elsewhere that must not break a line.
func line(text string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(text)
}

// quoted is a text that a person wrote: each of its lines begins with a bar, so
// that it cannot pass for the program's own words.
func quoted(indent, text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(text, "\n") {
		b.WriteString(indent + "│ " + part + "\n")
	}
	return b.String()
}
