package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Verify reads all that a store holds and says whether it is one whole: as many
// entries as the head says, giving its root and the tiles, the tiles giving the
// root again, and no entry of any stream beyond. It is for a store that nobody
// appends to meanwhile.
func Verify(ctx context.Context, s Store) error {
	state, err := s.Load(ctx)
	if err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	if head.Size != state.Head.Size || head.Root != state.Head.Root || !bytes.Equal(head.Checkpoint, state.Head.Checkpoint) {
		return fmt.Errorf("head %d is read, head %d is loaded", head.Size, state.Head.Size)
	}
	log, err := NewLog(state)
	if err != nil {
		return err
	}
	edge, tiles, err := replay(ctx, s)
	switch {
	case err != nil:
		return err
	case edge.Size() != head.Size:
		return fmt.Errorf("there are %d entries, the head says %d", edge.Size(), head.Size)
	case head.Size > 0 && edge.Root() != head.Root:
		return fmt.Errorf("the entries give the root %v, the head says %v", edge.Root().Short(), head.Root.Short())
	case head.Size > 0 && log.tiles.Root() != head.Root:
		return errors.New("the loaded tiles give another root than the head")
	}
	for _, st := range state.Streams {
		if st.Last >= head.Size {
			return fmt.Errorf("stream %s ends at %d, beyond the head at %d", st.ID, st.Last, head.Size)
		}
	}
	return sameTiles(ctx, s, tiles)
}

func replay(ctx context.Context, s Store) (ledger.Edge, []ledger.TileEdit, error) {
	var edge ledger.Edge
	tiles, err := ledger.OpenTiles(0, nil)
	if err != nil {
		return edge, nil, err
	}
	for {
		bodies, err := s.Entries(ctx, edge.Size(), 1000)
		if err != nil || len(bodies) == 0 {
			return edge, tiles.Dirty(), err
		}
		for _, body := range bodies {
			leaf := ledger.LeafHash(body)
			edge.Append(leaf)
			tiles.Append(leaf)
		}
	}
}

func sameTiles(ctx context.Context, s Store, want []ledger.TileEdit) error {
	for _, t := range want {
		got, err := s.Tile(ctx, t.Level, t.Index)
		if err != nil {
			return fmt.Errorf("tile %d/%d: %w", t.Level, t.Index, err)
		}
		if !bytes.Equal(got, t.Data) {
			return fmt.Errorf("tile %d/%d has %d bytes, and not those that the entries give", t.Level, t.Index, len(got))
		}
	}
	return nil
}

var _ broker.Store = Store(nil)
