package broker

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// RefillMost bounds the entries that one refill takes: they go in together.
const RefillMost = 250_000

// ErrNotThis says that what should be refilled from does not go on from what is
// there.
var ErrNotThis = errors.New("it does not go on from the ledger that is here")

// Tail is the end of a ledger that is kept elsewhere.
type Tail struct {
	Signed     []byte                   // the checkpoint that it ends with
	Entries    iter.Seq2[[]byte, error] // from the first that is missing here
	Attachment func(canon.Digest) ([]byte, error)
	Note       func(ledger.Hash) (ledger.Note, error) // an error: it was erased
}

// Refill appends the end of a ledger that was lost here: entries that were signed
// before, under the checkpoint that signed them. It decides each again, signs
// nothing, and writes all or nothing. No broker may have the store open.
func Refill(ctx context.Context, o Options, checkpoint ledger.Checkpoint, tail Tail) (Published, error) {
	b, err := load(ctx, o)
	if err != nil {
		return Published{}, err
	}
	d := &b.decider
	expected, batch := d.head, newBatch(d)
	for body, err := range tail.Entries {
		if err != nil {
			return Published{}, err
		}
		if len(batch.recorded) == RefillMost {
			return Published{}, fmt.Errorf("over %d entries are missing: begin from a newer backup", RefillMost)
		}
		if err := d.refill(batch, body, tail); err != nil {
			return Published{}, fmt.Errorf("entry %d: %w", d.world.Next(), err)
		}
	}
	if len(batch.recorded) == 0 {
		return b.Head(), nil
	}
	if d.tiles.Size() != checkpoint.Size || d.tiles.Root() != checkpoint.Root || d.world.Origin != checkpoint.Origin {
		return Published{}, fmt.Errorf("%w: %d entries with root %s", ErrNotThis, d.tiles.Size(), d.tiles.Root().Short())
	}
	batch.snapshots()
	batch.Head = Head{Size: checkpoint.Size, Root: checkpoint.Root, Checkpoint: tail.Signed}
	if err := d.broker.Store.Append(ctx, expected, batch.Batch); err != nil {
		return Published{}, err
	}
	d.committed(batch, batch.Head)
	return b.Head(), nil
}

// refill decides one entry again, with what lies beside it.
func (d *decider) refill(batch *batch, body []byte, tail Tail) error {
	prepared, err := cell.Prepare(body, d.broker.Check)
	if err != nil {
		return err
	}
	j := &job{command: prepared.Command}
	if signed := prepared.Command.Signed; signed != nil && prepared.Entry.Stream != cell.StreamRefused {
		for _, blob := range statement.Blobs(signed.Statement.Body) {
			data, err := tail.Attachment(blob.Digest)
			if err != nil {
				return err
			}
			j.attachments = append(j.attachments, data)
			d.fresh[ledger.AttachmentHash(data)] = data
		}
	}
	if signed := prepared.Command.Signed; signed != nil {
		for _, due := range statement.Notes(signed.Statement.Body) {
			if note, err := tail.Note(ledger.Hash(due.Hash)); err == nil {
				j.notes = append(j.notes, note)
			}
		}
	}
	if err := d.recall(cell.Names(j.command, d.world.Tasks), batch); err != nil {
		return err
	}
	recorded, err := d.world.Replay(prepared)
	if err != nil {
		return err
	}
	batch.add(j, recorded)
	return nil
}
