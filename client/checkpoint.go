package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ErrForked is what every Fork is.
var ErrForked = errors.New("the server's ledger does not go on from what was seen here before")

// Fork says that the server's ledger does not extend what this machine has seen
// of it: entries were taken away or changed. The two checkpoints, both signed
// with the ledger's key, convict the server.
type Fork struct {
	Old, New ledger.Checkpoint
	Err      error // what does not fit
}

// Error is for people.
func (f *Fork) Error() string {
	return fmt.Sprintf("this ledger does not go on from what was seen here before: %v", f.Err)
}

// Unwrap gives ErrForked and the cause.
func (f *Fork) Unwrap() []error { return []error{ErrForked, f.Err} }

// seenFor is how long a checkpoint is named as seen before it is asked for anew.
const seenFor = time.Minute

// Checkpoint is the server's newest checkpoint, checked against the anchor and
// against the one that was seen last, and then remembered.
func (c *Client) Checkpoint(ctx context.Context) (ledger.Checkpoint, error) {
	text, err := c.public(ctx, "/ledger/checkpoint")
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	return c.remember(ctx, text)
}

// Seen is the checkpoint that was seen last in this process or before it; the
// zero Checkpoint when there is none.
func (c *Client) Seen() (ledger.Checkpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		return c.seen, nil
	}
	text, err := c.kept(c.seenFile())
	if err != nil || text == nil {
		return ledger.Checkpoint{}, err
	}
	return ledger.OpenCheckpoint(c.profile.Anchor.Origin, c.profile.Anchor.LedgerKeys, text)
}

func (c *Client) seenFile() string {
	return "seen-" + canon.Digest(c.profile.Anchor.Genesis).Short()
}

// remember checks a signed checkpoint and takes it for the newest.
func (c *Client) remember(ctx context.Context, text []byte) (ledger.Checkpoint, error) {
	now, err := ledger.OpenCheckpoint(c.profile.Anchor.Origin, c.profile.Anchor.LedgerKeys, text)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("cannot believe the server's checkpoint: %w", err)
	}
	before, err := c.Seen()
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("cannot read the checkpoint that was seen last: %w", err)
	}
	if err := c.extends(ctx, before, now); err != nil {
		return ledger.Checkpoint{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && now.Size < c.seen.Size {
		return now, nil // another call remembered a newer one meanwhile
	}
	if now != c.seen {
		if err := c.keep(c.seenFile(), text); err != nil {
			return ledger.Checkpoint{}, fmt.Errorf("cannot remember the checkpoint: %w", err)
		}
	}
	c.seen, c.seenAt, c.known = now, c.now(), true
	return now, nil
}

// extends demands a proof that one checkpoint extends another.
func (c *Client) extends(ctx context.Context, before, now ledger.Checkpoint) error {
	if before.Size == 0 || before == now {
		return nil
	}
	if now.Size < before.Size {
		// It may only be older: then what was seen extends it.
		before, now = now, before
		c.mu.Lock()
		known := c.known
		c.mu.Unlock()
		if !known {
			return &Fork{Old: now, New: before, Err: fmt.Errorf("it ends at %d, and %d was seen", before.Size, now.Size)}
		}
	}
	proof, err := ledger.ConsistencyProof(before.Size, now.Size, c.tiles(ctx, now.Size))
	if err != nil {
		return fmt.Errorf("cannot prove that the server's ledger extends the one that was seen: %w", err)
	}
	if err := ledger.CheckConsistency(proof, before.Size, before.Root, now.Size, now.Root); err != nil {
		return &Fork{Old: before, New: now, Err: err}
	}
	return nil
}

// tiles reads the hash tiles of a tree of a size.
func (c *Client) tiles(ctx context.Context, size int64) ledger.TileReader {
	return func(level int, index int64) ([]byte, error) {
		width := min(size>>(8*level)-index*ledger.TileWidth, ledger.TileWidth)
		return c.public(ctx, "/ledger/"+ledger.TilePath(level, index, int(width)))
	}
}

// newest is a checkpoint that is fresh enough to be named as seen.
func (c *Client) newest(ctx context.Context, anew bool) (ledger.Checkpoint, error) {
	c.mu.Lock()
	seen, fresh := c.seen, c.known && c.now().Sub(c.seenAt) < seenFor
	c.mu.Unlock()
	if fresh && !anew {
		return seen, nil
	}
	return c.Checkpoint(ctx)
}

// Source reads the server's whole ledger as ledger.OpenLog wants it.
func (c *Client) Source(ctx context.Context) ledger.Source { return source{ctx, c} }

type source struct {
	ctx    context.Context
	client *Client
}

// ReadFile reads one file of the C2SP layout, or what lies beside it.
func (s source) ReadFile(path string) ([]byte, error) {
	return s.client.read(s.ctx, "/ledger/"+path)
}
