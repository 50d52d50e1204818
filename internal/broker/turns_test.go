package broker_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/halligan-dev/halligan/internal/broker"
)

// TestT18WhoeverSendsManyWaitsForThemselves: behind a thousand of one share, the
// first of another has the second turn, whenever it comes.
func TestT18WhoeverSendsManyWaitsForThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := broker.NewTurns(1, 2000)
		var mu sync.Mutex
		var order []string
		wait := func(share string) {
			go func() {
				if err := turns.Take(context.Background(), share); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, share)
				mu.Unlock()
				turns.Leave()
			}()
			synctest.Wait()
		}
		if err := turns.Take(context.Background(), "flood"); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			wait("flood")
		}
		wait("bob")
		wait("bob")
		wait("eve")
		if n := turns.Waiting(); n != 1003 {
			t.Fatalf("%d wait, want 1003", n)
		}
		turns.Leave()
		synctest.Wait()
		if want := []string{"flood", "bob", "eve", "flood", "bob", "flood", "flood"}; !slices.Equal(order[:len(want)], want) {
			t.Errorf("turns went to %v, want %v", order[:len(want)], want)
		}
		if len(order) != 1003 || turns.Waiting() != 0 {
			t.Errorf("%d had a turn, %d wait", len(order), turns.Waiting())
		}
	})
}

// TestTurnsShedTheLongestLine: when too many wait, those who crowd are sent
// away, and nobody else.
func TestTurnsShedTheLongestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := broker.NewTurns(1, 10)
		if err := turns.Take(context.Background(), "x"); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		shed := map[string]int{}
		for _, share := range slices.Concat(slices.Repeat([]string{"flood"}, 10), []string{"bob", "bob", "eve"}, slices.Repeat([]string{"flood"}, 10)) {
			go func() {
				err := turns.Take(context.Background(), share)
				if errors.Is(err, broker.ErrBusy) {
					mu.Lock()
					defer mu.Unlock()
					shed[share]++
					return
				}
				if err != nil {
					t.Error(err)
				}
				turns.Leave()
			}()
			synctest.Wait()
		}
		if len(shed) != 1 || shed["flood"] != 13 {
			t.Errorf("sent away: %v, want 13 of the flood alone", shed)
		}
		turns.Leave()
		synctest.Wait()
	})
}

// TestTurnsSurviveThoseWhoGiveUp: a turn that nobody waits for any more is not
// lost.
func TestTurnsSurviveThoseWhoGiveUp(t *testing.T) {
	turns := broker.NewTurns(2, 100)
	var all sync.WaitGroup
	for i := range 2000 {
		all.Add(1)
		go func() {
			defer all.Done()
			ctx, cancel := context.WithCancel(context.Background())
			if i%2 == 0 {
				go cancel()
			}
			defer cancel()
			if turns.Take(ctx, string(rune('a'+i%7))) == nil {
				turns.Leave()
			}
		}()
	}
	all.Wait()
	for range 2 { // both places are there again
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := turns.Take(ctx, "x"); err != nil {
			t.Fatalf("a place was lost: %v", err)
		}
	}
	if turns.Waiting() != 0 {
		t.Errorf("%d wait", turns.Waiting())
	}
}
