package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// typedOn is a command of a story that is typed at a machine. What a story asks
// only to know an id, with --json, no reader types.
var typedOn = regexp.MustCompile(`^(?:\[!?host\] )?(?:exec|doors|code \d+) (on \w+ halligan.*)$`)

// plainly is a command without what a page and a story spell differently.
var plainly = strings.NewReplacer(
	"'", "", `"`, "", "$heard", "$WORDS", "127.0.0.1:7878", "$WEB", "127.0.0.1:2222", "$SSH", "$id", "$ID",
	" | tee asked", "", " > server.log 2>&1 &", "",
)

// TestTutorialFollowsTheStory: what the tutorial has people type is, word for
// word and in order, what the story of the first day types, and one lie more.
func TestTutorialFollowsTheStory(t *testing.T) {
	story, err := os.ReadFile("testdata/script/first-day.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(string(story)) {
		if m := typedOn.FindStringSubmatch(strings.TrimSpace(line)); m != nil && !strings.HasSuffix(m[1], "--json") {
			want = append(want, plainly.Replace(m[1]))
		}
	}
	const name = "docs/tutorial/first-emergency.md"
	text, err := os.ReadFile(filepath.Join(docsRoot, name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPage(name, string(text))
	if err != nil {
		t.Fatal(err)
	}
	inBrowser := strings.Count(string(text[:strings.Index(string(text), "\n## 11. ")+1]), "\n")
	putAway := strings.Count(string(text[:strings.Index(string(text), "\n## 12. ")+1]), "\n")
	for _, s := range p.steps {
		if s.line > inBrowser && s.line < putAway { // the story has no browsers
			continue
		}
		command := strings.Join(strings.Fields(strings.ReplaceAll(s.command, "\\\n", " ")), " ")
		if strings.HasPrefix(command, "on ") && !strings.Contains(command, "forged") {
			got = append(got, plainly.Replace(command))
		}
	}
	if len(want) < 20 {
		t.Fatalf("the story types %d commands", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the tutorial (+) differs from the story (-):\n%s", diff)
	}
}
