package witness_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/witness"
)

// nextKey is another ledger key of a log.
func nextKey(t *testing.T, name string) (note.Signer, string) {
	t.Helper()
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{8}, 32)), name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return signer, vkey
}

// signedBy is an offer whose checkpoint others sign.
func (l *log) signedBy(t *testing.T, old int64, signers ...note.Signer) witness.Offer {
	t.Helper()
	o := l.offer(t, old)
	var err error
	o.Checkpoint, err = ledger.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: l.tiles.Size(), Root: l.tiles.Root()}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestT64WitnessOfARotatedLog: a witness that lists both keys cosigns across an
// exchange, and no more what the former key alone signed once the other has; one that
// lists the former alone cosigns the checkpoint of both, and then no more.
func TestT64WitnessOfARotatedLog(t *testing.T) {
	l := newLog(t, origin).grow(3, "a")
	next, vkey := nextKey(t, origin)
	w, folder := begun(t, l)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o := options(t, folder, l)
	o.Logs[0].Keys = append(o.Logs[0].Keys, vkey)
	both, err := witness.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	add := func(w *witness.Witness, old, size int64, taken bool, signers ...note.Signer) {
		t.Helper()
		_, err := w.Add(l.grow(size, "b").signedBy(t, old, signers...))
		if taken != (err == nil) || err != nil && !errors.Is(err, witness.ErrSignature) {
			t.Errorf("of size %d: %v", size, err)
		}
	}
	one, oneFolder := begun(t, l)
	add(one, 0, 3, true, l.signer)
	add(both, 0, 3, true, l.signer)
	add(one, 3, 5, true, next, l.signer)
	add(both, 3, 5, true, next, l.signer)
	add(both, 5, 6, false, l.signer)
	add(one, 5, 6, false, next)
	if err := both.Close(); err != nil {
		t.Fatal(err)
	}
	if both, err = witness.Open(o); err != nil { // it remembers which key signed last
		t.Fatal(err)
	}
	defer both.Close()
	add(both, 5, 6, false, l.signer)
	add(both, 5, 6, true, next)
	add(both, 6, 7, false, l.signer)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	o = options(t, oneFolder, l)
	o.Logs[0].Keys = append(o.Logs[0].Keys, vkey)
	if one, err = witness.Open(o); err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	add(one, 5, 7, true, next)
}
