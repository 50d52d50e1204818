package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docsRoot is the module's folder, seen from here.
const docsRoot = "../.."

// pages lists README.md and every page that tells people what to type.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md"}
	for _, folder := range []string{"docs/tutorial", "docs/howto"} {
		names, err := filepath.Glob(filepath.Join(docsRoot, folder, "*.md"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no page in %s: %v", folder, err)
		}
		for _, name := range names {
			found = append(found, folder+"/"+filepath.Base(name))
		}
	}
	return found
}

// TestDocsCommands runs what README, tutorial and how-to pages tell people to
// type, page by page and in order, and compares what is printed with what the
// page says. Blocks that cannot be run say why; they are listed here.
func TestDocsCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real servers: left out by -short")
	}
	t.Parallel()
	bin := ok[string](t)(programs())
	for _, name := range pages(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(docsRoot, name))
			if err != nil {
				t.Fatal(err)
			}
			p, err := readPage(name, string(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, left := range p.left {
				t.Logf("%s:%d: not run: %s", name, left.line, left.why)
			}
			if p.nothing != "" {
				t.Logf("%s: nothing to run: %s", name, p.nothing)
			}
			if len(p.steps) == 0 {
				return
			}
			t.Parallel()
			t.Cleanup(slot())
			p.run(t, bin)
		})
	}
}

// link is a link within a page.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestDocsLinks demands that links between files of ours lead somewhere.
func TestDocsLinks(t *testing.T) {
	seen := 0
	check := func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, fragment, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				t.Errorf("%s: %s leads out of the repository", path, m[1])
				continue
			}
			seen++
			at := path
			if target != "" {
				at = filepath.Join(filepath.Dir(path), filepath.FromSlash(target))
			}
			if err := leads(at, fragment); err != "" {
				t.Errorf("%s: link %s: %s", path, m[1], err)
			}
		}
		return nil
	}
	for _, place := range []string{"README.md", "CHANGELOG.md", "HACKING.md", "SECURITY.md", "docs"} {
		if err := filepath.WalkDir(filepath.Join(docsRoot, place), check); err != nil {
			t.Error(err)
		}
	}
	if seen < 30 {
		t.Errorf("%d links were checked, at least 30 are there", seen)
	}
}

// leads says why a link leads nowhere; empty if it leads somewhere.
func leads(path, fragment string) string {
	text, err := os.ReadFile(path)
	if info, stat := os.Stat(path); stat == nil && info.IsDir() {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	if fragment == "" {
		return ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "#") && anchorOf(strings.TrimLeft(line, "# ")) == fragment {
			return ""
		}
	}
	return "there is no heading #" + fragment
}

// anchorOf is the fragment of a heading.
func anchorOf(heading string) string {
	keep := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(keep, " ", "-")
}

// TestReadmeIsShort: the first page stays one that people read.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docsRoot, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 150 || lines < 40 {
		t.Errorf("README.md has %d lines, 40 to 150 are wanted", lines)
	}
}
