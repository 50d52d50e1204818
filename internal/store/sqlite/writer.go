package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	lib "modernc.org/sqlite/lib"

	"github.com/halligan-dev/halligan/internal/broker"
)

// writer is the one connection that writes, with its statements.
type writer struct {
	conn       *sql.Conn
	all        []*sql.Stmt
	begin      *sql.Stmt
	commit     *sql.Stmt
	rollback   *sql.Stmt
	moveHead   *sql.Stmt
	tile       *sql.Stmt
	world      *sql.Stmt
	stream     *sql.Stmt
	again      *sql.Stmt // a stream whose number is known
	name       *sql.Stmt
	attachment *sql.Stmt
	settle     *sql.Stmt
	entry      rows
	nonce      rows
	enqueue    rows
	done       rows
	note       rows
	numbers    map[string]int64 // of live streams that were written
}

func (w *writer) prepare(ctx context.Context) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.rollback, "ROLLBACK"},
		{&w.moveHead, "UPDATE head SET size = ?, root = ?, checkpoint = ? WHERE one = 1 AND size = ? AND root = ?"},
		{&w.tile, "INSERT INTO tile (place, data) VALUES (?, ?) ON CONFLICT (place) DO UPDATE SET data = excluded.data"},
		{&w.world, "INSERT INTO world (one, snapshot) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET snapshot = excluded.snapshot"},
		{&w.stream, `INSERT INTO stream (id, live, last, snapshot) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET live = excluded.live, last = excluded.last, snapshot = excluded.snapshot RETURNING n`},
		{&w.again, "UPDATE stream SET live = ?, last = ?, snapshot = ? WHERE n = ? AND id = ?"},
		{&w.name, "INSERT INTO stream (id, live, last) VALUES (?, 0, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last RETURNING n"},
		{&w.attachment, "INSERT INTO attachment (digest, data) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"},
		{&w.settle, "UPDATE settled SET times = times + 1 WHERE one = 1"},
	} {
		stmt, err := w.conn.PrepareContext(ctx, p.text)
		if err != nil {
			return fmt.Errorf("%s: %w", p.text, err)
		}
		*p.stmt, w.all = stmt, append(w.all, stmt)
	}
	return w.prepareRows(ctx)
}

func (w *writer) prepareRows(ctx context.Context) error {
	for _, p := range []struct {
		rows               *rows
		before, row, after string
	}{
		// It fails without taking back its own rows: the whole transaction is rolled
		// back anyway, and so SQLite need not remember the pages as they were.
		{&w.entry, "INSERT OR FAIL INTO entry (idx, stream, statement, body) VALUES ", "(?, ?, ?, ?)", ""},
		{&w.nonce, "INSERT INTO nonce (key, expires, body) VALUES ", "(?, ?, ?)",
			" ON CONFLICT (key) DO UPDATE SET expires = excluded.expires, body = excluded.body"},
		{&w.enqueue, "INSERT INTO task (id, body) VALUES ", "(?, ?)", " ON CONFLICT (id) DO UPDATE SET body = excluded.body"},
		{&w.done, "DELETE FROM task WHERE id IN (", "?", ")"},
		{&w.note, "INSERT INTO note (hash, salt, text) VALUES ", "(?, ?, ?)", " ON CONFLICT (hash) DO NOTHING"},
	} {
		for _, of := range []struct {
			stmt **sql.Stmt
			n    int
		}{{&p.rows.one, 1}, {&p.rows.many, rowsAtOnce}} {
			text := p.before + p.row + strings.Repeat(", "+p.row, of.n-1) + p.after
			stmt, err := w.conn.PrepareContext(ctx, text)
			if err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
			*of.stmt, w.all = stmt, append(w.all, stmt)
		}
	}
	return nil
}

// close closes the connection itself: returned to the pool it would come back. The
// statements go first, or SQLite would keep the files open for their sake.
func (w *writer) close() error {
	var errs []error
	for _, stmt := range w.all {
		errs = append(errs, stmt.Close())
	}
	err := w.conn.Raw(func(any) error { return driver.ErrBadConn })
	if !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// write runs do in one transaction. It tells nobody's context: a batch is over in
// milliseconds, and one that was cut short would leave the outcome unknown. When
// the disk is full it gives up the reserve and tries once more.
func (s *Store) write(do func(context.Context, *writer) error) error {
	ctx := context.Background()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.settled(ctx)
	if err == nil {
		err = s.transact(ctx, do)
	}
	if !isFull(err) {
		if err == nil {
			s.reserve.restore()
		}
		return err
	}
	if !s.reserve.spend() {
		return err
	}
	if again := s.settled(ctx); again != nil {
		return errors.Join(err, again)
	}
	again := s.transact(ctx, do)
	if errors.Is(again, broker.ErrHeadMoved) {
		return err // the first try may have happened after all: nobody may call this "nothing written"
	}
	return again
}

// transact is one attempt. An error that came before the commit left nothing; an
// error of the commit leaves the store unsettled.
func (s *Store) transact(ctx context.Context, do func(context.Context, *writer) error) error {
	w := s.w
	if w == nil {
		var err error
		if w, err = s.openWriter(ctx); err != nil {
			return err
		}
	}
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return errors.Join(err, s.dropWriter())
	}
	err := do(ctx, w)
	if err == nil {
		if _, err = w.commit.ExecContext(ctx); err == nil {
			return nil
		}
		// The frame that commits is written last: where there was no room for all
		// of them, it is not there.
		s.unsettled = code(err) != lib.SQLITE_FULL
	}
	// SQLite may have rolled back by itself, and then says so. Either way the
	// connection that cannot roll back is not used again.
	if _, failed := w.rollback.ExecContext(ctx); failed != nil {
		if dropped := s.dropWriter(); dropped != nil {
			err = errors.Join(err, dropped)
		}
	}
	return err
}

// settled makes sure that a commit which failed halfway stays failed. Its frames may lie in the WAL, complete and unflushed; this
// process does not see them, but a later one would. A small commit writes over
// them and waits for the disk; only then may anybody be told how things stand.
func (s *Store) settled(ctx context.Context) error {
	if s.closed {
		return errClosed
	}
	if !s.unsettled {
		return nil
	}
	err := s.transact(ctx, func(ctx context.Context, w *writer) error {
		_, err := w.settle.ExecContext(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot settle an earlier commit: %w", err)
	}
	s.unsettled = false
	return nil
}

var errClosed = errors.New("the store is closed")

func (s *Store) dropWriter() error {
	if s.w == nil {
		return nil
	}
	w := s.w
	s.w = nil
	return w.close()
}

// flush copies the WAL back into the file, as far as readers allow, and waits for
// the disk. It tells whether the WAL held anything.
func flush(ctx context.Context, conn *sql.Conn) (found bool, err error) {
	var busy, frames, copied int64
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(FULL)").Scan(&busy, &frames, &copied)
	return frames > 0, err
}
