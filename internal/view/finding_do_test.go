package view_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/view"
)

// declared are the kinds of finding that the sources declare.
func declared(t *testing.T) []view.FindingKind {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []view.FindingKind
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "FindingKind" {
				return true
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, view.FindingKind(text))
			return true
		})
	}
	return kinds
}

// TestEveryFindingSaysWhatToDo holds the table of answers to the kinds that there are.
func TestEveryFindingSaysWhatToDo(t *testing.T) {
	kinds := declared(t)
	if len(kinds) < 15 {
		t.Fatalf("only %d kinds were found in the sources", len(kinds))
	}
	slices.Sort(kinds)
	same(t, "kinds", slices.Sorted(maps.Keys(view.AnswersOfFindings())), kinds)
	for kind, do := range view.AnswersOfFindings() {
		if do == "" || strings.Contains(do, "%!") {
			t.Errorf("%s: %q", kind, do)
		}
	}
}

// TestFindingsAreAnswered: each says how soon and what to do; to whoever may not see
// the request, whom to tell and nothing of the target.
func TestFindingsAreAnswered(t *testing.T) {
	s := sample(t)
	id := s.fetched("1", "db-1")
	s.do(s.Stop("sue", id))
	s.heard()
	s.later(10 * 60 * 1e9)
	of := func(viewer string) view.Finding {
		found := s.View.Findings(viewer, s.at()).Findings
		if len(found) == 0 || found[0].Kind != view.FindingOverdue {
			t.Fatalf("%+v", found)
		}
		return found[0]
	}
	sam, bob := of("sam"), of("bob")
	same(t, "urgency", sam.Urgency, view.UrgencyNow)
	saysAll(t, "to sam", sam.Do, "halligan attest "+id.Short()+" db-1")
	same(t, "to bob", bob.Do, "Tell security, or an approver of the scenario: they may see it.")
	same(t, "urgency to bob", bob.Urgency, view.UrgencyNow)
}
