package cli

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/halligan-dev/halligan/internal/canon"
)

// count is "1 warning", "3 warnings".
func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// both joins words: "a", "a and b", "a, b and c".
func both(words []string) string { return series(words, "and") }

// either joins words: "a", "a or b", "a, b or c".
func either(words []string) string { return series(words, "or") }

func series(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// clock is an instant for people: the time of day, with its date when that is
// not the day of reference.
func clock(t, reference canon.Time) string {
	const day = 24 * time.Hour
	if t.Std().Truncate(day).Equal(reference.Std().Truncate(day)) {
		return t.Std().Format("15:04:05 UTC")
	}
	return t.Std().Format("2006-01-02 15:04:05 UTC")
}

// sentence ends with a full stop. Its first letter stays: it may be an id.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// shellQuoted is a path as it stands in a command that a person copies.
func shellQuoted(path string) string {
	if path != "" && !strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+@:,%=", r)
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// sheet collects the lines of a text for people.
type sheet struct{ strings.Builder }

func (s *sheet) say(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// items writes a heading and what stands below it, if anything does.
func (s *sheet) items(heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	s.say("%s", heading)
	for _, each := range lines {
		s.say("  - %s", line(each))
	}
}

// entries is "1 entry", "3 entries".
func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func witnesses(n int) string {
	if n == 1 {
		return "1 witness"
	}
	return fmt.Sprintf("%d witnesses", n)
}
