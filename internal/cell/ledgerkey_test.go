package cell_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// vkeys are the ledger keys of names.
func vkeys(names ...string) (keys []string) {
	for _, name := range names {
		_, vkey := celltest.LedgerKey(name)
		keys = append(keys, vkey)
	}
	return keys
}

// TestLedgerKeyLife: proposed by one, agreed to by the quorum; both keys sign until
// the ledger holds a checkpoint of both; then the other alone. And once more.
func TestLedgerKeyLife(t *testing.T) {
	s := keyStory()
	before := s.World.Next()
	s.proposeKey("next")
	signedBy(t, s.World.SignedBy(), vkeys("cell"))
	expectRefusal(t, s.Cell, s.keyed(s.Approve("bob", s.change)), cell.NotApprover)
	expect(t, s.Must(s.keyed(s.Approve("lea", s.change))), "change-decided", "change-over", "ledger-key-rotated")
	signedBy(t, s.World.SignedBy(), vkeys("next", "cell"))
	restores(t, s.Cell)
	task, _ := s.Task(cell.TaskOverlap, canon.Digest{}, "")
	expect(t, s.Must(s.Effect(cell.EffectOverlapped, task.ID, s.overlap("next", "cell"))), "overlap-recorded")
	signedBy(t, s.World.SignedBy(), vkeys("next"))
	r := s.World.Rotations[0]
	if r.Entry != before+1 || r.Both != before+2 || r.Held != before+2 || r.Epoch != 1 {
		t.Errorf("%+v", r)
	}
	s.rotated("third")
	signedBy(t, s.World.SignedBy(), vkeys("third", "next"))
	s.over("next", "third")
	signedBy(t, s.World.SignedBy(), vkeys("third"))
	replays(t, s.Cell)
	restores(t, s.Cell)
}

func signedBy(t *testing.T, got, want []string) {
	t.Helper()
	if diff := differ(want, got); diff != "" {
		t.Errorf("the ledger is signed by other keys:\n%s", diff)
	}
}

// TestLedgerKeyNotHeld: a key that the server cannot sign with is not proposed, and
// not agreed to if it is gone by then: nobody could sign the entry.
func TestLedgerKeyNotHeld(t *testing.T) {
	s := keyStory()
	c := s.keyChange("sam", "next")
	c.Observed.Held = false
	expectRefusal(t, s.Cell, c, cell.NotRotatable)
	s.proposeKey("next")
	gone := s.Approve("lea", s.change)
	expectRefusal(t, s.Cell, gone, cell.NotRotatable)
	if _, err := s.Refuse(gone, refusalOf(decided(s, gone))); err != nil {
		t.Fatal(err)
	}
	signedBy(t, s.World.SignedBy(), vkeys("cell"))
	s.Must(s.keyed(s.Approve("lea", s.change)))
	replays(t, s.Cell)
}

func decided(s *story, c cell.Command) error {
	_, err := cell.Decide(s.World, c)
	return err
}

// TestT64LedgerKeyNeverAgain: no key comes back that the ledger had, and none while
// two sign.
func TestT64LedgerKeyNeverAgain(t *testing.T) {
	s := keyStory().rotated("next")
	expectRefusal(t, s.Cell, s.keyChange("sam", "third"), cell.NotRotatable)
	s.over("cell", "next")
	for _, name := range []string{"cell", "next"} {
		expectRefusal(t, s.Cell, s.keyChange("sam", name), cell.NotRotatable)
	}
	s.rotated("third").over("next", "third")
	for _, name := range []string{"cell", "next", "third", "lists"} {
		expectRefusal(t, s.Cell, s.keyChange("sam", name), cell.NotRotatable)
	}
}

// TestT64OverlapIsOfThisLedger: whoever has the old key cannot slip another key's
// signature, another ledger or an older checkpoint into the overlap.
func TestT64OverlapIsOfThisLedger(t *testing.T) {
	s := keyStory().rotated("next")
	task, _ := s.Task(cell.TaskOverlap, canon.Digest{}, "")
	told := func(change func(*cell.Overlap)) cell.Command {
		o := s.overlap("next", "cell")
		change(o.Overlap)
		return s.Effect(cell.EffectOverlapped, task.ID, o)
	}
	other := keyStory().rotated("next")
	other.ask("db-1")
	for name, change := range map[string]func(*cell.Overlap){
		"old key alone": func(o *cell.Overlap) { o.Checkpoint = s.overlap("cell").Overlap.Checkpoint },
		"new key alone": func(o *cell.Overlap) { o.Checkpoint = s.overlap("next").Overlap.Checkpoint },
		"a thief's":     func(o *cell.Overlap) { o.Checkpoint = s.overlap("cell", "thief").Overlap.Checkpoint },
		"no proof":      func(o *cell.Overlap) { o.Proof = nil },
		"the proof of another entry": func(o *cell.Overlap) {
			o.Proof = s.Overlap(0, "cell").Proof
		},
		"a checkpoint of before": func(o *cell.Overlap) {
			o.Checkpoint = celltest.SignedWith(celltest.Origin, s.World.Published[0], "next", "cell")
		},
		"a ledger that went on otherwise": func(o *cell.Overlap) { *o = *other.overlap("next", "cell").Overlap },
	} {
		if _, err := cell.Decide(s.World, told(change)); refusalOf(err) == nil || refusalOf(err).Reason != cell.NotOverlapping {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Must(told(func(*cell.Overlap) {}))
}

// TestT64EvidenceShowsTheOverlap: evidence of the cell's entries alone replays a
// rotation, and finds an overlap that does not count the entry.
func TestT64EvidenceShowsTheOverlap(t *testing.T) {
	s := keyStory()
	s.ask("db-1")
	s.rotated("next").over("cell", "next").approve("sam", "lea").rotated("third").over("next", "third")
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	forged := 0
	for i, recorded := range s.Log {
		if recorded.Outcome.Stream != cell.StreamCell {
			continue
		}
		p := prepared(t, s, recorded)
		if o := p.Command.Observed.Overlap; o != nil {
			c := p.Command
			c.Observed.Overlap = &cell.Overlap{Checkpoint: o.Checkpoint, Proof: o.Proof[1:]}
			if _, err := cell.Decide(w, c); refusalOf(err) == nil {
				t.Error("evidence takes an overlap of no proof")
			}
			forged++
		}
		if _, err := w.ReplayAt(recorded.Index, p); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	signedBy(t, w.SignedBy(), vkeys("third"))
	if diff := differ(s.World.Rotations, w.Rotations); diff != "" || forged != 2 {
		t.Errorf("evidence has other rotations (%d overlaps):\n%s", forged, diff)
	}
}

// TestT64WitnessedUnderTheKeyInForce: cosignatures under the old key count up to the
// exchange and not beyond.
func TestT64WitnessedUnderTheKeyInForce(t *testing.T) {
	s := keyStory().granted("db-1").opened("db-1")
	s.Must(s.fetch("db-1"))
	deliver, _ := s.Task(cell.TaskDeliver, s.id, "db-1")
	before := s.signed("w1") // signed by the old key, and covers the fetch
	s.rotated("next")
	if _, err := cell.Decide(s.World, s.Effect(cell.EffectDelivered, deliver.ID, cosigned(before))); err != nil {
		t.Errorf("cosigned before the exchange: %v", err)
	}
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDelivered, deliver.ID, cosigned(s.signed("w1"))), cell.NotCosigned)
}

// TestLedgerKeyAndEpoch: an exchange that is in what a new epoch goes on from stays,
// and its overlap is that of the new ledger.
func TestLedgerKeyAndEpoch(t *testing.T) {
	s := keyStory().rotated("next").begun()
	signedBy(t, s.World.SignedBy(), vkeys("next", "cell"))
	s.over("cell", "next")
	signedBy(t, s.World.SignedBy(), vkeys("next"))
	replays(t, s.Cell)
	restores(t, s.Cell)
}
