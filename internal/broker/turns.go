package broker

import (
	"context"
	"errors"
	"sync"
)

// ErrBusy says that too much is waiting to be checked, and most of it from
// there. Nothing was taken.
var ErrBusy = errors.New("too much is waiting to be checked")

// Turns bounds how many signatures are checked at a time and shares the places
// fairly: those who wait come in by turns, one of each share, so that whoever
// sends a thousand waits for themselves and delays everybody else by one check
// each. When too many wait, the longest line loses its newest.
type Turns struct {
	most int // that may wait

	mu      sync.Mutex
	free    int
	waiting int
	lines   map[string][]*waiter // by share; none is empty
	order   []string             // the shares that wait, the next one first
}

// waiter is one that waits: done is closed when its turn has come, or when it
// was sent away.
type waiter struct {
	done chan struct{}
	err  error
}

// NewTurns makes one of so many places, for which at most so many may wait.
func NewTurns(places, most int) *Turns {
	return &Turns{most: most, free: places, lines: map[string][]*waiter{}}
}

// Take waits for a turn of a share. Whoever got one must Leave. Its error is
// ErrBusy, or the context's.
func (t *Turns) Take(ctx context.Context, share string) error {
	w := t.enter(share)
	if w == nil {
		return nil
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
	}
	if t.quit(share, w) {
		return ctx.Err()
	}
	if w.err == nil {
		t.Leave() // the turn came at the same moment, and nobody uses it
	}
	return ctx.Err()
}

// enter gives a turn at once (nil) or a place in the line.
func (t *Turns) enter(share string) *waiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free > 0 {
		t.free--
		return nil
	}
	w := &waiter{done: make(chan struct{})}
	if len(t.lines[share]) == 0 {
		t.order = append(t.order, share)
	}
	t.lines[share] = append(t.lines[share], w)
	if t.waiting++; t.waiting > t.most {
		t.shed()
	}
	return w
}

// shed sends the newest of the longest line away.
func (t *Turns) shed() {
	longest := t.order[0]
	for _, share := range t.order {
		if len(t.lines[share]) > len(t.lines[longest]) {
			longest = share
		}
	}
	line := t.lines[longest]
	w := line[len(line)-1]
	t.cut(longest, len(line)-1)
	w.err = ErrBusy
	close(w.done)
}

// quit takes a waiter out of its line; false says that it is in none any more.
func (t *Turns) quit(share string, w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.lines[share] {
		if other == w {
			t.cut(share, i)
			return true
		}
	}
	return false
}

// cut takes a place out of a line, and the line away when that was the last.
func (t *Turns) cut(share string, i int) {
	line := t.lines[share]
	t.lines[share] = append(line[:i:i], line[i+1:]...)
	t.waiting--
	if len(line) > 1 {
		return
	}
	delete(t.lines, share)
	for at, other := range t.order {
		if other == share {
			t.order = append(t.order[:at], t.order[at+1:]...)
			return
		}
	}
}

// Leave gives a turn back: it goes to the next share.
func (t *Turns) Leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == 0 {
		t.free++
		return
	}
	share := t.order[0]
	w := t.lines[share][0]
	t.order = append(t.order[1:], share) // behind all others
	t.cut(share, 0)
	close(w.done)
}

// Waiting is how many wait for a turn.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting
}
