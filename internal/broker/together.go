package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/cell"
)

// ErrNotWhole says that statements that mean something only together do not suffice.
var ErrNotWhole = errors.New("the statements do not suffice")

// errRunning refuses what is taken together or not at all. It is held against
// nobody and leaves no entry.
var errRunning = &cell.Refusal{Reason: cell.NotAllowed, Detail: "an epoch begins while the server is stopped: halligan epoch begin takes all its signatures at once"}

// Together puts statements before the rules that mean something only as one: all
// are taken, in order, in one batch under one signed head, or nothing is written
// and signed: whole says whether the world is then as they mean it to be. Repeating
// them after they were taken changes nothing. No broker may have the store open.
func Together(ctx context.Context, o Options, all []Submission, whole func(*cell.World) bool) (Published, error) {
	b, err := load(ctx, o)
	if err != nil {
		return Published{}, err
	}
	d := &b.decider
	batch, jobs := newBatch(d), make([]*job, 0, len(all))
	for i, s := range all {
		signed, err := b.prepare(ctx, s)
		if err != nil {
			return Published{}, fmt.Errorf("statement %d: %w", i+1, err)
		}
		j := &job{command: cell.Command{Signed: signed}, attachments: s.Attachments, notes: s.Notes}
		d.step(j, batch)
		if j.err != nil {
			return Published{}, fmt.Errorf("statement %d, of %s: %w", i+1, signed.Statement.Actor, j.err)
		}
		jobs = append(jobs, j)
	}
	if !whole(d.world) {
		return Published{}, ErrNotWhole
	}
	if err := d.commit(batch, jobs); err != nil {
		return Published{}, err
	}
	for _, j := range jobs {
		if j.err != nil {
			return Published{}, j.err
		}
	}
	return b.Head(), nil
}
