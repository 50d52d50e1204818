package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Load does what broker.Store says. When a commit failed, it first makes sure
// that the answer is final, and fails if it cannot.
func (s *Store) Load(ctx context.Context) (broker.State, error) { return s.loaded(ctx, rest) }

// Live is Load without memos, tasks and tiles: the head, what changes with every
// entry, and the streams that are live.
func (s *Store) Live(ctx context.Context) (broker.State, error) { return s.loaded(ctx, nil) }

func (s *Store) loaded(ctx context.Context, more func(context.Context, *sql.Tx, *broker.State) error) (broker.State, error) {
	s.mu.Lock()
	err := s.settled(ctx)
	s.mu.Unlock()
	var st broker.State
	if err == nil {
		st, err = s.load(ctx, more)
	}
	if err != nil {
		return broker.State{}, fmt.Errorf("cannot load the cell: %w", err)
	}
	return st, nil
}

// load reads what is live and, in the same moment, more.
func (s *Store) load(ctx context.Context, more func(context.Context, *sql.Tx, *broker.State) error) (st broker.State, err error) {
	tx, err := s.readDB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	if st.Head, err = scanHead(tx.QueryRowContext(ctx, selectHead)); err != nil {
		return st, fmt.Errorf("head: %w", err)
	}
	err = tx.QueryRowContext(ctx, "SELECT snapshot FROM world WHERE one = 1").Scan(&st.World)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return st, fmt.Errorf("world: %w", err)
	}
	const live = "SELECT id, live, last, snapshot FROM stream WHERE live = 1 AND snapshot IS NOT NULL ORDER BY n"
	if st.Streams, err = query(ctx, tx, live, scanStream); err != nil {
		return st, fmt.Errorf("streams: %w", err)
	}
	if more == nil {
		return st, nil
	}
	return st, more(ctx, tx, &st)
}

// rest reads what a start needs beside what is live.
func rest(ctx context.Context, tx *sql.Tx, st *broker.State) (err error) {
	if st.Memos, err = query(ctx, tx, "SELECT key, expires, body FROM nonce ORDER BY key", scanNonce); err != nil {
		return fmt.Errorf("nonces: %w", err)
	}
	if st.Tasks, err = query(ctx, tx, "SELECT id, body FROM task ORDER BY id", scanTask); err != nil {
		return fmt.Errorf("tasks: %w", err)
	}
	if st.Tiles, err = edge(ctx, tx); err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	return nil
}

func query[T any](ctx context.Context, tx *sql.Tx, text string, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

func scanNonce(rows *sql.Rows) (n broker.Memo, err error) {
	var millis int64
	err = rows.Scan(&n.Key, &millis, &n.Body)
	n.Expires = canon.At(time.UnixMilli(millis))
	return n, err
}

func scanTask(rows *sql.Rows) (t broker.Task, err error) {
	return t, rows.Scan(&t.ID, &t.Body)
}

// edge gives the rightmost tile of every level.
func edge(ctx context.Context, tx *sql.Tx) ([]ledger.TileEdit, error) {
	var tiles []ledger.TileEdit
	for level := 0; ; level++ {
		var key int64
		var data []byte
		err := tx.QueryRowContext(ctx, "SELECT place, data FROM tile WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT 1",
			place(level, 0), place(level+1, 0)).Scan(&key, &data)
		if errors.Is(err, sql.ErrNoRows) {
			return tiles, nil
		}
		if err != nil {
			return nil, err
		}
		_, index := unplace(key)
		tiles = append(tiles, ledger.TileEdit{Level: level, Index: index, Data: data})
	}
}
