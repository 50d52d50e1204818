package view_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestDenialInWords: whoever stops is told what becomes of sessions, with a policy of
// denials and without; what is denied is never called dead; and what is not denied says
// why, in the state, in the findings, and to nobody who may not see the request.
func TestDenialInWords(t *testing.T) {
	for _, g := range []cell.Genesis{celltest.DenialGenesis(), celltest.CenterGenesis()} {
		c := celltest.New(g, celltest.CenterScenario())
		r := c.Must(c.Ask("ann", "1", "set-1"))
		id, _ := cell.RequestOf(r.Outcome.Stream)
		c.Must(c.Approve("sam", id))
		c.Must(c.Approve("lea", id))
		do := func(kind cell.EffectKind, task cell.TaskKind, o cell.Observed) {
			t.Helper()
			of, ok := c.Task(task, id, "set-1")
			if !ok {
				t.Fatalf("no task %s", task)
			}
			c.Must(c.Effect(kind, of.ID, o))
		}
		do(cell.EffectListed, cell.TaskOpen, cell.Observed{Listed: access.ListedGone})
		do(cell.EffectOpened, cell.TaskOpen, cell.Observed{})
		shows := func(person string) (*view.Cell, view.Request) {
			t.Helper()
			v, err := view.FromWorld(c.World)
			if err != nil {
				t.Fatal(err)
			}
			held, _ := v.Held(id)
			return v, v.Request(person, held.Request, view.Instant{Now: c.Now})
		}
		denies := g.AWS.Center.Denial != ""
		if _, shown := shows("ann"); strings.Contains(shown.StopTakes, "policy of the organisation") != denies || !strings.Contains(shown.StopTakes, "up to 1h") {
			t.Errorf("a stop takes: %s", shown.StopTakes)
		}
		if c.Must(c.Stop("sue", id)); !denies {
			continue
		}
		for what, words := range map[access.Denial]string{
			access.DenialStands: "denied by policy since", access.DenialFull: "NOT denied: the policy of denials has no room",
			access.DenialOthers: "NOT denied: somebody else wrote", access.DenialRefused: "NOT denied: AWS does not let",
		} {
			do(cell.EffectDenied, cell.TaskDeny, cell.Observed{Denial: what})
			v, shown := shows("ann")
			if known := shown.Leases[0].Known; !strings.Contains(known, words) || !strings.Contains(known, "closing since") || strings.Contains(known, "dead") {
				t.Errorf("%s: known is %s", what, known)
			}
			if shown.Leases[0].Denial != what || shown.Leases[0].DenialAt != canon.At(c.Now.Std()) {
				t.Errorf("%s: the lease is %+v", what, shown.Leases[0])
			}
			for person, sees := range map[string]bool{"ann": true, "sue": true, "max": false} {
				n := 0
				for _, f := range v.Findings(person, view.Instant{Now: c.Now}).Findings {
					if f.Kind != view.FindingUndenied {
						continue
					}
					if n++; (f.Text != "") != sees {
						t.Errorf("%s: %s is told %q", what, person, f.Text)
					}
				}
				if want := what != access.DenialStands; (n == 1) != want || n > 1 {
					t.Errorf("%s: %s has %d findings", what, person, n)
				}
			}
		}
	}
}

// TestUndeniedInLostEntries: after an epoch that lost whether an assignment was ever asked
// for, nothing of it is denied by policy; that is found while one of its sessions may live.
func TestUndeniedInLostEntries(t *testing.T) {
	c := celltest.New(celltest.DenialGenesis(), celltest.CenterScenario())
	id, _ := cell.RequestOf(c.Must(c.Ask("ann", "1", "set-1")).Outcome.Stream)
	c.Must(c.Approve("sam", id))
	c.Must(c.Approve("lea", id))
	newest := c.World.Newest()
	base := statement.Seen{Size: newest.Size, Root: newest.Root}
	body := &statement.Epoch{
		Number: c.World.EpochNow() + 1, Lost: statement.Seen{Size: newest.Size + 40, Root: canon.Sum([]byte("lost"))},
		Salt: canon.Key32(canon.Sum([]byte("salt"))), Reason: celltest.Note("the disk burnt"),
	}
	for _, person := range []string{"sam", "lea"} {
		c.Must(c.Resign(c.By(person, person, body), func(h *statement.Statement) { h.Seen = base }))
	}
	do := func(kind cell.EffectKind, task cell.TaskKind, target string, o cell.Observed) {
		t.Helper()
		of, ok := c.Task(task, id, target)
		if !ok {
			t.Fatalf("no task %s", task)
		}
		c.Must(c.Effect(kind, of.ID, o))
	}
	do(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	found := func() int {
		t.Helper()
		v, err := view.FromWorld(c.World)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range v.Findings("sue", view.Instant{Now: c.Now}).Findings {
			if f.Kind == view.FindingUndenied && f.Request == id && strings.Contains(f.Text, "entries that are lost") {
				n++
			}
		}
		return n
	}
	if n := found(); n != 1 {
		t.Errorf("an assignment that may have been made: %d are found", n)
	}
	do(cell.EffectShut, cell.TaskShut, "set-1", cell.Observed{Shut: &cell.Shut{Closed: true, Listed: access.ListedGone}})
	if n := found(); n != 1 {
		t.Errorf("it is gone, and a session may live: %d are found", n)
	}
	l, _ := c.World.Requests[id].Lease("set-1")
	if c.Now = l.NotAfter; found() != 0 {
		t.Errorf("the last session is over: %d are found", found())
	}
}

// TestDeniedUntilClaimedAnew: a grant of the same assignment ends the denial of what is
// left from the one before when it has claimed it, and not earlier: only then its own end
// denies.
func TestDeniedUntilClaimedAnew(t *testing.T) {
	c := celltest.New(celltest.DenialGenesis(), celltest.CenterScenario())
	granted := func(name string) canon.Digest {
		t.Helper()
		id, _ := cell.RequestOf(c.Must(c.Ask("ann", name, "set-1")).Outcome.Stream)
		c.Must(c.Approve("sam", id))
		c.Must(c.Approve("lea", id))
		return id
	}
	listed := func(id canon.Digest, as access.Listing) {
		t.Helper()
		of, _ := c.Task(cell.TaskOpen, id, "set-1")
		c.Must(c.Effect(cell.EffectListed, of.ID, cell.Observed{Listed: as}))
	}
	denied := func() int {
		t.Helper()
		v, err := view.FromWorld(c.World)
		if err != nil {
			t.Fatal(err)
		}
		return len(v.Deniable(c.Now))
	}
	first := granted("1")
	listed(first, access.ListedGone)
	c.Must(c.Stop("sue", first))
	second := granted("2")
	if n := denied(); n != 1 {
		t.Errorf("%d are denied while the second grant has claimed nothing", n)
	}
	if listed(second, access.ListedStands); denied() != 0 {
		t.Errorf("%d are denied when the second grant has claimed it", denied())
	}
	if c.Must(c.Stop("sue", second)); denied() != 2 {
		t.Errorf("%d are denied when both are over", denied())
	}
}
