package config

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// secret is a kind of secret and what it looks like.
type secret struct {
	kind  string
	shape *regexp.Regexp
}

// secrets are shapes of what must never stand in a file that is signed, kept in
// version control or shown to people.
// They are compiled when a file is read, which most commands never do.
var secrets = sync.OnceValue(func() []secret {
	return []secret{
		{privateKey, regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\bPRIVATE\+KEY\+[^\s"]*`)},
		{accessKey, regexp.MustCompile(`\b(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`)},
		{"a Slack token", regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}`)},
		{"a GitHub token", regexp.MustCompile(`\bgh[oprsu]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}`)},
		{"a GitLab token", regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{16,}`)},
		{"a webhook secret", regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/=]{16,}`)},
		{"a Google API key", regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}`)},
		{"a Stripe key", regexp.MustCompile(`\b[rs]k_live_[A-Za-z0-9]{16,}`)},
		{"an age key", regexp.MustCompile(`(?i)\bAGE-SECRET-KEY-(PQ-)?1[A-Z0-9]{20,}`)},
		{"a signed token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)},
		{"a password in a URL", regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@`)},
	}
})

const (
	privateKey = "a private key"
	accessKey  = "an AWS access key"
)

// secretMend is the hint for a kind of secret that is found.
func secretMend(kind string) string {
	const replace = "take it out and replace it where it is used: whoever could read this file has it"
	if kind == privateKey {
		return replace + "; the public key is in the file that ends in .pub"
	}
	return replace
}

// secretKind names the kind of secret that text holds, or nothing.
func secretKind(text string) string {
	for _, s := range secrets() {
		if s.shape.MatchString(text) {
			return s.kind
		}
	}
	return ""
}

// SecretIn names the kind of secret that text seems to hold, "" for none: for
// texts that a person is about to sign.
func SecretIn(text string) string { return secretKind(text) }

// Masked is text with the kind of each secret that it seems to hold in its place:
// for errors, which quote what people typed. The id of an access key stays, for it
// is no secret and an error may have to name it.
func Masked(text string) string {
	for _, s := range secrets() {
		if s.kind == accessKey {
			continue
		}
		for {
			found := s.shape.FindStringIndex(text)
			if found == nil {
				break
			}
			text = text[:found[0]] + "(" + s.kind + ")" + text[found[0]+reach(s.kind, text[found[0]:], found[1]-found[0]):]
		}
	}
	return text
}

// reach is how far a secret goes that text begins with: of a private key the shape
// is its first line alone.
func reach(kind, text string, shape int) int {
	if kind != privateKey || !strings.HasPrefix(text, "-----") {
		return shape
	}
	const begins, ends = "-----END ", "-----"
	if begin := strings.Index(text, begins); begin >= 0 {
		if length := strings.Index(text[begin+len(begins):], ends); length >= 0 {
			return begin + len(begins) + length + len(ends)
		}
	}
	return len(text)
}

// hidden tells whether a rune cannot be seen, moves other text or commands a
// terminal. A line feed is none of these.
func hidden(r rune) bool {
	switch {
	case r == '\n':
		return false
	case r == '\u3164', r == '\uffa0', r == '\u115f', r == '\u1160', r == '\u2800', r == '\u034f', r == '\u17b4', r == '\u17b5':
		return true // blank letters and joiners
	case r >= '\ufe00' && r <= '\ufe0e', r >= 0xE0100 && r <= 0xE01EF:
		return true // variation selectors, the one for emoji aside
	default:
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Noncharacter_Code_Point, r)
	}
}

// scan looks at the bytes of a file before anything reads them as YAML. It is
// false when there was something that must go first: further problems could be
// consequences, or quote a secret.
func scan(file string, data []byte, f *findings) bool {
	if !utf8.Valid(data) {
		at := place{file, 1 + bytes.Count(data[:invalidAt(data)], []byte("\n")), 1}
		f.errorf(at, "save it as UTF-8", "is not UTF-8")
		return false
	}
	before := len(f.list)
	if rest, marked := bytes.CutPrefix(data, []byte("\ufeff")); marked {
		f.errorf(place{file, 1, 1}, "save it as UTF-8 without a byte order mark", "begins with a byte order mark")
		data = rest
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		scanTab(place{file, number, 1}, line, f, before)
		scanLine(place{file, number, 1}, line, f)
	}
	return len(f.list) == before
}

// scanTab notes the first tab of a file: where one stands there are many.
func scanTab(at place, line string, f *findings, before int) {
	tab := strings.IndexByte(line, '\t')
	if tab < 0 || slices.ContainsFunc(f.list[before:], func(p Problem) bool { return p.What == tabWhat }) {
		return
	}
	at.column = 1 + utf8.RuneCountInString(line[:tab])
	f.errorf(at, "use spaces, here and everywhere", tabWhat)
}

const tabWhat = "a tab stands here"

// scanLine notes at most one of each kind of problem in a line.
func scanLine(at place, line string, f *findings) {
	if i := strings.IndexFunc(line, func(r rune) bool { return r != '\t' && hidden(r) }); i >= 0 {
		at.column = 1 + utf8.RuneCountInString(line[:i])
		r, _ := utf8.DecodeRuneInString(line[i:])
		f.errorf(at, hiddenMend, hiddenWhat, r)
	}
	for _, s := range secrets() {
		if found := s.shape.FindStringIndex(line); found != nil {
			at.column = 1 + utf8.RuneCountInString(line[:found[0]])
			f.errorf(at, secretMend(s.kind), "what stands here looks like %s", s.kind)
			return
		}
	}
}

const (
	hiddenWhat = "the character %U stands here: it cannot be seen, or changes how the text around it looks"
	hiddenMend = "delete it, or write the text anew"
)

// deceives notes what an escape inside quotation marks hid from scan.
func deceives(at place, text string, f *findings) bool {
	if i := strings.IndexFunc(text, hidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		f.errorf(at, hiddenMend, hiddenWhat, r)
		return true
	}
	if kind := secretKind(text); kind != "" {
		f.errorf(at, secretMend(kind), "what stands here looks like %s", kind)
		return true
	}
	return false
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}
