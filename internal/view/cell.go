package view

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/roster"
)

// ErrRebuild says that an entry does not follow what the view holds: make the
// view again with FromWorld.
var ErrRebuild = errors.New("the view must be made again from the world")

// Cell is a cell as people look at it, kept in memory beside the world. Its
// methods may be called concurrently: readers share a lock that Apply takes for
// microseconds, and what they are given is theirs.
type Cell struct {
	mu sync.RWMutex
	s  state
}

// Founding is what a cell is by the document in force: on its first day, that is
// genesis. Nothing in it may be changed after it was given away.
type Founding struct {
	Origin    string
	Genesis   *cell.Genesis // nil before the first founder signed
	Digest    canon.Digest  // of genesis, which anchors pin
	Document  canon.Digest  // of what is in force; zero: genesis
	Scenarios map[string]*access.Scenario
	Digests   map[string]canon.Digest // scenario → digest of its canonical JSON
	Policies  map[string]*policy.File // by id
	// At is when attestations of keys are asked about, where no ledger says when they
	// came; zero: no key is hardware.
	At canon.Time
}

// FoundingOf is the founding of a world.
func FoundingOf(w *cell.World) Founding {
	f := Founding{
		Origin: w.Name, Genesis: w.Genesis, Digest: w.GenesisDigest, Document: w.Document,
		Scenarios: maps.Clone(w.Scenarios), Digests: maps.Clone(w.Digests),
	}
	if w.Genesis != nil {
		f.Policies = w.InForce().Policies
	}
	return f
}

// Instant is when somebody looks, and what only the server knows then.
type Instant struct {
	Now canon.Time
	// Heard says when each host last reported. A host that is missing has not
	// been heard of since the server started; nil means that nobody listened,
	// and then nothing is said about it.
	Heard map[string]canon.Time
}

// state is what a Cell holds; its methods want the lock held.
type state struct {
	Founding
	roster   roster.Roster
	sealed   bool
	rules    int
	doubted  bool
	witness  cell.WitnessState
	silent   canon.Time // since then what is written is not cosigned
	requests map[canon.Digest]Held
	open     map[canon.Digest]*access.Request // those that wait or live
	settled  int                              // how many of the requests are
	owing    int                              // how many of those the last trim kept for their reviews
	changes  map[canon.Digest]*cell.Change
	cooling  map[string]canon.Time // key → when it may agree to something for the first time
	at       canon.Time            // of the newest entry
	sealings map[string]*custody.Envelope
	revoked  revoked
	next     int64 // index of the entry that is applied next
	learned  learned
	later    *[]cell.Recorded // what is learned once older entries were; nil: nothing waits
	epochs   epochs
	underway underway
	standing []access.Assignment // that no lease accounts for; never changed in place
	stepped  int64               // milliseconds that the clock in doubt is ahead of its measure
}

// Held is a request and the index of its stream's newest entry, which left it so.
type Held struct {
	Last    int64
	Request *access.Request
}

// New is the view of a cell before its first entry. It fails with what is wrong
// with genesis.
func New(f Founding) (*Cell, error) {
	c := &Cell{s: state{
		Founding: f, requests: map[canon.Digest]Held{}, open: map[canon.Digest]*access.Request{}, changes: map[canon.Digest]*cell.Change{}, sealings: map[string]*custody.Envelope{},
		revoked: revoked{ids: map[string]cell.Revoked{}}, learned: newLearned(), underway: underway{},
	}}
	if f.Genesis == nil {
		return c, nil
	}
	people, err := f.Genesis.Check()
	if err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	if !f.At.IsZero() {
		f.Genesis.Attest(&people, &people, f.At)
	}
	c.s.roster = people
	return c, nil
}

// FromWorld is the view of a world as it is. What only entries tell (the salts
// of the words, answers of channels, refused attempts) it does not know before
// Learn, and settled requests that the world let go not before Recall. The
// world may be stepped on afterwards.
func FromWorld(w *cell.World) (*Cell, error) {
	c, err := New(FoundingOf(w))
	if err != nil {
		return nil, err
	}
	s := &c.s
	s.roster, s.sealed, s.rules, s.doubted, s.next = w.Roster.Clone(), w.Sealed, w.Rules, w.Doubted, w.Next()
	s.witness, s.silent = w.Witness, w.SilentSince
	maps.Copy(s.changes, w.Changes)
	s.cooling, s.at = maps.Clone(w.Cooling), w.LastAt
	maps.Copy(s.sealings, w.Envelopes)
	for id, r := range w.Requests {
		s.hold(Held{Last: w.Last[cell.StreamOf(id)], Request: r})
	}
	s.trim()
	s.revoked.from(w)
	s.epochs.from(w)
	s.underway.from(w)
	s.stepped, s.standing = w.Stepped, w.Standing
	return c, nil
}

// Apply moves the view on by the next committed entry. Touched is the request
// of the entry's stream, as that entry or a later one of the same batch left it;
// nil when the stream is of no request. Whoever evicts requests from the world
// owes the call before. It fails only with ErrRebuild, and then has changed
// nothing.
func (c *Cell) Apply(r cell.Recorded, touched *access.Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.s
	if s.Genesis == nil {
		return fmt.Errorf("%w: it has no genesis", ErrRebuild)
	}
	if r.Index != s.next {
		return fmt.Errorf("%w: entry %d came, %d is next", ErrRebuild, r.Index, s.next)
	}
	id, ofRequest := cell.RequestOf(r.Outcome.Stream)
	if ofRequest != (touched != nil) || ofRequest && touched.ID != id {
		return fmt.Errorf("%w: entry %d came without its request", ErrRebuild, r.Index)
	}
	people, err := s.after(r.Outcome.Events)
	if err != nil {
		return err
	}
	s.next, s.roster, s.at = r.Index+1, people, r.Entry.At
	for _, e := range r.Outcome.Events {
		s.applyCell(e)
		s.revoked.applyEpoch(e)
		cell.ApplyCustody(s.sealings, r.Entry.At, e)
	}
	if touched != nil {
		s.hold(Held{Last: r.Index, Request: touched})
		s.revoked.apply(r, touched)
	}
	s.underway.apply(r.Changes)
	if s.later != nil {
		*s.later = append(*s.later, r)
	} else {
		s.learn(r)
	}
	s.trim()
	return nil
}

// after is the roster after events.
func (s *state) after(events []cell.Event) (roster.Roster, error) {
	people := s.roster
	for _, e := range events {
		var err error
		switch e := e.(type) {
		case *cell.PersonRemoved:
			people = people.Clone()
			err = people.RemovePerson(e.Person)
		case *cell.KeyRemoved:
			people = people.Clone()
			err = people.RemoveKey(e.Person, e.Key)
		case *cell.KeySuspended, *cell.SuspensionOpposed, *cell.SuspensionOver:
			people = people.Clone()
			cell.ApplySuspension(&people, e)
		case *cell.Amended: // what it says lies beside the ledger
			err = errAmended
		}
		if err != nil {
			return people, fmt.Errorf("%w: %w", ErrRebuild, err)
		}
	}
	return people, nil
}

// applyCell moves on what belongs to the cell itself.
func (s *state) applyCell(e cell.Event) {
	switch e := e.(type) {
	case *cell.Sealed:
		s.sealed, s.rules = true, s.Genesis.Rules
	case *cell.RulesRaised:
		s.rules = e.Rules
	case *cell.ClockDoubted:
		if left := e.Left(s.at); !s.doubted {
			maps.DeleteFunc(s.cooling, func(_ string, until canon.Time) bool { return !until.After(left) })
		}
		s.doubted, s.stepped = true, e.Step
	case *cell.ClockTrusted, *cell.ClockAgreed:
		s.doubted, s.stepped = false, 0
	case *cell.KeyVouched:
		if until, cools := s.cooling[e.Key]; cools && !e.Until.IsZero() {
			s.cooling[e.Key] = canon.Earlier(until, e.Until)
		}
	case *cell.AssignmentsFound:
		s.standing = e.After(s.standing)
	case *cell.EpochBegun, *cell.StraysFound, *cell.HostSurveyed:
		s.applyEpoch(e)
	case *cell.Witnessed:
		s.witness, s.silent = cell.Cosigned, canon.Time{}
	case *cell.WitnessesSilent:
		s.witness, s.silent = cell.Silent, e.Since
	case *cell.ChangeProposed:
		change := e.Change
		s.changes[change.ID] = &change
	case *cell.ChangeDecided:
		if before, ok := s.changes[e.Change]; ok {
			change := *before
			change.Decisions = append(change.Decisions[:len(change.Decisions):len(change.Decisions)], e.Decision)
			s.changes[e.Change] = &change
		}
	case *cell.ChangeOver:
		delete(s.changes, e.Change)
	case *cell.RecoveryAgreed, *cell.RecoveryOver:
		s.applyRecovery(e)
	}
}

// Learn takes what only an entry tells from one that FromWorld's world already
// had. Each entry is learned once; Apply learns by itself.
func (c *Cell) Learn(r cell.Recorded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.learn(r)
}

// Await has entries that are applied from now on learned by Remember, after those
// that are older than they.
func (c *Cell) Await() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.later = &[]cell.Recorded{}
}

// Remember is Learn of entries, oldest first, then of those that waited for that, and
// Recall of requests. It is done once after Await; a view that does not wait has what is
// older, and stays as it is.
func (c *Cell) Remember(older []cell.Recorded, settled []Held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.s.later == nil {
		return
	}
	older, c.s.later = append(older, *c.s.later...), nil
	for _, r := range older {
		c.s.learn(r)
	}
	for _, held := range settled {
		c.s.recall(held)
	}
}

// Recall gives the view a settled request from the store; last is the index of
// its stream's newest entry. Requests that the view holds stay as they are.
func (c *Cell) Recall(last int64, r *access.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.recall(Held{Last: last, Request: r})
}

func (s *state) recall(settled Held) {
	if _, held := s.requests[settled.Request.ID]; !held {
		s.hold(settled)
		s.trim()
	}
}

// Version is the number of entries that the view has taken: the same version
// is the same view, but for what passes with time.
func (c *Cell) Version() int64 {
	return read(c, func(s *state) int64 { return s.next })
}

// Find gives a request that the view holds: every one that is not settled, and
// the newest that are. It must not be changed, nor shown without MaySee.
func (c *Cell) Find(id canon.Digest) (*access.Request, bool) {
	held, ok := c.Held(id)
	return held.Request, ok
}

// Held is Find with the index of the entry that left the request so.
func (c *Cell) Held(id canon.Digest) (Held, bool) {
	held := read(c, func(s *state) Held { return s.requests[id] })
	return held, held.Request != nil
}

// Match gives the ids of held requests and waiting changes that begin with the
// digits given, sorted; nothing for fewer than four digits.
func (c *Cell) Match(digits string) []canon.Digest {
	if len(digits) < 4 {
		return nil
	}
	return read(c, func(s *state) (found []canon.Digest) {
		for id := range s.requests {
			if strings.HasPrefix(id.String(), digits) {
				found = append(found, id)
			}
		}
		for id := range s.changes {
			if strings.HasPrefix(id.String(), digits) {
				found = append(found, id)
			}
		}
		return sortedDigests(found)
	})
}

func read[T any](c *Cell, look func(*state) T) T {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return look(&c.s)
}
