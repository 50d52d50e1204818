package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ErrNewKey says that no ledger key that this machine knows signed a checkpoint, and
// nobody here could prove that the cell's people agreed to another.
var ErrNewKey = errors.New("no ledger key that this machine knows signed it, and that another took its place is not proved on this machine")

// Proved is what a replay of the cell's own stream from the profile's anchor gave.
type Proved struct {
	Epochs []Epoch            // up to that of the checkpoint
	Keys   []ledger.Successor // ledger keys that came after those of the anchor
	Signed []byte             // the signed checkpoint under which it is proved
}

// Anchor is what the client pinned, with the ledger keys of which this machine proved
// that they came after.
func (c *Client) Anchor() ledger.Anchor {
	anchor := c.profile.Anchor
	if known := c.keys.Load(); known != nil {
		anchor.Successors = *known
	}
	return anchor
}

// keysMost is the length in bytes of the longest file of ledger keys.
const keysMost = 1 << 20

// loadKeys reads the ledger keys that this or another program of the person proved.
func (c *Client) loadKeys() error {
	data, err := c.kept(c.file("ledger-keys"))
	if err != nil || data == nil {
		return err
	}
	var known []ledger.Successor
	if err := canon.Decode(data, keysMost, &known); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(c.folder, c.file("ledger-keys")), err)
	}
	c.keys.Store(&known)
	return nil
}

// openIn opens a signed checkpoint with the keys that are known here. If they do not
// do, another program of the person may have proved more since.
func (c *Client) openIn(text []byte) (ledger.Checkpoint, error) {
	cp, err := c.Anchor().OpenIn(text)
	if err == nil || c.loadKeys() != nil {
		return cp, err
	}
	return c.Anchor().OpenIn(text)
}

// deferred reads a checkpoint whose signature is checked when what it counts is proved.
func (c *Client) deferred(text []byte) (ledger.Checkpoint, error) {
	anchor := c.Anchor()
	anchor.Deferred = true
	return anchor.OpenIn(text)
}

// grown is the anchor with the keys of a proof, and with those that only ledgers that
// ended had. A proof that lacks one that it should have is none of this ledger.
func (c *Client) grown(p Proved) (ledger.Anchor, error) {
	anchor := c.Anchor()
	all := slices.Clone(p.Keys)
	for _, known := range anchor.Successors {
		has := func(s ledger.Successor) bool {
			return s.Entry == known.Entry && s.Epoch == known.Epoch && s.VKey == known.VKey
		}
		if slices.ContainsFunc(p.Keys, has) {
			continue
		}
		if known.Until == 0 {
			lost := slices.IndexFunc(p.Epochs, func(e Epoch) bool { return e.Number > known.Epoch && e.Base.Size <= known.Entry })
			if lost < 0 {
				return anchor, fmt.Errorf("it lacks the exchange of the ledger's key in entry %d, which was proved on this machine", known.Entry)
			}
			known.Until = p.Epochs[lost].Number
		}
		all = append(all, known)
	}
	slices.SortStableFunc(all, func(a, b ledger.Successor) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Entry, b.Entry))
	})
	anchor.Successors = all
	return anchor, nil
}

// keepKeys remembers keys that were proved. It comes before the checkpoint that they
// signed is remembered, which nobody could read without them.
func (c *Client) keepKeys(anchor ledger.Anchor) error {
	if slices.Equal(anchor.Successors, c.Anchor().Successors) {
		return nil
	}
	if err := c.keep(c.file("ledger-keys"), canon.MustEncode(anchor.Successors)); err != nil {
		return fmt.Errorf("cannot keep what was proved of the ledger's keys: %w", err)
	}
	c.keys.Store(&anchor.Successors)
	return nil
}

// proof has a ledger proved that this machine cannot follow by what it knows, and
// gives what that showed, and the checkpoint under which it is proved.
func (c *Client) proof(ctx context.Context, now ledger.Checkpoint) (Proved, sight, error) {
	p, err := c.prove(context.WithValue(ctx, proving{}, now), now)
	if err != nil {
		return p, sight{}, err
	}
	anchor, err := c.grown(p)
	if err != nil {
		return p, sight{}, err
	}
	cp, err := anchor.OpenIn(p.Signed)
	if err == nil && cp.Origin != now.Origin {
		err = fmt.Errorf("it is of %s", cp.Origin)
	}
	return p, sight{cp, p.Signed, anchor}, err
}

// rotated follows an exchange of the ledger's key, if that is proved and does not
// contradict what was seen.
func (c *Client) rotated(ctx context.Context, before sight, now ledger.Checkpoint, why error) error {
	if c.prove == nil {
		return why
	}
	_, shown, err := c.proof(ctx, now)
	if err != nil {
		return fmt.Errorf("%w: %w: %w", why, ErrNewKey, err)
	}
	if shown.Size < before.Size {
		err = c.older(ctx, shown, before)
	} else {
		err = c.extends(ctx, before, shown)
	}
	if err != nil {
		return err
	}
	return c.keepKeys(shown.anchor)
}
