package archtest_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// hidden are functions, methods and variables that read the clock, randomness or
// the machine without their package being banned from a pure room. A method is
// written with its type.
var hidden = map[string][]string{
	"time": {"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep",
		"LoadLocation", "Local", "Time.Local"},
	"context":        {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
	"crypto/ed25519": {"GenerateKey"},
	"crypto/ecdsa":   {"GenerateKey"},
	"crypto/ecdh":    {"Curve.GenerateKey"},
	"runtime":        {"Gosched", "NumGoroutine", "NumCPU", "GOMAXPROCS"},
}

func TestPureRoomsHaveNoClock(t *testing.T) {
	tree := readTree(t)
	look, paths := newChecker(tree.fset), []string{}
	for _, r := range rooms {
		if r.kind == pure && slices.ContainsFunc(tree.pkgs, func(p pkg) bool { return p.path() == r.path }) {
			paths = append(paths, r.path)
		}
	}
	if len(paths) == 0 {
		t.Fatal("cannot find any pure room")
	}
	args := []string{"-export", "-deps", "-json=ImportPath,Export"}
	for _, path := range paths {
		args = append(args, "./"+path)
	}
	if err := look.learn(tree.root, args); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		var files []*ast.File
		for _, s := range tree.sources {
			if !s.test && s.name[:strings.LastIndex(s.name, "/")] == path {
				files = append(files, s.file)
			}
		}
		faults, err := look.check(path, files)
		if err != nil {
			t.Fatal(err)
		}
		report(t, faults)
	}
}

// checker type-checks packages against the compiler's export data.
type checker struct {
	fset    *token.FileSet
	exports map[string]string // import path → file
}

func newChecker(fset *token.FileSet) checker { return checker{fset, map[string]string{}} }

func (c checker) learn(root string, args []string) error {
	pkgs, err := goList(root, args...)
	for _, p := range pkgs {
		c.exports[p.ImportPath] = p.Export
	}
	return err
}

// check reports each use of something hidden, and each goroutine.
func (c checker) check(path string, files []*ast.File) (faults []string, err error) {
	lookup := func(path string) (io.ReadCloser, error) {
		if c.exports[path] == "" {
			return nil, fmt.Errorf("cannot find export data of %s", path)
		}
		return os.Open(c.exports[path])
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(c.fset, "gc", lookup)}
	if _, err := config.Check(module+"/"+path, c.fset, files, info); err != nil {
		return nil, fmt.Errorf("cannot type-check %s: %w", path, err)
	}
	for ident, object := range info.Uses {
		if object.Pkg() == nil {
			continue
		}
		name := qualified(object)
		if slices.Contains(hidden[object.Pkg().Path()], name) {
			faults = append(faults, fmt.Sprintf("%s: pure room uses %s.%s", c.fset.Position(ident.Pos()), object.Pkg().Path(), name))
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				faults = append(faults, fmt.Sprintf("%s: pure room starts a goroutine", c.fset.Position(g.Pos())))
			}
			return true
		})
	}
	return faults, nil
}

// qualified is a package-level name, or Type.Name for a method; a field or a
// local name is nothing.
func qualified(object types.Object) string {
	if f, ok := object.(*types.Func); ok {
		if receiver := f.Signature().Recv(); receiver != nil {
			of := receiver.Type()
			if pointer, ok := of.(*types.Pointer); ok {
				of = pointer.Elem()
			}
			if named, ok := of.(*types.Named); ok {
				return named.Obj().Name() + "." + f.Name()
			}
			return ""
		}
	}
	if object.Parent() == object.Pkg().Scope() {
		return object.Name()
	}
	return ""
}

func TestClockCheckerCanFail(t *testing.T) {
	fset := token.NewFileSet()
	look := newChecker(fset)
	if err := look.learn(".", []string{"-export", "-deps", "-json=ImportPath,Export", "time", "context"}); err != nil {
		t.Fatal(err)
	}
	bad := fixture(t, fset, "bad.go", `package bad
import (
	"context"
	clock "time"
)
type fake struct{}
func (fake) Now() int { return 0 }
var ticking = clock.Now
func F(ctx context.Context, at clock.Time) (clock.Duration, string) {
	_, cancel := context.WithTimeout(ctx, clock.Second)
	cancel()
	go fake{}.Now()
	return clock.Since(at), at.Add(clock.Hour).Local().String()
}
`)
	faults, err := look.check("bad", []*ast.File{bad.file})
	if err != nil {
		t.Fatal(err)
	}
	mustFind(t, faults, "bad.go:10:", "goroutine", "time.Since", "time.Time.Local", "time.Now")
}
