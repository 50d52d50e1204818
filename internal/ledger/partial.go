package ledger

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

const partialVersion = "v1"

// Partial is partial evidence: some entries of a log, each with the proof that it
// is in the log of one signed checkpoint, and what they refer to.
type Partial struct {
	Signed      []byte          // the signed checkpoint
	Entries     []ProvedEntry   // by increasing index
	Attachments map[Hash][]byte // by their SHA-256
	Notes       []Note          // a set

	checkpoint Checkpoint
}

// ProvedEntry is an entry and the proof that the log has it at its index.
type ProvedEntry struct {
	Index int64
	Body  []byte // canonical JSON
	Proof []Hash // RFC 6962, section 2.1.1
}

// Checkpoint is the checkpoint that OpenPartial checked; zero otherwise.
func (p *Partial) Checkpoint() Checkpoint { return p.checkpoint }

// partialJSON is the canonical JSON of partial evidence.
type partialJSON struct {
	Attachments map[Hash][]byte `json:"attachments"`
	Checkpoint  string          `json:"checkpoint"`
	Entries     []entryJSON     `json:"entries"`
	Version     string          `json:"evidence"`
	Notes       []noteJSON      `json:"notes"`
}

type entryJSON struct {
	Body  jsontext.Value `json:"body"`
	Index int64          `json:"index"`
	Proof []Hash         `json:"proof"`
}

type noteJSON struct {
	Hash Hash   `json:"hash"`
	Salt []byte `json:"salt"`
	Text string `json:"text"`
}

// EncodePartial writes partial evidence as one file of canonical JSON, the notes
// sorted by hash. It returns only what OpenPartial accepts under the same anchor.
func EncodePartial(a Anchor, p Partial) ([]byte, error) {
	wire := partialJSON{Version: partialVersion, Checkpoint: string(p.Signed), Attachments: p.Attachments}
	for _, e := range p.Entries {
		// A body that canonical JSON would spell otherwise cannot be embedded: its
		// hash would be lost on the way.
		body := jsontext.Value(slices.Clone(e.Body))
		if err := body.Canonicalize(); err != nil || string(body) != string(e.Body) {
			return nil, &Fault{
				Class: ClassEncoding, Where: fmt.Sprintf("entry %d", e.Index),
				Detail: "its body is not canonical JSON (RFC 8785)", Err: err,
			}
		}
		wire.Entries = append(wire.Entries, entryJSON{Body: body, Index: e.Index, Proof: e.Proof})
	}
	for _, n := range p.Notes {
		wire.Notes = append(wire.Notes, noteJSON{Hash: n.Hash(), Salt: n.Salt[:], Text: n.Text})
	}
	slices.SortFunc(wire.Notes, func(x, y noteJSON) int { return compareHashes(x.Hash, y.Hash) })
	data, err := canon.Encode(wire)
	if err != nil {
		return nil, &Fault{Class: ClassEncoding, Where: "evidence", Detail: "it cannot be encoded", Err: err}
	}
	if _, err := OpenPartial(a, data); err != nil {
		return nil, err
	}
	return data, nil
}

// OpenPartial reads partial evidence and checks everything in it: the encoding,
// the checkpoint's signature by a key of the anchor, each entry's proof, each hash.
// Whether it is all the evidence that a question needs is for the caller to say.
func OpenPartial(a Anchor, data []byte) (*Partial, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	var wire partialJSON
	if err := decodeCanonical(data, &wire, ClassEncoding, "evidence"); err != nil {
		return nil, err
	}
	if wire.Version != partialVersion {
		return nil, fault(ClassEncoding, "evidence",
			fmt.Sprintf("it is of version %q, this program reads %q", wire.Version, partialVersion))
	}
	cp, err := a.OpenIn([]byte(wire.Checkpoint))
	if err != nil {
		return nil, err
	}
	p := &Partial{Signed: []byte(wire.Checkpoint), Attachments: wire.Attachments, checkpoint: cp}
	if p.Entries, err = openEntries(cp, wire.Entries); err != nil {
		return nil, err
	}
	for _, h := range slices.SortedFunc(maps.Keys(wire.Attachments), compareHashes) {
		if err := checkAttachment(h, wire.Attachments[h]); err != nil {
			return nil, err
		}
	}
	if p.Notes, err = openNotes(wire.Notes); err != nil {
		return nil, err
	}
	return p, nil
}

func openEntries(cp Checkpoint, wire []entryJSON) ([]ProvedEntry, error) {
	out := make([]ProvedEntry, 0, len(wire))
	next := int64(0)
	for _, e := range wire {
		where := fmt.Sprintf("entry %d", e.Index)
		if e.Index < next {
			return nil, fault(ClassEncoding, where, "it is not in increasing order")
		}
		if len(e.Body) > MaxEntry {
			return nil, fault(ClassEntry, where, fmt.Sprintf("it has %d bytes, an entry has at most %d", len(e.Body), MaxEntry))
		}
		if err := CheckInclusion(e.Proof, cp.Size, cp.Root, e.Index, LeafHash(e.Body)); err != nil {
			return nil, err
		}
		next = e.Index + 1
		out = append(out, ProvedEntry{Index: e.Index, Body: e.Body, Proof: e.Proof})
	}
	return out, nil
}

func openNotes(wire []noteJSON) ([]Note, error) {
	out := make([]Note, 0, len(wire))
	for i, n := range wire {
		where := "note " + n.Hash.String()
		if len(n.Salt) != SaltSize {
			return nil, fault(ClassNote, where, fmt.Sprintf("its salt has %d bytes instead of %d", len(n.Salt), SaltSize))
		}
		if i > 0 && compareHashes(wire[i-1].Hash, n.Hash) >= 0 {
			return nil, fault(ClassEncoding, where, "the notes are not sorted by their hash")
		}
		opened := Note{Salt: [SaltSize]byte(n.Salt), Text: n.Text}
		if err := opened.check(n.Hash); err != nil {
			return nil, err
		}
		out = append(out, opened)
	}
	return out, nil
}

func compareHashes(x, y Hash) int { return slices.Compare(x[:], y[:]) }
