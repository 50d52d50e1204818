package sqlite_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// TestWhatIsPastIsSwept: what a start loads follows from what is not past, not from
// how much there ever was, also where some of it is there for good.
func TestWhatIsPastIsSwept(t *testing.T) {
	const batches, each, seconds = 240, 256, 10
	s := open(t, t.TempDir())
	defer s.Close()
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range batches {
		on, now := log.Head(), storetest.At(log.Head().Size)
		batch := log.Batch("session")
		for n := range each {
			memo := broker.Memo{Key: fmt.Sprintf("used/%d.%d", i, n), Expires: now.Add(canon.Seconds(seconds).Duration()), Body: []byte("{}")}
			if n == 0 {
				memo.Expires = now.Add(canon.Seconds(1e9).Duration())
			}
			batch.Memos = append(batch.Memos, memo)
		}
		if err := s.Append(context.Background(), on, batch); err != nil {
			t.Fatal(err)
		}
	}
	state, err := s.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	const live = batches + seconds*(each-1)
	if n := len(state.Memos); n < live || n > 2*live {
		t.Errorf("%d memos are kept of %d; %d are not past", n, batches*each, live)
	}
}
