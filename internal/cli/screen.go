package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// screen is a writer that lets through only what a reader can see, and spells the
// rest (canon.Visible), so that no text from elsewhere can move the cursor, repaint
// a line or hide in one.
type screen struct{ to io.Writer }

// Write counts the bytes of p, however many were written for them.
func (s screen) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.to, shown(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// shown is a text as a screen shows it.
func shown(text string) string { return canon.Visible(text) }

// shownJSON is JSON that means the same and holds nothing invisible: such
// characters stand only within strings, where JSON can spell them.
func shownJSON(data []byte) string {
	return canon.Spell(string(data), func(r rune) string {
		if r <= 0xFFFF {
			return fmt.Sprintf("\\u%04x", r)
		}
		r -= 0x10000
		return fmt.Sprintf("\\u%04x\\u%04x", 0xD800+(r>>10), 0xDC00+(r&0x3FF))
	})
}

// line is a text from elsewhere that must not break a line.
func line(text string) string { return canon.Line(text) }

// quoted is a text that a person wrote: each of its lines begins with a bar, so
// that it cannot pass for the program's own words.
func quoted(indent, text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(text, "\n") {
		b.WriteString(indent + "│ " + part + "\n")
	}
	return b.String()
}
