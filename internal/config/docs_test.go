package config_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/config"
)

// sample is a YAML block of a page whose first line names a file of ours.
var sample = regexp.MustCompile("(?ms)^```yaml\n# (cell\\.yaml|server\\.yaml|scenarios/[^\n]*\\.yaml)\n.*?^```$")

// samples finds the sample files of a page: name → text.
func samples(page []byte) map[string]string {
	found := make(map[string]string)
	for _, m := range sample.FindAllSubmatch(page, -1) {
		text := strings.TrimPrefix(string(m[0]), "```yaml\n")
		found[string(m[1])] = strings.TrimSuffix(text, "```")
	}
	return found
}

// TestSampleFilesOfTheDocs lints every sample in README.md and docs. A page's
// scenarios belong to its own cell, or else to that of the reference.
func TestSampleFilesOfTheDocs(t *testing.T) {
	const root = "../.."
	reference := samples(readFile(t, root+"/docs/reference/cell-yaml.md"))
	for name, text := range samples(readFile(t, root+"/docs/reference/scenario-yaml.md")) {
		reference[name] = text
	}
	seen := 0
	check := func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		found := samples(readFile(t, path))
		if len(found) > 0 {
			seen += len(found)
			lintSamples(t, path, found, reference)
		}
		return nil
	}
	for _, place := range []string{"README.md", "docs"} {
		if err := filepath.WalkDir(filepath.Join(root, place), check); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if seen < 3 {
		t.Errorf("%d samples in the docs, at least 3", seen)
	}
}

func lintSamples(t *testing.T, page string, found, reference map[string]string) {
	t.Helper()
	folder := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, own := found[config.CellFile]; !own {
		write(config.CellFile, reference[config.CellFile])
	}
	scenarios := 0
	for name, text := range found {
		write(name, text)
		if strings.HasPrefix(name, config.ScenariosDir) {
			scenarios++
		}
	}
	if scenarios == 0 {
		for name, text := range reference {
			if strings.HasPrefix(name, config.ScenariosDir) {
				write(name, text)
			}
		}
	}
	for _, secret := range regexp.MustCompile(`(?:secret|password|authorization)_file: (\S+)`).FindAllStringSubmatch(found[config.ServerFile], -1) {
		write(secret[1], secretText)
	}
	for _, p := range config.Lint(folder) {
		t.Errorf("%s: %v", page, p)
	}
}

// TestReferenceNamesEveryKey: a key that people cannot read about does not exist.
func TestReferenceNamesEveryKey(t *testing.T) {
	for kind, page := range map[config.Kind]string{
		config.CellKind: "cell-yaml.md", config.ScenarioKind: "scenario-yaml.md", config.ServerKind: "server-yaml.md",
		config.WitnessKind: "witness-yaml.md",
	} {
		text := string(readFile(t, "../../docs/reference/"+page))
		for _, key := range config.Keys(kind) {
			_, leaf, nested := strings.Cut(key, "quorum[].")
			if nested {
				key = leaf
			}
			if !strings.Contains(text, "`"+key) {
				t.Errorf("%s does not name %s", page, key)
			}
		}
	}
}
