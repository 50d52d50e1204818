package ledger_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func sameHashes(a []ledger.Hash, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != ledger.Hash(b[i]) {
			return false
		}
	}
	return true
}

// checkInclusion compares the proof of an entry with the oracle's, accepts it, and
// refuses it with any one of its inputs changed.
func checkInclusion(t failer, o *oracle, read ledger.TileReader, size, index int64) {
	proof, err := ledger.InclusionProof(size, index, read)
	if err != nil {
		t.Fatalf("size %d, entry %d: %v", size, index, err)
	}
	want, err := tlog.ProveRecord(size, index, o)
	if err != nil || !sameHashes(proof, want) {
		t.Fatalf("size %d, entry %d: the proof differs from tlog's (%v)", size, index, err)
	}
	root, err := ledger.RootAt(size, read)
	if err != nil {
		t.Fatalf("size %d: %v", size, err)
	}
	leaf := ledger.LeafHash(body(index))
	if err := ledger.CheckInclusion(proof, size, root, index, leaf); err != nil {
		t.Fatalf("size %d, entry %d: %v", size, index, err)
	}
	climbs(t, proof, size, index)
	other := ledger.LeafHash([]byte("other"))
	refused := map[string]error{
		"leaf":   ledger.CheckInclusion(proof, size, root, index, other),
		"root":   ledger.CheckInclusion(proof, size, other, index, leaf),
		"index":  ledger.CheckInclusion(proof, size, root, index^1, leaf),
		"longer": ledger.CheckInclusion(append(proof[:len(proof):len(proof)], other), size, root, index, leaf),
	}
	if len(proof) > 0 {
		refused["shorter"] = ledger.CheckInclusion(proof[1:], size, root, index, leaf)
	}
	for name, err := range refused {
		if err == nil {
			t.Fatalf("size %d, entry %d: accepted with another %s", size, index, name)
		}
	}
}

// climbs demands that the spelled way of a good proof arrives where CheckInclusion
// does, and that one of another length is none.
func climbs(t failer, proof []ledger.Hash, size, index int64) {
	leaf := ledger.LeafHash(body(index))
	steps, err := ledger.Climb(proof, size, index, leaf)
	if err != nil || len(steps) != len(proof) {
		t.Fatalf("size %d, entry %d: %d steps of %d, %v", size, index, len(steps), len(proof), err)
	}
	arrived := leaf
	for i, step := range steps {
		from, sibling := step.Right, step.Left
		if step.FromLeft {
			from, sibling = step.Left, step.Right
		}
		if from != arrived || sibling != proof[i] {
			t.Fatalf("size %d, entry %d: step %d does not go on from the one before", size, index, i)
		}
		arrived = step.Hash
	}
	if err := ledger.CheckInclusion(proof, size, arrived, index, leaf); err != nil {
		t.Fatalf("size %d, entry %d: the way arrives elsewhere: %v", size, index, err)
	}
	if _, err := ledger.Climb(append(proof[:len(proof):len(proof)], leaf), size, index, leaf); err == nil {
		t.Fatalf("size %d, entry %d: a longer proof is climbed", size, index)
	}
	if len(proof) > 0 {
		if _, err := ledger.Climb(proof[1:], size, index, leaf); err == nil {
			t.Fatalf("size %d, entry %d: a shorter proof is climbed", size, index)
		}
	}
	if _, err := ledger.Climb(proof, size, size, leaf); err == nil {
		t.Fatalf("size %d: an entry beyond the end is climbed to", size)
	}
}

// checkConsistency does the same for a pair of sizes.
func checkConsistency(t failer, o *oracle, read ledger.TileReader, old, size int64) {
	proof, err := ledger.ConsistencyProof(old, size, read)
	if err != nil {
		t.Fatalf("from %d to %d: %v", old, size, err)
	}
	if old > 0 {
		want, err := tlog.ProveTree(size, old, o)
		if err != nil || !sameHashes(proof, want) {
			t.Fatalf("from %d to %d: the proof differs from tlog's (%v)", old, size, err)
		}
	}
	oldRoot, err := ledger.RootAt(old, read)
	if err != nil {
		t.Fatalf("size %d: %v", old, err)
	}
	root, err := ledger.RootAt(size, read)
	if err != nil {
		t.Fatalf("size %d: %v", size, err)
	}
	if err := ledger.CheckConsistency(proof, old, oldRoot, size, root); err != nil {
		t.Fatalf("from %d to %d: %v", old, size, err)
	}
	other := ledger.LeafHash([]byte("other"))
	refused := map[string]error{
		"old root": ledger.CheckConsistency(proof, old, other, size, root),
		"longer":   ledger.CheckConsistency(append(proof[:len(proof):len(proof)], other), old, oldRoot, size, root),
	}
	if old > 0 {
		refused["new root"] = ledger.CheckConsistency(proof, old, oldRoot, size, other)
	}
	for name, err := range refused {
		if err == nil {
			t.Fatalf("from %d to %d: accepted with another %s", old, size, name)
		}
	}
}

type failer interface {
	Fatalf(format string, args ...any)
}

func TestProofsOfSmallLogs(t *testing.T) {
	const largest = 600
	o := newOracle(largest)
	s, _ := stored(largest, largest)
	r := random(1)
	for size := int64(1); size <= largest; size++ {
		root, err := ledger.RootAt(size, s.read)
		if err != nil || root != o.root(t, size) {
			t.Fatalf("RootAt(%d) = %s, %v", size, root, err)
		}
		for _, index := range []int64{0, size / 2, size - 1, r.Int64N(size)} {
			checkInclusion(t, o, s.read, size, index)
		}
		for _, old := range []int64{0, 1, size / 2, size - 1, size, r.Int64N(size)} {
			checkConsistency(t, o, s.read, old, size)
		}
	}
	for _, size := range []int64{1, 2, 3, 7, 64, 257} {
		for index := range size {
			checkInclusion(t, o, s.read, size, index)
			checkConsistency(t, o, s.read, index, size)
		}
	}
}

func TestProofsOfLargeLogs(t *testing.T) {
	const largest = 70_000
	o := newOracle(largest)
	s, _ := stored(largest, 1000)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, largest).Draw(t, "size")
		checkInclusion(t, o, s.read, size, rapid.Int64Range(0, size-1).Draw(t, "index"))
		checkConsistency(t, o, s.read, rapid.Int64Range(0, size).Draw(t, "old"), size)
	})
}

func TestProofsRefuse(t *testing.T) {
	s, _ := stored(300, 300)
	prove := func(size, index int64) error { _, err := ledger.InclusionProof(size, index, s.read); return err }
	grow := func(old, size int64) error { _, err := ledger.ConsistencyProof(old, size, s.read); return err }
	rootAt := func(size int64) error { _, err := ledger.RootAt(size, s.read); return err }
	for name, c := range map[string]struct {
		err   error
		class string
	}{
		"entry beyond":    {prove(300, 300), ledger.ClassProof},
		"entry below":     {prove(300, -1), ledger.ClassProof},
		"empty log":       {prove(0, 0), ledger.ClassProof},
		"shrinking":       {grow(300, 299), ledger.ClassProof},
		"negative":        {grow(-1, 3), ledger.ClassProof},
		"huge":            {grow(1, ledger.MaxSize+1), ledger.ClassProof},
		"huge entry":      {prove(ledger.MaxSize+1, 0), ledger.ClassProof},
		"tile too short":  {prove(301, 0), ledger.ClassTile},
		"tile missing":    {rootAt(600), ledger.ClassTile},
		"negative root":   {rootAt(-1), ledger.ClassRoot},
		"check backwards": {ledger.CheckConsistency(nil, 2, ledger.Hash{}, 1, ledger.Hash{}), ledger.ClassProof},
		"check from 0":    {ledger.CheckConsistency(nil, 0, ledger.Hash{}, 1, ledger.Hash{}), ledger.ClassProof},
		"check 0 to 0":    {ledger.CheckConsistency(nil, 0, ledger.EmptyRoot(), 0, ledger.Hash{}), ledger.ClassProof},
		"check negative":  {ledger.CheckInclusion(nil, -1, ledger.Hash{}, -2, ledger.Hash{}), ledger.ClassProof},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, c.err, c.class) })
	}
	if root, err := ledger.RootAt(0, s.read); err != nil || root != ledger.EmptyRoot() {
		t.Errorf("RootAt(0) = %s, %v", root, err)
	}
}
