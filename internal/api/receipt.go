package api

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// receipt is what proves to a signer that a statement is in the ledger: its
// entry, and the way from there to a signed checkpoint.
func (s *service) receipt(c *call) error {
	digest, err := canon.ParseDigest(c.r.PathValue("digest"))
	if err != nil {
		return badQuery("a statement is named by all 64 digits of its digest")
	}
	ctx := c.r.Context()
	index, err := s.Read.StatementEntry(ctx, digest)
	if err != nil {
		return err
	}
	r := ledger.Receipt{ProvedEntry: ledger.ProvedEntry{Index: index}, Digest: digest}
	if r.Body, err = s.body(ctx, index); err != nil {
		return err
	}
	head, err := s.Read.Head(ctx) // after the index: it covers it
	if err != nil {
		return err
	}
	size, signed := s.cosigned(ctx, head)
	r.Signed = signed
	if r.Proof, err = ledger.InclusionProof(size, index, s.tiles(ctx)); err != nil {
		return err
	}
	data, err := r.Encode()
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, "application/json", data)
}

// vouch adds the receipt of a statement to its answer, and that its checkpoint goes
// on from what the statement named as seen. The checkpoint is the newest that
// witnesses cosigned, if it covers the entry; nobody waits for that.
func (s *service) vouch(ctx context.Context, out *answered, of statement.Statement, a broker.Answer) (err error) {
	size, signed := a.Checkpoint.Size, a.Checkpoint.Text
	if s.Witnesses != nil {
		if cosigned, text := s.Witnesses.Newest(); cosigned >= size {
			size, signed = cosigned, text
		}
	}
	out.Checkpoint = string(signed)
	if of.Body.Kind() == statement.KindSession {
		return nil // it opens reading: nobody would censor that, and there are many
	}
	r := ledger.Receipt{ProvedEntry: ledger.ProvedEntry{Index: a.Index, Body: a.Body}, Digest: a.Digest, Signed: signed}
	s.edge.grew(a.Checkpoint.Tiles)
	tiles := s.edge.tiles(ctx, s.Read, size)
	if r.Proof, err = s.edge.nodes.InclusionProof(size, a.Index, tiles); err != nil {
		return fmt.Errorf("cannot give a receipt of entry %d: %w", a.Index, err)
	}
	if out.Receipt, err = r.Encode(); err != nil {
		return fmt.Errorf("cannot give a receipt of entry %d: %w", a.Index, err)
	}
	if out.Extends, err = s.edge.nodes.ConsistencyProof(of.Seen.Size, size, tiles); err != nil {
		return fmt.Errorf("cannot prove what entry %d goes on from: %w", a.Index, err)
	}
	return nil
}

// edge keeps the tiles that receipts of new entries lead through: those at the
// end of the ledger, which all who are answered at once need, and what was worked
// out of them.
type edge struct {
	nodes ledger.Nodes
	mu    sync.Mutex
	kept  map[tilePlace][]byte
}

type tilePlace struct {
	level int
	index int64
}

// edgeMost bounds the tiles that are kept, of 8 KiB each.
const edgeMost = 32

// tiles reads the tiles of a ledger of a size. What a tile once had it has for
// ever, so that one which is wide enough need not be read again.
func (e *edge) tiles(ctx context.Context, from broker.LogReader, size int64) ledger.TileReader {
	return func(level int, index int64) ([]byte, error) {
		at := tilePlace{level, index}
		need := int(min(size>>(8*level)-index*ledger.TileWidth, ledger.TileWidth)) * sha256.Size
		e.mu.Lock()
		data := e.kept[at]
		e.mu.Unlock()
		if len(data) >= need {
			return data, nil
		}
		data, err := from.Tile(ctx, level, index)
		if err != nil {
			return nil, err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.keep(at, data)
		return data, nil
	}
}

// grew takes tiles over from a checkpoint: all who are answered with it want the
// same few, and each would read them from the store.
func (e *edge) grew(tiles []ledger.TileEdit) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range tiles {
		e.keep(tilePlace{t.Level, t.Index}, t.Data)
	}
}

// keep keeps the longest that is known of a tile. It wants the lock held.
func (e *edge) keep(at tilePlace, data []byte) {
	if len(data) <= len(e.kept[at]) {
		return
	}
	if _, known := e.kept[at]; e.kept == nil || !known && len(e.kept) >= edgeMost {
		e.kept = map[tilePlace][]byte{}
	}
	e.kept[at] = data
}

// cosigned is the head, or a newer one, with the cosignatures of the witnesses
// when they come in time.
func (s *service) cosigned(ctx context.Context, head broker.Head) (int64, []byte) {
	if s.Witnesses != nil {
		if size, text := s.Witnesses.Await(ctx, head.Size-1); text != nil {
			return size, text
		}
	}
	return head.Size, head.Checkpoint
}

// body is the entry with an index.
func (s *service) body(ctx context.Context, index int64) ([]byte, error) {
	bodies, err := s.Read.Entries(ctx, index, 1)
	if err != nil {
		return nil, err
	}
	if len(bodies) == 0 {
		return nil, fmt.Errorf("entry %d: %w", index, broker.ErrAbsent)
	}
	return bodies[0], nil
}
