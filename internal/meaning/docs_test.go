package meaning_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryGuaranteeIsATest: each guarantee on the page about sessions names a test that
// there is, and a table of it where it has several; and no table is without a guarantee.
func TestEveryGuaranteeIsATest(t *testing.T) {
	page, err := os.ReadFile("../../docs/explanation/what-a-session-in-aws-may-do.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(data)
	}
	named, rows := map[string]bool{}, 0
	for line := range strings.Lines(string(page)) {
		_, by, ok := strings.Cut(line, "| `internal/meaning` ")
		if !ok {
			continue
		}
		rows++
		test, table, several := strings.Cut(strings.TrimSuffix(strings.TrimSpace(by), " |"), ": ")
		if !strings.Contains(source.String(), "func "+test+"(") {
			t.Errorf("there is no %s: %s", test, line)
		}
		if several && tables[table] == nil {
			t.Errorf("%s has no table %q: %s", test, table, line)
		}
		named[table] = true
	}
	if rows < 15 {
		t.Errorf("only %d guarantees name a test", rows)
	}
	for table := range tables {
		if !named[table] {
			t.Errorf("no guarantee names the table %q", table)
		}
	}
}
