package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// entriesLimit is how many bytes of bodies Entries gives at most, the first
// entry's always.
const entriesLimit = 4 << 20

// fewStreams is up to how many streams with a prefix are sorted; more are found
// by walking back from the newest entry.
const fewStreams = 1000

const selectHead = "SELECT size, root, checkpoint FROM head WHERE one = 1"

// readStatements are prepared once for all readers.
type readStatements struct {
	head, entries, tile, stream, streamEntries, statement *sql.Stmt
	countStreams, sortStreams, walkStreams                *sql.Stmt
	attachment, note                                      *sql.Stmt
}

func (r *readStatements) prepare(db *sql.DB) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&r.head, selectHead},
		{&r.entries, "SELECT body FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?"},
		{&r.tile, "SELECT data FROM tile WHERE place = ?"},
		{&r.stream, "SELECT id, live, last, snapshot FROM stream WHERE id = ? AND snapshot IS NOT NULL"},
		{&r.streamEntries, "SELECT idx FROM entry WHERE stream = (SELECT n FROM stream WHERE id = ?) ORDER BY idx"},
		{&r.statement, `WITH RECURSIVE block (n) AS (SELECT size >> 12 FROM head UNION ALL SELECT n - 1 FROM block WHERE n > 0)
			SELECT entry.idx FROM block CROSS JOIN entry INDEXED BY entry_statement
			ON entry.idx >> 12 = block.n AND substr(entry.statement, 1, 8) = substr(?1, 1, 8)
			WHERE entry.statement IS NOT NULL AND entry.statement = ?1 LIMIT 1`},
		{&r.countStreams, "SELECT count(*) FROM (SELECT 1 FROM stream WHERE id >= ? AND id < ? LIMIT ?)"},
		{&r.sortStreams, `SELECT id, live, last, snapshot FROM stream
			WHERE id >= ? AND id < ? AND +last < ? AND snapshot IS NOT NULL ORDER BY +last DESC LIMIT ?`},
		{&r.walkStreams, `SELECT id, live, last, snapshot FROM stream INDEXED BY stream_last
			WHERE +id >= ? AND +id < ? AND last < ? AND snapshot IS NOT NULL ORDER BY last DESC LIMIT ?`},
		{&r.attachment, "SELECT data FROM attachment WHERE digest = ?"},
		{&r.note, "SELECT salt, text FROM note WHERE hash = ?"},
	} {
		var err error
		if *p.stmt, err = db.Prepare(p.text); err != nil {
			return fmt.Errorf("%s: %w", p.text, err)
		}
	}
	return nil
}

// Head does what broker.LogReader says.
func (s *Store) Head(ctx context.Context) (broker.Head, error) {
	h, err := scanHead(one(ctx, s.read.head))
	return h, reading("the head", err)
}

// one asks for one row by its key. That is over in microseconds: a context that
// may end meanwhile would cost more, a goroutine of the driver's and one of the
// standard library's, and is only asked whether it has ended.
func one(ctx context.Context, stmt *sql.Stmt, key ...any) *sql.Row {
	if ctx.Err() == nil {
		ctx = context.Background()
	}
	return stmt.QueryRowContext(ctx, key...)
}

// scanHead gives the zero Head where there is none.
func scanHead(row *sql.Row) (broker.Head, error) {
	var h broker.Head
	var root []byte
	err := row.Scan(&h.Size, &root, &h.Checkpoint)
	if errors.Is(err, sql.ErrNoRows) {
		return broker.Head{}, nil
	}
	if err != nil {
		return broker.Head{}, err
	}
	if len(root) != len(h.Root) {
		return broker.Head{}, fmt.Errorf("a root of %d bytes", len(root))
	}
	h.Root = ledger.Hash(root)
	if len(h.Checkpoint) == 0 {
		h.Checkpoint = nil
	}
	return h, nil
}

// Entries does what broker.LogReader says.
func (s *Store) Entries(ctx context.Context, index int64, most int) ([][]byte, error) {
	rows, err := s.read.entries.QueryContext(ctx, index, max(most, 0))
	if err != nil {
		return nil, reading("entries", err)
	}
	defer rows.Close()
	var bodies [][]byte
	for size := 0; rows.Next(); {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, reading("entries", err)
		}
		if size += len(body); size > entriesLimit && len(bodies) > 0 {
			break
		}
		bodies = append(bodies, body)
	}
	return bodies, reading("entries", rows.Err())
}

// Tile does what broker.LogReader says.
func (s *Store) Tile(ctx context.Context, level int, index int64) ([]byte, error) {
	if level < 0 || index < 0 || index >= 1<<placeShift {
		return nil, reading("a tile", broker.ErrAbsent)
	}
	var data []byte
	err := one(ctx, s.read.tile, place(level, index)).Scan(&data)
	return data, reading("a tile", err)
}

// Stream does what broker.Store says.
func (s *Store) Stream(ctx context.Context, id string) (broker.Stream, error) {
	var st broker.Stream
	err := one(ctx, s.read.stream, id).Scan(&st.ID, &st.Live, &st.Last, &st.Snapshot)
	return st, reading("stream "+id, err)
}

// StreamEntries does what broker.StreamReader says.
func (s *Store) StreamEntries(ctx context.Context, stream string) ([]int64, error) {
	rows, err := s.read.streamEntries.QueryContext(ctx, stream)
	if err != nil {
		return nil, reading("stream "+stream, err)
	}
	found, err := collect(rows, func(rows *sql.Rows) (index int64, err error) { return index, rows.Scan(&index) })
	if err == nil && len(found) == 0 {
		err = broker.ErrAbsent
	}
	return found, reading("stream "+stream, err)
}

// StatementEntry does what broker.StreamReader says. It costs a look-up for each
// 4,096 entries that lie behind the one it finds.
func (s *Store) StatementEntry(ctx context.Context, digest canon.Digest) (int64, error) {
	var index int64
	err := s.read.statement.QueryRowContext(ctx, digest[:]).Scan(&index)
	return index, reading("statement "+digest.Short(), err)
}

// Streams does what broker.StreamReader says.
func (s *Store) Streams(ctx context.Context, prefix string, before int64, most int) ([]broker.Stream, error) {
	if before <= 0 {
		before = ledger.MaxSize + 1
	}
	end := prefix + "\xff" // no id has that byte: ids are UTF-8
	var count int
	if err := s.read.countStreams.QueryRowContext(ctx, prefix, end, fewStreams+1).Scan(&count); err != nil {
		return nil, reading("streams", err)
	}
	stmt := s.read.sortStreams
	if count > fewStreams {
		stmt = s.read.walkStreams
	}
	rows, err := stmt.QueryContext(ctx, prefix, end, before, max(most, 0))
	if err != nil {
		return nil, reading("streams", err)
	}
	found, err := collect(rows, scanStream)
	return found, reading("streams", err)
}

func scanStream(rows *sql.Rows) (st broker.Stream, err error) {
	return st, rows.Scan(&st.ID, &st.Live, &st.Last, &st.Snapshot)
}

// Attachment does what broker.BesideReader says.
func (s *Store) Attachment(ctx context.Context, digest canon.Digest) ([]byte, error) {
	var data []byte
	err := one(ctx, s.read.attachment, digest[:]).Scan(&data)
	return data, reading("attachment "+digest.Short(), err)
}

// Note does what broker.BesideReader says.
func (s *Store) Note(ctx context.Context, hash canon.Digest) (ledger.Note, error) {
	var n ledger.Note
	var salt []byte
	err := one(ctx, s.read.note, hash[:]).Scan(&salt, &n.Text)
	if err == nil && copy(n.Salt[:], salt) != len(n.Salt) {
		err = fmt.Errorf("a salt of %d bytes", len(salt))
	}
	return n, reading("note "+hash.Short(), err)
}

// reading says what could not be read, and why, in the words of the contract.
func reading(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = broker.ErrAbsent
	}
	return fmt.Errorf("cannot read %s: %w", what, err)
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
