package e2e_test

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// volatile is what differs from run to run, and what it is compared as.
var volatile = []struct {
	shape *regexp.Regexp
	as    string
}{
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?( UTC)?`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d UTC`), "TIME"},
	{regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`), "FINGERPRINT"},
	{regexp.MustCompile(`\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,}`), "VKEY"},
	{regexp.MustCompile(`AAAA[A-Za-z0-9+/=]{20,}`), "KEY"},
	{regexp.MustCompile(`\b[0-9a-f]{16,64}\b|\broot [0-9a-f]{12}\b`), "HEX"},
	{regexp.MustCompile(`(?i)\b(entry|list|serial|pid|size|ends at|number) \d+`), "$1 N"},
	{regexp.MustCompile(`\b\d+ (entries|statements|key ids|facts|effects)`), "N $1"},
	{regexp.MustCompile(`/tmp/[^\s:]+`), "FOLDER"},
	{regexp.MustCompile(`(?m)^ *\d+  TIME`), "N  TIME"},
	{regexp.MustCompile(` {2,}`), " "}, // columns are as wide as what stands in them
}

// list is the words of confirmation, by word.
var list = sync.OnceValue(func() map[string]bool {
	text, err := os.ReadFile("../statement/words.txt")
	if err != nil {
		return nil
	}
	words := map[string]bool{}
	for _, word := range strings.Fields(string(text)) {
		words[word] = true
	}
	return words
})

var fourWords = regexp.MustCompile(`\b[a-z]+ [a-z]+ [a-z]+ [a-z]+\b`)

// steady is a text without what differs from run to run.
func steady(text string) string {
	for _, v := range volatile {
		text = v.shape.ReplaceAllString(text, v.as)
	}
	return fourWords.ReplaceAllStringFunc(text, func(four string) string {
		for _, word := range strings.Fields(four) {
			if !list()[word] {
				return four
			}
		}
		return "FOUR WORDS"
	})
}

// prints compares what a page says with what was printed. A line of "…" stands
// for any number of lines, and "…" within a line for any text.
func prints(says []string, got string) bool {
	var shape strings.Builder
	shape.WriteString(`^`)
	for _, line := range says {
		if line == "…" {
			shape.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		for i, part := range strings.Split(strings.TrimRight(line, " "), "…") {
			if i > 0 {
				shape.WriteString(`[^\n]*`)
			}
			shape.WriteString(regexp.QuoteMeta(steady(part)))
		}
		shape.WriteString(`[ \t]*\n`)
	}
	shape.WriteString(`$`)
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	return regexp.MustCompile(shape.String()).MatchString(steady(slow.ReplaceAllString(got, "")))
}

// slow is what is said in between on a machine that does much else.
var slow = regexp.MustCompile(`(?m)^still waiting for .* …\n`)

// TestPrints: the comparison is loose where a page says so, and only there.
func TestPrints(t *testing.T) {
	if len(list()) != 2048 {
		t.Fatalf("%d words, 2048 are wanted", len(list()))
	}
	for _, c := range []struct {
		says, got string
		same      bool
	}{
		{"done", "done\n", true},
		{"done", "done and more\n", false},
		{"done", "", false},
		{"", "done\n", false},
		{"a\n…\nz", "a\nb\nc\nz\n", true},
		{"a\n…\nz", "a\nz\n", true},
		{"a\n…\nz", "b\nz\n", false},
		{"it is …, so", "it is late, so\n", true},
		{"it is …, so", "it is late\n, so\n", false},
		{"Asked: 5f0c1a2b9d3e4f60", "Asked: 0ef2d35eafab20d2\n", true},
		{"until 03:07:00 UTC", "until 2026-11-23 01:02:03 UTC\n", true},
		{"until 03:07:00 UTC", "until tomorrow\n", false},
		{"Words: copper lantern seven orchid", "Words: copper lantern seven orchids are\n", false},
		{"recorded as entry 12.", "recorded as entry 9.\n", true},
		{"done", "still waiting for the key or the server …\ndone\n", true},
	} {
		if prints(strings.Split(c.says, "\n"), c.got) != c.same {
			t.Errorf("%q and %q: same is not %v", c.says, c.got, c.same)
		}
	}
}

// TestReadPage: what cannot be read as a page is refused.
func TestReadPage(t *testing.T) {
	good := "# Title\n<!-- setup: cell -->\n```console\n$ halligan x \\\n>   --y\nerror: no\n$ echo $?\n3\n```\n<!-- not run: it is dark -->\n```sh\ntrue\n```\n"
	p, err := readPage("good.md", good)
	if err != nil || len(p.steps) != 3 || len(p.left) != 1 || p.left[0].why != "it is dark" || !p.steps[1].mayFail || p.steps[2].mayFail {
		t.Fatalf("%+v %v", p, err)
	}
	if p.steps[1].command != "halligan x \\\n  --y" || p.steps[1].prints[0] != "error: no" {
		t.Errorf("%+v", p.steps[1])
	}
	for name, text := range map[string]string{
		"nothing":          "# Title\n",
		"only hidden":      "<!-- run: true -->\n",
		"open":             "```sh\ntrue\n",
		"output first":     "```console\ndone\n```\n",
		"unknown need":     "<!-- needs: good luck -->\n```sh\ntrue\n```\n",
		"reason for none":  "<!-- not run: why -->\n",
		"reason for yaml":  "<!-- not run: why -->\n```yaml\na: b\n```\n",
		"malformed remark": "<!-- setup cell -->\n```sh\ntrue\n```\n",
	} {
		if _, err := readPage(name, text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
