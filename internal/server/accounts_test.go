package server_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/server"
)

// TestAMissingTokenKeyIsTold: only while the cell has accounts and the key that it
// names first is not here.
func TestAMissingTokenKeyIsTold(t *testing.T) {
	without, with := celltest.Genesis(), celltest.AWSGenesis()
	current, next := with.AWS.Keys[0].ID, with.AWS.Keys[1].ID
	if text := server.Trouble(&without); text != "" {
		t.Errorf("a cell without accounts lacks %q", text)
	}
	if text := server.Trouble(&with, next, current); text != "" {
		t.Errorf("with its key it lacks %q", text)
	}
	for _, held := range [][]string{nil, {next}} {
		if text := server.Trouble(&with, held...); !strings.Contains(text, current[:16]) {
			t.Errorf("with %v it lacks %q", held, text)
		}
	}
}

// TestRoundsAreOfOneTarget: leases of one host, or of one role, are asked about
// together; no other two.
func TestRoundsAreOfOneTarget(t *testing.T) {
	job := func(kind cell.TaskKind, l access.Lease) scheduler.Job {
		l.Target = "x"
		return scheduler.Job{Task: cell.Task{ID: "task", Kind: kind, Target: "x"}, Request: &access.Request{Leases: []access.Lease{l}}}
	}
	leases := []access.Lease{
		{Host: "db-1"}, {Host: "db-2"}, {Account: "prod", Role: "A"}, {Account: "prod", Role: "B"}, {Account: "stage", Role: "A"}, {Program: "p"},
	}
	seen := map[string]bool{}
	for _, l := range leases {
		name := server.AtTarget(job(cell.TaskProve, l))
		if seen[name] {
			t.Errorf("%+v shares its round with another", l)
		}
		seen[name] = true
		other := l
		other.KeyID, other.Slot = "another", 3
		if again := server.AtTarget(job(cell.TaskProve, other)); again != name {
			t.Errorf("two of %+v are asked about in two rounds", l)
		}
		if does := server.Takes(job(cell.TaskList, l)); does != (l.Account != "") {
			t.Errorf("the list of %+v is done here: %v", l, does)
		}
	}
}
