package server_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/server"
)

// TestEveryTaskIsDone: for each kind of task that the law asks for there is
// somebody who does it. One that is left out waits for ever, and nobody is told.
func TestEveryTaskIsDone(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "cell", "task.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	done, kinds := server.Kinds(), 0
	done[cell.TaskList], done[cell.TaskSurvey] = true, true // hosts answer those with their reports
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "TaskKind" {
			return true
		}
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds++
		if !done[cell.TaskKind(kind)] {
			t.Errorf("nobody does a task %s", kind)
		}
		return true
	})
	if kinds < 20 || kinds != len(done) {
		t.Errorf("%d kinds of task, work for %d", kinds, len(done))
	}
}
