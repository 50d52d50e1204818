package cell

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Recorded is a command that became an entry.
type Recorded struct {
	Index   int64
	Body    []byte // the leaf
	Entry   ledger.Entry
	Outcome Outcome
	Changes Changes
}

// Step decides a command, writes its entry and moves the world on. After an
// error the world is as it was; a *Refusal may be recorded by StepRefused.
func (w *World) Step(c Command) (Recorded, error) {
	outcome, err := Decide(w, c)
	if err != nil {
		return Recorded{}, err
	}
	return w.record(c, outcome)
}

// StepRefused records that a command was refused. Only a refusal that Decide
// gave for this command in this world, held against a person, may be recorded.
func (w *World) StepRefused(c Command, refusal *Refusal) (Recorded, error) {
	if refusal.Person == "" || c.Signed == nil {
		return Recorded{}, fmt.Errorf("a stranger's refusal (%s) is counted, not recorded", refusal.Reason)
	}
	return w.record(c, refusedOutcome(refusal))
}

func refusedOutcome(refusal *Refusal) Outcome {
	return Outcome{StreamRefused, []Event{&Refused{Person: refusal.Person, Reason: refusal.Reason}}}
}

// record writes the entry and applies its events.
func (w *World) record(c Command, outcome Outcome) (Recorded, error) {
	entry, err := w.entry(c, outcome)
	if err != nil {
		return Recorded{}, err
	}
	body, err := ledger.EncodeEntry(entry)
	if err != nil {
		return Recorded{}, err
	}
	if err := w.found(c); err != nil {
		return Recorded{}, err
	}
	p := place{index: w.index, stream: outcome.Stream, at: c.At, leaf: ledger.LeafHash(body)}
	if err := w.apply(p, c, outcome.Events); err != nil {
		return Recorded{}, err
	}
	if !w.partial {
		w.Tree.Append(p.leaf)
	}
	w.index, w.published = w.index+1, false
	return Recorded{Index: p.index, Body: body, Entry: entry, Outcome: outcome, Changes: w.changes}, nil
}

func (w *World) entry(c Command, outcome Outcome) (ledger.Entry, error) {
	said, observed := c.Observed, c.recorded
	c.Observed.Published, c.Observed.Late = w.published, w.late(c)
	c.Observed.Strays, _ = w.strays(c)
	c.Observed.Engine, c.Observed.Overdue = w.engine(c)
	c.Observed.Slots = slotsOf(outcome)
	c.Observed.Shared, c.Observed.Assigned = w.shared(c), w.unaccounted(c)
	same := observed != nil && said.Published == c.Observed.Published && said.Late == c.Observed.Late && slices.Equal(said.Strays, c.Observed.Strays) &&
		said.Engine == c.Observed.Engine && said.Overdue == c.Observed.Overdue && maps.Equal(said.Slots, c.Observed.Slots) &&
		said.Shared == c.Observed.Shared && slices.Equal(said.Assigned, c.Observed.Assigned)
	if !same { // else they would be encoded to the very bytes that they were decoded from
		var err error
		if observed, err = c.Observed.encode(); err != nil {
			return ledger.Entry{}, err
		}
	}
	events, err := EncodeEvents(outcome.Events)
	if err != nil {
		return ledger.Entry{}, err
	}
	entry := ledger.Entry{
		V: ledger.EntryVersion, At: c.At, Stream: outcome.Stream,
		Prev: w.last(outcome.Stream), Cell: w.last(StreamCell), Observed: observed, Events: events,
	}
	if c.Signed != nil {
		signature := c.Signed.Signature
		entry.Cause = ledger.Cause{Statement: c.Signed.Bytes, Signature: &signature}
	} else {
		entry.Cause = ledger.Cause{Effect: string(c.Effect.Kind), Task: c.Effect.Task}
	}
	return entry, nil
}

// last is the index of a stream's newest entry.
func (w *World) last(stream string) int64 {
	if index, ok := w.Last[stream]; ok {
		return index
	}
	return ledger.None
}

// Next is the index that the next entry will have.
func (w *World) Next() int64 { return w.index }

// Again is what a statement was answered, if it is known in this world.
func (w *World) Again(s *Signed) (Used, bool) {
	used, ok := w.Used[UsedKey(s.Statement.Header)]
	return used, ok && used.Digest == canon.Digest(s.Statement.Digest)
}
