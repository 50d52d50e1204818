package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// keysOf are three ledger keys: a is what the anchor pins.
func keysOf(t *testing.T) (anchor ledger.Anchor, signers map[string]note.Signer, vkeys map[string]string) {
	t.Helper()
	signers, vkeys = map[string]note.Signer{}, map[string]string{}
	for i, name := range []string{"a", "b", "c"} {
		signers[name], vkeys[name] = keyPair(t, byte(40+i), "halligan.example.com")
	}
	return ledger.Anchor{Origin: "halligan.example.com", Genesis: ledger.Hash{1}, LedgerKeys: []string{vkeys["a"]}, Witnesses: ledger.NoWitnesses}, signers, vkeys
}

// TestT64FormerKeyIsRefused: each checkpoint is taken under the key in force at its
// size and epoch, and under no other.
func TestT64FormerKeyIsRefused(t *testing.T) {
	anchor, signers, vkeys := keysOf(t)
	origins := map[int64]string{1: anchor.Origin}
	for epoch := int64(2); epoch <= 3; epoch++ {
		origins[epoch] = canon.EpochOrigin(anchor.Origin, epoch, canon.Sum([]byte("agreed")))
	}
	// b came in entry 9 and c in entry 20, which epoch 3 lost, and b with it came anew.
	anchor.Successors = []ledger.Successor{
		{Entry: 9, Epoch: 1, VKey: vkeys["b"]},
		{Entry: 20, Epoch: 1, Until: 3, VKey: vkeys["c"]},
	}
	for _, c := range []struct {
		epoch, size int64
		by          string // who signs
		ok, former  bool
	}{
		{1, 9, "a", true, false}, {1, 9, "b", false, false},
		{1, 10, "b", true, false}, {1, 10, "a", false, true}, {1, 10, "ab", true, false}, {1, 10, "c", false, true},
		{1, 20, "b", true, false}, {1, 21, "c", true, false}, {1, 21, "b", false, true}, {1, 1000, "a", false, true},
		{2, 9, "a", true, false}, {2, 15, "b", true, false}, {2, 15, "a", false, true}, {2, 30, "c", true, false},
		{3, 30, "b", true, false}, {3, 30, "c", false, true}, {3, 30, "a", false, true},
	} {
		var all []note.Signer
		for _, name := range strings.Split(c.by, "") {
			signer, err := ledger.SignerOf(origins[c.epoch], vkeys[name], signers[name])
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, signer)
		}
		text, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: origins[c.epoch], Size: c.size, Root: ledger.Hash{7}}, all...)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := anchor.OpenIn(text)
		if c.ok != (err == nil) || c.ok && opened.Size != c.size {
			t.Errorf("epoch %d, size %d, signed by %s: %v", c.epoch, c.size, c.by, err)
		}
		if former := err != nil && strings.Contains(err.Error(), "was not in force"); c.former != former {
			t.Errorf("epoch %d, size %d, signed by %s: %v", c.epoch, c.size, c.by, err)
		}
	}
}

// TestUnknownKey tells a checkpoint that nobody known signed from one that was
// changed.
func TestUnknownKey(t *testing.T) {
	anchor, signers, _ := keysOf(t)
	cp := ledger.Checkpoint{Origin: anchor.Origin, Size: 10, Root: ledger.Hash{7}}
	stranger, err := ledger.SignCheckpoint(cp, signers["b"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := anchor.OpenIn(stranger); !ledger.UnknownKey(err) {
		t.Errorf("signed by nobody who is known: %v", err)
	}
	anchor.Deferred = true
	if got, err := anchor.OpenIn(stranger); err != nil || got != cp {
		t.Errorf("deferred: %v, %v", got, err)
	}
	if _, err := anchor.OpenIn([]byte(strings.Replace(string(stranger), anchor.Origin, "other.example.com", 1))); err == nil {
		t.Error("deferred: of another cell")
	}
	anchor.Deferred = false
	known, err := ledger.SignCheckpoint(cp, signers["a"])
	if err != nil {
		t.Fatal(err)
	}
	_, err = anchor.OpenIn([]byte(strings.Replace(string(known), "\n10\n", "\n11\n", 1)))
	var f *ledger.Fault
	if ledger.UnknownKey(err) || !errors.As(err, &f) || f.Class != ledger.ClassCheckpointSignature {
		t.Errorf("changed: %v", err)
	}
}
