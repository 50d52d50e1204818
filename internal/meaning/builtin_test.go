package meaning_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/internal/config"
)

// builtinRoles is how many of the scenarios that come with the program open a role.
const builtinRoles = 7

// builtin are the roles of the scenarios that come with the program, filled in for an
// account as `halligan scenario add --account` does.
func builtin(t *testing.T) []side {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "cell")
	if err := os.CopyFS(folder, os.DirFS("../config/testdata/good/aws")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(folder, "scenarios")); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cell, err := os.ReadFile(filepath.Join(folder, config.CellFile))
	if err != nil {
		t.Fatal(err)
	}
	write(config.CellFile, bytes.Replace(cell, []byte("groups:\n"), []byte("groups:\n  managers: [ben, dan]\n"), 1))
	all, err := config.Builtins()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.Role == "" {
			continue
		}
		filling, err := config.Filling{Account: "prod"}.For(folder, b.ID)
		if err != nil {
			t.Fatal(b.ID, err)
		}
		scenario, err := filling.Scenario(b.ID)
		if err != nil {
			t.Fatal(b.ID, err)
		}
		name, policy, err := filling.Policy(b.ID)
		if err != nil {
			t.Fatal(b.ID, err)
		}
		write(name, policy)
		write(config.ScenariosDir+"/"+b.ID+".yaml", scenario)
	}
	document, err := config.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	var sides []side
	for _, scenario := range document.Scenarios {
		sides = append(sides, written(t, document.Genesis, "prod", scenario))
	}
	if len(sides) != builtinRoles {
		t.Fatalf("%d scenarios that come with the program open a role, %d are known", len(sides), builtinRoles)
	}
	return sides
}
