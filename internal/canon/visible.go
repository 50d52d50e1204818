package canon

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible is a text as every surface shows it (a terminal, a page, an alarm): line
// feeds, tabs and visible characters stand for themselves. Everything else (escape
// sequences, other controls, what turns the direction of writing, what has no width)
// is written as \u{…}, and bytes that are no UTF-8 as \x.., so that no text from
// elsewhere can move, repaint or hide what stands beside it. Visible text stays as
// it is.
func Visible(text string) string {
	return Spell(text, func(r rune) string { return fmt.Sprintf("\\u{%04X}", r) })
}

// Spell is Visible with another spelling of what a reader could not see.
func Spell(text string, spell func(rune) string) string {
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

// invisible tells whether a reader could not see a character, or see it as another
// than it is.
func invisible(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u2800': // drawn as nothing, though Unicode counts it as a symbol
		return true
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Line is a text on one line: its line feeds and tabs are spaces.
func Line(text string) string { return lines.Replace(text) }

var lines = strings.NewReplacer("\n", " ", "\t", " ")
