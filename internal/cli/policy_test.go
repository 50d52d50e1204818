package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPolicyCommands: an example is added, its tests hold, a case that does not is
// said to be so, and nothing is written over.
func TestPolicyCommands(t *testing.T) {
	folder := t.TempDir()
	must := func(want int, words ...string) (string, string) {
		t.Helper()
		code, out, errors := run(words...)
		if code != want {
			t.Fatalf("%v ended with %d, want %d:\n%s%s", words, code, want, out, errors)
		}
		return out, errors
	}
	must(0, "policy", "add", "office", folder)
	if _, said := must(2, "policy", "add", "office", folder); !strings.Contains(said, "is there already") {
		t.Errorf("added twice: %s", said)
	}
	if out, _ := must(0, "policy", "test", folder); !strings.Contains(out, "holds  from home: it is refused: Come through the office network or its VPN.") {
		t.Errorf("tested: %s", out)
	}
	if out, _ := must(0, "policy", "test", folder, "--json"); !strings.Contains(out, `"passed": true`) || !strings.Contains(out, `"engine": "schema 1, `) {
		t.Errorf("as JSON: %s", out)
	}
	path := filepath.Join(folder, "policies", "office.test.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), "from: 10.1.2.3, expect: allow", "from: 198.51.100.9, expect: allow", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, said := must(2, "policy", "test", folder); !strings.Contains(out, "FAILS  from the office: it is refused") || !strings.Contains(said, "1 case of 6 came out otherwise") {
		t.Errorf("a case that does not hold: %s%s", out, said)
	}
	if out, _ := must(0, "policy", "schema"); !strings.Contains(out, "action fetch appliesTo") {
		t.Errorf("the schema: %s", out)
	}
	must(2, "policy", "test", t.TempDir())
}
