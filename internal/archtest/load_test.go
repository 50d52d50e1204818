package archtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
)

// pkg is what `go list` says about one package.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Doc        string
	Export     string
	GoFiles    []string
	TestFiles  []string `json:"TestGoFiles"`
	XTestFiles []string `json:"XTestGoFiles"`
	Imports    []string
	Deps       []string
}

// path is the package's place below the module.
func (p pkg) path() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

// source is one parsed Go file of ours.
type source struct {
	name string // below the module's root, with slashes
	test bool
	text []byte
	file *ast.File
}

// tree is the module as it stands, read once for all tests.
type tree struct {
	root    string
	pkgs    []pkg
	fset    *token.FileSet
	sources []source
}

var theTree = sync.OnceValues(load)

func readTree(t *testing.T) tree {
	t.Helper()
	read, err := theTree()
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func load() (tree, error) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return tree{}, err
	}
	pkgs, err := goList(root, "-json=ImportPath,Name,Dir,Doc,GoFiles,TestGoFiles,XTestGoFiles,Imports", "./...")
	if err != nil {
		return tree{}, err
	}
	read := tree{root: root, pkgs: pkgs, fset: token.NewFileSet()}
	for _, p := range pkgs {
		for _, name := range p.GoFiles {
			err = errors.Join(err, read.add(p, name, false))
		}
		for _, name := range append(append([]string{}, p.TestFiles...), p.XTestFiles...) {
			err = errors.Join(err, read.add(p, name, true))
		}
	}
	if err == nil && len(read.sources) == 0 {
		err = errors.New("cannot find any Go file: the tests below would prove nothing")
	}
	return read, err
}

func (r *tree) add(p pkg, name string, test bool) error {
	full := filepath.Join(p.Dir, name)
	text, err := os.ReadFile(full)
	if err != nil {
		return err
	}
	s, err := parse(r.fset, p.path()+"/"+name, string(text))
	s.test = test
	r.sources = append(r.sources, s)
	return err
}

// parse reads one file; the fixtures of the tests come in the same way.
func parse(fset *token.FileSet, name, text string) (source, error) {
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return source{name: name, text: []byte(text), file: file}, err
}

// goList runs `go list` in dir and decodes its stream of objects.
func goList(dir string, args ...string) ([]pkg, error) {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list packages: %w: %s", err, stderr.String())
	}
	var pkgs []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
}

// report fails the test with one line for each fault.
func report(t *testing.T, faults []string) {
	t.Helper()
	sort.Strings(faults)
	for _, fault := range faults {
		t.Error(fault)
	}
}

// mustFind fails unless the checker found exactly the faults that hold these
// words, in order: the proof that it can fail, and that it fails for the cause.
func mustFind(t *testing.T, faults []string, words ...string) {
	t.Helper()
	sort.Strings(faults)
	if len(faults) != len(words) {
		t.Fatalf("found %d faults, want %d:\n%s", len(faults), len(words), strings.Join(faults, "\n"))
	}
	for i, word := range words {
		if !strings.Contains(faults[i], word) {
			t.Errorf("fault %q does not speak of %q", faults[i], word)
		}
	}
}

// fixture parses one file held in memory.
func fixture(t *testing.T, fset *token.FileSet, name, text string) source {
	t.Helper()
	s, err := parse(fset, name, text)
	if err != nil {
		t.Fatal(err)
	}
	s.test = strings.HasSuffix(name, "_test.go")
	return s
}
