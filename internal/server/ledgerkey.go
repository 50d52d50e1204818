package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/view"
)

// ErrKeyMissing says that the private half of a ledger key that must sign is not in
// the keys folder.
var ErrKeyMissing = errors.New("a ledger key is missing")

// MakeLedgerKey makes another ledger key beside those that a folder has, and gives
// its public half and the file of its private one. Nothing signs with it before the
// change quorum has agreed. Files are named by the key, so that none takes the place
// of another: which key is in force stands in the ledger alone.
func MakeLedgerKey(folder, origin string) (vkey, path string, err error) {
	if _, err := os.Stat(filepath.Join(folder, sessionKeyFile)); err != nil {
		return "", "", fmt.Errorf("cannot make a ledger key: %s is no keys folder of a cell: %w", folder, err)
	}
	skey, vkey, err := ledger.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", "", err
	}
	name, ok := ledgerKeyName(vkey)
	if !ok {
		return "", "", fmt.Errorf("cannot name the ledger key %s", vkey)
	}
	path = filepath.Join(folder, name)
	// What if we crash here, or between the two: a key without a public file that was
	// never proposed. Nothing knows of it, and another is made.
	if err := errors.Join(disk.Create(path, []byte(skey), 0o600), disk.Create(strings.TrimSuffix(path, ".key")+".pub", []byte(vkey), 0o600)); err != nil {
		return "", "", fmt.Errorf("cannot make a ledger key: %w", err)
	}
	return vkey, path, disk.SyncFolder(folder)
}

// ledgerKeyName is the file of a ledger key other than the first.
func ledgerKeyName(vkey string) (string, bool) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || len(parts[1]) != 8 || strings.Trim(parts[1], "0123456789abcdef") != "" {
		return "", false
	}
	return "ledger-" + parts[1] + ".key", true
}

// LedgerKey finds a ledger key other than the first in the folder; nil: it is not
// there, or what is there does not make the signatures of that key. It is looked for
// each time: a key that was taken away is not held.
func (k *Keys) LedgerKey(vkey string) note.Signer {
	name, ok := ledgerKeyName(vkey)
	if !ok {
		return nil
	}
	data, err := readPrivate(k.folder, name)
	if err != nil {
		return nil
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(data)))
	clear(data)
	if err != nil || !makes(signer, vkey) {
		return nil
	}
	return signer
}

// makes tells whether a signer makes the signatures of a key.
func makes(signer note.Signer, vkey string) bool {
	verifier, err := note.NewVerifier(vkey)
	if err != nil || signer.Name() != verifier.Name() || signer.KeyHash() != verifier.KeyHash() {
		return false
	}
	const probe = "halligan: does this key sign\n"
	signature, err := signer.Sign([]byte(probe))
	return err == nil && verifier.Verify([]byte(probe), signature)
}

// readFirst reads the key that genesis names. It may be gone once another is in
// force.
func (k *Keys) readFirst() error {
	data, err := readPrivate(k.folder, ledgerKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer clear(data)
	if k.Ledger, err = note.NewSigner(strings.TrimSpace(string(data))); err != nil {
		return fmt.Errorf("cannot use %s: %w", ledgerKeyFile, err)
	}
	return nil
}

// signing gives a broker the ledger keys.
func (k *Keys) signing(o broker.Options) broker.Options {
	o.Signer, o.LedgerKey = k.Ledger, k.LedgerKey
	return o
}

// missing says of an error which file a key that is not here should be in.
func (k *Keys) missing(err error) error {
	var key *broker.MissingKey
	if !errors.As(err, &key) {
		return err
	}
	name, _ := ledgerKeyName(key.VKey)
	if _, err := os.Stat(filepath.Join(k.folder, ledgerKeyFile)); errors.Is(err, fs.ErrNotExist) {
		name += ", or " + ledgerKeyFile + " if it is the first"
	}
	return fmt.Errorf("%w: %w; it should be in %s: %s", ErrKeyMissing, err, k.folder, name)
}

// successors reads from the cell's own stream which ledger keys came after the first.
// Nothing of it is proved: whoever asks owes a replay that gives the same.
func successors(ctx context.Context, store *sqlite.Store) (all []ledger.Successor) {
	indices, err := store.StreamEntries(ctx, cell.StreamCell)
	if err != nil {
		return nil
	}
	epoch := int64(1)
	for _, index := range indices {
		bodies, err := store.Entries(ctx, index, 1)
		if err != nil || len(bodies) == 0 {
			return all
		}
		recorded, err := view.Recorded(index, bodies[0])
		if err != nil {
			return all
		}
		for _, e := range recorded.Outcome.Events {
			switch e := e.(type) {
			case *cell.EpochBegun:
				epoch = e.Epoch.Number
			case *cell.LedgerKeyRotated:
				all = append(all, ledger.Successor{Entry: index, Epoch: epoch, VKey: e.To})
			}
		}
	}
	return all
}

// Followed is the anchor with the ledger keys that the cell's own stream says came
// after those that it pins.
func (s Stopped) Followed(ctx context.Context) (anchor ledger.Anchor, err error) {
	store, err := sqlite.Open(s.Settings.DataFolder, sqlite.Options{Reserve: -1})
	if err != nil {
		return s.Anchor, err
	}
	anchor = s.Anchor
	anchor.Successors = successors(ctx, store)
	return anchor, store.Close()
}

// overlapAgain is the pause before a checkpoint of both keys is brought once more.
const overlapAgain = time.Second

// overlap brings the ledger a checkpoint that both of its keys signed: the newest.
func (w *works) overlap(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		head := w.broker().Head()
		proof, err := ledger.InclusionProof(head.Size, j.Task.Entry, func(level int, index int64) ([]byte, error) {
			return w.tiles.Tile(ctx, level, index)
		})
		if err != nil {
			results[i] = scheduler.Result{After: overlapAgain}
			continue
		}
		results[i] = scheduler.Result{Kind: cell.EffectOverlapped, After: overlapAgain, Observed: cell.Observed{
			Overlap: &cell.Overlap{Checkpoint: string(head.Text), Proof: proof},
		}}
	}
	return results
}
