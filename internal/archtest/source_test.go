package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// vague are names that say nothing; a room is called after what it holds.
var vague = []string{"core", "util", "utils", "common", "helper", "helpers", "manager", "base", "model", "models",
	"type", "types", "pkg", "misc", "shared", "lib", "impl"}

// unfinished is put together from pieces, so that it does not find itself.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

func TestRoomsAreNamed(t *testing.T) {
	report(t, checkNames(readTree(t).pkgs))
	mustFind(t, checkNames([]pkg{
		{ImportPath: module + "/internal/util/text", Name: "text"},
		{ImportPath: module + "/internal/roster", Name: "types"},
		{ImportPath: module + "/internal/cell", Name: "cell"},
	}), `"types" says nothing`, `"util" says nothing`)
}

func checkNames(pkgs []pkg) (faults []string) {
	for _, p := range pkgs {
		for _, word := range append(strings.Split(p.path(), "/"), p.Name) {
			if slices.Contains(vague, word) {
				faults = append(faults, fmt.Sprintf("%s: the name %q says nothing", p.path(), word))
				break
			}
		}
	}
	return faults
}

func TestRoomsHaveDocGo(t *testing.T) {
	tree := readTree(t)
	report(t, checkDocs(tree.pkgs, tree.sources))
	fset := token.NewFileSet()
	src := func(name, text string) source { return fixture(t, fset, name, text) }
	mustFind(t, checkDocs([]pkg{
		{ImportPath: module + "/a", Name: "a"}, {ImportPath: module + "/b", Name: "b"},
		{ImportPath: module + "/c", Name: "c"}, {ImportPath: module + "/d", Name: "d"},
		{ImportPath: module + "/m", Name: "main"},
	}, []source{
		src("a/a.go", "// Package a is good.\npackage a\n"),
		src("b/b.go", "package b\n"), src("b/doc.go", "// Package b is it.\npackage b\n"),
		src("c/c.go", "package c\n"), src("c/doc.go", "// Package c holds.\n//\n// Read c.go first.\npackage c\n"),
		src("d/d.go", "package d\n"), src("d/doc.go", "// Package d holds.\n//\n// Read c.go first.\npackage d\n"),
		src("m/main.go", "package main\n"),
	}), "a: has no doc.go", "b: doc.go names no file of the room to read first", "d: doc.go names no file")
}

// checkDocs wants a doc.go in each room, naming the file to read first. A room
// of doc.go alone has nothing to name.
func checkDocs(pkgs []pkg, sources []source) (faults []string) {
	for _, p := range pkgs {
		if p.Name == "main" {
			continue
		}
		var doc string
		var files []string
		for _, s := range sources {
			switch {
			case path.Dir(s.name) != p.path():
			case path.Base(s.name) == "doc.go":
				doc = s.file.Doc.Text()
			default:
				files = append(files, path.Base(s.name))
			}
		}
		switch {
		case doc == "":
			faults = append(faults, fmt.Sprintf("%s: has no doc.go with a package comment", p.path()))
		case len(files) > 0 && !slices.ContainsFunc(files, func(f string) bool { return strings.Contains(doc, f) }):
			faults = append(faults, fmt.Sprintf("%s: doc.go names no file of the room to read first", p.path()))
		}
	}
	return faults
}

func TestSourceHabits(t *testing.T) {
	tree := readTree(t)
	for _, s := range tree.sources {
		report(t, checkSource(tree.fset, s))
	}
}

// checkSource judges one file by its syntax.
func checkSource(fset *token.FileSet, s source) (faults []string) {
	fault := func(n ast.Node, text string) {
		at := fset.Position(n.Pos())
		faults = append(faults, fmt.Sprintf("%s:%d: %s", s.name, at.Line, text))
	}
	for i, line := range strings.Split(string(s.text), "\n") {
		if word := unfinished.FindString(line); word != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: %s: finish it or open an issue", s.name, i+1, word))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncDecl:
			if !s.test && x.Recv == nil && x.Name.Name == "init" {
				fault(x, "init() hides work: call it from where it is needed")
			}
		case *ast.CallExpr:
			name, receiver := called(x)
			switch {
			case s.test && silentSkip(name, x.Args):
				fault(x, name+" prints no reason")
			case !s.test && receiver == "strings" && slices.ContainsFunc(x.Args, isErrorText):
				fault(x, "matches the text of an error: use errors.Is or errors.As")
			}
		}
		return true
	})
	return faults
}

// called gives the method or function name of a call and the identifier before it.
func called(call *ast.CallExpr) (name, receiver string) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	if ident, ok := selector.X.(*ast.Ident); ok {
		receiver = ident.Name
	}
	return selector.Sel.Name, receiver
}

func silentSkip(name string, args []ast.Expr) bool {
	switch name {
	case "SkipNow":
		return true
	case "Skip", "Skipf":
		if len(args) == 0 {
			return true
		}
		literal, ok := args[0].(*ast.BasicLit)
		return ok && strings.Trim(literal.Value, "\"` ") == ""
	}
	return false
}

func isErrorText(arg ast.Expr) bool {
	call, ok := arg.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, receiver := called(call)
	return name == "Error" && len(call.Args) == 0 && receiver != ""
}

func TestSourceCheckerCanFail(t *testing.T) {
	fset := token.NewFileSet()
	mustFind(t, checkSource(fset, fixture(t, fset, "a.go", `package a
func init() {}
func F(err error) bool { return strings.Contains(err.Error(), "no") }
// TO`+`DO later
func G(s string) bool { return strings.Contains(s, "no") }
`)), "a.go:2: init", "a.go:3: matches the text", "a.go:4:")
	mustFind(t, checkSource(fset, fixture(t, fset, "a_test.go", `package a
func init() {}
func TestX(t *testing.T) {
	t.Skip()
	t.Skip("")
	t.SkipNow()
	t.Skip("no sshd here")
	t.Skipf("no %s here", "sshd")
}
`)), "a_test.go:4: Skip", "a_test.go:5: Skip", "a_test.go:6: SkipNow")
}
