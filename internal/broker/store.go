package broker

import (
	"context"
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

var (
	// ErrHeadMoved says that the ledger does not end where the caller thinks:
	// somebody else appended. Nothing was written.
	ErrHeadMoved = errors.New("the ledger's head has moved")
	// ErrAbsent says that the store holds no such thing.
	ErrAbsent = errors.New("not in the store")
)

// Store keeps a cell. A store owes:
//
// Append writes everything of a batch in one transaction or nothing. It is
// guarded by compare-and-set: unless the stored head is exactly expected (size
// and root), it writes nothing and returns ErrHeadMoved. When it returns nil,
// the batch survives a power cut. Any other error leaves the outcome unknown
// (it may have happened): the caller settles it by reading the head with Load.
//
// Load gives the state at one instant: everything the decider needs to start.
//
// Stream gives one stream's snapshot, live or closed; ErrAbsent when there is
// none.
//
// Only one goroutine appends; loads and reads may run beside it.
type Store interface {
	Append(ctx context.Context, expected Head, batch Batch) error
	Load(ctx context.Context) (State, error)
	Stream(ctx context.Context, id string) (Stream, error)
}

// Reader reads what is durable. All methods may be called concurrently, give
// ErrAbsent for what is not there, and never see part of a batch.
type Reader interface {
	LogReader
	StreamReader
	BesideReader
}

// LogReader reads the log.
type LogReader interface {
	// Head is the newest durable head; the zero Head before the first entry.
	Head(ctx context.Context) (Head, error)
	// Entries gives up to most bodies from index on, in order. Fewer mean that
	// the log ends there or that 4 MiB were reached.
	Entries(ctx context.Context, index int64, most int) ([][]byte, error)
	// Tile is a stored hash tile: up to 256 hashes, as ledger.TileReader wants
	// it; the rightmost of a level may be partial.
	Tile(ctx context.Context, level int, index int64) ([]byte, error)
}

// StreamReader finds entries.
type StreamReader interface {
	// StreamEntries gives the indices of a stream's entries, ascending.
	StreamEntries(ctx context.Context, stream string) ([]int64, error)
	// StatementEntry gives the index of the entry that a statement caused.
	StatementEntry(ctx context.Context, digest canon.Digest) (int64, error)
	// Streams lists ids of streams with the prefix, newest entry first, up to
	// most, among those whose newest entry is before the index (0: no bound).
	Streams(ctx context.Context, prefix string, before int64, most int) ([]Stream, error)
}

// BesideReader reads what lies beside the log.
type BesideReader interface {
	// Attachment gives an attachment by its SHA-256.
	Attachment(ctx context.Context, digest canon.Digest) ([]byte, error)
	// Note gives a note by its hash.
	Note(ctx context.Context, hash canon.Digest) (ledger.Note, error)
}

// Head is where the ledger ends: the tree's size and root, and the signed
// checkpoint that says so.
type Head struct {
	Size       int64
	Root       ledger.Hash
	Checkpoint []byte
}

// Batch is everything that a run of decisions changes.
type Batch struct {
	Head        Head // after the batch
	Entries     []Entry
	Tiles       []ledger.TileEdit // replaces the tile at (level, index)
	World       []byte            // snapshot of what belongs to no stream
	Streams     []Stream          // replaces the stream's snapshot
	Memos       []Memo
	Enqueued    []Task
	Done        []string // ids of tasks; a task may be enqueued and done in one batch
	Attachments [][]byte // idempotent by SHA-256
	Notes       []ledger.Note
}

// Entry is one leaf and what it is found by.
type Entry struct {
	Index     int64
	Stream    string
	Statement canon.Digest // zero when an effect caused it
	Body      []byte
}

// Stream is the snapshot of one stream. Live streams are part of State.
type Stream struct {
	ID       string
	Live     bool
	Last     int64 // index of its newest entry
	Snapshot []byte
}

// Memo is something to remember until an instant: a used nonce, a revoked key
// id, a published checkpoint. Append replaces one of the same key.
type Memo struct {
	Key     string
	Expires canon.Time
	Body    []byte
}

// Task is an effect that is due. Body is what the world holds of it.
type Task struct {
	ID   string
	Body []byte
}

// State is what a store holds of the living world.
type State struct {
	Head    Head
	World   []byte // nil before the first batch
	Streams []Stream
	Memos   []Memo // those whose Expires is after the newest entry's time are always among them
	Tasks   []Task
	Tiles   []ledger.TileEdit // the rightmost tile of every level
}
