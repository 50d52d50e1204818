package client

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ErrForked says that the server's ledger does not extend what this machine has
// seen of it: entries were taken away or changed. The error is a *Fork.
var ErrForked = errors.New("the server's ledger does not extend the one that this machine has seen")

// Fork is two checkpoints of one ledger, both signed with its key, of which the
// server does not show that both are true. They are kept in a file of the
// client's folder, which ledger.DecodeFork reads.
type Fork struct {
	Old, New ledger.Checkpoint
	File     string // where both are kept; empty: they could not be
	Proved   bool   // the file alone shows that they contradict each other
	Err      error  // what does not fit
}

// Error is for people.
func (f *Fork) Error() string {
	switch {
	case f.File == "":
		return fmt.Sprintf("%v: %v", ErrForked, f.Err)
	case f.Proved:
		return fmt.Sprintf("%v: %v; both checkpoints, which prove it, are kept in %s", ErrForked, f.Err, f.File)
	}
	return fmt.Sprintf("%v: %v; both checkpoints are kept in %s", ErrForked, f.Err, f.File)
}

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
	now, err := c.deferred(text) // checked when it is remembered
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("cannot believe the server's checkpoint: %w", err)
	}
	// Another call or program of this person may have seen more since the server
	// answered: what it answers now should be newer.
	if before, err := c.Seen(); err == nil && now.Origin == before.Origin && now.Size < before.Size {
		if text, err = c.public(ctx, "/ledger/checkpoint"); err != nil {
			return ledger.Checkpoint{}, err
		}
	}
	return c.remember(ctx, text)
}

// opened reads a signed checkpoint with the ledger keys that are known here.
func (c *Client) opened(text []byte) (ledger.Checkpoint, error) {
	cp, err := c.openIn(text)
	if err != nil {
		return cp, fmt.Errorf("cannot believe the server's checkpoint: %w", err)
	}
	return cp, nil
}

// Seen is the newest checkpoint that this or another program of the person has
// seen; the zero Checkpoint when there is none.
func (c *Client) Seen() (ledger.Checkpoint, error) {
	seen, err := c.lastSeen()
	return seen.Checkpoint, err
}

// sight is a checkpoint that was checked, and how it was signed.
type sight struct {
	ledger.Checkpoint
	text   []byte
	anchor ledger.Anchor // with the keys that it was opened with
}

// sighted is a checkpoint that was opened with the ledger keys that are known here.
func (c *Client) sighted(cp ledger.Checkpoint, text []byte) sight { return sight{cp, text, c.Anchor()} }

func (c *Client) lastSeen() (sight, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, err := c.kept(c.file("seen"))
	if err != nil || text == nil {
		return c.seen, err
	}
	kept, err := c.openIn(text)
	if err != nil {
		return c.seen, fmt.Errorf("%s: %w", filepath.Join(c.folder, c.file("seen")), err)
	}
	if kept.Size > c.seen.Size || kept.Origin != c.seen.Origin {
		c.seen = c.sighted(kept, text)
	}
	return c.seen, nil
}

// file names what is remembered of one cell.
func (c *Client) file(what string) string {
	return what + "-" + canon.Digest(c.profile.Anchor.Genesis).Short()
}

// GoesOn demands that a signed checkpoint, which evidence bears, belongs to the
// ledger that was seen, and takes it for the newest if it is. One that ends before
// what had been seen when it was asked for is shown by a server that hides
// something, and is refused; what another program has seen since is no reason.
func (c *Client) GoesOn(ctx context.Context, since ledger.Checkpoint, text []byte) error {
	now, err := c.remember(ctx, text)
	if err == nil && now.Origin == since.Origin && now.Size < since.Size {
		return fmt.Errorf("cannot act on a checkpoint of %d entries: this machine had seen one of %d", now.Size, since.Size)
	}
	return err
}

// Extends demands of two signed checkpoints, of which the caller holds the first,
// that the server's ledger goes on from the first to the second. It is a *Fork if
// it does not.
func (c *Client) Extends(ctx context.Context, held, shown []byte) error {
	before, err := c.opened(held)
	if err != nil {
		return err
	}
	now, err := c.opened(shown)
	if err != nil {
		return err
	}
	if now.Origin != before.Origin {
		if before, err = c.acrossEpochs(before, now.Origin); err != nil {
			return err
		}
	}
	if now.Size >= before.Size {
		return c.extends(ctx, c.sighted(before, held), c.sighted(now, shown))
	}
	if err := c.older(ctx, c.sighted(now, shown), c.sighted(before, held)); err != nil {
		return err
	}
	return fmt.Errorf("cannot go on with a checkpoint of %d entries: there is one of %d", now.Size, before.Size)
}

// remember checks a signed checkpoint and takes it for the newest.
func (c *Client) remember(ctx context.Context, text []byte) (ledger.Checkpoint, error) {
	before, err := c.lastSeen()
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("cannot read the checkpoint that was seen last: %w", err)
	}
	now, err := c.deferred(text)
	if err != nil {
		return now, fmt.Errorf("cannot believe the server's checkpoint: %w", err)
	}
	_, unsigned := c.opened(text)
	another := now.Origin != c.origin(before.Checkpoint)
	switch {
	case unsigned != nil && !another && !ledger.UnknownKey(unsigned):
		return ledger.Checkpoint{}, unsigned
	case isProving(ctx) && (another || unsigned != nil):
		return now, nil // whoever proves it reads it
	case another:
		before, err = c.adopt(ctx, before, now)
	case unsigned != nil:
		err = c.rotated(ctx, before, now, unsigned)
	}
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if now, err = c.opened(text); err != nil { // with what is proved now
		return ledger.Checkpoint{}, err
	}
	if now.Size < before.Size {
		return now, c.older(ctx, c.sighted(now, text), before)
	}
	if err := c.extends(ctx, before, c.sighted(now, text)); err != nil {
		return ledger.Checkpoint{}, err
	}
	return now, c.take(c.sighted(now, text))
}

// take takes a checkpoint that was proved to go on from the newest for the newest.
func (c *Client) take(now sight) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Size < c.seen.Size {
		return nil // another call remembered a newer one meanwhile, and proved it
	}
	if now.Size > c.seen.Size {
		if err := c.keep(c.file("seen"), now.text); err != nil {
			return fmt.Errorf("cannot remember the checkpoint: %w", err)
		}
	}
	c.seen, c.seenAt = now, c.now()
	return nil
}

// extends demands a proof that one checkpoint extends another. Tiles that
// cannot be had, or that are not those of the checkpoint, prove nothing either
// way and are no fork; nothing is signed all the same.
func (c *Client) extends(ctx context.Context, before, now sight) error {
	if before.Size == 0 || before.Checkpoint == now.Checkpoint {
		return nil
	}
	if before.Size == now.Size {
		return c.forked(ctx, before, now, fmt.Errorf("at size %d it has root %s, and had %s", now.Size, now.Root.Short(), before.Root.Short()))
	}
	log, err := ledger.OpenLog(fixed{source{ctx, c}, now.text}, now.anchor)
	if err == nil {
		err = log.Extends(before.Checkpoint)
	}
	var fault *ledger.Fault
	if errors.As(err, &fault) && fault.Class == ledger.ClassProof && fault.Err == nil {
		return c.forked(ctx, before, now, err)
	}
	if err != nil {
		return fmt.Errorf("cannot prove that the server's ledger extends the one that was seen: %w", err)
	}
	return nil
}

// older demands a proof that an answer is only an old one: that the ledger which
// was seen begins with it. A server whose ledger was cut back cannot give it.
func (c *Client) older(ctx context.Context, now, before sight) error {
	proof, err := ledger.ConsistencyProof(now.Size, before.Size, ledger.RawTiles(source{ctx, c}, before.Size))
	if err == nil {
		err = ledger.CheckConsistency(proof, now.Size, now.Root, before.Size, before.Root)
	}
	no, said := asProblem(err)
	if errors.Is(err, ErrUnreachable) || ctx.Err() != nil || said && no.Temporary() {
		return fmt.Errorf("cannot prove that the server's checkpoint is only an old one: %w", err)
	}
	if err != nil {
		return c.forked(ctx, before, now, fmt.Errorf("it ends at %d, and %d was seen: %w", now.Size, before.Size, err))
	}
	return nil
}

// forksMost bounds the files of forks: the first ones prove as much as the last.
const forksMost = 64

// forked keeps both checkpoints of a fork, and what shows that they contradict
// each other where the server gives it away.
func (c *Client) forked(ctx context.Context, before, now sight, why error) error {
	f := &Fork{Old: before.Checkpoint, New: now.Checkpoint, Err: why}
	kept, err := ledger.NewFork(now.anchor, before.text, now.text, source{ctx, c})
	if err != nil {
		f.Err = errors.Join(why, err)
		return f
	}
	_, _, unproved := kept.Check(now.anchor)
	f.Proved = unproved == nil
	if f.File, err = c.KeepFork(kept); err != nil {
		f.Err = errors.Join(why, err)
	}
	return f
}

// KeepFork writes a fork to a file of its own, named by what it holds, and gives
// its path.
func (c *Client) KeepFork(f ledger.Fork) (string, error) {
	data, err := f.Encode()
	if err != nil {
		return "", err
	}
	name := c.file("fork") + "-" + canon.Sum(data).Short() + ".json"
	there, err := filepath.Glob(filepath.Join(c.folder, c.file("fork")+"-*.json"))
	path := filepath.Join(c.folder, name)
	if err != nil || len(there) >= forksMost && !slices.Contains(there, path) {
		return "", errors.Join(err, fmt.Errorf("cannot keep another fork: there are %d in %s", len(there), c.folder))
	}
	return path, c.keep(name, data)
}

// newest is a checkpoint that is fresh enough to be named as seen.
func (c *Client) newest(ctx context.Context, anew bool) (ledger.Checkpoint, error) {
	c.mu.Lock()
	seen, fresh := c.seen.Checkpoint, !c.seenAt.IsZero() && c.now().Sub(c.seenAt) < seenFor
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

// fixed is a source of hashes at one checkpoint, while the server's goes on. It reads
// nothing that needs a session: to open one, the checkpoint would be asked for again
// that is being checked.
type fixed struct {
	source
	checkpoint []byte
}

// ReadFile does what ledger.Source says.
func (f fixed) ReadFile(path string) ([]byte, error) {
	if path == ledger.CheckpointPath {
		return f.checkpoint, nil
	}
	if name, err := ledger.ParseTilePath(path); err != nil || name.Level == ledger.BundleLevel {
		return nil, fmt.Errorf("%s is not read to compare checkpoints", path)
	}
	return f.source.ReadFile(path)
}
