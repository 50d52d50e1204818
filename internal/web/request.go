package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// requested is what the pages of one request are made from.
type requested struct {
	view.Request
	Asker   view.Person // who asks; only the id where the cell does not know more
	Own     bool        // the reader asks
	Me      string
	Moments []view.Moment // oldest first, without the answers of channels
	Earlier int           // moments before those
	Heard   []heard
}

// momentsMost is how many moments a page tells: the newest. Evidence has them all.
const momentsMost = 200

// heard is what one channel heard of a request.
type heard struct {
	Channel       string
	Took, Missed  int
	Last          view.Told
	LastDelivered canon.Time
}

// request is the page of one request: what happened, what comes next, who is
// missing, what is open and what is not proved dead.
func (p *pages) request(c *call) error {
	body, err := p.subject(c)
	if err != nil {
		return err
	}
	if !body.Limited {
		if body.Asker, err = p.person(c, body.Requester); err != nil {
			return err
		}
		var told struct {
			Moments []view.Moment `json:"moments"`
		}
		if err := p.get(c, requestAPI(body.ID)+"/timeline", &told); err != nil {
			return err
		}
		body.Moments = slices.DeleteFunc(told.Moments, func(m view.Moment) bool { return m.Event == "alarm-answered" })
		body.Earlier = max(0, len(body.Moments)-momentsMost)
		body.Moments = body.Moments[body.Earlier:]
	}
	return p.show(c, "request", shown{Title: cmp.Or(body.Title, body.Scenario), Place: "requests", Live: requestPath(body.ID), Body: body})
}

// moved says that a page stands elsewhere on this server.
type moved struct{ to string }

// Error is for whoever logs it.
func (m *moved) Error() string { return "it stands at " + m.to }

// subject is the request that a path names. A short id leads to the whole one, so
// that what is pressed and passed on names one request for good.
func (p *pages) subject(c *call) (*requested, error) {
	named := c.r.PathValue("id")
	body := &requested{Me: c.me.ID}
	if err := p.get(c, "/api/v1/requests/"+url.PathEscape(named), &body.Request); err != nil {
		return nil, err
	}
	if whole := body.ID.String(); named != whole {
		to := *c.r.URL
		to.Path = "/requests/" + whole + strings.TrimPrefix(c.r.URL.Path, "/requests/"+named)
		return nil, &moved{to.RequestURI()}
	}
	body.Own = !body.Limited && body.Requester == c.me.ID
	body.Words, body.Heard = p.words.of(body.ID, body.Salt), heardOf(body.Told)
	return body, nil
}

// person is somebody as the cell knows them, with what they are called and how to
// reach them.
func (p *pages) person(c *call, id string) (view.Person, error) {
	var people view.People
	if err := p.get(c, "/api/v1/people", &people); err != nil {
		return view.Person{}, err
	}
	if i := slices.IndexFunc(people.People, func(known view.Person) bool { return known.ID == id }); i >= 0 {
		return people.People[i], nil
	}
	return view.Person{ID: id}, nil
}

// signedFor is the scenario that a request was signed for; empty where the cell has
// another under that name now, or none.
func (p *pages) signedFor(c *call, r *requested) (view.Scenario, error) {
	var of view.Scenario
	var problem *Problem
	switch err := p.get(c, "/api/v1/scenarios/"+url.PathEscape(r.Scenario), &of); {
	case errors.As(err, &problem) && problem.Status == http.StatusNotFound:
		return view.Scenario{}, nil
	case err != nil:
		return view.Scenario{}, err
	case of.Digest != r.ScenarioDigest:
		return view.Scenario{}, nil
	}
	return of, nil
}

// heardOf sums up for each channel what it took and missed, in the order in which
// they first heard.
func heardOf(told []view.Told) []heard {
	var all []heard
	for _, t := range told {
		i := slices.IndexFunc(all, func(h heard) bool { return h.Channel == t.Channel })
		if i < 0 {
			i, all = len(all), append(all, heard{Channel: t.Channel})
		}
		h := &all[i]
		h.Last = t
		if !t.Delivered {
			h.Missed++
			continue
		}
		h.Took++
		h.LastDelivered = t.At
	}
	return all
}

func requestPath(id canon.Digest) string { return "/requests/" + id.String() }

func requestAPI(id canon.Digest) string { return "/api/v1/requests/" + id.String() }

// Waits tells whether the request waits for its quorum.
func (r *requested) Waits() bool { return r.State == access.Pending }

// Live tells whether its grant may be used.
func (r *requested) Live() bool {
	return r.State == access.Granted && r.Grant != nil && r.Grant.Remaining > 0
}

// Extending is the more time that waits for its quorum; nil when none does.
func (r *requested) Extending() *view.Extension {
	if n := len(r.Extensions); n > 0 && r.Extensions[n-1].State == access.Pending {
		return &r.Extensions[n-1]
	}
	return nil
}

// Held are the targets that have not begun to close.
func (r *requested) Held() []string {
	var held []string
	for _, l := range r.Leases {
		if l.State == access.LeaseOpening || l.State == access.LeaseOpen {
			held = append(held, l.Target)
		}
	}
	return held
}

// Closing are the targets whose end is not proved.
func (r *requested) Closing() []string {
	var closing []string
	for _, l := range r.Leases {
		if l.State == access.LeaseClosing {
			closing = append(closing, l.Target)
		}
	}
	return closing
}

// Issued is how many credentials were authorised for the targets that have not begun
// to close.
func (r *requested) Issued() int64 {
	var n int64
	for _, l := range r.Leases {
		if l.State == access.LeaseOpening || l.State == access.LeaseOpen {
			n += l.Issued
		}
	}
	return n
}

// MayNow tells whether the reader may sign something of that kind.
func (r *requested) MayNow(act string) bool { return r.May(view.Act(act)) }
