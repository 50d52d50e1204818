package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// proveLive replays everything that is live from the signed ledger and demands
// that the database keeps just that. Whoever can write the database can write a
// grant into it; nothing is served, and so nothing minted, on such a grant. What
// is settled is not replayed here: the broker takes it for nothing but settled.
func proveLive(ctx context.Context, store *sqlite.Store, anchor ledger.Anchor) error {
	state, err := store.Load(ctx)
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
	if err := p.replay(live); err != nil {
		return err
	}
	if ledger.Hash(p.world.GenesisDigest) != anchor.Genesis {
		return fmt.Errorf("%w: it was founded with genesis %s", ErrDerived, p.world.GenesisDigest)
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
	for _, index := range indices {
		if err := p.one(index); err != nil {
			return fmt.Errorf("%w: entry %d: %w", ErrDerived, index, err)
		}
	}
	return nil
}

func (p *proving) one(index int64) error {
	bodies, err := p.store.Entries(p.ctx, index, 1)
	if err != nil {
		return err
	}
	if len(bodies) == 0 {
		return broker.ErrAbsent
	}
	proof, err := ledger.InclusionProof(p.head.Size, index, func(level int, tile int64) ([]byte, error) {
		return p.store.Tile(p.ctx, level, tile)
	})
	if err != nil {
		return err
	}
	if err := ledger.CheckInclusion(proof, p.head.Size, p.head.Root, index, ledger.LeafHash(bodies[0])); err != nil {
		return err
	}
	prepared, err := cell.Prepare(bodies[0], verify.Signatures{})
	if err != nil {
		return err
	}
	_, err = p.world.ReplayAt(index, prepared)
	return err
}
