package archtest_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// limit is where a size asks why (an exception with its reason) and where it stops.
type limit struct{ ask, stop int }

var limits = map[string]limit{
	"file":       {400, 600}, // lines
	"function":   {60, 80},   // lines, from func to its closing brace
	"parameters": {4, 5},     // beyond five: a struct
	"imports":    {8, 16},    // rooms of ours that one room names
	"main":       {20, 20},   // lines of func main below cmd
}

// exception allows one place to pass its limit, up to the stop. `where` is the
// file below the module, "file.go: Func" or "file.go: Type.Method", or the room.
type exception struct{ rule, where, why string }

// exceptions shrinks over time: one that nothing needs fails.
var exceptions = []exception{
	{"parameters", "internal/ledger/proof.go: CheckConsistency", "RFC 6962 gives this check exactly these five values"},
	{"parameters", "internal/api/problem.go: problem", "these are the members of a problem (RFC 9457), each needed"},
	{"parameters", "internal/verify/trail.go: examination.follow", "an entry, where it stands and what came of it"},
	{"imports", "internal/cli", "one command for every room that people touch; it decides nothing"},
	{"imports", "internal/broker/brokertest", "wires a whole broker for tests"},
	{"imports", "internal/api", "it answers with types of every room of the law, and describes them"},
	{"imports", "internal/bench", "it measures every room, and starts what it measures"},
	{"parameters", "internal/ledger/proof.go: CheckInclusion", "RFC 6962 gives this check exactly these five values"},
}

// withoutImportLimit is the one place that wires.
const withoutImportLimit = "internal/server"

// lawRooms stay under lawLines lines of code together, comments and tests aside.
var lawRooms = []string{"internal/access", "internal/roster", "internal/custody", "internal/practice", "internal/cell"}

// Why it is no longer 4,000: docs/decision/0011-the-law-grows-by-kinds.md.
const lawLines = 11_809

// policyLines bound the room that judges conditions, which the law asks one question.
const policyLines = 520

// size is one thing measured.
type size struct {
	rule, where string
	count       int
}

func TestSizes(t *testing.T) {
	tree := readTree(t)
	report(t, checkSizes(limits, exceptions, measure(tree.fset, tree.sources, tree.pkgs)))
}

func TestLawIsShort(t *testing.T) {
	tree := readTree(t)
	total := 0
	for _, s := range tree.sources {
		if !s.test && slices.Contains(lawRooms, path.Dir(s.name)) {
			total += codeLines(s.text)
		}
	}
	t.Logf("the pure law has %d lines", total)
	if total == 0 || total >= lawLines {
		t.Errorf("the pure law has %d lines of code, want between 1 and %d", total, lawLines-1)
	}
	total = 0
	for _, s := range tree.sources {
		if !s.test && path.Dir(s.name) == "internal/policy" {
			total += codeLines(s.text)
		}
	}
	t.Logf("what judges conditions has %d lines", total)
	if total == 0 || total >= policyLines {
		t.Errorf("what judges conditions has %d lines of code, want between 1 and %d", total, policyLines-1)
	}
}

func measure(fset *token.FileSet, sources []source, pkgs []pkg) (sizes []size) {
	for _, s := range sources {
		if s.test {
			continue
		}
		sizes = append(sizes, size{"file", s.name, bytes.Count(s.text, []byte("\n"))})
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			where := s.name + ": " + funcName(f)
			lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
			sizes = append(sizes, size{"function", where, lines}, size{"parameters", where, f.Type.Params.NumFields()})
			if strings.HasPrefix(s.name, "cmd/") && where == s.name+": main" {
				sizes = append(sizes, size{"main", where, lines})
			}
		}
	}
	for _, p := range pkgs {
		ours := 0
		for _, i := range p.Imports {
			if strings.HasPrefix(i, module+"/") {
				ours++
			}
		}
		if p.path() != withoutImportLimit {
			sizes = append(sizes, size{"imports", p.path(), ours})
		}
	}
	return sizes
}

// funcName is Func, or Type.Method without stars and type parameters.
func funcName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	for {
		switch x := of.(type) {
		case *ast.StarExpr:
			of = x.X
		case *ast.IndexExpr:
			of = x.X
		case *ast.IndexListExpr:
			of = x.X
		case *ast.Ident:
			return x.Name + "." + f.Name.Name
		default:
			return f.Name.Name
		}
	}
}

func checkSizes(limits map[string]limit, exceptions []exception, sizes []size) (faults []string) {
	needed := map[int]bool{}
	for _, s := range sizes {
		l := limits[s.rule]
		excused := slices.IndexFunc(exceptions, func(e exception) bool { return e.rule == s.rule && e.where == s.where })
		switch {
		case s.count > l.stop:
			faults = append(faults, fmt.Sprintf("%s: %s is %d, never over %d", s.where, s.rule, s.count, l.stop))
		case s.count > l.ask && excused < 0:
			faults = append(faults, fmt.Sprintf("%s: %s is %d, over %d asks why: split it, or name it with a reason in internal/archtest/size_test.go", s.where, s.rule, s.count, l.ask))
		case s.count > l.ask:
			needed[excused] = true
		}
	}
	for i, e := range exceptions {
		if !needed[i] {
			faults = append(faults, fmt.Sprintf("%s: exception for %s is needed no more", e.where, e.rule))
		}
		if len(strings.Fields(e.why)) < 4 {
			faults = append(faults, fmt.Sprintf("%s: exception for %s has no reason", e.where, e.rule))
		}
	}
	return faults
}

// codeLines counts lines that hold a token other than a comment.
func codeLines(text []byte) int {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	lines := map[int]bool{}
	for {
		at, tok, literal := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue
		}
		first := file.Line(at)
		for i := range 1 + strings.Count(literal, "\n") {
			lines[first+i] = true
		}
	}
}

func TestSizeCheckerCanFail(t *testing.T) {
	fset := token.NewFileSet()
	body := strings.Repeat("\tprintln()\n", 11)
	long := "package a\n\nfunc (l *List[T]) Long(a, b int, c string) {\n" + body + "}\n\nfunc Wide(int, int, int) {}\n"
	sources := []source{fixture(t, fset, "internal/a/long.go", long), fixture(t, fset, "internal/a/long_test.go", long),
		fixture(t, fset, "cmd/b/main.go", "package main\n\nfunc main() {\n"+body+"}\n")}
	pkgs := []pkg{{ImportPath: module + "/internal/a", Imports: []string{"fmt", module + "/x", module + "/y"}}}
	small := map[string]limit{"file": {12, 99}, "function": {5, 10}, "parameters": {2, 3}, "imports": {1, 3}, "main": {5, 5}}
	mustFind(t, checkSizes(small, []exception{
		{"file", "internal/a/long.go", "the table reads best in one piece"},
		{"parameters", "internal/a/long.go: Wide", "because"},
		{"function", "internal/a/gone.go: Gone", "it was long once, long ago"},
	}, measure(fset, sources, pkgs)),
		"cmd/b/main.go: file is 15, over 12 asks why",
		"cmd/b/main.go: main: function is 13, never over 10",
		"cmd/b/main.go: main: main is 13, never over 5",
		"internal/a/gone.go: Gone: exception for function is needed no more",
		"internal/a/long.go: List.Long: function is 13, never over 10",
		"internal/a/long.go: List.Long: parameters is 3, over 2 asks why",
		"internal/a/long.go: Wide: exception for parameters has no reason",
		"internal/a: imports is 2, over 1 asks why",
	)
	if got := codeLines([]byte("// one\npackage a // two\n\n/* three\nfour */\nvar x = `five\nsix`\n")); got != 3 {
		t.Errorf("codeLines = %d, want 3", got)
	}
}
