package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

const (
	waitMost    = 50 // seconds of a long poll
	rowsUsual   = 50 // of a page of a list
	scannedPage = 200
	scannedMost = 600 // streams that one page of a list looks at
)

// found is a request that somebody asked for, and the index of the entry that
// left it so.
type found struct {
	request *access.Request
	last    int64
}

// find looks a request up by the first digits of its id.
func (s *service) find(c *call) (found, error) {
	prefix, err := digits(c)
	if err != nil {
		return found{}, err
	}
	if id, err := canon.ParseDigest(prefix); err == nil { // a whole id names one at most
		if held, ok := s.Live.View().Held(id); ok {
			return found{held.Request, held.Last}, nil
		}
	}
	streams, err := s.Read.Streams(c.r.Context(), cell.StreamRequest+prefix, 0, 2)
	if err != nil {
		return found{}, err
	}
	switch len(streams) {
	case 0:
		return found{}, notFound("request by that id")
	case 1:
	default:
		return found{}, ambiguous(strings.TrimPrefix(streams[0].ID, cell.StreamRequest), strings.TrimPrefix(streams[1].ID, cell.StreamRequest))
	}
	if id, ok := cell.RequestOf(streams[0].ID); ok {
		if held, ok := s.Live.View().Held(id); ok {
			return found{held.Request, held.Last}, nil
		}
	}
	r, err := cell.DecodeRequest(streams[0].Snapshot)
	return found{r, streams[0].Last}, err
}

// visible is find for what only those may read who may see the request whole.
func (s *service) visible(c *call) (found, error) {
	f, err := s.find(c)
	if err != nil {
		return found{}, err
	}
	if !s.Live.View().MaySee(c.who.Person, f.request) {
		return found{}, notShown()
	}
	return f, nil
}

func notShown() *Problem {
	return problem(http.StatusForbidden, reasonNotShown, "not shown to you",
		"the requester, approvers of the scenario and security may see it", "ask one of them")
}

// shown is a request as a viewer may see it, with what lies beside the ledger.
func (s *service) shown(ctx context.Context, viewer string, r *access.Request) view.Request {
	v := s.Live.View().Request(viewer, r, s.instant())
	s.complete(ctx, &v)
	return v
}

// complete fills in what the view leaves to the caller: the texts of the
// notes, and the salt of the words where the view has not learned it. The words
// themselves every reader works out.
func (s *service) complete(ctx context.Context, v *view.Request) {
	if v.Limited {
		return
	}
	for _, note := range v.Notes() {
		s.text(ctx, note)
	}
	if v.Salt != "" {
		return
	}
	entries, err := s.entriesOf(ctx, cell.StreamOf(v.ID), 1)
	if err != nil {
		s.internal(err)
	}
	if len(entries) == 0 {
		return
	}
	v.Salt = view.Salt(entries[0])
}

// requests lists requests, newest first. Those that wait or live come from the
// view, older ones from the store.
func (s *service) requests(c *call) error {
	q := c.query
	wanted := view.Query{Person: q["person"], Scenario: q["scenario"]}
	var err error
	if wanted.Before, err = c.number("before", 0); err != nil {
		return err
	}
	most, err := c.number("most", rowsUsual)
	if err != nil {
		return err
	}
	wanted.Most = int(most)
	open := q["state"] != ""
	for state := range strings.SplitSeq(q["state"], ",") {
		if state == "" && !open {
			break
		}
		if !slices.Contains(access.States, access.State(state)) {
			return badQuery("state must be some of " + strings.Join(stateNames(), ", "))
		}
		open = open && (access.State(state) == access.Pending || access.State(state) == access.Granted)
		wanted.States = append(wanted.States, access.State(state))
	}
	if open {
		return c.json(http.StatusOK, s.Live.View().List(c.who.Person, wanted, s.instant()))
	}
	page, err := s.scan(c, wanted)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page)
}

// scan makes a page from the store. A page may have fewer rows than there are:
// then Next says where to go on.
func (s *service) scan(c *call, q view.Query) (view.Page, error) {
	page, before := view.Page{Rows: []view.Row{}}, q.Before
	for range scannedMost / scannedPage {
		streams, err := s.Read.Streams(c.r.Context(), cell.StreamRequest, before, scannedPage)
		if err != nil {
			return page, err
		}
		held := make([]view.Held, 0, len(streams))
		for _, stream := range streams {
			r, err := cell.DecodeRequest(stream.Snapshot)
			if err != nil {
				return page, err
			}
			held = append(held, view.Held{Last: stream.Last, Request: r})
		}
		some := q
		some.Before, some.Most = 0, q.Most-len(page.Rows)
		more := s.Live.View().Rows(c.who.Person, some, held, s.instant())
		page.Rows = append(page.Rows, more.Rows...)
		page.Next = more.Next
		if more.Next != 0 || len(streams) < scannedPage {
			return page, nil
		}
		before = streams[len(streams)-1].Last
		page.Next = before
		if len(page.Rows) == q.Most {
			return page, nil
		}
	}
	return page, nil
}

// request gives one request; with wait and since, once it has an entry after
// that one or the seconds are over.
func (s *service) request(c *call) error {
	wait, err := c.number("wait", 0)
	if err != nil {
		return err
	}
	since, err := c.number("since", -1)
	if err != nil {
		return err
	}
	f, err := s.find(c)
	if err != nil {
		return err
	}
	if wait > 0 && f.last <= since && !f.request.Settled() {
		if !s.watchers.take(c.who.Person) {
			return busy("too much is being watched already")
		}
		defer s.watchers.leave(c.who.Person)
		f = s.await(c, f, since, time.Duration(wait)*time.Second)
	}
	v := s.shown(c.r.Context(), c.who.Person, f.request)
	if !v.Limited {
		v.Last = max(v.Last, f.last)
	}
	return c.json(http.StatusOK, v)
}

// await waits until a request has an entry after an index, but not for longer
// than a time, nor than the reader or the server waits.
func (s *service) await(c *call, f found, since int64, most time.Duration) found {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		_, changed := s.Live.Next()
		if now, ok := s.Live.View().Held(f.request.ID); ok {
			if f = (found{now.Request, now.Last}); f.last > since {
				return f
			}
		}
		select {
		case <-changed:
		case <-timer.C:
			return f
		case <-c.r.Context().Done():
			return f
		case <-s.Live.Over():
			return f
		}
	}
}

// timeline is everything that happened to a request.
type timeline struct {
	ID      canon.Digest  `json:"id"`
	Moments []view.Moment `json:"moments"`
}

// timeline tells a request's entries as sentences.
func (s *service) timeline(c *call) error {
	f, err := s.visible(c)
	if err != nil {
		return err
	}
	entries, err := s.entriesOf(c.r.Context(), cell.StreamOf(f.request.ID), evidenceMost)
	if err != nil {
		return err
	}
	moments, err := view.Timeline(entries)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, timeline{f.request.ID, moments})
}

// entriesOf gives a stream's entries, the first most of them, in order.
func (s *service) entriesOf(ctx context.Context, stream string, most int) ([]cell.Recorded, error) {
	indices, err := s.Read.StreamEntries(ctx, stream)
	if err != nil {
		return nil, err
	}
	entries := make([]cell.Recorded, 0, min(most, len(indices)))
	for _, index := range indices[:min(most, len(indices))] {
		body, err := s.body(ctx, index)
		if err != nil {
			return nil, err
		}
		r, err := view.Recorded(index, body)
		if err != nil {
			return nil, err
		}
		entries = append(entries, r)
	}
	return entries, nil
}
