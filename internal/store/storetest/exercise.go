package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Store is what a store of a cell offers: the contract, and an end.
type Store interface {
	broker.Store
	broker.Reader
	// Close waits for an Append under way. What was appended stays.
	Close() error
}

// Open opens the store that lies at the place, a folder of its own that exists
// and is empty at first; what else it needs it names after the folder. The suite
// closes what it opens, and opens a place again only after closing it.
type Open func(t *testing.T, place string) Store

// Exercise holds a store to its contract.
func Exercise(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"empty", exerciseEmpty},
		{"round trip", exerciseRoundTrip},
		{"compare and set", exerciseCompareAndSet},
		{"unfit batches", exerciseUnfit},
		{"cancelled", exerciseCancelled},
		{"checkpoint alone", exerciseCheckpointAlone},
		{"replacing", exerciseReplacing},
		{"live and closed", exerciseLive},
		{"tasks", exerciseTasks},
		{"nonces", exerciseNonces},
		{"beside the log", exerciseBeside},
		{"many entries", exerciseMany},
		{"long entries", exerciseLong},
		{"streams", exerciseStreams},
		{"statements", exerciseStatements},
		{"own memory", exerciseOwnMemory},
		{"readers beside", exerciseReaders},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			defer closing(t, s)
			c.run(t, s)
			if err := Verify(t.Context(), s); err != nil {
				t.Errorf("what it holds: %v", err)
			}
		})
	}
	t.Run("reopening", func(t *testing.T) { exerciseReopening(t, open) })
}

func closing(t *testing.T, s Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// put appends the batch on the head, and insists.
func put(t *testing.T, s Store, on broker.Head, b broker.Batch) {
	t.Helper()
	if err := s.Append(t.Context(), on, b); err != nil {
		t.Fatalf("Append of %d entries on %d: %v", len(b.Entries), on.Size, err)
	}
}

// next makes and appends the next batch of the log.
func next(t *testing.T, s Store, l *Log, streams ...string) broker.Batch {
	t.Helper()
	on := l.Head()
	b := l.Batch(streams...)
	put(t, s, on, b)
	return b
}

func load(t *testing.T, s Store) broker.State {
	t.Helper()
	state, err := s.Load(context.Background())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return state
}

// same compares values; nil and empty are the same to a store, and the order of
// what a Load gives is nobody's.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	opts := cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.FilterValues(func(a, b []byte) bool { return len(a)+len(b) > 0 }, cmp.Comparer(bytes.Equal)),
		cmp.Comparer(func(a, b canon.Time) bool { return a.Equal(b) }),
		cmpopts.SortSlices(func(a, b broker.Stream) bool { return a.ID < b.ID }),
		cmpopts.SortSlices(func(a, b broker.Task) bool { return a.ID < b.ID }),
		cmpopts.SortSlices(func(a, b broker.Memo) bool { return a.Key < b.Key }),
		cmpopts.SortSlices(func(a, b ledger.TileEdit) bool { return a.Level < b.Level }),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// must gives the value, and insists that there is one.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// absent insists on ErrAbsent.
func absent[T any](t *testing.T, what string) func(T, error) {
	return func(v T, err error) {
		t.Helper()
		if !errors.Is(err, broker.ErrAbsent) {
			t.Errorf("%s: %v, %v; want ErrAbsent", what, v, err)
		}
	}
}
