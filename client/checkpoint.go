package client

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ErrForked says that the server's ledger does not extend what this machine has
// seen of it: entries were taken away or changed. The error is a *Fork.
var ErrForked = errors.New("the server's ledger does not extend the one that this machine has seen")

// Fork is two checkpoints of one ledger, both signed with its key, that cannot
// both be true. They convict whoever signed them, and are kept in the client's
// folder, in the files seen-… and fork-….
type Fork struct {
	Old, New ledger.Checkpoint
	Err      error // what does not fit
}

// Error is for people.
func (f *Fork) Error() string { return fmt.Sprintf("%v: %v", ErrForked, f.Err) }

// Unwrap gives ErrForked and the cause.
func (f *Fork) Unwrap() []error { return []error{ErrForked, f.Err} }

// seenFor is how long a checkpoint is named as seen before it is asked for anew.
const seenFor = time.Minute

// Checkpoint is the server's newest checkpoint, checked against the anchor and
// against the one that was seen last, and then remembered. It is a *Fork when
// the ledger does not go on from there.
func (c *Client) Checkpoint(ctx context.Context) (ledger.Checkpoint, error) {
	text, err := c.public(ctx, "/ledger/checkpoint")
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	now, err := c.opened(text)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	// Another call or program of this person may have seen more since the server
	// answered: what it answers now should be newer.
	if before, err := c.Seen(); err == nil && now.Size < before.Size {
		if text, err = c.public(ctx, "/ledger/checkpoint"); err != nil {
			return ledger.Checkpoint{}, err
		}
	}
	return c.remember(ctx, text)
}

// opened reads a signed checkpoint with the pinned keys.
func (c *Client) opened(text []byte) (ledger.Checkpoint, error) {
	cp, err := ledger.OpenCheckpoint(c.profile.Anchor.Origin, c.profile.Anchor.LedgerKeys, text)
	if err != nil {
		return cp, fmt.Errorf("cannot believe the server's checkpoint: %w", err)
	}
	return cp, nil
}

// Seen is the newest checkpoint that this or another program of the person has
// seen; the zero Checkpoint when there is none.
func (c *Client) Seen() (ledger.Checkpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, err := c.kept(c.file("seen"))
	if err != nil || text == nil {
		return c.seen, err
	}
	kept, err := ledger.OpenCheckpoint(c.profile.Anchor.Origin, c.profile.Anchor.LedgerKeys, text)
	if err != nil {
		return c.seen, fmt.Errorf("%s: %w", filepath.Join(c.folder, c.file("seen")), err)
	}
	if kept.Size > c.seen.Size {
		c.seen = kept
	}
	return c.seen, nil
}

// file names what is remembered of one cell.
func (c *Client) file(what string) string {
	return what + "-" + canon.Digest(c.profile.Anchor.Genesis).Short()
}

// remember checks a signed checkpoint and takes it for the newest.
func (c *Client) remember(ctx context.Context, text []byte) (ledger.Checkpoint, error) {
	now, err := c.opened(text)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	before, err := c.Seen()
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("cannot read the checkpoint that was seen last: %w", err)
	}
	if now.Size < before.Size {
		return now, c.older(ctx, now, before, text)
	}
	if err := c.extends(ctx, before, now, text); err != nil {
		return ledger.Checkpoint{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Size < c.seen.Size {
		return now, nil // another call remembered a newer one meanwhile, and proved it
	}
	if now.Size > before.Size {
		if err := c.keep(c.file("seen"), text); err != nil {
			return ledger.Checkpoint{}, fmt.Errorf("cannot remember the checkpoint: %w", err)
		}
	}
	c.seen, c.seenAt = now, c.now()
	return now, nil
}

// extends demands a proof that one checkpoint extends another. Tiles that
// cannot be had, or that are not those of the checkpoint, prove nothing either
// way and are no fork; nothing is signed all the same.
func (c *Client) extends(ctx context.Context, before, now ledger.Checkpoint, text []byte) error {
	if before.Size == 0 || before == now {
		return nil
	}
	if before.Size == now.Size {
		return c.forked(before, now, text, fmt.Errorf("at size %d it has root %s, and had %s", now.Size, now.Root.Short(), before.Root.Short()))
	}
	log, err := ledger.OpenLog(fixed{source{ctx, c}, text}, c.profile.Anchor)
	if err == nil {
		err = log.Extends(before)
	}
	var fault *ledger.Fault
	if errors.As(err, &fault) && fault.Class == ledger.ClassProof && fault.Err == nil {
		return c.forked(before, now, text, err)
	}
	if err != nil {
		return fmt.Errorf("cannot prove that the server's ledger extends the one that was seen: %w", err)
	}
	return nil
}

// older demands a proof that an answer is only an old one: that the ledger which
// was seen begins with it. A server whose ledger was cut back cannot give it.
func (c *Client) older(ctx context.Context, now, before ledger.Checkpoint, text []byte) error {
	proof, err := ledger.ConsistencyProof(now.Size, before.Size, c.tiles(ctx, before.Size))
	if err == nil {
		err = ledger.CheckConsistency(proof, now.Size, now.Root, before.Size, before.Root)
	}
	no, said := asProblem(err)
	if errors.Is(err, ErrUnreachable) || ctx.Err() != nil || said && no.Temporary() {
		return fmt.Errorf("cannot prove that the server's checkpoint is only an old one: %w", err)
	}
	if err != nil {
		return c.forked(before, now, text, fmt.Errorf("it ends at %d, and %d was seen: %w", now.Size, before.Size, err))
	}
	return nil
}

// tiles reads the hash tiles of a ledger of a size.
func (c *Client) tiles(ctx context.Context, size int64) ledger.TileReader {
	return func(level int, index int64) ([]byte, error) {
		width := min(size>>(8*level)-index*ledger.TileWidth, ledger.TileWidth)
		return c.public(ctx, "/ledger/"+ledger.TilePath(level, index, int(width)))
	}
}

// forked keeps what proves a fork.
func (c *Client) forked(before, now ledger.Checkpoint, text []byte, why error) error {
	return &Fork{Old: before, New: now, Err: errors.Join(why, c.keep(c.file("fork"), text))}
}

// newest is a checkpoint that is fresh enough to be named as seen.
func (c *Client) newest(ctx context.Context, anew bool) (ledger.Checkpoint, error) {
	c.mu.Lock()
	seen, fresh := c.seen, !c.seenAt.IsZero() && c.now().Sub(c.seenAt) < seenFor
	c.mu.Unlock()
	if fresh && !anew {
		return seen, nil
	}
	return c.Checkpoint(ctx)
}

// Source reads the server's whole ledger as ledger.OpenLog wants it. It checks
// nothing; its reads end with the context. It serves no notes.
func (c *Client) Source(ctx context.Context) ledger.Source { return source{ctx, c} }

type source struct {
	ctx    context.Context // of the one question that the source was made for
	client *Client
}

// ReadFile reads one file of the C2SP layout, or what lies beside it. What
// anybody may read needs no session.
func (s source) ReadFile(path string) ([]byte, error) {
	name, err := ledger.ParseTilePath(path)
	if path == ledger.CheckpointPath {
		return s.client.public(s.ctx, "/ledger/checkpoint?cosigned") // evidence should bear what witnesses signed
	}
	if err == nil && name.Level != ledger.BundleLevel {
		return s.client.public(s.ctx, "/ledger/"+path)
	}
	return s.client.read(s.ctx, "/ledger/"+path)
}

// fixed is a source at one checkpoint, while the server's goes on.
type fixed struct {
	source
	checkpoint []byte
}

// ReadFile does what ledger.Source says.
func (f fixed) ReadFile(path string) ([]byte, error) {
	if path == ledger.CheckpointPath {
		return f.checkpoint, nil
	}
	return f.source.ReadFile(path)
}
