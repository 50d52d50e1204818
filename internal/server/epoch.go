package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// Stopped is the cell of a server that does not run.
type Stopped struct {
	Settings config.Server
	Anchor   ledger.Anchor
}

// Ending is where a ledger ends that cannot go on, and how far it is known to have
// gone.
type Ending struct {
	Origin string // of the ledger that ends
	Base   broker.Head
	At     canon.Time  // of the newest entry that is here
	Marked ledger.Hash // root at the mark; zero when the mark is not beyond
	Mark   int64       // size that the mark tells; zero: there is none
	World  *cell.World // as the entries that are here leave it; not to be stepped
}

// Ending replays the ledger of a stopped server and says where it ends. Whatever
// the database keeps that its entries do not give is an error.
func (s Stopped) Ending(ctx context.Context) (end Ending, err error) {
	m, err := readMark(s.Settings.HighWater)
	if err != nil {
		return end, err
	}
	store, err := sqlite.Open(s.Settings.DataFolder, sqlite.Options{Reserve: -1})
	if err != nil {
		return end, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	c := s.checking(ctx, store)
	c.mark = m
	if err := c.replay(ctx); err != nil {
		return end, err
	}
	if c.found.Entries == 0 {
		head, err := store.Head(ctx)
		origin, _, _ := strings.Cut(string(head.Checkpoint), "\n")
		if err != nil || head.Size == 0 {
			return end, errors.Join(fmt.Errorf("%w: it has no entry", ErrOther), err)
		}
		return end, fmt.Errorf("%w: it is of %s, and the anchor of %s", ErrOther, origin, s.Anchor.Origin)
	}
	state, err := store.Load(ctx)
	if err != nil {
		return end, err
	}
	c.compare(ctx, state)
	if !c.found.Sound() {
		return end, fmt.Errorf("%w: %s %s", ErrDerived, c.found.Faults[0].Where, c.found.Faults[0].Detail)
	}
	if ledger.Hash(c.world.GenesisDigest) != s.Anchor.Genesis {
		return end, fmt.Errorf("%w: it was founded with genesis %s", ErrOther, c.world.GenesisDigest)
	}
	if m.Size > 0 && m.Size <= state.Head.Size && c.marked != m.Root {
		return end, fmt.Errorf("%w: at size %d it has another root than %s says", ErrOlder, m.Size, s.Settings.HighWater)
	}
	end = Ending{Origin: c.world.Origin, Base: state.Head, At: c.world.LastAt, Mark: m.Size, World: c.world}
	if m.Size > state.Head.Size {
		end.Marked = ledger.Hash(m.Root)
	}
	return end, nil
}

func (s Stopped) checking(ctx context.Context, store *sqlite.Store) *checking {
	c := &checking{store: store, anchor: s.Anchor, tiles: &ledger.Tiles{}}
	c.world = cell.New(s.Anchor.Origin, func(digest canon.Digest) ([]byte, bool) {
		data, err := store.Attachment(ctx, digest)
		return data, err == nil
	})
	return c
}

// options is a broker that decides for a stopped server.
func (s Stopped) options(store *sqlite.Store) (broker.Options, error) {
	keys, err := OpenKeys(s.Settings.KeysFolder)
	if err != nil {
		return broker.Options{}, err
	}
	return keys.signing(broker.Options{
		Origin: s.Anchor.Origin, Store: store, Beside: store, Check: verify.Signatures{},
		Minter: keys.Authority, Wall: time.Now, Rand: random,
	}), nil
}

// MarkUnknown writes a mark for a ledger whose mark is lost: it only says that
// something may be missing, so that no server runs on it before a new epoch begins.
func MarkUnknown(path string, e Ending) error {
	if there, err := readMark(path); err != nil || there.Size > 0 {
		return errors.Join(err, fmt.Errorf("there is a mark in %s: name it", path))
	}
	var written mark
	h := &highWater{path: path, newest: mark{Size: e.Base.Size + 1}}
	return h.write(&written)
}

// Behind is how many entries the mark tells that are not here.
func (e Ending) Behind() int64 { return max(0, e.Mark-e.Base.Size) }

// Rehearsed is what would follow if the ledger went on from here in a new epoch.
type Rehearsed struct {
	By     []string `json:"by"`     // a smallest number of people who could begin it
	Events []string `json:"events"` // of the entry in which it begins
	Ends   []string `json:"ends,omitempty"`
	Hosts  []string `json:"hosts,omitempty"` // that are asked for their sessions
}

// Rehearse lets the rules decide, on a copy in memory, what members of the change
// quorum could sign. False: together they could not begin an epoch.
func (e Ending) Rehearse() (r Rehearsed, ok bool) {
	w := e.World.Clone()
	body := &statement.Epoch{
		Number: w.EpochNow() + 1, Lost: statement.Seen{Size: max(e.Mark, e.Base.Size), Root: canon.Digest(e.Base.Root)},
		Salt: canon.Key32{1}, Reason: statement.Note{Hash: canon.Sum(nil), Length: 1},
	}
	if e.Behind() > 0 {
		body.Lost.Root = canon.Digest(e.Marked)
	}
	for i, person := range w.Roster.People {
		for _, key := range person.Keys {
			recorded, err := w.Step(e.supposed(body, person.ID, key, i))
			if err != nil {
				continue // not of the quorum, or not with this key
			}
			r.By = append(r.By, person.ID)
			for _, event := range recorded.Outcome.Events {
				r.Events = append(r.Events, cell.NameOf(event))
			}
			if w.EpochNow() == body.Number {
				r.Events = r.Events[len(r.Events)-len(recorded.Outcome.Events):]
				for _, host := range w.Genesis.Hosts {
					r.Hosts = append(r.Hosts, host.ID)
				}
				r.Ends = e.Open()
				return r, true
			}
			break
		}
	}
	return Rehearsed{}, false
}

// supposed is a statement as if somebody had signed it: for the rules alone.
func (e Ending) supposed(body *statement.Epoch, person string, key roster.Key, i int) cell.Command {
	h := statement.Header{
		Actor: person, Ledger: e.Origin, Expires: e.At.Add(time.Hour), Nonce: canon.Key32{2, byte(i), byte(i >> 8)},
		Seen: statement.Seen{Size: e.Base.Size, Root: canon.Digest(e.Base.Root)},
	}
	return cell.Command{At: e.At, Signed: &cell.Signed{
		Statement: statement.Statement{Header: h, Body: body}, Bytes: []byte("{}"), Signature: ledger.Signature{SSHSig: []byte("supposed")},
		Signer: cell.Signer{Fingerprint: key.Fingerprint, Strength: roster.Possession},
	}}
}

// Carried is a signed statement that came by hand.
type Carried struct {
	Statement []byte
	Signature ledger.Signature
	Notes     []ledger.Note
}

// Open says, a line each, what of the ledger as it is here would end with it.
func (e Ending) Open() (lines []string) {
	ids := slices.SortedFunc(maps.Keys(e.World.Requests), func(a, b canon.Digest) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		r := e.World.Requests[id]
		switch r.State {
		case access.Pending:
			lines = append(lines, fmt.Sprintf("%s, %s's request under %s, which waits", id.Short(), r.Requester, r.Scenario))
		case access.Granted:
			lines = append(lines, fmt.Sprintf("%s, %s's grant under %s at %s, until %s", id.Short(), r.Requester, r.Scenario, strings.Join(r.Grant.Targets, ", "), r.Grant.Until))
		}
	}
	return lines
}

// BeginEpoch lets a ledger go on under a new origin, as epoch number, as its change quorum has
// signed, and puts a new high-water mark in place of the old one, which is kept
// beside it. Nothing is written unless the signatures suffice. Called again after it
// was cut off, it finishes.
func (s Stopped) BeginEpoch(ctx context.Context, number int64, signed []Carried) (begun broker.Published, err error) {
	store, err := sqlite.Open(s.Settings.DataFolder, sqlite.Options{})
	if err != nil {
		return begun, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	o, err := s.options(store)
	if err != nil {
		return begun, err
	}
	var all []broker.Submission
	for _, one := range signed {
		all = append(all, broker.Submission{Statement: one.Statement, Signature: one.Signature, Notes: one.Notes})
	}
	began := func(w *cell.World) bool { return w.EpochNow() == number }
	if begun, err = broker.Together(ctx, o, all, began); errors.Is(err, broker.ErrNotWhole) {
		err = ErrNotBegun
	}
	if err != nil {
		return begun, err
	}
	// What if we crash here: the epoch has begun and the old mark refuses to serve
	// it; the same command is answered the same and goes on below.
	return begun, s.newMark(begun, number)
}

// ErrNotBegun says that the signatures did not suffice, and nothing was written.
var ErrNotBegun = errors.New("the signatures do not fill the change quorum")

// newMark keeps the mark of the ledger that ended beside the one that begins.
func (s Stopped) newMark(begun broker.Published, epoch int64) error {
	m, err := readMark(s.Settings.HighWater)
	if err != nil || m.Size == begun.Size && m.Root == begun.Root {
		return err
	}
	kept := fmt.Sprintf("%s.epoch-%d", s.Settings.HighWater, epoch-1)
	if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) && m.Size > 0 {
		if err := os.Link(s.Settings.HighWater, kept); err != nil {
			return fmt.Errorf("cannot keep the mark of the ledger that ended: %w", err)
		}
	}
	var written mark
	h := &highWater{path: s.Settings.HighWater, newest: mark{Size: begun.Size, Root: begun.Root}}
	if err := h.write(&written); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(s.Settings.HighWater))
}

// Refill appends what a log that is kept elsewhere has beyond the ledger here. The
// log must have been verified from the anchor.
func (s Stopped) Refill(ctx context.Context, log *ledger.Log) (after broker.Published, err error) {
	store, err := sqlite.Open(s.Settings.DataFolder, sqlite.Options{})
	if err != nil {
		return after, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	o := broker.Options{Origin: s.Anchor.Origin, Store: store, Beside: store, Check: verify.Signatures{}, Wall: time.Now, Rand: random}
	head, err := store.Head(ctx)
	if err != nil {
		return after, err
	}
	followed := s.Anchor
	followed.Successors = successors(ctx, store)
	if own, err := followed.OpenIn(head.Checkpoint); err == nil && own.Origin == log.Checkpoint().Origin && own.Size <= log.Checkpoint().Size {
		if err := log.Extends(own); err != nil {
			return after, fmt.Errorf("%w: %w", broker.ErrNotThis, err)
		}
	}
	return broker.Refill(ctx, o, log.Checkpoint(), broker.Tail{
		Signed: log.Signed(), Note: log.Note,
		Attachment: func(digest canon.Digest) ([]byte, error) { return log.Attachment(ledger.Hash(digest)) },
		Entries: func(yield func([]byte, error) bool) {
			errDone := errors.New("done")
			err := log.Walk(head.Size, func(_ int64, body []byte) error {
				if !yield(body, nil) {
					return errDone
				}
				return nil
			})
			if err != nil && !errors.Is(err, errDone) {
				yield(nil, err)
			}
		},
	})
}
