package client

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ErrNewEpoch says that the server's ledger has another origin than the one that
// this machine knows, and nobody here could prove that its people agreed to that.
var ErrNewEpoch = errors.New("the server's ledger goes on in another epoch, which is not proved on this machine")

// Epoch is one beginning of the cell's ledger after entries of it were lost.
type Epoch struct {
	Number int64
	Before string            // origin of the ledger that ended
	Base   ledger.Checkpoint // up to which both are one; its origin is the new one
	Lost   ledger.Checkpoint // the newest that is known of the ledger that ended
}

// OnProof has a ledger proved that goes on under another origin, or under another
// key: prove replays it from the profile's anchor. It is asked once for each new
// origin and key, before anything is signed for it but the session by which it reads.
func (c *Client) OnProof(prove func(ctx context.Context, newest ledger.Checkpoint) (Proved, error)) {
	c.prove = prove
}

// origin is that of the ledger as this machine knows it.
func (c *Client) origin(seen ledger.Checkpoint) string {
	if seen.Size == 0 {
		return c.profile.Anchor.Origin
	}
	return seen.Origin
}

// proving marks the context of whoever proves an epoch.
type proving struct{}

func isProving(ctx context.Context) bool {
	_, is := ctx.Value(proving{}).(ledger.Checkpoint)
	return is
}

// adopt takes a ledger of another origin for the one that goes on, if that is
// proved and does not contradict what was seen, and gives the checkpoint under which
// it is proved. What was seen of the ledger that ended is kept.
func (c *Client) adopt(ctx context.Context, before sight, now ledger.Checkpoint) (sight, error) {
	if c.prove == nil {
		return sight{}, fmt.Errorf("%w: it is %s", ErrNewEpoch, now.Origin)
	}
	p, shown, err := c.proof(ctx, now)
	if err != nil {
		return sight{}, fmt.Errorf("%w: %w", ErrNewEpoch, err)
	}
	epochs := p.Epochs
	first := slices.IndexFunc(epochs, func(e Epoch) bool { return e.Before == c.origin(before.Checkpoint) })
	if first < 0 || epochs[len(epochs)-1].Base.Origin != now.Origin {
		return sight{}, fmt.Errorf("%w: its epochs do not lead from %s to %s", ErrNewEpoch, c.origin(before.Checkpoint), now.Origin)
	}
	if err := c.begins(ctx, epochs, shown); err != nil {
		return sight{}, fmt.Errorf("%w: %w", ErrNewEpoch, err)
	}
	if before.Size > 0 {
		if err := c.ended(ctx, before, shown, epochs[first]); err != nil {
			return sight{}, err
		}
	}
	if err := c.keepKeys(shown.anchor); err != nil {
		return sight{}, err
	}
	if err := c.keep(c.file("epochs"), canon.MustEncode(epochs)); err != nil { // before the checkpoint: it is proved no more after that
		return sight{}, fmt.Errorf("cannot keep what was proved of the epochs: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = sight{}
	return shown, c.keep(c.file("seen"), shown.text)
}

// begins demands that a ledger goes on from where the signers of each epoch said:
// the evidence of an epoch leaves out what stands before it, and cannot show that.
func (c *Client) begins(ctx context.Context, epochs []Epoch, shown sight) error {
	log, err := ledger.OpenLog(fixed{source{ctx, c}, shown.text}, shown.anchor)
	if err != nil {
		return err
	}
	for _, e := range epochs {
		base := e.Base
		base.Origin = shown.Origin // up to there both are one
		if err := log.Extends(base); err != nil {
			return fmt.Errorf("it does not go on from what was signed for epoch %d: %w", e.Number, err)
		}
	}
	return nil
}

// epochsMost is the length in bytes of the longest file of epochs.
const epochsMost = 1 << 20

// Epochs are those that were proved on this machine, oldest first.
func (c *Client) Epochs() (epochs []Epoch, err error) {
	data, err := c.kept(c.file("epochs"))
	if err != nil || data == nil {
		return nil, err
	}
	if err := canon.Decode(data, epochsMost, &epochs); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(c.folder, c.file("epochs")), err)
	}
	return epochs, nil
}

// Lost tells whether epochs that were proved here gave up an entry of a ledger: it
// stood where the ledger that goes on has others, or none yet.
func Lost(epochs []Epoch, origin string, index int64) bool {
	first := slices.IndexFunc(epochs, func(e Epoch) bool { return e.Before == origin })
	return first >= 0 && slices.ContainsFunc(epochs[first:], func(e Epoch) bool { return index >= e.Base.Size })
}

// ended compares what was seen of the ledger that ended with what the epoch says of
// it, and keeps it.
func (c *Client) ended(ctx context.Context, before, now sight, e Epoch) error {
	switch {
	case before.Size <= e.Base.Size:
		same := before
		same.Origin = now.Origin // up to there both are one
		if err := c.extends(ctx, same, now); err != nil {
			return err
		}
	case before.Size == e.Lost.Size && before.Root != e.Lost.Root:
		return c.forked(ctx, before, now, fmt.Errorf("epoch %d says that the ledger before had another root at %d entries", e.Number, before.Size))
	}
	if err := c.keep(fmt.Sprintf("%s-epoch-%d", c.file("seen"), e.Number-1), before.text); err != nil {
		return fmt.Errorf("cannot keep the checkpoint of the ledger that ended: %w", err)
	}
	return nil
}

// acrossEpochs is a checkpoint of a ledger that ended as one of the ledger that
// goes on, which it is up to where the epochs begin that were proved here.
func (c *Client) acrossEpochs(held ledger.Checkpoint, origin string) (ledger.Checkpoint, error) {
	epochs, err := c.Epochs()
	if err != nil {
		return held, err
	}
	switch {
	case len(epochs) == 0 || epochs[len(epochs)-1].Base.Origin != origin || !slices.ContainsFunc(epochs, func(e Epoch) bool { return e.Before == held.Origin }):
		return held, fmt.Errorf("%w: no epoch leads from %s to %s", ErrNewEpoch, held.Origin, origin)
	case Lost(epochs, held.Origin, held.Size-1):
		return held, fmt.Errorf("cannot go on from %d entries of %s: the epoch that followed gave up some of them; keep this copy, and begin another", held.Size, held.Origin)
	}
	held.Origin = origin
	return held, nil
}

// header is the ledger that statements are for, and the checkpoint that they name.
func (c *Client) header(ctx context.Context, anew bool) (string, ledger.Checkpoint, error) {
	if now, ok := ctx.Value(proving{}).(ledger.Checkpoint); ok {
		return now.Origin, now, nil
	}
	seen, err := c.newest(ctx, anew)
	return c.origin(seen), seen, err
}
