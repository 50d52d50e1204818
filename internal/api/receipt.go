package api

import (
	"context"
	"fmt"
	"net/http"

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
	head, err := s.Read.Head(ctx) // after the index: it covers it
	if err != nil {
		return err
	}
	head.Size, head.Checkpoint = s.cosigned(ctx, head)
	data, err := s.receiptOf(ctx, index, head, s.tiles(ctx))
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, "application/json", data)
}

// receiptOf is the receipt of an entry under a signed head.
func (s *service) receiptOf(ctx context.Context, index int64, head broker.Head, tiles ledger.TileReader) ([]byte, error) {
	body, err := s.body(ctx, index)
	if err != nil {
		return nil, err
	}
	r := ledger.Receipt{ProvedEntry: ledger.ProvedEntry{Index: index, Body: body}, Signed: head.Checkpoint}
	if r.Proof, err = ledger.InclusionProof(head.Size, index, tiles); err != nil {
		return nil, err
	}
	return r.Encode()
}

// vouch adds the receipt of a statement to its answer, and that its checkpoint goes
// on from what the statement named as seen. The checkpoint is the newest that
// witnesses cosigned, if it covers the entry; nobody waits for that.
func (s *service) vouch(ctx context.Context, out *answered, of statement.Statement, head broker.Published) (err error) {
	size, signed := head.Size, head.Text
	if s.Witnesses != nil {
		if cosigned, text := s.Witnesses.Newest(); cosigned >= size {
			size, signed = cosigned, text
		}
	}
	out.Checkpoint = string(signed)
	if of.Body.Kind() == statement.KindSession {
		return nil // it opens reading: nobody would censor that, and there are many
	}
	tiles := s.tiles(ctx)
	if out.Receipt, err = s.receiptOf(ctx, out.Entry, broker.Head{Size: size, Checkpoint: signed}, tiles); err != nil {
		return fmt.Errorf("cannot give a receipt of entry %d: %w", out.Entry, err)
	}
	if out.Extends, err = ledger.ConsistencyProof(of.Seen.Size, size, tiles); err != nil {
		return fmt.Errorf("cannot prove what entry %d goes on from: %w", out.Entry, err)
	}
	return nil
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
