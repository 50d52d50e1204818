package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// ring are the ledger keys that a house has beside its first.
type ring map[string]note.Signer

func (r ring) find(vkey string) note.Signer { return r[vkey] }

// next makes another ledger key for the house.
func (h *house) next() (vkey string) {
	h.Helper()
	skey, vkey, err := ledger.GenerateKey(rand.Reader, celltest.Origin)
	must(h, err)
	h.ring[vkey], err = note.NewSigner(skey)
	must(h, err)
	return vkey
}

// rotate has sam and lea put another ledger key in force, and the ledger hold a
// checkpoint of both.
func (h *house) rotate() (vkey string) {
	h.Helper()
	vkey = h.next()
	ctx := context.Background()
	why, text, err := client.NewNoted("it is old")
	must(h, err)
	proposed, err := h.proving("sam").Submit(ctx, &statement.Change{LedgerKey: vkey, Reason: why}, text)
	must(h, err)
	agreed, err := h.proving("lea").Submit(ctx, &statement.Decision{Of: proposed.Digest, Verdict: statement.Approve, Check: statement.InPerson})
	must(h, err)
	head := h.broker.Head()
	proof, err := ledger.InclusionProof(head.Size, agreed.Entry, func(level int, index int64) ([]byte, error) { return h.store.Tile(ctx, level, index) })
	must(h, err)
	_, err = h.broker.Effect(ctx, cell.Effect{Kind: cell.EffectOverlapped, Task: "overlap:cell:" + itoa(agreed.Entry)},
		cell.Observed{Overlap: &cell.Overlap{Checkpoint: string(head.Text), Proof: proof}})
	must(h, err)
	return vkey
}

// proves has a client prove what it cannot follow, as the command line does.
func proves(c *client.Client) *client.Client {
	c.OnProof(func(ctx context.Context, _ ledger.Checkpoint) (proved client.Proved, err error) {
		data, err := c.Get(ctx, "/cell/evidence", nil)
		if err != nil {
			return proved, err
		}
		anchor := c.Profile().Anchor
		report, err := verify.Partial(ctx, anchor, data, verify.Options{})
		if err != nil {
			return proved, err
		}
		if !report.Good() {
			return proved, errors.New(report.Faults[0].Error())
		}
		anchor.Successors = report.Successors()
		p, err := ledger.OpenPartial(anchor, data)
		if err != nil {
			return proved, err
		}
		return client.Proved{Keys: report.Successors(), Signed: p.Signed}, nil
	})
	return c
}

func (h *house) proving(person string) *client.Client { return proves(h.as(person)) }

// TestRotationIsFollowed: a machine that slept through two exchanges of the ledger's
// key proves them when it wakes, believes its old receipts and new ones, and keeps
// what it proved.
func TestRotationIsFollowed(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	folder := t.TempDir()
	ann := func() *client.Client { return proves(h.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))) }
	_, err := asks(t, h, ann())
	must(t, err)
	h.rotate()
	second := h.rotate()
	awake := ann()
	_, err = awake.Checkpoint(ctx)
	must(t, err)
	keys := awake.Anchor().Successors
	same(t, "keys", len(keys), 2)
	same(t, "the newest key", keys[1].VKey, second)
	a, err := asks(t, h, awake)
	must(t, err)
	must(t, a.Unkept)
	again := h.in(folder, "ann", client.NewSigner(signerOf(t, "ann"))) // which can prove nothing
	_, err = again.Checkpoint(ctx)
	must(t, err)
	files, err := again.Receipts()
	must(t, err)
	same(t, "receipts", len(files), 2)
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		_, err = ledger.OpenReceipt(again.Anchor(), data)
		must(t, err)
	}
}

// TestRotationWhileAProgramRuns: whoever signs while the key is exchanged is told what
// became of it, also by a program that knew nothing of it.
func TestRotationWhileAProgramRuns(t *testing.T) {
	h := open(t, newKeys(t))
	running := h.proving("ann")
	_, err := asks(t, h, running)
	must(t, err)
	h.rotate()
	a, err := asks(t, h, running) // names what it saw a moment ago
	must(t, err)
	must(t, a.Unkept)
	same(t, "keys", len(running.Anchor().Successors), 1)
}

// TestRotationIsNotBelievedUnproved: a machine that cannot prove that the key was
// exchanged believes nothing that the other signed.
func TestRotationIsNotBelievedUnproved(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	ann := h.as("ann")
	before, err := ann.Checkpoint(ctx)
	must(t, err)
	h.rotate()
	if _, err := ann.Checkpoint(ctx); !ledger.UnknownKey(err) {
		t.Errorf("believed: %v", err)
	}
	ann.OnProof(func(context.Context, ledger.Checkpoint) (client.Proved, error) {
		return client.Proved{}, errors.New("nobody agreed")
	})
	if _, err := ann.Checkpoint(ctx); !errors.Is(err, client.ErrNewKey) {
		t.Errorf("believed: %v", err)
	}
	seen, err := ann.Seen()
	must(t, err)
	same(t, "seen", seen, before)
}

// TestT64FormerKeyAfterRotation: a thief of the old key signs what a client is shown:
// its ledger as it was, or another. Who followed the exchange refuses it.
func TestT64FormerKeyAfterRotation(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	ann := h.proving("ann")
	_, err := ann.Checkpoint(ctx)
	must(t, err)
	h.rotate()
	now, err := ann.Checkpoint(ctx)
	must(t, err)
	other := now
	other.Root[0]++
	longer := other
	longer.Size += 7
	for name, shown := range map[string]ledger.Checkpoint{"the same": now, "another root": other, "a longer one": longer} {
		text := h.under(celltest.Origin, shown)
		h.lies(func(r *http.Request) bool { return r.URL.Path == "/ledger/checkpoint" }, func([]byte) []byte { return text })
		if _, err := ann.Checkpoint(ctx); err == nil || ledger.UnknownKey(err) {
			t.Errorf("%s, signed with the old key: %v", name, err)
		}
	}
	seen, err := ann.Seen()
	must(t, err)
	same(t, "seen", seen, now)
}

// TestT64RotationOfAnotherLedger: an exchange that is proved of a ledger which does not
// go on from what this machine saw is a fork, and no key of it is kept.
func TestT64RotationOfAnotherLedger(t *testing.T) {
	k := newKeys(t)
	honest, lying := open(t, k), open(t, k)
	folder, ctx := t.TempDir(), context.Background()
	ann := honest.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	for range 3 {
		_, err := asks(t, honest, ann)
		must(t, err)
	}
	for range 4 {
		_, err := asks(t, lying, lying.as("bob"))
		must(t, err)
	}
	lying.rotate()
	fooled := proves(lying.in(folder, "ann", client.NewSigner(signerOf(t, "ann"))))
	_, err := fooled.Checkpoint(ctx)
	if !errors.Is(err, client.ErrForked) {
		t.Errorf("followed: %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "ledger-keys-*"))
	must(t, err)
	same(t, "kept keys", len(kept), 0)
}

// TestMirrorAcrossARotation: a mirror that was begun under the old key goes on.
func TestMirrorAcrossARotation(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	ann := h.proving("ann")
	_, err := asks(t, h, ann)
	must(t, err)
	folder := t.TempDir()
	take := func() *client.Mirror {
		m, err := client.OpenMirror(folder, ann.Anchor())
		must(t, err)
		_, err = ann.Checkpoint(ctx)
		must(t, err)
		m.Follow(ann.Anchor())
		log, err := ledger.OpenLog(ann.Source(ctx), ann.Anchor())
		must(t, err)
		from := int64(0)
		if m.Held() != nil {
			from = m.Held().Checkpoint().Size
		}
		must(t, m.Extend(ledger.Export{Signed: log.Signed(), Entries: func(yield func([]byte, error) bool) {
			_ = log.Walk(from, func(_ int64, body []byte) error {
				if !yield(bytes.Clone(body), nil) {
					return errors.New("enough")
				}
				return nil
			})
		}}))
		return m
	}
	must(t, take().Close())
	h.rotate()
	m := take()
	size := m.Held().Checkpoint().Size
	must(t, m.Close())
	again, err := client.OpenMirror(folder, ann.Anchor())
	must(t, err)
	same(t, "size", again.Held().Checkpoint().Size, size)
	must(t, again.Close())
}
