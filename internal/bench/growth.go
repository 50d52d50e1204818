package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/statement"
)

// What a hundred times as many entries may cost: the middle and the slowest
// hundredth of each operation, and memory.
const (
	growthDue       = 1.3
	growthP99Due    = 2
	growthMemoryDue = 1.3
)

// grown is a cell of some size with its server.
type grown struct {
	crowd  *crowd
	server *process
	waits  map[string][]time.Duration // of the turn, by operation
}

// measureGrowth is B7: one cell beside another with a hundred times as many
// entries, all of whole emergencies that are over and proved.
func (r *run) measureGrowth() error {
	least, most := r.sizes()
	var both []*grown
	for _, entries := range []int64{least, most} {
		g, err := r.grow(entries)
		if err != nil {
			return err
		}
		defer g.server.end()
		both = append(both, g)
	}
	small, large := both[0], both[1]
	waits := map[*grown]map[string][]turn{small: {}, large: {}}
	for round := range r.rounds(7) + 1 {
		for _, g := range both {
			if err := g.live(r.length(2 * time.Second)); err != nil {
				return err
			}
			for operation, w := range g.waits {
				slices.Sort(w)
				if round > 0 {
					waits[g][operation] = append(waits[g][operation], turn{Count: len(w), P50: w[len(w)/2], P99: w[len(w)*99/100]})
				}
			}
		}
	}
	what := func(operation string) string {
		return fmt.Sprintf("%s, with %s entries beside %s", operation, figure(float64(most)), figure(float64(least)))
	}
	for _, operation := range []string{"request", "decide", "mint", "list"} {
		a, b := waits[large][operation], waits[small][operation]
		for _, part := range []struct {
			name string
			of   func(turn) float64
			due  float64
		}{{"", func(t turn) float64 { return float64(t.P50) }, growthDue}, {", slowest hundredth", p99, growthP99Due}} {
			r.add(row{
				ID: "B7", What: what(operation) + part.name, Ours: span(time.Duration(median(a, part.of))),
				Peer: "the small one: " + span(time.Duration(median(b, part.of))), Ratio: ratio(a, b, part.of), Unit: "× time", Due: atMost(part.due),
			})
		}
	}
	return r.addGrowthOfMemory(what("memory"), small, large)
}

func (r *run) addGrowthOfMemory(what string, small, large *grown) error {
	a, err := large.server.resident()
	if err != nil {
		return err
	}
	b, err := small.server.resident()
	if err != nil {
		return err
	}
	r.add(row{
		ID: "B7", What: what, Ours: megabytes(a), Peer: "the small one: " + megabytes(b),
		Ratio: float64(a) / float64(b), Unit: "× memory", Due: atMost(growthMemoryDue),
		Note: "the entries of both lie over a year; " + busyHour + ".",
	})
	return nil
}

// grow makes a cell with so many entries and serves it.
func (r *run) grow(entries int64) (*grown, error) {
	cell, err := r.oldCell(entries)
	if err != nil {
		return nil, err
	}
	g := &grown{}
	if g.server, err = r.self("serve", cell.path, ""); err != nil {
		return nil, err
	}
	if _, err = g.server.line(); err == nil {
		g.crowd, err = cell.crowd()
	}
	return g, err
}

// live has people go through emergencies and look at lists, for a length of
// time, and notes how long each operation took.
func (g *grown) live(length time.Duration) error {
	if err := g.crowd.look(); err != nil {
		return err
	}
	g.waits = map[string][]time.Duration{}
	var mu sync.Mutex
	timed := func(operation string, do func() error) error {
		begun := time.Now()
		err := do()
		mu.Lock()
		defer mu.Unlock()
		g.waits[operation] = append(g.waits[operation], time.Since(begun))
		return err
	}
	_, err := drive(len(people), length, func(worker int) error { return g.crowd.timedEmergency(worker, timed) })
	return err
}

// timedEmergency is one that is asked for, decided, used, listed and ended.
func (c *crowd) timedEmergency(worker int, timed func(string, func() error) error) error {
	who, others := people[worker], []string{people[(worker+1)%len(people)], people[(worker+2)%len(people)]}
	var o opened
	var said answer
	err := timed("request", func() (err error) {
		o, err = c.ask(who)
		return err
	})
	if err != nil {
		return err
	}
	for _, person := range others {
		err := timed("decide", func() (err error) {
			said, err = c.agree(person, o.id)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := c.awaitOpen(who, o.id, said.Request); err != nil {
		return err
	}
	for range 4 {
		err := timed("mint", func() error {
			_, err := c.submit(who, o.holder, &statement.Fetch{Of: o.id, Target: target})
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, path := range []string{"/api/v1/now", "/api/v1/inbox", "/api/v1/requests"} {
		if err := timed("list", func() error { _, err := c.read(who, path); return err }); err != nil {
			return err
		}
	}
	if _, err := c.submit(who, o.holder, &statement.Release{Of: o.id}); err != nil {
		return err
	}
	return c.attest(others[0], o.id)
}
