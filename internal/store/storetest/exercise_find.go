package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
)

// exerciseStreams lists few streams and many: a store may find them differently.
func exerciseStreams(t *testing.T, s Store) {
	l := fresh(t)
	next(t, s, l, "cell", "request/a", "request/b", "request_x", "request/%", "Request/a", "request/a", "session", "réq/1")
	listed(t, s, asked{"request/", 0, 10}, "request/a", "request/%", "request/b")
	listed(t, s, asked{"request/", 0, 2}, "request/a", "request/%")
	listed(t, s, asked{"request/", 6, 10}, "request/%", "request/b") // a's newest is 6
	listed(t, s, asked{"request/", 4, 10}, "request/b")
	listed(t, s, asked{"request/", 2, 10})
	listed(t, s, asked{"request/%", 0, 10}, "request/%")
	listed(t, s, asked{"request/*", 0, 10})
	listed(t, s, asked{"r", 0, 10}, "réq/1", "request/a", "request/%", "request_x", "request/b")
	listed(t, s, asked{"", 0, 3}, "réq/1", "session", "request/a")
	listed(t, s, asked{"request/", 0, 0})
	var many []string
	for i := range 1500 {
		many = append(many, fmt.Sprintf("many/%04d", i))
	}
	next(t, s, l, many...)
	next(t, s, l, "many/0003")
	listed(t, s, asked{"many/", 0, 3}, "many/0003", "many/1499", "many/1498")
	listed(t, s, asked{"many/", 9 + 1000, 2}, "many/0999", "many/0998")
	listed(t, s, asked{"many/001", 0, 3}, "many/0019", "many/0018", "many/0017")
	listed(t, s, asked{"request/", 0, 10}, "request/a", "request/%", "request/b")
}

// asked is what Streams is asked for.
type asked struct {
	prefix string
	before int64
	most   int
}

func listed(t *testing.T, s Store, a asked, want ...string) {
	t.Helper()
	got := must[[]broker.Stream](t)(s.Streams(t.Context(), a.prefix, a.before, a.most))
	var ids []string
	for _, st := range got {
		ids = append(ids, st.ID)
		same(t, "a listed stream", st, must[broker.Stream](t)(s.Stream(t.Context(), st.ID)))
	}
	same(t, fmt.Sprintf("Streams%+v", a), ids, want)
}

// exerciseStatements looks for digests that differ late.
func exerciseStatements(t *testing.T, s Store) {
	l := fresh(t)
	b := l.Batch("session", "session", "session")
	for i := range b.Entries {
		b.Entries[i].Statement = canon.Sum([]byte("one"))
		b.Entries[i].Statement[31] = byte(i)
	}
	put(t, s, broker.Head{}, b)
	for i, e := range b.Entries {
		same(t, "StatementEntry", must[int64](t)(s.StatementEntry(t.Context(), e.Statement)), int64(i))
	}
	other := b.Entries[0].Statement
	other[31] = 9
	absent[int64](t, "a digest that differs in its last byte")(s.StatementEntry(t.Context(), other))
}

const (
	groups    = 120 // batches that readers watch
	groupSize = 7
)

// exerciseReaders reads beside a writer: nobody ever sees a number of entries that
// no batch ended with, or parts that do not belong together.
func exerciseReaders(t *testing.T, s Store) {
	l := fresh(t)
	over := make(chan struct{})
	var readers sync.WaitGroup
	for _, read := range []func(Store) error{watchLoad, watchEntries, watchStreams, watchBeside} {
		readers.Go(func() {
			for {
				if err := read(s); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for i := range groups {
		on := l.Head()
		streams := []string{"all"}
		for j := 1; j < groupSize; j++ {
			streams = append(streams, fmt.Sprintf("group/%d", j))
		}
		b := l.Batch(streams...)
		b.Attachments = [][]byte{fmt.Appendf(nil, "attachment %d", i)}
		if err := s.Append(t.Context(), on, b); err != nil {
			t.Errorf("Append beside readers: %v", err)
			break
		}
	}
	close(over)
	readers.Wait()
}

// background: the readers end by themselves.
var background = context.Background()

func watchLoad(s Store) error {
	state, err := s.Load(background)
	if err != nil || state.Head.Size == 0 {
		return err
	}
	if state.Head.Size%groupSize != 0 || string(state.World) != string(worldAt(state.Head.Size)) {
		return fmt.Errorf("loaded: head at %d, world %s", state.Head.Size, state.World)
	}
	for _, st := range state.Streams {
		if st.Last < state.Head.Size-groupSize {
			return fmt.Errorf("loaded: head at %d, stream %s at %d", state.Head.Size, st.ID, st.Last)
		}
	}
	_, err = NewLog(state)
	return err
}

func watchEntries(s Store) error {
	head, err := s.Head(background)
	if err != nil {
		return err
	}
	bodies, err := s.Entries(background, 0, groups*groupSize)
	if err == nil && (len(bodies)%groupSize != 0 || int64(len(bodies)) < head.Size) {
		err = fmt.Errorf("entries: %d after a head at %d", len(bodies), head.Size)
	}
	return err
}

func watchStreams(s Store) error {
	found, err := s.Streams(background, "group/", 0, groupSize)
	if err != nil || len(found) == 0 {
		return err
	}
	for i, st := range found {
		if st.Last != found[0].Last-int64(i) || len(found) != groupSize-1 {
			return fmt.Errorf("streams: %d, the first at %d, the one after %d at %d", len(found), found[0].Last, i, st.Last)
		}
	}
	return nil
}

func watchBeside(s Store) error {
	head, err := s.Head(background)
	if err != nil || head.Size == 0 {
		return err
	}
	newest := head.Size/groupSize - 1
	if _, err := s.Attachment(background, canon.Sum(fmt.Appendf(nil, "attachment %d", newest))); err != nil {
		return fmt.Errorf("the attachment of batch %d: %w", newest, err)
	}
	if _, err := s.Attachment(background, canon.Sum(fmt.Appendf(nil, "attachment %d", groups))); !errors.Is(err, broker.ErrAbsent) {
		return fmt.Errorf("an attachment of no batch: %w", err)
	}
	return nil
}
