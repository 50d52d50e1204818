package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// shelf is a log in memory, which may be broken.
type shelf struct {
	broker.LogReader
	bodies [][]byte
	broken error
}

// Entries does what broker.LogReader says; it gives few at a time.
func (s *shelf) Entries(_ context.Context, index int64, most int) ([][]byte, error) {
	return s.bodies[index:min(len(s.bodies), int(index)+min(most, 100))], s.broken
}

// TestLookingBack: after a start the newest entries are read, and the others when
// looking back, until it is known of every key whether it signed lately; a log
// that cannot be read leaves it open.
func TestLookingBack(t *testing.T) {
	c := celltest.New(celltest.Genesis(), celltest.Scenario())
	sealed := c.Now
	log := &shelf{}
	for range 2300 {
		c.Now = c.Now.Add(time.Minute)
		c.Must(c.By("ann", "ann", &statement.Session{For: 60}))
	}
	for _, r := range c.Log {
		log.bodies = append(log.bodies, r.Body)
	}
	live := api.NewLive(log, slog.New(slog.DiscardHandler))
	must(t, live.LookBack(t.Context())) // there is nothing yet
	live.Committed(c.World, nil)
	proved := func() (canon.Time, canon.Time) {
		people := live.View().People(view.Instant{})
		return people.Since, people.People[0].Keys[0].Proved
	}
	since, at := proved()
	if !since.After(sealed) || !at.IsZero() {
		t.Fatalf("after a start it is known since %s, and that a key was added at %s", since, at)
	}
	log.broken = errors.New("gone")
	if err := live.LookBack(t.Context()); !errors.Is(err, log.broken) {
		t.Errorf("a broken log: %v", err)
	}
	log.broken = nil
	must(t, live.LookBack(t.Context()))
	since, at = proved()
	same(t, "since", since, sealed)
	same(t, "added", at, sealed)
	live.Committed(c.World, nil) // the view is made again
	since, at = proved()
	same(t, "since, again", since, sealed)
	same(t, "added, again", at, sealed)
}

// slow is a log of which every read takes its time.
type slow struct {
	*shelf
	takes time.Duration
}

// Entries does what broker.LogReader says.
func (s slow) Entries(ctx context.Context, index int64, most int) ([][]byte, error) {
	time.Sleep(s.takes)
	return s.shelf.Entries(ctx, index, most)
}

// TestLookingBackLeavesTheMachineToOthers: it rests four times as long as it reads,
// and who closes the server does not wait for it.
func TestLookingBackLeavesTheMachineToOthers(t *testing.T) {
	c := celltest.New(celltest.Genesis(), celltest.Scenario())
	for range 2600 {
		c.Now = c.Now.Add(time.Minute)
		c.Must(c.By("ann", "ann", &statement.Session{For: 60}))
	}
	log := &shelf{}
	for _, r := range c.Log {
		log.bodies = append(log.bodies, r.Body)
	}
	of := func(closes time.Duration) (took time.Duration, err error) {
		live := api.NewLive(slow{log, time.Second}, slog.New(slog.DiscardHandler))
		live.Committed(c.World, nil)
		ctx, cancel := context.WithTimeout(context.Background(), closes)
		defer cancel()
		began := time.Now()
		err = live.LookBack(ctx)
		return time.Since(began), err
	}
	synctest.Test(t, func(t *testing.T) {
		reads := time.Duration(3+3+1) * time.Second // pages of 256, 256 and the rest, read by hundreds
		if took, err := of(time.Hour); err != nil || took != 5*reads {
			t.Errorf("it took %s, and reading %s of it: %v", took, reads, err)
		}
		if took, err := of(5 * time.Second); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) { // it rests then
			t.Errorf("it ended after %s: %v", took, err)
		}
	})
}

// TestKeysThatSignNothing: who reads with a key has proved it; whose key signed
// nothing for 90 days is found, told beside the answer that counts on them, and
// shown with the key.
func TestKeysThatSignNothing(t *testing.T) {
	h := open(t)
	const coverage = "/api/v1/coverage?scenario=database-locked-out&severity=SEV1"
	contains(t, "today", string(h.get("sam", "/api/v1/findings").Body), `"findings":[]`)
	h.wall.move(view.ProvedWithin + time.Hour)
	h.again() // who begins late knows it all the same
	for _, person := range []string{"ann", "bob", "lea", "leo", "sam"} {
		same(t, person, h.get(person, "/api/v1/me").Status, http.StatusOK)
	}
	contains(t, "findings", string(h.get("sam", "/api/v1/findings").Body), `"kind":"key-unproved"`)
	contains(t, "findings", string(h.get("sam", "/api/v1/findings").Body), "Keys of sue have signed nothing for 90 days")
	contains(t, "coverage", string(h.get("sam", coverage).Body), `"unproved":["sue"]`)
	people := string(h.get("sam", "/api/v1/people").Body)
	if strings.Count(people, `"unproved":true`) != 1 {
		t.Errorf("one key is unproved: %s", people)
	}
	same(t, "sue", h.get("sue", "/api/v1/me").Status, http.StatusOK)
	contains(t, "findings", string(h.get("sam", "/api/v1/findings").Body), `"findings":[]`)
}

// TestRememberedLater: a start does not wait for what only older entries tell, and
// whoever reads does.
func TestRememberedLater(t *testing.T) {
	c := celltest.New(celltest.Genesis(), celltest.Scenario())
	c.Must(c.By("ann", "ann", &statement.Session{For: 60}))
	log := &shelf{}
	for _, r := range c.Log {
		log.bodies = append(log.bodies, r.Body)
	}
	live := api.NewLive(log, slog.New(slog.DiscardHandler))
	live.Later()
	live.Committed(c.World, nil)
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	if err := live.Whole(hurried); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader who leaves before: %v", err)
	}
	since := func() canon.Time { return live.View().People(view.Instant{}).Since }
	same(t, "known since, before", since(), canon.Time{})
	live.Remember()
	must(t, live.Whole(t.Context()))
	same(t, "known since", since(), c.Log[0].Entry.At)
}
