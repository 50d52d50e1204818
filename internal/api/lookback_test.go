package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
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
