package broker

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// MissingKey says that the private half of a ledger key is not here, without which
// nothing can be signed.
type MissingKey struct {
	VKey string
	// Before tells that it is the key before the one in force: it signs too until
	// the ledger holds a checkpoint of both.
	Before bool
}

// Error is for whoever runs the server.
func (m *MissingKey) Error() string {
	if m.Before {
		return fmt.Sprintf("the private half of the ledger key %s is not here: it was exchanged for another, and signs too until the ledger holds a checkpoint of both", m.VKey)
	}
	return fmt.Sprintf("the private half of the ledger key %s is not here, which is in force", m.VKey)
}

// Signers are those who sign the checkpoint of the ledger as a world knows it, under
// its origin: the key in force, and in an overlap the one before it. Its error is a
// *MissingKey when one of them is not here.
func (o Options) Signers(w *cell.World) ([]note.Signer, error) {
	if w.Genesis == nil {
		return []note.Signer{o.Signer}, nil // nothing is signed before genesis
	}
	var signers []note.Signer
	for i, vkey := range w.SignedBy() {
		key := o.signer(w, vkey)
		if key == nil {
			return nil, &MissingKey{vkey, i > 0}
		}
		signer, err := ledger.SignerOf(w.Origin, vkey, key)
		if err != nil {
			return nil, err
		}
		signers = append(signers, signer)
	}
	return signers, nil
}

// signer finds a ledger key; nil: it is not here.
func (o Options) signer(w *cell.World, vkey string) note.Signer {
	switch {
	case vkey == w.Genesis.Ledger:
		return o.Signer
	case o.LedgerKey != nil:
		return o.LedgerKey(vkey)
	}
	return nil
}

// held tells of a command that is about another ledger key whether that is here:
// what nobody could sign with must not come into force.
func (d *decider) held(c cell.Command) bool {
	if c.Signed == nil || d.world.Genesis == nil {
		return false
	}
	var vkey string
	switch body := c.Signed.Statement.Body.(type) {
	case *statement.Change:
		vkey = body.LedgerKey
	case *statement.Decision:
		if change, waits := d.world.Changes[body.Of]; waits {
			vkey = change.LedgerKey
		}
	}
	return vkey != "" && d.broker.signer(d.world, vkey) != nil
}

// before tells whether nothing is missing but the key before the one in force.
func before(err error) bool {
	var missing *MissingKey
	return errors.As(err, &missing) && missing.Before
}

// overlap brings the ledger the stored checkpoint, before anything else is decided. Since
// the entry that exchanged the keys each head that was stored bears both signatures: what
// if the old key is lost by now: the newest one is enough, and the entry that takes it in
// is signed with the key in force alone.
func (d *decider) overlap(ctx context.Context) error {
	if d.broker.Tiles == nil {
		return errors.New("the tiles cannot be read")
	}
	for id, task := range d.world.Tasks {
		if task.Kind != cell.TaskOverlap {
			continue
		}
		proof, err := ledger.InclusionProof(d.head.Size, task.Entry, func(level int, index int64) ([]byte, error) {
			return d.broker.Tiles.Tile(ctx, level, index)
		})
		if err != nil {
			return err
		}
		batch := newBatch(d)
		j := &job{command: cell.Command{
			Effect:   &cell.Effect{Kind: cell.EffectOverlapped, Task: id},
			Observed: cell.Observed{Overlap: &cell.Overlap{Checkpoint: string(d.head.Checkpoint), Proof: proof}},
		}}
		if d.step(j, batch); j.err != nil {
			return j.err
		}
		if err := d.commit(batch, []*job{j}); err != nil {
			return err
		}
		return j.err
	}
	return errors.New("nothing waits for it")
}
