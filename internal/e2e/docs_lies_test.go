package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryLieIsATest: each row of docs/explanation/when-the-server-lies.md names
// a test that there is, and a case of it where it has several.
func TestEveryLieIsATest(t *testing.T) {
	rows := table(t, "../explanation/when-the-server-lies.md", "The lies")
	if len(rows) < 20 {
		t.Fatalf("only %d lies", len(rows))
	}
	for _, row := range rows {
		room, rest, ok := strings.Cut(strings.TrimPrefix(row[2], "`"), "` ")
		test, caseOf, several := strings.Cut(rest, ": ")
		if !ok || !strings.HasPrefix(test, "Test") {
			t.Errorf("%s: %q names no test", row[0], row[2])
			continue
		}
		files, err := filepath.Glob(filepath.Join(docsRoot, room, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %s has no tests", row[0], room)
		}
		var source strings.Builder
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(data)
		}
		if !strings.Contains(source.String(), "func "+test+"(") {
			t.Errorf("%s: %s has no %s", row[0], room, test)
		}
		if test == "TestStories" {
			if _, err := os.Stat(filepath.Join("testdata", "script", caseOf+".txtar")); err != nil {
				t.Errorf("%s: there is no story %q", row[0], caseOf)
			}
			several = false
		}
		if several && !strings.Contains(source.String(), `"`+caseOf+`"`) {
			t.Errorf("%s: %s of %s has no case %q", row[0], test, room, caseOf)
		}
		if answer, _, _ := strings.Cut(row[1], ":"); !strings.HasPrefix(answer, "refused") && !strings.HasPrefix(answer, "named") && !strings.HasPrefix(answer, "convicted") {
			t.Errorf("%s: %q is none of refused, named, convicted", row[0], row[1])
		}
	}
}
