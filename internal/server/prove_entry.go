package server

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Entries are read in runs: after a storm of leases nearly all of a long ledger is
// live, and reading and proving each by itself took most of a start. A run ends
// where more than gapMost entries lie between that nobody asked for.
const (
	runMost = 256
	gapMost = 8
)

// each gives entries in order, each proved to stand in the signed tree. Indices
// ascend.
func (p *proving) each(indices []int64, do func(index int64, body []byte) error) error {
	for len(indices) > 0 {
		from, n := indices[0], run(indices)
		bodies, err := p.store.Entries(p.ctx, from, int(indices[n-1]-from)+1)
		if err == nil && len(bodies) == 0 {
			err = broker.ErrAbsent
		}
		if err != nil {
			return fmt.Errorf("%w: entry %d: %w", ErrDerived, from, err)
		}
		for len(indices) > 0 && indices[0] < from+int64(len(bodies)) {
			index := indices[0]
			body := bodies[index-from]
			err := p.stands(index, body)
			if err == nil {
				err = do(index, body)
			}
			if err != nil {
				return fmt.Errorf("%w: entry %d: %w", ErrDerived, index, err)
			}
			indices = indices[1:]
		}
	}
	return nil
}

// run is how many of the first indices are read at once.
func run(indices []int64) int {
	n := 1
	for n < len(indices) && indices[n]-indices[n-1] <= gapMost && indices[n]-indices[0] < runMost {
		n++
	}
	return n
}

var errNotInTree = errors.New("it is not what the signed tree has")

// stands demands that an entry is a leaf of the signed tree.
func (p *proving) stands(index int64, body []byte) error {
	if tile := index / ledger.TileWidth; p.leaves == nil || p.tile != tile || index%ledger.TileWidth*sha256.Size >= int64(len(p.leaves)) {
		if err := p.prove(index); err != nil {
			return err
		}
	}
	at := index % ledger.TileWidth * sha256.Size
	if ledger.Hash(p.leaves[at:at+sha256.Size]) != ledger.LeafHash(body) {
		return errNotInTree
	}
	return nil
}

// prove proves all leaves of the tile that an index is in: an inclusion proof of
// one leaf holds only if everything beside it is right, and in its own tile that is
// worked out from the other leaves. The very bytes that the proof was made of are
// kept; were the tile read again, it could say something else.
func (p *proving) prove(index int64) error {
	p.leaves = nil
	tile := index / ledger.TileWidth
	leaves, err := p.store.Tile(p.ctx, 0, tile)
	if err != nil {
		return err
	}
	// A tile may be longer than the signed tree; what is beyond it is proved by nothing.
	leaves = leaves[:min(int64(len(leaves)), (p.head.Size-tile*ledger.TileWidth)*sha256.Size)]
	at := index % ledger.TileWidth * sha256.Size
	if int64(len(leaves)) < at+sha256.Size {
		return errNotInTree
	}
	proof, err := ledger.InclusionProof(p.head.Size, index, func(level int, of int64) ([]byte, error) {
		if level == 0 && of == tile {
			return leaves, nil
		}
		return p.store.Tile(p.ctx, level, of)
	})
	if err != nil {
		return err
	}
	if err := ledger.CheckInclusion(proof, p.head.Size, p.head.Root, index, ledger.Hash(leaves[at:at+sha256.Size])); err != nil {
		return err
	}
	p.leaves, p.tile = leaves, tile
	return nil
}
