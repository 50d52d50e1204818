package verify

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// examination is one verification under way.
type examination struct {
	report   *Report
	anchor   ledger.Anchor
	opts     Options
	of       int64 // entries in all
	note     func(ledger.Hash) (ledger.Note, error)
	beside   map[canon.Digest][]byte
	source   func(ledger.Hash) ([]byte, error) // of what lies beside the ledger
	deferred error                             // that nobody known signed the checkpoint, unless a key came after those pinned
	lacking  *Fault                            // what the newest entry wanted of it and could not have
	world    *cell.World
	settled  map[canon.Digest]settled // requests that were taken out of the world
	trails   map[canon.Digest]*trail
	order    []canon.Digest // of requests, as they came
	issued   map[string]map[string]bool
	found    map[Unauthorised]bool
	visited  int64 // entries that hashes vouch for

	witnesses witnesses

	notesRead, notesMissing atomic.Int64
}

// settled is a request after which nothing can come but refusals.
type settled struct {
	request *access.Request
	last    int64
}

// genesis reads the pinned genesis and its scenarios: what the rules will read.
func (e *examination) genesis(attachment func(ledger.Hash) ([]byte, error)) *Fault {
	e.report.Origin, e.report.Genesis = e.anchor.Origin, canon.Digest(e.anchor.Genesis)
	e.beside, e.source = map[canon.Digest][]byte{}, attachment
	data, err := attachment(e.anchor.Genesis)
	if err != nil {
		return classified(err)
	}
	const where = "genesis"
	genesis, err := cell.DecodeGenesis(data)
	if err != nil {
		return newFault(ClassGenesis, where, "%v", err)
	}
	if genesis.Origin != e.anchor.Origin {
		return newFault(ClassGenesis, where, "it is of %s, the anchor pins %s", genesis.Origin, e.anchor.Origin)
	}
	if !slices.Contains(e.anchor.LedgerKeys, genesis.Ledger) {
		return newFault(ClassGenesis, where, "its founders signed the ledger key %s, which the anchor does not pin", genesis.Ledger)
	}
	e.witnesses.recorded = e.report.Scope == ScopeWhole && genesis.Witnesses == e.anchor.Witnesses
	e.beside[canon.Digest(e.anchor.Genesis)] = data
	for _, file := range genesis.Files() {
		if e.beside[file], err = attachment(ledger.Hash(file)); err != nil {
			return classified(err)
		}
	}
	return nil
}

// replay runs every entry that is fed through signature checks and rules.
func (e *examination) replay(ctx context.Context, from feed) error {
	e.world = cell.New(e.anchor.Origin, e.attached)
	if e.report.Scope == ScopePartial {
		e.world = cell.NewPartial(e.anchor.Origin, e.attached)
	}
	e.settled, e.trails = map[canon.Digest]settled{}, map[canon.Digest]*trail{}
	e.issued, e.found = map[string]map[string]bool{}, map[Unauthorised]bool{}
	p := pipeline{prepare: e.prepare, take: e.take, workers: e.opts.Workers, feed: func(visit func(int64, []byte) error) error {
		return from(func(index int64, body []byte) error {
			e.visited = index + 1
			return visit(index, body)
		})
	}}
	err := p.run(ctx)
	var theirs *ledger.Fault
	if errors.As(err, &theirs) && (theirs.Class == ledger.ClassEntry || theirs.Class == ledger.ClassEntryMissing) {
		return classified(err).at(e.visited)
	}
	return err
}

// attached gives what rules read beside the ledger. What is not there they refuse
// as the server did that had it only while it refused: no refused file is kept.
func (e *examination) attached(digest canon.Digest) ([]byte, bool) {
	if data, ok := e.beside[digest]; ok {
		return data, true
	}
	data, err := e.source(ledger.Hash(digest))
	if err != nil {
		e.lacking = classified(err)
		return nil, false
	}
	e.beside[digest] = data
	return data, true
}

// prepare decodes an entry, checks its signatures and the notes it names. It is
// called concurrently.
func (e *examination) prepare(body []byte) (cell.Prepared, error) {
	p, err := cell.Prepare(body, Signatures{})
	if err != nil {
		var ours *Fault
		if errors.As(err, &ours) {
			return p, &Fault{Class: ours.Class, Reason: ours.Reason, Detail: err.Error(), err: err}
		}
		return p, &Fault{Class: ClassEncoding, Detail: err.Error(), err: err}
	}
	if p.Command.Signed != nil {
		for _, named := range statement.Notes(p.Command.Signed.Statement.Body) {
			hash := named.Hash
			_, err := e.note(ledger.Hash(hash))
			if isFault(err) {
				return p, classified(err)
			}
			if err != nil {
				e.notesMissing.Add(1)
			} else {
				e.notesRead.Add(1)
			}
		}
	}
	return p, nil
}

// isFault tells a note that is wrong from one that is not there, which is
// allowed: its text may have been erased.
func isFault(err error) bool {
	var ours *Fault
	var theirs *ledger.Fault
	return err != nil && (errors.As(err, &ours) || !errors.As(err, &theirs) || theirs.Err == nil)
}

// take replays one prepared entry and notes what came of it.
func (e *examination) take(index int64, p cell.Prepared) error {
	if index == 0 || e.report.Entries == 0 {
		if f := e.first(index, p); f != nil {
			return &stopped{index, f}
		}
	}
	if f := e.chain(p); f != nil {
		return &stopped{index, f}
	}
	named := cell.Names(p.Command, e.world.Tasks)
	e.recall(named)
	e.lacking = nil
	recorded, err := e.step(index, p)
	if err != nil && e.lacking != nil && p.Entry.Stream != cell.StreamRefused {
		return &stopped{index, e.lacking}
	}
	if err != nil {
		return &stopped{index, e.reasoned(p, err)}
	}
	e.witness(recorded, p)
	e.witnesses.take(recorded)
	e.archive(named)
	e.archive(recorded.Outcome.Stream)
	e.report.Entries, e.report.last = e.report.Entries+1, index
	if e.opts.Progress != nil && e.report.Entries%progressEvery == 0 {
		e.opts.Progress(e.report.Entries, e.of)
	}
	return nil
}

func (e *examination) step(index int64, p cell.Prepared) (cell.Recorded, error) {
	if e.report.Scope == ScopePartial {
		return e.world.ReplayAt(index, p)
	}
	return e.world.Replay(p)
}

// first demands that the ledger begins with a founder's signature over the
// pinned genesis.
func (e *examination) first(index int64, p cell.Prepared) *Fault {
	if index != 0 {
		return newFault(ClassGenesis, "", "the evidence does not begin with the ledger's first entry")
	}
	if p.Command.Signed == nil {
		return newFault(ClassGenesis, "", "the first entry is no founder's signature")
	}
	found, ok := p.Command.Signed.Statement.Body.(*statement.Found)
	switch {
	case !ok || p.Entry.Stream != cell.StreamCell:
		return newFault(ClassGenesis, "", "the first entry is no founder's signature")
	case found.Genesis != canon.Digest(e.anchor.Genesis):
		return newFault(ClassGenesis, "", "its founders signed genesis %s, the anchor pins %s", found.Genesis.Short(), e.anchor.Genesis.Short())
	}
	return nil
}

// chain demands that an entry names the entries before it.
func (e *examination) chain(p cell.Prepared) *Fault {
	if want := e.last(p.Entry.Stream); p.Entry.Prev != want {
		return newFault(ClassChain, "", "it names entry %d as the one before it in stream %s, that is entry %d", p.Entry.Prev, p.Entry.Stream, want)
	}
	if want := e.last(cell.StreamCell); p.Entry.Cell != want {
		return newFault(ClassChain, "", "it names entry %d as the newest of the cell, that is entry %d", p.Entry.Cell, want)
	}
	return nil
}

func (e *examination) last(stream string) int64 {
	if index, ok := e.world.Last[stream]; ok {
		return index
	}
	if id, ok := cell.RequestOf(stream); ok {
		if gone, ok := e.settled[id]; ok {
			return gone.last
		}
	}
	return ledger.None
}

// reasoned turns a refusal of the rules into a fault that gives its reason.
func (e *examination) reasoned(p cell.Prepared, err error) *Fault {
	f := classified(err)
	if f.Class == ClassLaw {
		var refusal *cell.Refusal
		if _, err := cell.Decide(e.world, p.Command); errors.As(err, &refusal) {
			f.Reason, f.Detail = string(refusal.Reason), "the rules refuse this: "+refusal.Detail
		}
	}
	return f
}

// recall brings the request of a stream back into the world.
func (e *examination) recall(stream string) {
	id, ok := cell.RequestOf(stream)
	if !ok {
		return
	}
	if gone, ok := e.settled[id]; ok {
		e.world.Recall(gone.request, gone.last)
	}
}

// archive takes a settled request out of the world, so that the rules have no
// more to look through than a server's.
func (e *examination) archive(stream string) {
	id, ok := cell.RequestOf(stream)
	if !ok {
		return
	}
	request, live := e.world.Requests[id]
	if !live {
		return
	}
	last := e.world.Last[stream]
	if e.world.Evict(stream); e.world.Requests[id] == nil {
		e.settled[id] = settled{request, last}
	}
}
