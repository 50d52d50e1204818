package issuer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The shapes of texts in a token. They are no regular expressions: compiling what
// AWS takes in tags, letters of every script up to 256 times, was a third of every
// start of every program that links this.

// made tells whether a text is so many runes, each of them allowed.
func made(text string, least, most int, allowed func(rune) bool) bool {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool { return !allowed(r) }) < 0
}

func digit(r rune) bool     { return '0' <= r && r <= '9' }
func lower(r rune) bool     { return 'a' <= r && r <= 'z' }
func hexDigit(r rune) bool  { return digit(r) || 'a' <= r && r <= 'f' }
func hostEdge(r rune) bool  { return digit(r) || lower(r) }
func hostInner(r rune) bool { return hostEdge(r) || r == '.' || r == '-' }

// inSource is what AWS takes in a source identity.
func inSource(r rune) bool {
	return digit(r) || lower(r) || 'A' <= r && r <= 'Z' || strings.ContainsRune("_+=,.@-", r)
}

// inTag is what AWS takes in the key and the value of a session's tag.
func inTag(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune(" _.:/=+-@", r)
}

// isHost tells whether a text is a name in lower case or an address, and perhaps a
// port.
func isHost(text string) bool {
	host, port, ported := strings.Cut(text, ":")
	if host == "" || ported && !made(port, 1, 5, digit) {
		return false
	}
	return made(host, 1, len(host), hostInner) && hostEdge(rune(host[0])) && hostEdge(rune(host[len(host)-1]))
}
