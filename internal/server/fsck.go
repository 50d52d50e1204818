package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// fsckRead is how many entries are read at a time.
const fsckRead = 512

// Fault is one thing that the store holds and the ledger does not give.
type Fault struct {
	Where  string `json:"where"`
	Detail string `json:"detail"`
	Entry  bool   `json:"entry,omitzero"` // in the ledger itself: nothing rebuilds that
}

// Fsck is what a check of a store found.
type Fsck struct {
	Entries int64   `json:"entries"`
	Faults  []Fault `json:"faults"`
	Rebuilt bool    `json:"rebuilt,omitzero"`
}

// Sound tells whether nothing was found.
func (f Fsck) Sound() bool { return len(f.Faults) == 0 }

// Checked is what a check looks at. No broker may have the store open.
type Checked struct {
	Store     *sqlite.Store
	Anchor    ledger.Anchor
	HighWater string // the file of the highest size and root that was signed; empty: none
}

// Check replays a store's ledger and compares everything that the store keeps
// with what the ledger gives, and the ledger with the high-water mark. With
// keys it writes what is derived anew when the ledger itself is sound.
func Check(ctx context.Context, of Checked, keys *Keys) (Fsck, error) {
	store := of.Store
	c := Stopped{Anchor: of.Anchor}.checking(ctx, store)
	if err := store.Check(ctx); err != nil {
		c.fault("database", "%v", err)
	}
	state, err := store.Load(ctx)
	if err == nil {
		c.mark, err = readMark(of.HighWater)
	}
	if err == nil {
		err = c.replay(ctx)
	}
	if err != nil {
		return Fsck{}, err
	}
	if !c.broken {
		c.compareMark()
		c.compare(ctx, state)
	}
	if keys != nil && !c.broken && !c.found.Sound() {
		head, err := c.signed(state.Head, keys)
		if err == nil {
			err = c.rebuild(ctx, state.Head, head)
		}
		if err != nil {
			return c.found, fmt.Errorf("cannot rebuild: %w", err)
		}
		c.found.Rebuilt = true
	}
	return c.found, nil
}

// checking is a check under way.
type checking struct {
	store  *sqlite.Store
	anchor ledger.Anchor
	world  *cell.World
	tiles  *ledger.Tiles
	mark   mark
	marked canon.Digest // root of the replayed ledger at the mark's size
	broken bool         // the ledger itself is not sound
	found  Fsck
}

func (c *checking) fault(where, format string, args ...any) {
	c.found.Faults = append(c.found.Faults, Fault{Where: where, Detail: fmt.Sprintf(format, args...)})
}

// replay decides every entry again.
func (c *checking) replay(ctx context.Context) error {
	for {
		bodies, err := c.store.Entries(ctx, c.found.Entries, fsckRead)
		if err != nil || len(bodies) == 0 {
			c.anchor.Successors = c.world.Successors()
			return err
		}
		for _, body := range bodies {
			prepared, err := cell.Prepare(body, verify.Signatures{})
			if err == nil {
				_, err = c.world.Replay(prepared)
			}
			if err != nil {
				c.fault(fmt.Sprintf("entry %d", c.found.Entries), "%v", err)
				c.found.Faults[len(c.found.Faults)-1].Entry = true
				c.broken = true
				return nil
			}
			c.tiles.Append(ledger.LeafHash(body))
			if c.found.Entries++; c.found.Entries == c.mark.Size {
				c.marked = canon.Digest(c.tiles.Root())
			}
		}
	}
}

// compareMark demands that the ledger contains what this server has signed. If
// it does not, entries were changed or taken away, and nothing may be signed over
// what is left of them.
func (c *checking) compareMark() {
	if c.mark.Size == 0 || c.marked == c.mark.Root {
		return
	}
	c.fault("high-water mark", "%d entries with root %s were signed, and the entries do not give that", c.mark.Size, c.mark.Root)
	c.found.Faults[len(c.found.Faults)-1].Entry = true
	c.broken = true
}

// compare holds everything derived against the replayed world.
func (c *checking) compare(ctx context.Context, state broker.State) {
	c.compareHead(state.Head)
	if want := c.world.KeepMoving(); !bytes.Equal(want, state.World) && state.Head.Size > 0 {
		c.fault("world", "is %s, the ledger gives %s", state.World, want)
	}
	c.compareStreams(ctx, state)
	c.compareTasks(state.Tasks)
	c.compareMemos(state.Memos)
	for _, edit := range c.tiles.Dirty() {
		stored, err := c.store.Tile(ctx, edit.Level, edit.Index)
		if err != nil || !bytes.Equal(stored, edit.Data) {
			c.fault(edit.Name().Path(), "is not what the entries give")
		}
	}
}

func (c *checking) compareHead(head broker.Head) {
	if head.Size != c.tiles.Size() || head.Root != c.tiles.Root() && head.Size > 0 {
		c.fault("head", "says size %d root %s, the entries give size %d root %s", head.Size, head.Root, c.tiles.Size(), c.tiles.Root())
		return
	}
	if head.Size == 0 {
		return
	}
	checkpoint, err := c.anchor.OpenIn(head.Checkpoint)
	if err != nil || checkpoint.Origin != c.world.Origin || checkpoint.Size != head.Size || checkpoint.Root != head.Root {
		c.fault("head", "the checkpoint is not the ledger key's over this head: %v", err)
	}
}

func (c *checking) compareStreams(ctx context.Context, state broker.State) {
	live := map[string]bool{}
	for _, s := range state.Streams {
		live[s.ID] = s.Live
	}
	for _, stream := range slices.Sorted(maps.Keys(c.world.Last)) {
		want, wantLive := c.world.KeepStream(stream)
		stored, err := c.store.Stream(ctx, stream)
		switch {
		case errors.Is(err, broker.ErrAbsent):
			c.fault("stream "+stream, "is missing")
		case err != nil:
			c.fault("stream "+stream, "cannot be read: %v", err)
		case stored.Last != want.Last || !bytes.Equal(stored.Snapshot, want.Snapshot):
			c.fault("stream "+stream, "is not what the ledger gives")
		case wantLive && !live[stream]:
			c.fault("stream "+stream, "is live and is not kept so")
		}
	}
	for id := range live {
		if _, known := c.world.Last[id]; !known {
			c.fault("stream "+id, "is kept and the ledger knows no such stream")
		}
	}
}

func (c *checking) compareTasks(stored []broker.Task) {
	kept := map[string][]byte{}
	for _, t := range stored {
		kept[t.ID] = t.Body
	}
	for id, t := range c.world.Tasks {
		if !bytes.Equal(kept[t.Key()], t.Keep()) {
			c.fault("task "+id, "is not what the ledger gives")
		}
		delete(kept, t.Key())
	}
	for _, id := range slices.Sorted(maps.Keys(kept)) {
		c.fault("task "+id, "is kept and the ledger asks for no such task")
	}
}

// compareMemos demands that nothing that still matters was forgotten. What is
// kept beyond that is past, and is swept in time.
func (c *checking) compareMemos(stored []broker.Memo) {
	kept := map[string][]byte{}
	for _, n := range stored {
		kept[n.Key] = n.Body
	}
	for _, memo := range c.memos() {
		if memo.Expires.After(c.world.LastAt) && !bytes.Equal(kept[memo.Key], memo.Body) {
			c.fault("memo "+memo.Key, "is not what the ledger gives")
		}
	}
}

// memos is all that the world remembers until some instant.
func (c *checking) memos() []cell.Memo {
	all := cell.Changes{Used: slices.Sorted(maps.Keys(c.world.Used)), Revoked: slices.Sorted(maps.Keys(c.world.Revoked))}
	return c.world.KeepMemos(all)
}

// ErrSigned says that the ledger key signed another root for this very size:
// rebuilding would sign a second one, which is never done.
var ErrSigned = errors.New("the stored checkpoint is good and says otherwise; restore the entries that it speaks of")

// signed is the checkpoint of the replayed ledger: the stored one where it is
// good, a new one only where there is none that could contradict it.
func (c *checking) signed(head broker.Head, keys *Keys) (broker.Head, error) {
	mine := ledger.Checkpoint{Origin: c.world.Origin, Size: c.tiles.Size(), Root: c.tiles.Root()}
	stored, err := c.anchor.OpenIn(head.Checkpoint)
	if err == nil && stored != mine {
		return broker.Head{}, ErrSigned
	}
	text := head.Checkpoint
	if err != nil {
		signers, err := keys.signing(broker.Options{}).Signers(c.world)
		if err != nil {
			return broker.Head{}, keys.missing(err)
		}
		if text, err = ledger.SignCheckpoint(mine, signers...); err != nil {
			return broker.Head{}, err
		}
	}
	return broker.Head{Size: mine.Size, Root: mine.Root, Checkpoint: text}, nil
}

// rebuild writes everything derived anew.
func (c *checking) rebuild(ctx context.Context, stored, head broker.Head) error {
	batch := broker.Batch{
		Head: head, World: c.world.KeepMoving(),
		Tiles: c.tiles.Dirty(),
	}
	for _, stream := range slices.Sorted(maps.Keys(c.world.Last)) {
		s, live := c.world.KeepStream(stream)
		batch.Streams = append(batch.Streams, broker.Stream{ID: stream, Live: live, Last: s.Last, Snapshot: s.Snapshot})
	}
	for _, memo := range append(c.memos(), c.world.KeepPublished()...) {
		batch.Memos = append(batch.Memos, broker.Memo{Key: memo.Key, Expires: memo.Expires, Body: memo.Body})
	}
	for _, t := range c.world.Tasks {
		batch.Enqueued = append(batch.Enqueued, broker.Task{ID: t.Key(), Body: t.Keep()})
	}
	slices.SortFunc(batch.Enqueued, func(a, b broker.Task) int { return strings.Compare(a.ID, b.ID) })
	return c.store.Rebuild(ctx, stored, batch)
}
