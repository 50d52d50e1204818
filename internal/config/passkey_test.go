package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/config"
)

// TestPasskeysVerifyTheirUser: where a scenario wants the user verified, passkeys
// of the cell will do for everybody who asks and agrees, and become keys to sign.
func TestPasskeysVerifyTheirUser(t *testing.T) {
	folder := t.TempDir()
	copyTree(t, folder, "testdata/good/small")
	change := func(name string, edit func(string) string) {
		t.Helper()
		path := filepath.Join(folder, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		edited := edit(string(data))
		if edited == string(data) {
			t.Fatalf("%s: nothing was edited", name)
		}
		if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scenarios, err := os.ReadDir(filepath.Join(folder, "scenarios"))
	if err != nil || len(scenarios) != 1 {
		t.Fatalf("%d scenarios: %v", len(scenarios), err)
	}
	change(filepath.Join("scenarios", scenarios[0].Name()), func(text string) string {
		return strings.Replace(text, "alarms:", "controls: { mfa: user-verified }\nalarms:", 1)
	})
	if problems := config.Lint(folder); len(problems) == 0 {
		t.Error("keys of possession are enough for mfa: user-verified")
	}
	people := []string{"anna", "ben", "cara", "dan"}
	change("cell.yaml", func(text string) string {
		for _, person := range people {
			text = strings.Replace(text, " "+person+"@laptop]", " "+person+"@laptop, "+passkeytest.New(person, "halligan.example.com").Line()+" "+person+"@phone]", 1)
		}
		return text
	})
	for _, p := range config.Lint(folder) {
		t.Errorf("with passkeys: %v", p)
	}
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	bundle, err := config.Compile(folder, machineKeys(t, "halligan.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	for i, person := range people {
		if got := bundle.Genesis.People[i].Keys[1].Line; got != passkeytest.New(person, "halligan.example.com").Line() {
			t.Errorf("%s signs with %s", person, got)
		}
	}
}
