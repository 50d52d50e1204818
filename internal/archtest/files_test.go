package archtest_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// somewhere is a path that exists on one machine only. It is put together from
// pieces, so that it does not find itself.
var somewhere = regexp.MustCompile(`(^|[\s"'=(:])/(wo` + `rk|ho` + `me/[a-z]|Us` + `ers/[A-Za-z]|ro` + `ot/[a-z])[^\s"']*`)

// quiet is a testscript line that skips and says nothing.
var quiet = regexp.MustCompile(`(?m)^(\[[^\]]*\]\s*)*skip\s*$`)

func TestFilesNameNoMachine(t *testing.T) {
	tree := readTree(t)
	names, err := tracked(tree.root)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("cannot find any file")
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(tree.root, name))
		if err != nil {
			t.Logf("left out %s: %v", name, err) // a link, a socket, a file just deleted
			continue
		}
		report(t, checkFile(name, text))
	}
}

// tracked lists what git holds or would take in; without git, every file outside
// what .gitignore names at the root.
func tracked(root string) ([]string, error) {
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	cmd.Dir = root
	if out, err := cmd.Output(); err == nil && len(out) > 0 {
		return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00"), nil
	}
	var names []string
	skip := []string{".git", ".tools", "bin", "profiles"}
	err := filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, full)
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(skip, name):
			return fs.SkipDir
		case d.Type().IsRegular():
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	return names, err
}

func checkFile(name string, text []byte) (faults []string) {
	if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
		return nil // binary
	}
	for i, line := range strings.Split(string(text), "\n") {
		if found := somewhere.FindString(line); found != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: names a path of one machine: %s", name, i+1, strings.TrimSpace(found)))
		}
	}
	if ext := path.Ext(name); (ext == ".txtar" || ext == ".txt") && quiet.Match(text) {
		faults = append(faults, fmt.Sprintf("%s: skips without a reason", name))
	}
	return faults
}

func TestFileCheckerCanFail(t *testing.T) {
	mustFind(t, checkFile("a.md", []byte("fine: https://example.com/work\nsee /wo"+"rk/main/x\nin /ho"+"me/ann/src\n")), "a.md:2:", "a.md:3:")
	mustFind(t, checkFile("a.txtar", []byte("[!sshd] skip\nexec true\n")), "skips without a reason")
	mustFind(t, checkFile("b.txtar", []byte("[!sshd] skip 'no sshd here'\n")))
	mustFind(t, checkFile("a.bin", []byte("\x00 /ho"+"me/ann/src")))
}

// raceExempt start goroutines but run as processes or by hand only.
var raceExempt = []string{"internal/bench", "internal/demo"}

func TestRaceListIsComplete(t *testing.T) {
	tree := readTree(t)
	makefile, err := os.ReadFile(filepath.Join(tree.root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkRaceList(raceList(string(makefile)), rooms, tree.sources))
}

// raceList reads RACE_PACKAGES out of the Makefile.
func raceList(makefile string) []string {
	_, rest, _ := strings.Cut(strings.ReplaceAll(makefile, "\\\n", " "), "\nRACE_PACKAGES :=")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Fields(line)
}

func checkRaceList(list []string, table []room, sources []source) (faults []string) {
	for _, name := range list {
		if !slices.ContainsFunc(table, func(r room) bool { return r.path == name && !r.planned }) {
			faults = append(faults, fmt.Sprintf("Makefile: RACE_PACKAGES names %s, which is no room", name))
		}
	}
	reported := map[string]bool{}
	for _, s := range sources {
		dir := path.Dir(s.name)
		if s.test || reported[dir] || slices.Contains(list, dir) || slices.Contains(raceExempt, dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				reported[dir] = true
			}
			return true
		})
		if reported[dir] {
			faults = append(faults, fmt.Sprintf("%s: starts a goroutine but is not in the Makefile's RACE_PACKAGES", dir))
		}
	}
	return faults
}

func TestRaceListCheckerCanFail(t *testing.T) {
	tree := readTree(t)
	list := raceList("A := b\nRACE_PACKAGES := \\\n\tinternal/a \\\n\tinternal/b\nC := d\n")
	if !slices.Equal(list, []string{"internal/a", "internal/b"}) {
		t.Fatalf("raceList = %q", list)
	}
	busy := fixture(t, tree.fset, "internal/c/c.go", "package c\nfunc F() { go F() }\n")
	mustFind(t, checkRaceList(list, []room{{path: "internal/a"}}, []source{busy}),
		"Makefile: RACE_PACKAGES names internal/b", "internal/c: starts a goroutine")
}

// stamp is a variable that the linker sets. It says nothing when there is none.
var stamp = regexp.MustCompile(`-X \$\(MODULE\)/(\S+)\.(\w+)=`)

func TestStampedVariablesExist(t *testing.T) {
	tree := readTree(t)
	makefile, err := os.ReadFile(filepath.Join(tree.root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkStamps(string(makefile), tree.sources))
	here := fixture(t, tree.fset, "internal/a/a.go", "package a\n\nvar release, other = \"x\", \"y\"\n")
	mustFind(t, checkStamps("-X $(MODULE)/internal/a.version=1 -X $(MODULE)/internal/a.release=1", []source{here}),
		"internal/a.version")
	mustFind(t, checkStamps("", nil), "stamps no variable")
}

func checkStamps(makefile string, sources []source) (faults []string) {
	found := stamp.FindAllStringSubmatch(makefile, -1)
	if len(found) == 0 {
		return []string{"Makefile: stamps no variable"}
	}
	for _, f := range found {
		if !slices.ContainsFunc(sources, func(s source) bool { return !s.test && path.Dir(s.name) == f[1] && declares(s.file, f[2]) }) {
			faults = append(faults, fmt.Sprintf("Makefile: sets %s.%s, which no file declares", f[1], f[2]))
		}
	}
	return faults
}

func declares(file *ast.File, name string) bool {
	for _, d := range file.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if ok && slices.ContainsFunc(v.Names, func(i *ast.Ident) bool { return i.Name == name }) {
				return true
			}
		}
	}
	return false
}
