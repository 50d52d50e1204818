package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// turn is what one turn of one side came to.
type turn struct {
	Count    int
	Took     time.Duration
	P50, P99 time.Duration
	// Processor time of the turn, where it was taken: the server's, and that of
	// those who called it.
	Server, Callers time.Duration
}

// rate is operations per second.
func (t turn) rate() float64 {
	if t.Took <= 0 {
		return 0
	}
	return float64(t.Count) / t.Took.Seconds()
}

// drive has so many workers call each, again and again, for a length of time.
func drive(workers int, length time.Duration, each func(worker int) error) (turn, error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var waits []time.Duration
	var failed error
	begun := time.Now()
	for worker := range workers {
		all.Go(func() {
			var mine []time.Duration
			var err error
			for err == nil && time.Since(begun) < length {
				sent := time.Now()
				if err = each(worker); err == nil {
					mine = append(mine, time.Since(sent))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, mine...)
			if failed == nil {
				failed = err
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	if failed != nil {
		return turn{}, failed
	}
	if len(waits) == 0 {
		return turn{}, errors.New("nothing was done in a turn")
	}
	slices.Sort(waits)
	return turn{Count: len(waits), Took: took, P50: waits[len(waits)/2], P99: waits[len(waits)*99/100]}, nil
}

// side is one of those who take turns.
type side struct {
	name string
	run  func() (turn, error)
}

// interleave gives each side n turns, one after the other, after one turn that
// does not count.
func interleave(n int, sides ...side) (map[string][]turn, error) {
	turns := map[string][]turn{}
	for round := range n + 1 {
		for _, s := range sides {
			t, err := s.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 {
				turns[s.name] = append(turns[s.name], t)
			}
		}
	}
	return turns, nil
}

// median is the middle of what of gives for each turn.
func median(turns []turn, of func(turn) float64) float64 {
	values := make([]float64, 0, len(turns))
	for _, t := range turns {
		values = append(values, of(t))
	}
	return middle(values)
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	if n%2 == 1 {
		return values[n/2]
	}
	return (values[n/2-1] + values[n/2]) / 2
}

// ratio is the median of a's values over b's, round by round: what moves both
// sides of a round cancels out.
func ratio(a, b []turn, of func(turn) float64) float64 {
	var values []float64
	for i := range min(len(a), len(b)) {
		if below := of(b[i]); below > 0 {
			values = append(values, of(a[i])/below)
		}
	}
	return middle(values)
}

func p99(t turn) float64 { return float64(t.P99) }

// perOne is processor time for each operation, of a server, of its callers, or
// of both.
func perOne(of ...func(turn) time.Duration) func(turn) float64 {
	return func(t turn) (each float64) {
		for _, one := range of {
			each += float64(one(t)) / float64(max(t.Count, 1))
		}
		return each
	}
}

func servers(t turn) time.Duration { return t.Server }
func callers(t turn) time.Duration { return t.Callers }
