package ledger

import (
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

const receiptVersion = "v1"

// ReceiptMost is the length in bytes of the longest receipt.
const ReceiptMost = MaxEntry + 64<<10

// Receipt proves to the signer of a statement that the log of a signed checkpoint
// has it. A log that goes on without the entry convicts whoever signed both.
type Receipt struct {
	ProvedEntry
	Digest Hash   // of the statement
	Signed []byte // the signed checkpoint, with the cosignatures that it had

	checkpoint Checkpoint
}

// Checkpoint is the checkpoint that OpenReceipt checked; zero otherwise.
func (r *Receipt) Checkpoint() Checkpoint { return r.checkpoint }

// receiptJSON is the canonical JSON of a receipt.
type receiptJSON struct {
	Checkpoint string         `json:"checkpoint"`
	Digest     Hash           `json:"digest"`
	Entry      jsontext.Value `json:"entry"`
	Index      int64          `json:"index"`
	Proof      []Hash         `json:"proof"`
	Version    string         `json:"receipt"`
}

// Encode writes a receipt as canonical JSON. It checks nothing: whoever makes
// receipts has the entry from the ledger.
func (r *Receipt) Encode() ([]byte, error) {
	m := members{dst: make([]byte, 0, 400+len(r.Signed)+len(r.Body)+80*len(r.Proof))}
	m.text("checkpoint", string(r.Signed))
	m.text("digest", r.Digest.String())
	m.name("entry")
	m.value(r.Body)
	m.number("index", r.Index)
	m.name("proof")
	m.dst = append(m.dst, '[')
	for i, h := range r.Proof {
		if i > 0 {
			m.dst = append(m.dst, ',')
		}
		m.dst = append(hex.AppendEncode(append(m.dst, '"'), h[:]), '"')
	}
	m.dst = append(m.dst, ']')
	m.text("receipt", receiptVersion)
	return m.end()
}

// OpenReceipt reads a receipt and checks everything in it: the encoding, the
// checkpoint's signature by a key of the anchor, the proof, the digest.
func OpenReceipt(a Anchor, data []byte) (*Receipt, error) {
	var wire receiptJSON
	if err := openVersion(a, data, &wire, "receipt"); err != nil {
		return nil, err
	}
	if wire.Version != receiptVersion {
		return nil, fault(ClassEncoding, "receipt", fmt.Sprintf("it is of version %q, this program reads %q", wire.Version, receiptVersion))
	}
	entry, err := DecodeEntry(wire.Entry)
	if err != nil {
		return nil, &Fault{Class: ClassEntry, Where: "receipt", Detail: "its entry cannot be decoded", Err: err}
	}
	if entry.Cause.Statement == nil || canon.Sum(entry.Cause.Statement) != wire.Digest {
		return nil, fault(ClassEntry, "receipt", fmt.Sprintf("its entry is not of statement %s", wire.Digest.Short()))
	}
	r := &Receipt{ProvedEntry: ProvedEntry{Index: wire.Index, Body: wire.Entry, Proof: wire.Proof}, Signed: []byte(wire.Checkpoint), Digest: wire.Digest}
	if r.checkpoint, err = a.OpenIn(r.Signed); err != nil {
		return nil, err
	}
	return r, CheckInclusion(r.Proof, r.checkpoint.Size, r.checkpoint.Root, r.Index, LeafHash(r.Body))
}

// openVersion decodes a bounded file that an anchor must be there for.
func openVersion(a Anchor, data []byte, wire any, what string) error {
	if err := a.check(); err != nil {
		return err
	}
	if len(data) > ReceiptMost {
		return fault(ClassEncoding, what, fmt.Sprintf("it has %d bytes, the longest has %d", len(data), ReceiptMost))
	}
	return decodeCanonical(data, wire, ClassEncoding, what)
}

// Has tells whether the log has a leaf at an index; nil says that it does. What
// the log ends before it does not have.
func (l *Log) Has(index int64, leaf Hash) error {
	where := fmt.Sprintf("entry %d", index)
	if index < 0 || index >= l.checkpoint.Size {
		return fault(ClassEntryMissing, where, fmt.Sprintf("the log has %d entries", l.checkpoint.Size))
	}
	tile, err := l.Tiles()(0, index/TileWidth)
	if err != nil {
		return err
	}
	if got := Hash(tile[index%TileWidth*int64(len(leaf)):]); got != leaf {
		return fault(ClassEntry, where, fmt.Sprintf("the log has another entry there, with hash %s instead of %s", got.Short(), leaf.Short()))
	}
	return nil
}
