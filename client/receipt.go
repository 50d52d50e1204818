package client

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Receipt proves that a statement is in the ledger. Keep it: an entry that the
// ledger no longer has proves that somebody took it away.
type Receipt struct {
	Digest     canon.Digest   `json:"digest"`
	Index      int64          `json:"index"`
	Entry      jsontext.Value `json:"entry"` // the leaf, byte for byte
	Proof      []ledger.Hash  `json:"proof"`
	Checkpoint string         `json:"checkpoint"`
}

// Receipt reads the receipt of a statement and checks it: the entry holds these
// very bytes, and leads to a checkpoint that a pinned key signed and that goes
// on from what was seen here.
func (c *Client) Receipt(ctx context.Context, digest canon.Digest) (*Receipt, error) {
	var r Receipt
	if err := c.Into(ctx, "/statements/"+digest.String(), nil, &r); err != nil {
		return nil, err
	}
	entry, err := ledger.DecodeEntry(r.Entry)
	if err != nil {
		return nil, fmt.Errorf("cannot use the receipt: %w", err)
	}
	if r.Digest != digest || canon.Sum(entry.Cause.Statement) != digest {
		return nil, fmt.Errorf("cannot use the receipt: its entry is not of statement %s", digest.Short())
	}
	signed, err := c.remember(ctx, []byte(r.Checkpoint))
	if err != nil {
		return nil, err
	}
	if err := ledger.CheckInclusion(r.Proof, signed.Size, signed.Root, r.Index, ledger.LeafHash(r.Entry)); err != nil {
		return nil, fmt.Errorf("cannot use the receipt: %w", err)
	}
	return &r, nil
}

// Evidence is partial evidence of a request, or of a waiting change, by its id
// or the first eight or more digits of it. Nothing of it was checked:
// ledger.OpenPartial and a replay from the profile's anchor do that.
func (c *Client) Evidence(ctx context.Context, id string) ([]byte, error) {
	data, err := c.Get(ctx, "/requests/"+id+"/evidence", nil)
	if no, ok := asProblem(err); ok && no.Reason == ReasonNotFound {
		if of, tried := c.Get(ctx, "/changes/"+id+"/evidence", nil); tried == nil {
			return of, nil
		}
	}
	return data, err
}

// Attachment is genesis or a scenario, checked against its SHA-256.
func (c *Client) Attachment(ctx context.Context, digest canon.Digest) ([]byte, error) {
	data, err := c.Source(ctx).ReadFile(ledger.AttachmentPath(ledger.Hash(digest)))
	if err != nil {
		return nil, err
	}
	if canon.Sum(data) != digest {
		return nil, fmt.Errorf("cannot use attachment %s: the server sent something else", digest.Short())
	}
	return data, nil
}
