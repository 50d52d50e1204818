package verify

import (
	"context"
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// PartialLimit is the length in bytes of the longest partial evidence.
const PartialLimit = 64 << 20

// Partial verifies partial evidence: the entries of the stream "cell" and
// of some requests, each with its proof. Every stream in it must be there from
// its first entry to its newest in the evidence, with every entry of the cell in
// between; what a missing entry hides is found by the pointers that entries
// carry. The report's NotChecked says what partial evidence cannot show.
//
// The zero Anchor and the errors are as with Log.
func Partial(ctx context.Context, anchor ledger.Anchor, data []byte, opts Options) (*Report, error) {
	r := newReport(ScopePartial)
	if len(data) > PartialLimit {
		return r.refuse(newFault(ClassEncoding, "evidence", "it has %d bytes, at most %d are read", len(data), PartialLimit)), nil
	}
	pinned := anchor.Origin != ""
	if !pinned {
		var err error
		if anchor, err = supposedOfPartial(data); err != nil {
			return r.refuse(classified(err)), nil
		}
	}
	e := &examination{report: r, anchor: anchor, opts: opts}
	p, err := deferring(e, func(a ledger.Anchor) (*ledger.Partial, error) { return ledger.OpenPartial(a, data) })
	if err != nil {
		return e.refuse(classified(err)), nil
	}
	cp := p.Checkpoint()
	r.Checkpoint = &Checkpoint{cp.Size, canon.Digest(cp.Root)}
	if f := r.sameAs(cp, opts.Seen); f != nil {
		return e.refuse(f), nil
	}
	e.of, e.note = int64(len(p.Entries)), notesIn(p)
	if f := e.genesis(attachmentsIn(p)); f != nil {
		return e.refuse(f), nil
	}
	if f := e.witnesses.begin(e, p.Signed, cp.Size); f != nil {
		return e.refuse(f), nil
	}
	err = e.replay(ctx, func(visit func(int64, []byte) error) error {
		for _, entry := range p.Entries {
			if err := visit(entry.Index, entry.Body); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && r.Entries == 0 {
		err = newFault(ClassGenesis, "evidence", "it has no entry")
	}
	if err == nil {
		err = e.origin(cp)
	}
	if err == nil {
		err = e.signed(p.Signed)
	}
	return e.conclude(ctx, pinned, err)
}

// sameAs compares a checkpoint with the reader's own, as far as that can be done
// without the log: only where both are of one size.
func (r *Report) sameAs(cp, seen ledger.Checkpoint) *Fault {
	switch {
	case seen.Origin == "":
		return nil
	case seen.Origin != cp.Origin:
		return newFault(ClassCheckpointOrigin, "checkpoint", "it is of %s, the one you had seen of %s", cp.Origin, seen.Origin)
	case seen.Size == cp.Size && seen.Root != cp.Root:
		f := newFault(ClassForked, "checkpoint", "it has the root %s, the one of the same size that you had seen has %s", cp.Root.Short(), seen.Root.Short())
		f.Mend = "keep both checkpoints: together they are the proof of it"
		return f
	case seen.Size == cp.Size:
		r.seen(seen)
	default:
		r.NotChecked = append(r.NotChecked, "your own checkpoint: partial evidence proves nothing about a log of another size")
	}
	return nil
}

var errNotInEvidence = errors.New("the evidence does not have it")

func notesIn(p *ledger.Partial) func(ledger.Hash) (ledger.Note, error) {
	notes := make(map[ledger.Hash]ledger.Note, len(p.Notes))
	for _, n := range p.Notes {
		notes[n.Hash()] = n
	}
	return func(h ledger.Hash) (ledger.Note, error) {
		if n, ok := notes[h]; ok {
			return n, nil
		}
		return ledger.Note{}, &ledger.Fault{Class: ledger.ClassNote, Where: "note " + h.String(), Detail: "it is missing", Err: errNotInEvidence}
	}
}

func attachmentsIn(p *ledger.Partial) func(ledger.Hash) ([]byte, error) {
	return func(h ledger.Hash) ([]byte, error) {
		if data, ok := p.Attachments[h]; ok {
			return data, nil
		}
		return nil, &ledger.Fault{Class: ledger.ClassAttachment, Where: "attachment " + h.String(), Detail: "it is missing", Err: errNotInEvidence}
	}
}
