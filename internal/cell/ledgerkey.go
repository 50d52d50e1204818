package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// rulesLedgerKey are the first rules by which the ledger's key can be rotated.
const rulesLedgerKey = 2

// Rotation is one exchange of the ledger's key. Its overlap is the time in which
// checkpoints bear both signatures: it ends when the ledger holds one that does.
type Rotation struct {
	Entry int64       `json:"entry"` // that the change quorum filled; a checkpoint that counts it is signed with To
	Epoch int64       `json:"epoch"` // in which that was
	From  string      `json:"from"`
	To    string      `json:"to"`
	Leaf  ledger.Hash `json:"leaf"`             // of the entry
	Both  int64       `json:"both,omitzero"`    // size of the checkpoint of both keys that the ledger holds; zero: none yet
	Held  int64       `json:"held_by,omitzero"` // entry that holds it
}

// Overlap is a checkpoint that both keys signed, and the proof that it counts the
// entry that exchanged them. Whoever knows the old key alone believes the new one
// by it, and by a replay that shows who agreed.
type Overlap struct {
	Checkpoint string        `json:"checkpoint"`
	Proof      []ledger.Hash `json:"proof"`
}

// Events of the ledger's key, in the stream of the cell.
type (
	// LedgerKeyRotated: the change quorum agreed. From the checkpoint on that counts
	// this entry the ledger is signed with the other key.
	LedgerKeyRotated struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	// OverlapRecorded: the entry holds a checkpoint that both keys signed. The old
	// key is not needed any more.
	OverlapRecorded struct {
		Rotated int64 `json:"rotated"` // entry that exchanged the keys
		Size    int64 `json:"size"`
	}
)

func (*LedgerKeyRotated) event() string { return "ledger-key-rotated" }
func (*OverlapRecorded) event() string  { return "overlap-recorded" }

// Rotates tells whether a change proposes another ledger key.
func (c *Change) Rotates() bool { return c.LedgerKey != "" }

// decideLedgerKey takes a proposal of another ledger key.
func (w *World) decideLedgerKey(key string, s *Signed, c Command) (Outcome, *Refusal) {
	if w.Rules < rulesLedgerKey {
		return Outcome{}, refuse(RulesTooOld, "another ledger key needs rules %d; this cell decides by rules %d", rulesLedgerKey, w.Rules)
	}
	return w.propose(Change{LedgerKey: key}, s, c)
}

// rotatable refuses a ledger key that could not be in force: one that is none of
// this cell, that it ever used, or that the server cannot sign with. What if that
// were not asked: the ledger could not go on after the entry that agrees to it.
func (w *World) rotatable(key string, c Command) *Refusal {
	if key == w.Genesis.Revocations {
		return refuse(NotRotatable, "that key signs the revocation lists")
	}
	if err := ledger.CheckKeys(w.Name, append(w.ledgerKeys(), key)); err != nil {
		return refuse(NotRotatable, "%v", err)
	}
	if err := w.Genesis.Policy().Strangers([]string{key}); err != nil {
		return refuse(NotRotatable, "%v", err)
	}
	if r := w.overlapping(); r != nil {
		return refuse(NotRotatable, "the exchange of entry %d is not over: the ledger holds no checkpoint that both keys signed", r.Entry)
	}
	if !c.Observed.Held {
		return refuse(NotRotatable, "the server has no private half of that key: nobody could sign the ledger with it")
	}
	return nil
}

// ledgerKeys are all that the ledger was ever signed with, the newest last.
func (w *World) ledgerKeys() []string {
	keys := []string{w.Genesis.Ledger}
	for _, r := range w.Rotations {
		keys = append(keys, r.To)
	}
	return keys
}

// overlapping is the rotation whose checkpoints bear both signatures still.
func (w *World) overlapping() *Rotation {
	if n := len(w.Rotations); n > 0 && w.Rotations[n-1].Both == 0 {
		return &w.Rotations[n-1]
	}
	return nil
}

// SignedBy are the ledger keys that sign the checkpoint of the ledger as it is: the
// one in force first, and in an overlap the one before it.
func (w *World) SignedBy() []string {
	keys := w.ledgerKeys()
	signed := []string{keys[len(keys)-1]}
	if r := w.overlapping(); r != nil {
		signed = append(signed, r.From)
	}
	return signed
}

// signerKey is the ledger key that signs a checkpoint of a size, under the origin
// of the present epoch.
func (w *World) signerKey(size int64) string {
	vkey := w.Genesis.Ledger
	for _, r := range w.Rotations {
		if r.Entry < size {
			vkey = r.To
		}
	}
	key, err := ledger.KeyOf(w.Origin, vkey)
	if err != nil {
		return vkey // genesis was refused with a key that cannot be read
	}
	return key
}

// overlapped takes a checkpoint that both keys signed into the ledger, so that it
// goes wherever the cell's entries go: evidence, mirrors, backups. It must count the
// entry that exchanged the keys, and that is proved, because evidence of one request
// cannot show otherwise that the checkpoint is of this very ledger.
func (w *World) overlapped(c Command) (Outcome, *Refusal) {
	r, seen := w.overlapping(), c.Observed.Overlap
	if r == nil || seen == nil {
		return Outcome{}, refuse(TaskMismatch, "a checkpoint that both keys signed must be observed, in an overlap")
	}
	var cp ledger.Checkpoint
	for _, vkey := range []string{r.From, r.To} {
		key, err := ledger.KeyOf(w.Origin, vkey)
		if err == nil {
			cp, err = ledger.OpenCheckpoint(w.Origin, []string{key}, []byte(seen.Checkpoint))
		}
		if err != nil {
			return Outcome{}, refuse(NotOverlapping, "%v", err)
		}
	}
	err := ledger.CheckInclusion(seen.Proof, cp.Size, cp.Root, r.Entry, r.Leaf)
	switch {
	case err != nil:
		return Outcome{}, refuse(NotOverlapping, "%v", err)
	case cp.Size > w.index || !w.partial && !w.publishedAs(cp):
		return Outcome{}, refuse(NotOverlapping, "the checkpoint of size %d is not one that this ledger published lately", cp.Size)
	}
	return Outcome{StreamCell, []Event{&OverlapRecorded{Rotated: r.Entry, Size: cp.Size}}}, nil
}

// applyLedgerKey moves the world on by an event of the ledger's key.
func (w *World) applyLedgerKey(p place, e Event) {
	switch e := e.(type) {
	case *LedgerKeyRotated:
		w.Rotations = append(slices.Clip(w.Rotations), Rotation{Entry: p.index, Epoch: w.EpochNow(), From: e.From, To: e.To, Leaf: p.leaf})
	case *OverlapRecorded:
		w.Rotations = slices.Clone(w.Rotations)
		r := w.overlapping()
		r.Both, r.Held = e.Size, p.index
	}
}

// Successors are the rotations as an anchor takes them.
func (w *World) Successors() []ledger.Successor {
	var all []ledger.Successor
	for _, r := range w.Rotations {
		all = append(all, ledger.Successor{Entry: r.Entry, Epoch: r.Epoch, VKey: r.To})
	}
	return all
}
