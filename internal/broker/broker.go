package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Limits of the queues: how many commands wait in each, and how many go into one batch.
const (
	queueMost = 4096
	batchMost = 256
)

// checksMost is how many wait for the check of their signature: at 0.1 ms each
// the last one's turn comes within a second.
const checksMost = 4096

// ErrClosed says that the broker takes nothing any more: it was closed, or it
// no longer knows what is durable.
var ErrClosed = errors.New("the broker is closed")

// ErrUnknown says that a command may or may not have become durable. Asking
// again with the same statement answers it.
var ErrUnknown = errors.New("the outcome is not known; ask again with the same statement")

// Follower hears of what became durable, in order, before callers are
// answered. It may read the world during the call and must not keep it; the
// requests in it never change and may be kept. It must be quick and must not
// call the broker.
type Follower interface {
	Committed(w *cell.World, recorded []cell.Recorded)
}

// Options is what a broker needs.
type Options struct {
	Origin string // of the first epoch: the cell's name
	Store  Store
	Beside BesideReader // for genesis and scenarios
	Check  cell.Verifier
	Signer note.Signer // of checkpoints, with the key that genesis names; nil: it is not here
	// LedgerKey finds the signer of another ledger key, by its verifier key; nil when
	// that is not here. It is asked for each proposal and each batch, and nil itself
	// when no other key can be in force.
	LedgerKey func(vkey string) note.Signer
	// Tiles reads stored tiles. It is asked at the start alone, where the ledger key before
	// the one in force is not here; nil: that is then an error.
	Tiles    LogReader
	Minter   Minter   // of certificates
	Sessions Sessions // of accounts; nil: none can be made here
	// Cosigned waits, but not for long, until an entry lies under a checkpoint that
	// enough witnesses cosigned, and gives that; empty when it does not come in
	// time. nil: the cell has no witnesses.
	Cosigned func(ctx context.Context, entry int64) string
	Wall     Wall
	Rand     func([]byte) // fills with random bytes; never fails
	Follow   []Follower
	// Often is how many statements of one kind one person may make a minute, of
	// the kinds that begin something. 0: as many as they like, as while founding.
	Often int
	// Turns are for checking signatures; nil: as many at a time as there are
	// processors.
	Turns *Turns
}

// Broker decides. Make one with Open, and end it with Close.
type Broker struct {
	Options
	check   cell.Verifier
	clock   *clock
	refused *refused
	queue   chan *job // what people said, and what follows at once
	effects chan *job // results of tasks, which people do not wait for
	quit    chan struct{}
	over    chan struct{}
	head    atomic.Pointer[Published]
	failed  atomic.Pointer[error]
	decider decider
}

// job is one command on its way.
type job struct {
	command     cell.Command
	attachments [][]byte
	notes       []ledger.Note
	answer      Answer
	err         error
	done        chan struct{} // nil: nobody waits
}

// Open loads the world from the store and begins to decide.
func Open(ctx context.Context, o Options) (*Broker, error) {
	b, err := load(ctx, o)
	if err != nil {
		return nil, err
	}
	_, missing := b.Signers(b.decider.world)
	if missing != nil && !before(missing) {
		return nil, fmt.Errorf("cannot open the cell: %w", missing)
	}
	b.decider.follow(nil)
	if missing != nil {
		if err := b.decider.overlap(ctx); err != nil {
			return nil, fmt.Errorf("cannot open the cell: %w; nor can the stored checkpoint take its place: %w", missing, err)
		}
	}
	go b.decider.run()
	return b, nil
}

// load makes a broker of what the store keeps. Nothing of it runs yet.
func load(ctx context.Context, o Options) (*Broker, error) {
	b := &Broker{
		Options: o, check: o.Check, refused: newRefused(), queue: make(chan *job, queueMost), effects: make(chan *job, queueMost),
		quit: make(chan struct{}), over: make(chan struct{}),
	}
	if b.Turns == nil {
		b.Turns = NewTurns(runtime.GOMAXPROCS(0), checksMost)
	}
	b.decider = decider{broker: b, often: newOften(o.Often), prompt: newLane(), yielding: newLane(), fresh: map[ledger.Hash][]byte{}}
	if err := b.decider.load(ctx); err != nil {
		return nil, fmt.Errorf("cannot open the cell: %w", err)
	}
	b.clock = newClock(o.Wall, b.decider.world.LastAt)
	return b, nil
}

// Close lets the commands that were taken finish, and ends. No command is
// taken afterwards.
func (b *Broker) Close() {
	select {
	case <-b.quit:
	default:
		close(b.quit)
	}
	<-b.over
}

// Wait waits until the broker stops by itself, which is an error, or the context
// ends.
func (b *Broker) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.over:
		return b.Err()
	}
}

// Err is why the broker stopped by itself; nil while it runs.
func (b *Broker) Err() error {
	if err := b.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Submit puts a signed statement before the rules and answers once the outcome
// is durable. Its errors: *Malformed, *cell.Refusal, *TooOften, ErrBusy,
// ErrUnknown, ErrClosed, or the context's. Repeating a statement gives the same answer again.
func (b *Broker) Submit(ctx context.Context, s Submission) (Answer, error) {
	signed, err := b.prepare(ctx, s)
	if err != nil {
		return Answer{}, err
	}
	if signed.Statement.Body.Kind() == statement.KindEpoch {
		return Answer{Index: -1}, errRunning
	}
	command := cell.Command{Signed: signed, Observed: cell.Observed{Address: s.Address}}
	if signed.Statement.Body.Kind() == statement.KindRequest {
		var salt [16]byte
		b.Rand(salt[:])
		command.Observed.Salt = fmt.Sprintf("%x", salt)
	}
	return b.do(ctx, b.queue, &job{command: command, attachments: s.Attachments, notes: s.Notes, done: make(chan struct{})})
}

// Effect puts the result of a task before the rules, as Submit does. Results never
// stand in the way of people: they have a queue of their own.
func (b *Broker) Effect(ctx context.Context, e cell.Effect, observed cell.Observed) (Answer, error) {
	command := cell.Command{Effect: &e, Observed: observed}
	return b.do(ctx, b.effects, &job{command: command, done: make(chan struct{})})
}

// Head is the newest signed checkpoint.
func (b *Broker) Head() Published { return *b.head.Load() }

func (b *Broker) do(ctx context.Context, queue chan<- *job, j *job) (Answer, error) {
	select {
	case <-b.quit:
		return Answer{}, b.closed()
	default:
	}
	select {
	case queue <- j:
	case <-b.over:
		return Answer{}, b.closed()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	select {
	case <-j.done:
		return j.answer, j.err
	case <-b.over:
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
	select {
	case <-j.done:
		return j.answer, j.err
	default:
		return Answer{}, b.closed()
	}
}

func (b *Broker) closed() error {
	if err := b.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return ErrClosed
}

// ScenarioOf is the scenario that a request was signed for, which may be in force
// no more.
func (b *Broker) ScenarioOf(ctx context.Context, r *access.Request) (*access.Scenario, error) {
	law := b.decider.law.Load()
	if law.digests[r.Scenario] == r.ScenarioDigest {
		return law.scenarios[r.Scenario], nil
	}
	data, err := b.Beside.Attachment(ctx, r.ScenarioDigest)
	if err != nil {
		return nil, fmt.Errorf("the scenario that the request was signed for cannot be read: %w", err)
	}
	former := new(access.Scenario)
	return former, canon.Decode(data, access.ScenarioLimit, former)
}

// report queues a result that nobody waits for, but a person stands there: it goes
// with what people said. If it is lost, the task is still there after the next
// start, and its result is then "interrupted".
func (b *Broker) report(ctx context.Context, j *job) {
	select {
	case b.queue <- j:
	case <-b.over:
	case <-ctx.Done():
	}
}

// law is what is in force. None of it is ever changed: an amendment puts other
// maps in their place.
type law struct {
	genesis   *cell.Genesis
	scenarios map[string]*access.Scenario
	digests   map[string]canon.Digest
}

// ClockStep is how far the wall clock is ahead of recorded time, milliseconds;
// small steps ahead are taken over.
func (b *Broker) ClockStep() int64 {
	step := b.clock.step().Milliseconds()
	b.clock.settle(1e9)
	return step
}

// Refused gives the refused attempts counted since the last call, by reason;
// RefusedBack gives them back when they could not be recorded.
func (b *Broker) Refused() map[string]int64 { return b.refused.take() }

// RefusedBack is the undo of Refused.
func (b *Broker) RefusedBack(counts map[string]int64) { b.refused.back(counts) }

// Now is recorded time: what the next entry would bear.
func (b *Broker) Now() canon.Time { return b.clock.now() }
