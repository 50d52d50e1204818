package server

import (
	"sync/atomic"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// following keeps the law that is in force, for work that needs it outside of
// the decider.
type following struct {
	law     atomic.Pointer[law]
	witness atomic.Pointer[witnessing]
}

// law is the document that is in force.
type law struct {
	genesis   *cell.Genesis
	document  canon.Digest
	scenarios map[string]*access.Scenario // as the world holds them: an amendment makes a new map
	sets      []access.Assignment         // that scenarios give, without people
}

// witnessing is what the ledger says of its witnesses.
type witnessing struct {
	state   cell.WitnessState
	doubted bool  // the clock is
	last    int64 // the newest entry of the cell
}

// Committed is broker.Follower.
func (f *following) Committed(w *cell.World, _ []cell.Recorded) {
	if known := f.law.Load(); known == nil || known.genesis != w.Genesis || known.document != w.Document {
		now := &law{genesis: w.Genesis, document: w.Document, scenarios: w.Scenarios}
		if w.Genesis != nil {
			now.sets = w.PermissionSets()
		}
		f.law.Store(now)
	}
	if last, begun := w.Last[cell.StreamCell]; begun {
		f.witness.Store(&witnessing{state: w.Witness, doubted: w.Doubted, last: last})
	}
}

// genesis is the document that is in force; nil before the first founder signed.
func (f *following) genesis() *cell.Genesis {
	if law := f.law.Load(); law != nil {
		return law.genesis
	}
	return nil
}

// sets are the permission sets that scenarios give.
func (f *following) sets() []access.Assignment {
	if law := f.law.Load(); law != nil {
		return law.sets
	}
	return nil
}

// host finds a host of the cell.
func (f *following) host(id string) (*cell.Host, bool) {
	genesis := f.genesis()
	if genesis == nil {
		return nil, false
	}
	return genesis.Host(id)
}
