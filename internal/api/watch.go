package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

const (
	watchSlow  = 10 * time.Second // a reader that takes nothing for so long is let go
	watchQuiet = 15 * time.Second // after which a comment says that we are still here
	watchBack  = 10_000           // entries that a reader who comes back is told again
)

// glimpse is one entry for who watches.
type glimpse struct {
	Entry    int64      `json:"entry"`
	At       canon.Time `json:"at"`
	Stream   string     `json:"stream"`
	Events   []string   `json:"events"` // names
	Sentence string     `json:"sentence"`
}

// watch sends one event for each entry that the reader may see, as it comes
// (server-sent events). It keeps no buffer for anybody: a reader who comes back
// with Last-Event-ID goes on where it was, from memory or from the ledger.
func (s *service) watch(c *call) error {
	next, err := s.watchFrom(c)
	if err != nil {
		return err
	}
	if !s.watchers.take(c.who.Person) {
		return busy("too much is being watched already")
	}
	defer s.watchers.leave(c.who.Person)
	c.w.Header().Set("Content-Type", "text/event-stream")
	c.w.WriteHeader(http.StatusOK)
	quiet := time.NewTicker(watchQuiet)
	defer quiet.Stop()
	if err := c.tell(": the cell is watched\n\n"); err != nil {
		return nil
	}
	for s.reads(c.who) { // asked again each time: a removed reader sees no more
		_, changed := s.Live.Next()
		entries, err := s.Live.Since(c.r.Context(), next)
		if err != nil {
			return err
		}
		if err := s.tellAll(c, entries); err != nil {
			return nil
		}
		if len(entries) > 0 {
			next = entries[len(entries)-1].Index + 1
			continue
		}
		select {
		case <-changed:
		case <-quiet.C:
			if c.tell(":\n\n") != nil {
				return nil
			}
		case <-c.r.Context().Done():
			return nil
		case <-s.Live.Over():
			return nil
		}
	}
	return nil
}

// watchFrom is the first entry that a watcher is told.
func (s *service) watchFrom(c *call) (int64, error) {
	next, _ := s.Live.Next()
	given := c.r.Header.Values("Last-Event-ID")
	if len(given) == 0 {
		return next, nil
	}
	last, err := strconv.ParseInt(given[0], 10, 64)
	if err != nil || len(given) > 1 || last < -1 || last >= next {
		return 0, badQuery("Last-Event-ID must be the index of an entry that there is")
	}
	return max(last+1, next-watchBack), nil
}

// tellAll tells a watcher of the entries that it may see. The ids of the others
// are skipped: an id says only how far the reader is.
func (s *service) tellAll(c *call, entries []cell.Recorded) error {
	for _, r := range entries {
		if !s.maySee(c, r) {
			continue
		}
		data, err := json.Marshal(glimpseOf(r), json.Deterministic(true))
		if err != nil {
			return err
		}
		if err := c.tell(fmt.Sprintf("id: %d\nevent: entry\ndata: %s\n\n", r.Index, data)); err != nil {
			return err
		}
	}
	return nil
}

// maySee tells whether a reader may be told of an entry: of the cell always, of
// a request by the rule for requests, of sessions and refusals if they are
// their own or if they are of security.
func (s *service) maySee(c *call, r cell.Recorded) bool {
	live, stream := s.Live.View(), r.Outcome.Stream
	if stream == cell.StreamCell || live.Security(c.who.Person) {
		return true
	}
	if id, ok := cell.RequestOf(stream); ok {
		of, ok := live.Find(id)
		if !ok {
			of, ok = s.stored(c, stream)
		}
		return ok && live.MaySee(c.who.Person, of)
	}
	return slices.ContainsFunc(r.Outcome.Events, func(e cell.Event) bool {
		switch e := e.(type) {
		case *cell.SessionOpened:
			return e.Person == c.who.Person
		case *cell.Refused:
			return e.Person == c.who.Person
		}
		return false
	})
}

// stored is a request that the view has let go.
func (s *service) stored(c *call, stream string) (*access.Request, bool) {
	streams, err := s.Read.Streams(c.r.Context(), stream, 0, 1)
	if err != nil || len(streams) == 0 {
		return nil, false
	}
	of, err := cell.DecodeRequest(streams[0].Snapshot)
	return of, err == nil
}

func glimpseOf(r cell.Recorded) glimpse {
	g := glimpse{Entry: r.Index, At: r.Entry.At, Stream: r.Outcome.Stream, Events: []string{}}
	moments, err := view.Timeline([]cell.Recorded{r})
	for i, e := range r.Outcome.Events {
		g.Events = append(g.Events, cell.NameOf(e))
		if err != nil || i >= len(moments) {
			continue
		}
		if g.Sentence != "" {
			g.Sentence += " "
		}
		g.Sentence += moments[i].Text
	}
	return g
}

// tell writes a piece of a stream and sends it off. Its error says that the
// reader has gone, or is too slow.
func (c *call) tell(text string) error {
	control := http.NewResponseController(c.w)
	if err := control.SetWriteDeadline(time.Now().Add(watchSlow)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := c.w.Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}
