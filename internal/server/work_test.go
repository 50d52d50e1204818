package server_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
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

// TestExpiryProvesNothingBehindAShutDoor: that the last credential is over is said
// of a lease only while no refusal has shown that the door is shut.
func TestExpiryProvesNothingBehindAShutDoor(t *testing.T) {
	job := func(proofs ...access.ProofKind) scheduler.Job {
		lease := access.Lease{Target: "db-1", State: access.LeaseClosing, Issued: 1}
		for _, kind := range proofs {
			lease.Proofs = append(lease.Proofs, access.Proof{Kind: kind})
		}
		return scheduler.Job{Task: cell.Task{Kind: cell.TaskExpire, Target: "db-1"}, Request: &access.Request{Leases: []access.Lease{lease}}}
	}
	results := server.Do(context.Background(), cell.TaskExpire, job(), job(access.ProofRefused), job(access.ProofEnded))
	for i, said := range []bool{true, false, true} {
		if got := results[i]; (got.Kind == cell.EffectDue) != said || !said && (got.Kind != "" || got.After <= 0) {
			t.Errorf("lease %d: %+v", i, got)
		}
	}
}
