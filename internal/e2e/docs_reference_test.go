package e2e_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// table gives the rows of the table below a heading of a reference page, cell by
// cell, without the two lines of its head.
func table(t *testing.T, page, heading string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docsRoot, "docs", "reference", page))
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	var rows [][]string
	for _, line := range strings.Split(below, "\n") {
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	if len(rows) < 2 {
		t.Fatalf("%s has no table below %q", page, heading)
	}
	return slices.DeleteFunc(rows[1:], func(cells []string) bool { return strings.Trim(cells[0], "-") == "" })
}

// agree demands that the first columns of a table are what the code gives, row
// by row, and that the others say something.
func agree(t *testing.T, page, heading string, want [][]string) {
	t.Helper()
	rows := table(t, page, heading)
	wrong := len(rows) != len(want) || len(want) == 0
	for i := 0; i < len(rows) && i < len(want); i++ {
		n := len(want[i])
		if len(rows[i]) < n || !slices.Equal(rows[i][:n], want[i]) {
			t.Errorf("%s, %s: the page says\n%s\nthe code\n%s", page, heading, strings.Join(rows[i], " | "), strings.Join(want[i], " | "))
			wrong = true
		} else if slices.Contains(rows[i][n:], "") {
			t.Errorf("%s, %s: a cell of %s is empty", page, heading, rows[i][0])
		}
	}
	if wrong {
		var b strings.Builder
		for _, cells := range want {
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
		t.Errorf("%s, %s: %d rows, the code gives %d:\n%s", page, heading, len(rows), len(want), b.String())
	}
}

func code(text string) string { return "`" + text + "`" }

// TestReferenceOfRoutes: docs/reference/api.md has every route and its access.
func TestReferenceOfRoutes(t *testing.T) {
	var want [][]string
	for _, r := range api.Routes() {
		want = append(want, []string{code(r.Method + " " + r.Path), string(r.Access)})
	}
	agree(t, "api.md", "Routes", want)
	agree(t, "api.md", "Before the cell is sealed", [][]string{
		{code("GET " + client.JoinPath)}, {code("POST " + client.JoinGenesisPath)}, {code("POST " + client.JoinSignPath)},
	})
}

// bodies is a body of each kind.
var bodies = map[statement.Kind]statement.Body{
	statement.KindFound: &statement.Found{}, statement.KindSession: &statement.Session{}, statement.KindRequest: &statement.Request{},
	statement.KindDecision: &statement.Decision{}, statement.KindWithdraw: &statement.Withdraw{}, statement.KindFetch: &statement.Fetch{},
	statement.KindRelease: &statement.Release{}, statement.KindStop: &statement.Stop{}, statement.KindAttest: &statement.Attest{},
	statement.KindChange: &statement.Change{}, statement.KindUpgrade: &statement.Upgrade{},
	statement.KindSeal: &statement.Seal{}, statement.KindShare: &statement.Share{}, statement.KindRotate: &statement.Rotate{},
	statement.KindInspect: &statement.Inspect{}, statement.KindReview: &statement.Review{}, statement.KindSignOff: &statement.SignOff{},
	statement.KindClock: &statement.Clock{}, statement.KindEpoch: &statement.Epoch{}, statement.KindExtend: &statement.Extend{}, statement.KindVouch: &statement.Vouch{},
	statement.KindWitnessedOutage: &statement.WitnessedOutage{}, statement.KindSolo: &statement.Solo{},
	statement.KindReconcile: &statement.Reconcile{},
	statement.KindRecover:   &statement.Recover{}, statement.KindCancel: &statement.Cancel{},
	statement.KindSuspend: &statement.Suspend{}, statement.KindLift: &statement.Lift{},
}

// TestReferenceOfStatements: docs/reference/statements.md has the table of kinds
// and the members of each.
func TestReferenceOfStatements(t *testing.T) {
	var want, members [][]string
	for _, r := range cell.Rules() {
		want = append(want, []string{code(string(r.Kind)), r.Who, string(r.Signer), string(r.Least), code(r.Stream), r.Verb})
		of := reflect.TypeOf(bodies[r.Kind]).Elem()
		var names []string
		for _, field := range reflect.VisibleFields(of) {
			if field.Anonymous { // its members are this body's
				continue
			}
			name, omitted, _ := strings.Cut(field.Tag.Get("json"), ",")
			if strings.HasPrefix(omitted, "omit") {
				name += "?"
			}
			names = append(names, code(name))
		}
		members = append(members, []string{code(string(r.Kind)), strings.Join(names, ", ")})
	}
	agree(t, "statements.md", "Kinds", want)
	agree(t, "statements.md", "Members of each kind", members)
}

// TestReferenceOfErrors: docs/reference/errors.md has every reason with status
// and hint, and every class of fault.
func TestReferenceOfErrors(t *testing.T) {
	reasons, of := constants(t, "cell/refusal.go"), rowsOf(t)
	var rules, own, signatures, passkeys, securityKeys, faults [][]string
	for _, c := range reasons {
		row, ok := of[c.name]
		if !ok {
			t.Errorf("the API has no row for %s", c.name)
			continue
		}
		delete(of, c.name)
		rules = append(rules, []string{code(c.text), strconv.Itoa(row.status), row.title, row.hint})
	}
	if len(of) > 0 {
		t.Errorf("the API has rows for reasons that the rules do not have: %v", of)
	}
	for _, c := range constants(t, "api/problem.go") {
		if strings.HasPrefix(c.name, "reason") {
			own = append(own, []string{code(c.text)})
		}
	}
	for _, c := range constants(t, "authn/sshsig/refusal.go") {
		signatures = append(signatures, []string{code(c.text)})
	}
	for _, c := range constants(t, "authn/passkey/refusal.go") {
		passkeys = append(passkeys, []string{code(c.text)})
	}
	for _, c := range constants(t, "authn/securitykey/refusal.go") {
		securityKeys = append(securityKeys, []string{code(c.text)})
	}
	for _, class := range verify.Classes {
		faults = append(faults, []string{code(string(class.Class)), class.Means})
	}
	agree(t, "errors.md", "Reasons of the rules", rules)
	agree(t, "errors.md", "Reasons of the API", own)
	agree(t, "errors.md", "Reasons of signatures and keys", signatures)
	agree(t, "errors.md", "Reasons of passkeys", passkeys)
	agree(t, "errors.md", "Reasons of security keys", securityKeys)
	agree(t, "errors.md", "Faults of evidence", faults)
}

// constant is a string constant of a source file.
type constant struct{ name, text string }

// constants lists the string constants of a file below internal, in order.
func constants(t *testing.T, file string) (all []constant) {
	t.Helper()
	for _, decl := range parsed(t, file).Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			values := spec.(*ast.ValueSpec)
			for i, value := range values.Values {
				if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					all = append(all, constant{values.Names[i].Name, unquoted(lit)})
				}
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no constants", file)
	}
	return all
}

func parsed(t *testing.T, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", filepath.FromSlash(file)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func unquoted(lit *ast.BasicLit) string {
	text, _ := strconv.Unquote(lit.Value)
	return text
}

// problemRow is how the API says a refusal.
type problemRow struct {
	status      int
	title, hint string
}

// rowsOf reads the API's table of refusals, by the name of the reason.
func rowsOf(t *testing.T) map[string]problemRow {
	t.Helper()
	known := map[string]string{}
	for _, c := range constants(t, "api/refusal.go") {
		known[c.name] = c.text
	}
	found := map[string]problemRow{}
	ast.Inspect(parsed(t, "api/refusal.go"), func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		reason, isReason := pair.Key.(*ast.SelectorExpr)
		cells, isRow := pair.Value.(*ast.CompositeLit)
		if isReason && isRow && len(cells.Elts) == 3 {
			found[reason.Sel.Name] = problemRow{statusOf(t, cells.Elts[0]), textOf(known, cells.Elts[1]), textOf(known, cells.Elts[2])}
		}
		return true
	})
	if len(found) == 0 {
		t.Fatal("the API's table of refusals cannot be found")
	}
	return found
}

// textOf is a string expression of literals and constants; "–" for none.
func textOf(known map[string]string, e ast.Expr) string {
	var text func(ast.Expr) string
	text = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			return unquoted(e)
		case *ast.Ident:
			return known[e.Name]
		case *ast.BinaryExpr:
			return text(e.X) + text(e.Y)
		}
		return fmt.Sprintf("%T", e)
	}
	if found := text(e); found != "" {
		return found
	}
	return "–"
}

// statusOf is the number of a constant http.Status….
func statusOf(t *testing.T, e ast.Expr) int {
	t.Helper()
	name := e.(*ast.SelectorExpr).Sel.Name
	for status := 100; status < 600; status++ {
		if "Status"+regexp.MustCompile(`[^A-Za-z]`).ReplaceAllString(http.StatusText(status), "") == name {
			return status
		}
	}
	t.Fatalf("nobody knows %s", name)
	return 0
}
