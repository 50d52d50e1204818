package verify

import (
	"context"
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Options are what a caller may add. The zero Options are good.
type Options struct {
	// Seen is a checkpoint that the reader kept from an earlier look and trusts:
	// the log must extend it. Zero: none was kept.
	Seen ledger.Checkpoint
	// Now is the reader's time: cosignatures from over a minute after it are not
	// counted. Zero: all are, whatever time they bear.
	Now canon.Time
	// Progress is called now and then with the entries replayed and, for a whole
	// log, how many there are. It must not take long.
	Progress func(done, of int64)
	// World is given the world that the evidence leads to, when that was verified
	// from an anchor.
	World func(*cell.World)
	// Workers is how many entries are prepared at a time; 0 is one for each
	// processor.
	Workers int

	deferred []byte // Seen as it is signed, if that is still to be checked
}

// progressEvery is how many entries lie between two calls of Options.Progress.
const progressEvery = 1024

// Log verifies a whole log: every hash, every signature, every rule. The source
// must be safe for concurrent use. With the zero Anchor everything is checked
// against what the log says of itself, and the verdict is at best SelfConsistent.
//
// What is wrong with the log is in the report; an error says that the check was
// interrupted.
func Log(ctx context.Context, src ledger.Source, anchor ledger.Anchor, opts Options) (*Report, error) {
	r := newReport(ScopeWhole)
	pinned := anchor.Origin != ""
	if !pinned {
		var err error
		if anchor, err = supposedOfLog(src); err != nil {
			return r.refuse(classified(err)), nil
		}
	}
	e := &examination{report: r, anchor: anchor, opts: opts}
	log, err := deferring(e, func(a ledger.Anchor) (*ledger.Log, error) { return ledger.OpenLog(src, a) })
	if err != nil {
		return e.refuse(classified(err)), nil
	}
	cp := log.Checkpoint()
	r.Checkpoint = &Checkpoint{cp.Size, canon.Digest(cp.Root)}
	if f := extends(log, opts.Seen); f != nil {
		return e.refuse(f), nil
	}
	e.of, e.note = cp.Size, log.Note
	if f := e.genesis(log.Attachment); f != nil {
		return e.refuse(f), nil
	}
	if f := e.witnesses.begin(e, log.Signed(), cp.Size); f != nil {
		return e.refuse(f), nil
	}
	err = e.replay(ctx, func(visit func(int64, []byte) error) error { return log.Walk(0, visit) })
	if err == nil {
		err = e.complete(cp)
	}
	if err == nil {
		err = e.signed(log.Signed())
	}
	if err == nil {
		r.seen(opts.Seen)
	}
	return e.conclude(ctx, pinned, err)
}

func (r *Report) seen(cp ledger.Checkpoint) {
	if cp.Origin != "" {
		r.Seen = &Checkpoint{cp.Size, canon.Digest(cp.Root)}
	}
}

// extends checks the log against the checkpoint that the reader had seen.
func extends(log *ledger.Log, seen ledger.Checkpoint) *Fault {
	if seen.Origin == "" {
		return nil
	}
	err := log.Extends(seen)
	if err == nil {
		return nil
	}
	f := classified(err)
	if f.Class != ClassProof {
		return f
	}
	f.Class = ClassForked
	if seen.Size > log.Checkpoint().Size {
		f.Class = ClassTruncated
	}
	f.Mend = "keep both checkpoints, yours and this log's: together they are the proof of it"
	return f
}

// complete checks what only the whole log can show.
func (e *examination) complete(cp ledger.Checkpoint) error {
	if e.report.Entries == 0 {
		return newFault(ClassGenesis, "log", "it has no entry, so no founder ever signed genesis")
	}
	if err := e.origin(cp); err != nil {
		return err
	}
	if e.world.Tree.Size() != cp.Size || e.world.Tree.Root() != cp.Root {
		return newFault(ClassRoot, "checkpoint", "it signs the root %s, the replayed entries give %s", cp.Root.Short(), e.world.Tree.Root().Short())
	}
	return nil
}

// origin demands that the checkpoint is of the epoch that the entries lead to.
func (e *examination) origin(cp ledger.Checkpoint) error {
	if e.world.Origin != cp.Origin {
		return newFault(ClassCheckpointOrigin, "checkpoint", "it is of %s, the replayed entries are of %s", cp.Origin, e.world.Origin)
	}
	return nil
}

// conclude gives the report of what was found, or the error of an interruption.
func (e *examination) conclude(ctx context.Context, pinned bool, err error) (*Report, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		f := classified(err)
		var stop *stopped
		if errors.As(err, &stop) {
			f.at(stop.index)
		}
		return e.refuse(f), nil
	}
	e.tell()
	e.report.Verdict = SelfConsistent
	if pinned {
		e.report.Verdict = Verified
		if e.opts.World != nil {
			e.opts.World(e.world)
		}
	}
	e.report.limits(pinned)
	return e.report, nil
}
