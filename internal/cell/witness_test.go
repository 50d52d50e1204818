package cell_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestWitnessLife goes through what may happen to a cell that is cosigned:
// nothing opens before, a credential leaves witnessed or says that it did not,
// silence is found and pages, and ends.
func TestWitnessLife(t *testing.T) {
	s := witnessStory()
	standing, ok := s.Task(cell.TaskWitness, canon.Digest{}, "")
	if !ok {
		t.Fatal("nobody is asked to cosign")
	}
	expectRefusal(t, s.Cell, s.Ask("ann", "1", "db-1"), cell.NotWitnessed)
	late := s.Now.Add(3 * time.Second)
	told := s.Must(s.Effect(cell.EffectCosigned, standing.ID, cosigned(celltest.Signed(s.World.Newest(), late, "w3", "w1", "w2"))))
	expect(t, told, "witnessed")
	// The witnesses' clocks are theirs; two of them had signed a second later.
	if e := told.Outcome.Events[0].(*cell.Witnessed); strings.Join(e.By, " ") != "w1 w2 w3" || e.At != late.Add(time.Second) || e.Size != 2 {
		t.Errorf("%+v", e)
	}

	s.granted("db-1").opened("db-1")
	s.Must(s.fetch("db-1"))
	before := s.World.Published[len(s.World.Published)-2]
	deliver, _ := s.Task(cell.TaskDeliver, s.id, "db-1")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDelivered, deliver.ID, cosigned(celltest.Signed(before, s.Now, "w1", "w2"))), cell.NotCosigned)
	expect(t, s.Must(s.Effect(cell.EffectDelivered, deliver.ID, cosigned(s.signed("w1", "w2")))), "credential-delivered", "credential-witnessed")
	s.Must(s.fetch("db-1"))
	deliver, _ = s.Task(cell.TaskDeliver, s.id, "db-1")
	expect(t, s.Must(s.Effect(cell.EffectDelivered, deliver.ID, cell.Observed{})), "credential-delivered", "credential-unwitnessed")

	s.silent()
	if s.World.Witness != cell.Silent || s.World.SilentSince != s.Now.Add(-cell.SilentAfter.Duration()) {
		t.Errorf("%s since %s", s.World.Witness, s.World.SilentSince)
	}
	page, _ := s.Task(cell.TaskSilent, canon.Digest{}, "")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, page.ID, cell.Observed{}), cell.NotDue)
	s.overdue().overdue()
	if _, standing := s.Task(cell.TaskWitness, canon.Digest{}, ""); !standing {
		t.Error("nobody is asked to cosign any more")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
	s.cosigned()
	if _, pages := s.Task(cell.TaskSilent, canon.Digest{}, ""); pages || s.World.Witness != cell.Cosigned || !s.World.SilentSince.IsZero() {
		t.Error("silence goes on")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestGenesisNamesWitnesses: what cannot be a policy, or is none of these rules,
// founds no cell.
func TestGenesisNamesWitnesses(t *testing.T) {
	good := celltest.WitnessedBy(celltest.Genesis(), 2, "w1", "w2", "w3")
	if _, err := good.Check(); err != nil {
		t.Fatal(err)
	}
	itself := good
	itself.Ledger, itself.Witnesses = witnessing(t, "w1")
	older := good
	older.Rules = 1
	unread := good
	unread.Witnesses = strings.Replace(good.Witnesses, "2 of 3", "4 of 3", 1)
	for name, g := range map[string]cell.Genesis{"the ledger's own key": itself, "rules 1": older, "4 of 3": unread} {
		if _, err := g.Check(); err == nil {
			t.Errorf("%s: founds a cell", name)
		}
	}
}

// witnessing gives a ledger key and a policy of one witness that has the same.
func witnessing(t *testing.T, name string) (ledgerKey, policy string) {
	t.Helper()
	_, vkey := celltest.LedgerKey(name)
	signer := celltest.Twin(name)
	p, err := ledger.NewPolicy(1, []string{signer.VKey()})
	if err != nil {
		t.Fatal(err)
	}
	return vkey, p.String()
}
