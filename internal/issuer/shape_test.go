package issuer_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/issuer"
)

// TestShapes holds what tokens are held to against the regular expressions that say
// the same, and are too slow to compile at each start.
func TestShapes(t *testing.T) {
	texts := []string{
		"", "a", "ab", "A_+=,.@-", "a b", "é", "e\u0301", "Ⅷ", "漢字 _.:/=+\\-@", "漢字 _.:/=+-@", "tab\t", "line\n", "\xff", "a\xffb", "\ufffd", "…",
		"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdeF", "host.example", "host.example:443", "host:", "host:123456", "-host", "host-", ".a",
		"a.", "a-b", "1", "h:1:2", "[::1]:80", ":80", "Host", "a b:1", "é:1",
	}
	for _, text := range slices.Clone(texts) {
		for _, n := range []int{2, 31, 32, 64, 65, 127, 128, 129, 256, 257} {
			texts = append(texts, strings.Repeat(text, n), (strings.Repeat("a", n) + text)[len(text):])
		}
	}
	for _, shape := range []struct {
		name, expression string
		holds            func(string) bool
	}{
		{"id", `^[0-9a-f]{32,64}$`, func(s string) bool { return issuer.Made(s, 32, 64, issuer.HexDigit) }},
		{"source", `^[\w+=,.@-]{2,64}$`, func(s string) bool { return issuer.Made(s, 2, 64, issuer.InSource) }},
		{"tag", `^[\p{L}\p{N} _.:/=+\-@]{1,128}$`, func(s string) bool { return issuer.Made(s, 1, 128, issuer.InTag) }},
		{"value", `^[\p{L}\p{N} _.:/=+\-@]{0,256}$`, func(s string) bool { return issuer.Made(s, 0, 256, issuer.InTag) }},
		{"host", `^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`, issuer.IsHost},
	} {
		expression, yes := regexp.MustCompile(shape.expression), 0
		for _, text := range texts {
			want := expression.MatchString(text)
			if want {
				yes++
			}
			if got := shape.holds(text); got != want {
				t.Errorf("%s: %q is %t, want %t", shape.name, text, got, want)
			}
		}
		if yes == 0 || yes == len(texts) {
			t.Errorf("%s: %d of %d texts fit, so that nothing is compared", shape.name, yes, len(texts))
		}
	}
}
