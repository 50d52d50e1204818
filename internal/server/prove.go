package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// ErrDerived says that the database keeps of a request, or of the cell, what its
// own ledger does not give.
var ErrDerived = errors.New("the database is not what its ledger gives; halligan fsck tells where, and --rebuild mends what is derived")

// ErrOther says that the ledger is not the one that the anchor pins.
var ErrOther = errors.New("the ledger is not that of the anchor")

// proveLive replays everything that is live from the signed ledger and demands
// that the database keeps just that. Whoever can write the database can write a
// grant into it; nothing is served, and so nothing minted, on such a grant. What
// is settled is not replayed here: the broker takes it for nothing but settled.
//
// What is live, and where it ends, the database could hide too. The high-water
// mark lies elsewhere and says what was live; what came after it is read from the
// signed tree. All of that must be found, at its full length.
func proveLive(ctx context.Context, store *sqlite.Store, anchor ledger.Anchor, marked mark) error {
	state, err := store.Live(ctx)
	if err != nil {
		return err
	}
	p := &proving{ctx: ctx, store: store, head: state.Head, world: cell.NewPartial(anchor.Origin, func(digest canon.Digest) ([]byte, bool) {
		data, err := store.Attachment(ctx, digest)
		return data, err == nil
	})}
	var live []string
	for _, s := range state.Streams {
		if _, ofRequest := cell.RequestOf(s.ID); ofRequest || s.ID == cell.StreamCell {
			live = append(live, s.ID)
		}
	}
	ends, err := p.ends(marked)
	if err != nil {
		return err
	}
	for stream := range ends {
		if !slices.Contains(live, stream) {
			live = append(live, stream)
		}
	}
	if err := p.replay(live); err != nil {
		return err
	}
	if err := p.whole(state, ends); err != nil {
		return err
	}
	if ledger.Hash(p.world.GenesisDigest) != anchor.Genesis {
		return fmt.Errorf("%w: it was founded with genesis %s", ErrOther, p.world.GenesisDigest)
	}
	if signed, err := anchor.OpenIn(state.Head.Checkpoint); err == nil && signed.Origin != p.world.Origin {
		return fmt.Errorf("%w: its newest checkpoint is of %s, its entries are of %s", ErrUnsigned, signed.Origin, p.world.Origin)
	}
	if !slices.Equal(p.world.Successors(), anchor.Successors) {
		return fmt.Errorf("%w: the exchanges of the ledger's key differ", ErrDerived)
	}
	for _, s := range state.Streams {
		if !slices.Contains(live, s.ID) {
			continue
		}
		if want, _ := p.world.KeepStream(s.ID); want.Last != s.Last || !bytes.Equal(want.Snapshot, s.Snapshot) {
			return fmt.Errorf("%w: %s differs", ErrDerived, s.ID)
		}
	}
	return nil
}

// proving is a replay of some streams under way.
type proving struct {
	ctx   context.Context
	store *sqlite.Store
	head  broker.Head
	world *cell.World

	// The leaves of one tile, proved to stand in the signed tree (prove).
	leaves []byte
	tile   int64
}

// replay replays the entries of streams in order, each proved to stand in the
// signed tree.
func (p *proving) replay(streams []string) error {
	var indices []int64
	for _, stream := range streams {
		of, err := p.store.StreamEntries(p.ctx, stream)
		if err != nil {
			return fmt.Errorf("%w: stream %s: %w", ErrDerived, stream, err)
		}
		indices = append(indices, of...)
	}
	slices.Sort(indices)
	return p.each(indices, func(index int64, body []byte) error {
		prepared, err := cell.Prepare(body, verify.Signatures{})
		if err == nil {
			_, err = p.world.ReplayAt(index, prepared)
		}
		return err
	})
}

// ends says where every stream ends that was live at the mark or has an entry
// since; nil when no mark says so.
func (p *proving) ends(marked mark) (map[string]int64, error) {
	if marked.Live == nil {
		return nil, nil
	}
	ends := maps.Clone(marked.Live)
	var since []int64
	for index := marked.Size; index < p.head.Size; index++ {
		since = append(since, index)
	}
	return ends, p.each(since, func(index int64, body []byte) error {
		entry, err := ledger.DecodeEntry(body)
		if err != nil {
			return err
		}
		_, ofRequest := cell.RequestOf(entry.Stream)
		if ofRequest || entry.Stream == cell.StreamCell {
			ends[entry.Stream] = index
		}
		return nil
	})
}

// whole demands that the replay saw every stream to its end, and that what the
// database does not keep as live is at rest.
func (p *proving) whole(state broker.State, ends map[string]int64) error {
	if ends == nil {
		return nil
	}
	kept := map[string]bool{}
	for _, s := range state.Streams {
		kept[s.ID] = true
		id, _ := cell.RequestOf(s.ID)
		if _, known := ends[s.ID]; !known && p.world.Requests[id] != nil && !p.world.Requests[id].AtRest() {
			return fmt.Errorf("%w: %s was over, and is kept as if it were not", ErrDerived, s.ID)
		}
	}
	for stream, end := range ends {
		if last, ok := p.world.Last[stream]; !ok || last != end {
			return fmt.Errorf("%w: %s ends at entry %d, and its newest entries are not found", ErrDerived, stream, end)
		}
		id, ofRequest := cell.RequestOf(stream)
		if r := p.world.Requests[id]; !kept[stream] && (!ofRequest || r == nil || !r.AtRest()) {
			return fmt.Errorf("%w: %s is live, and is kept as if it were not", ErrDerived, stream)
		}
	}
	return nil
}
