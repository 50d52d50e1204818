package witness_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/witness"
)

const (
	origin = "halligan.example.com"
	name   = "witness.example.net/w"
)

// noon is the time of the witness's clock.
var noon = canon.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

// log is a log that a test grows and signs.
type log struct {
	signer note.Signer
	vkey   string
	tiles  ledger.Tiles
	stored map[[2]int64][]byte
}

func newLog(tb testing.TB, name string) *log {
	tb.Helper()
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), name)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		tb.Fatal(err)
	}
	return &log{signer: signer, vkey: vkey, stored: map[[2]int64][]byte{}}
}

// grow appends entries until the log has a size. What makes the entries' bytes.
func (l *log) grow(size int64, what string) *log {
	for l.tiles.Size() < size {
		l.tiles.Append(sha256.Sum256([]byte(what)))
	}
	for _, t := range l.tiles.Dirty() {
		l.stored[[2]int64{int64(t.Level), t.Index}] = bytes.Clone(t.Data)
	}
	return l
}

// at is the checkpoint of the log as it is.
func (l *log) at(tb testing.TB) []byte {
	tb.Helper()
	text, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: l.signer.Name(), Size: l.tiles.Size(), Root: l.tiles.Root()}, l.signer)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// offer is the log as it is, proved from an old size.
func (l *log) offer(tb testing.TB, old int64) witness.Offer {
	tb.Helper()
	proof, err := ledger.ConsistencyProof(old, l.tiles.Size(), func(level int, index int64) ([]byte, error) {
		return l.stored[[2]int64{int64(level), index}], nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return witness.Offer{Old: old, Proof: proof, Checkpoint: l.at(tb)}
}

func key(tb testing.TB) *ledger.Cosigner {
	tb.Helper()
	skey, _, err := ledger.GenerateWitnessKey(bytes.NewReader(bytes.Repeat([]byte{9}, 32)), name)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := ledger.NewCosigner(skey)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func options(tb testing.TB, folder string, logs ...*log) witness.Options {
	tb.Helper()
	o := witness.Options{
		Key: key(tb), Folder: folder, Now: func() canon.Time { return noon }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, l := range logs {
		o.Logs = append(o.Logs, witness.Log{Origin: l.signer.Name(), Keys: []string{l.vkey}})
	}
	return o
}

// begun is a witness with a new memory.
func begun(tb testing.TB, logs ...*log) (*witness.Witness, string) {
	tb.Helper()
	folder := filepath.Join(tb.TempDir(), "memory")
	if err := witness.Make(folder); err != nil {
		tb.Fatal(err)
	}
	return opened(tb, folder, logs...), folder
}

func opened(tb testing.TB, folder string, logs ...*log) *witness.Witness {
	tb.Helper()
	w, err := witness.Open(options(tb, folder, logs...))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = w.Close() })
	return w
}

// served is a witness over real HTTP, and its client.
func served(tb testing.TB, w *witness.Witness) (*witness.Client, string) {
	tb.Helper()
	server := httptest.NewServer(w.Handler())
	tb.Cleanup(server.Close)
	c, err := witness.NewClient(name, server.URL+"/")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c, server.URL
}

// good demands that lines are a cosignature of the witness over a checkpoint.
func good(tb testing.TB, text, lines []byte) {
	tb.Helper()
	policy, err := ledger.NewPolicy(1, []string{key(tb).VKey()})
	if err != nil {
		tb.Fatal(err)
	}
	text, err = policy.Add(text, lines)
	if err != nil {
		tb.Fatal(err)
	}
	if got, err := policy.Check(text, noon); err != nil || !got.Enough() || !got.At().Equal(noon) {
		tb.Fatalf("%+v, %v", got, err)
	}
}
