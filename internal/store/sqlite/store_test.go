package sqlite_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// appended opens a cell and appends so many batches, each changed by the function.
func appended(t *testing.T, place string, batches int, change func(i int, b *broker.Batch)) (*sqlite.Store, *storetest.Log) {
	t.Helper()
	s := open(t, place)
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range batches {
		on := log.Head()
		b := log.Batch("cell", fmt.Sprintf("request/%d", i))
		change(i, &b)
		if err := s.Append(t.Context(), on, b); err != nil {
			t.Fatal(err)
		}
	}
	return s, log
}

// TestNoncesAreSwept writes many nonces that are soon past: their number stays
// small, and those that are good stay.
func TestNoncesAreSwept(t *testing.T) {
	s, log := appended(t, t.TempDir(), 400, func(i int, b *broker.Batch) {
		now := storetest.At(b.Head.Size - 1)
		for j := range 20 {
			b.Memos = append(b.Memos, broker.Memo{Key: fmt.Sprintf("%d.%d", i, j), Expires: now.Add(canon.Seconds(10).Duration())})
		}
		if i%40 == 0 {
			b.Memos = append(b.Memos, broker.Memo{Key: fmt.Sprint("long ", i), Expires: now.Add(canon.Seconds(1_000_000).Duration())})
		}
	})
	defer s.Close()
	state, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(state.Memos); n > 2000 {
		t.Errorf("%d of 8010 nonces are still there, all but 110 are past", n)
	}
	good := 0
	for _, n := range state.Memos {
		if n.Expires.After(storetest.At(log.Head().Size - 1)) {
			good++
		}
	}
	if good < 10+5*20-20 {
		t.Errorf("only %d good nonces", good)
	}
}

func TestRebuild(t *testing.T) {
	place := t.TempDir()
	s, log := appended(t, place, 300, func(i int, b *broker.Batch) {
		b.Memos = []broker.Memo{{Key: fmt.Sprint(i), Expires: storetest.At(1_000_000), Body: []byte("{}")}}
		b.Enqueued = []broker.Task{{ID: fmt.Sprint(i), Body: []byte("{}")}}
		b.Attachments = [][]byte{fmt.Appendf(nil, "attachment %d", i)}
		b.Streams[1].Live = i%2 == 0
	})
	ctx := t.Context()
	whole, err := s.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	batch := broker.Batch{Head: whole.Head, World: whole.World, Streams: whole.Streams, Memos: whole.Memos, Enqueued: whole.Tasks, Tiles: whole.Tiles}
	for index := range whole.Head.Size / ledger.TileWidth { // Load gives the rightmost only
		full, err := s.Tile(ctx, 0, index)
		if err != nil {
			t.Fatal(err)
		}
		batch.Tiles = append(batch.Tiles, ledger.TileEdit{Level: 0, Index: index, Data: full})
	}

	moved := whole.Head
	moved.Size--
	if err := s.Rebuild(ctx, moved, batch); !errors.Is(err, broker.ErrHeadMoved) {
		t.Errorf("Rebuild on another head: %v", err)
	}
	short := batch
	short.Head.Size--
	if err := s.Rebuild(ctx, whole.Head, short); !errors.Is(err, sqlite.ErrUnfit) {
		t.Errorf("Rebuild of a head that is not where the entries end: %v", err)
	}
	other := log.Clone().Batch("cell")
	if err := s.Rebuild(ctx, whole.Head, other); !errors.Is(err, sqlite.ErrUnfit) {
		t.Errorf("Rebuild with entries: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, place, `DELETE FROM head; DELETE FROM world; DELETE FROM nonce; DELETE FROM task; DELETE FROM tile;
		UPDATE stream SET live = 1, last = 7, snapshot = x'00'`)
	s = open(t, place)
	defer s.Close()
	if err := s.Check(ctx); !errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("Check of a cell without its head: %v", err)
	}
	if err := s.Rebuild(ctx, broker.Head{}, batch); err != nil {
		t.Fatal(err)
	}
	again, err := s.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	byID := cmpopts.SortSlices(func(a, b broker.Stream) bool { return a.ID < b.ID })
	if diff := cmp.Diff(whole, again, byID, cmp.Comparer(canon.Time.Equal)); diff != "" {
		t.Errorf("after Rebuild (-before +after):\n%s", diff)
	}
	if err := errors.Join(storetest.Verify(ctx, s), s.Check(ctx)); err != nil {
		t.Error(err)
	}
	if _, err := s.Attachment(ctx, canon.Sum([]byte("attachment 299"))); err != nil {
		t.Error(err)
	}
	on := log.Head()
	if err := s.Append(ctx, on, log.Batch("cell")); err != nil {
		t.Errorf("Append after Rebuild: %v", err)
	}
}

func TestCheckSeesDamage(t *testing.T) {
	for name, damage := range map[string]string{
		"an entry gone":         "DELETE FROM entry WHERE idx = 3",
		"an entry too many":     "INSERT INTO entry SELECT idx + 100, stream, statement, body FROM entry WHERE idx = 3",
		"a head that went back": "UPDATE head SET size = size - 1",
		"an index that lies":    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE INDEX entry_stream ON entry (idx)' WHERE name = 'entry_stream'",
	} {
		t.Run(name, func(t *testing.T) {
			place := t.TempDir()
			s, _ := appended(t, place, 10, func(int, *broker.Batch) {})
			if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
				t.Fatalf("before: %v", err)
			}
			tamper(t, place, damage)
			s = open(t, place)
			defer s.Close()
			if err := s.Check(t.Context()); !errors.Is(err, sqlite.ErrDamaged) {
				t.Errorf("Check = %v, want ErrDamaged", err)
			}
		})
	}
}
