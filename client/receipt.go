package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// ErrReceipt says that the server took a statement, as it says, but does not show
// that its ledger has it.
var ErrReceipt = errors.New("the server does not prove that the statement is in its ledger")

// Receipt reads the receipt of a statement anew, with the cosignatures that it has
// by now, and checks it: the entry holds these very bytes, and leads to a
// checkpoint that a pinned key signed and that goes on from what was seen here.
func (c *Client) Receipt(ctx context.Context, digest canon.Digest) (*ledger.Receipt, error) {
	data, err := c.Get(ctx, "/statements/"+digest.String(), nil)
	if err != nil {
		return nil, err
	}
	r, err := c.receipt(ctx, digest, data)
	if err != nil {
		return nil, err
	}
	_, err = c.remember(ctx, r.Signed)
	return r, err
}

// receipt opens a receipt. One that is signed with a ledger key that is not known here
// is believed when that is proved.
func (c *Client) receipt(ctx context.Context, digest canon.Digest, data []byte) (*ledger.Receipt, error) {
	r, err := ledger.OpenReceipt(c.Anchor(), data)
	if ledger.UnknownKey(err) {
		anchor := c.Anchor()
		anchor.Deferred = true
		if r, err = ledger.OpenReceipt(anchor, data); err == nil {
			_, err = c.remember(ctx, r.Signed)
		}
		if err == nil {
			r, err = ledger.OpenReceipt(c.Anchor(), data)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	if r.Digest != digest {
		return nil, fmt.Errorf("%w: its receipt is of another statement", ErrReceipt)
	}
	return r, nil
}

// believe checks what a statement became: that the ledger has it where the server
// says, and that this ledger goes on from what was seen. It keeps the receipt,
// before anybody is told that the statement was taken, and says why if it cannot.
func (c *Client) believe(ctx context.Context, sent statement.Statement, a Answer) (unkept, err error) {
	if a.Digest != sent.Digest {
		return nil, errors.New("the server answered for another statement than was sent")
	}
	if sent.Body.Kind() == statement.KindSession {
		return nil, c.covered(ctx, a)
	}
	r, err := c.receipt(ctx, sent.Digest, a.Receipt)
	if err != nil {
		return nil, err
	}
	if r.Index != a.Entry {
		return nil, fmt.Errorf("%w: the receipt is of entry %d, the answer of entry %d", ErrReceipt, r.Index, a.Entry)
	}
	kept := make(chan error, 1) // whatever comes next: if the ledger has forked, the receipt convicts
	go func() { kept <- c.KeepReceipt(r.Checkpoint().Origin, r.Index, a.Receipt) }()
	followed := c.follow(ctx, sent.Seen, r, a.Extends)
	unkept = <-kept
	var fork *Fork
	switch {
	case errors.As(followed, &fork):
		return unkept, followed
	case followed != nil && r.Checkpoint().Origin != sent.Ledger:
		// It convicts nobody in the ledger that was signed for.
		return unkept, fmt.Errorf("%w: the statement was for %s: %w", ErrReceipt, sent.Ledger, followed)
	}
	return unkept, nil // what only could not be proved right now is proved before anything is signed again
}

// covered demands of the answer to a session, which comes without a receipt because
// it opens reading and nothing else, that a signed checkpoint covers its entry.
func (c *Client) covered(ctx context.Context, a Answer) error {
	signed, err := c.opened([]byte(a.Checkpoint))
	if ledger.UnknownKey(err) {
		signed, err = c.remember(ctx, []byte(a.Checkpoint))
	}
	if err == nil && (a.Entry < 0 || a.Entry >= signed.Size) {
		err = fmt.Errorf("cannot believe the server: its checkpoint of size %d does not cover entry %d", signed.Size, a.Entry)
	}
	return err
}

// follow takes the checkpoint of a receipt for the newest, by the proof that came
// with it if that begins at the newest that is known here.
func (c *Client) follow(ctx context.Context, named statement.Seen, r *ledger.Receipt, proof []ledger.Hash) error {
	before, err := c.lastSeen()
	if err != nil {
		return err
	}
	now := r.Checkpoint()
	if before.Origin == now.Origin && before.Size == named.Size && before.Root == named.Root &&
		ledger.CheckConsistency(proof, before.Size, before.Root, now.Size, now.Root) == nil {
		return c.take(c.sighted(now, r.Signed))
	}
	_, err = c.remember(ctx, r.Signed)
	return err
}

// receiptsMost is how many receipts are kept: the newest.
const receiptsMost = 10_000

// KeepReceipt keeps a receipt, unchecked, in a file of its own, named by its entry
// and the epoch of the ledger that it was made under,
// in the place of one that was kept before. It lets go of the oldest ones beyond
// the most.
func (c *Client) KeepReceipt(origin string, index int64, data []byte) error {
	name := fmt.Sprintf("%015d.json", index)
	if _, epoch, ok := canon.CellOf(origin); ok && epoch > 1 { // beside those of what was lost
		name = fmt.Sprintf("epoch-%04d-%s", epoch, name)
	}
	if err := c.keep(filepath.Join(c.file("receipts"), name), data); err != nil {
		return fmt.Errorf("cannot keep the receipt: %w", err)
	}
	names, err := c.Receipts()
	if err != nil {
		return err
	}
	for _, name := range names[:max(0, len(names)-receiptsMost)] {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot let an old receipt go: %w", err)
		}
	}
	return nil
}

// Receipts are the files of the receipts that are kept, oldest first. Each is
// what ledger.OpenReceipt reads.
func (c *Client) Receipts() ([]string, error) {
	folder := filepath.Join(c.folder, c.file("receipts"))
	there, err := os.ReadDir(folder) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the receipts: %w", err)
	}
	var names []string
	for _, file := range there {
		if !strings.HasPrefix(file.Name(), ".") { // one that is being written, or was left by a crash
			names = append(names, filepath.Join(folder, file.Name()))
		}
	}
	return names, nil
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
