package web

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// duty is one thing that waits for the reader.
type duty struct {
	Path, Title, Text, Tag string
}

// What a page on a wall has room for, where nobody scrolls.
const (
	wallCards   = 4
	wallWaiting = 3
	wallReviews = 2
)

// front is what the first page is made from.
type front struct {
	view.Now
	ForYou  []duty
	Reviews []view.ReviewRow // that are owed
	Chart   *chart
	Wall    bool // it hangs on a wall: it must fit, and is nobody's own
	More    int  // that a wall has no room for

	LiveRows, ClosingRows []view.Request // beyond those that have cards

	// How many more there are than are shown; other pages have them.
	LiveRest, ClosingRest, WaitingRest, ReviewsRest, DutiesRest int
}

// now is the first page: what is open, what is closing, what waits.
func (p *pages) now(c *call) error {
	body := front{Wall: c.r.URL.Query().Has("wall")}
	if err := p.get(c, "/api/v1/now", &body.Now); err != nil {
		return err
	}
	var inbox view.Inbox
	if err := p.get(c, "/api/v1/inbox", &inbox); err != nil {
		return err
	}
	var reviews struct {
		Reviews []view.ReviewRow `json:"reviews"`
	}
	if err := p.get(c, "/api/v1/reviews", &reviews); err != nil {
		return err
	}
	var numbers view.Numbers
	if err := p.get(c, "/api/v1/numbers", &numbers); err != nil {
		return err
	}
	body.Chart = accessChart(numbers.Samples)
	for _, row := range reviews.Reviews {
		if row.Stands != view.ReviewSigned {
			body.Reviews = append(body.Reviews, row)
		}
	}
	live := "/"
	if body.Wall {
		body.fit()
		live = "/?wall"
	} else {
		body.ForYou = p.duties(inbox)
		body.fold()
	}
	return p.show(c, "now", shown{Title: body.Headline, Place: "now", Live: live, Body: body})
}

// How much one page shows, so that it comes through a bad connection in the worst
// night, too: some grants whole, more as a line each, and the rest as a number.
const (
	cards = 12
	lines = 40
)

// fold leaves what one page has room for.
func (f *front) fold() {
	carded := func(whole, rows *[]view.Request, rest *int) {
		n := min(len(*whole), cards)
		*whole, *rows = (*whole)[:n], (*whole)[n:]
		room := lines
		*rows = fitted(*rows, &room, rest)
	}
	carded(&f.Live, &f.LiveRows, &f.LiveRest)
	carded(&f.Closing, &f.ClosingRows, &f.ClosingRest)
	room := lines
	f.Waiting = fitted(f.Waiting, &room, &f.WaitingRest)
	room = lines
	f.Reviews = fitted(f.Reviews, &room, &f.ReviewsRest)
	room = lines
	f.ForYou = fitted(f.ForYou, &room, &f.DutiesRest)
}

// fit leaves what a wall has room for, what is open first, and counts the rest.
func (f *front) fit() {
	room := wallCards
	f.Live = fitted(f.Live, &room, &f.More)
	f.Closing = fitted(f.Closing, &room, &f.More)
	f.Alone = fitted(f.Alone, &room, &f.More)
	rows := wallWaiting
	f.Waiting = fitted(f.Waiting, &rows, &f.More)
	due := wallReviews
	f.Reviews = fitted(f.Reviews, &due, &f.More)
}

// fitted is as much of a list as there is room for.
func fitted[T any](all []T, room, more *int) []T {
	n := min(len(all), *room)
	*room, *more = *room-n, *more+len(all)-n
	return all[:n]
}

// duties are what waits for one person, what cannot wait first.
func (p *pages) duties(inbox view.Inbox) []duty {
	ago := func(t canon.Time) string { return length(p.Now().Sub(t.Std())) + " ago" }
	var all []duty
	for _, ask := range inbox.Requests {
		what := "asked"
		if !ask.Extends.IsZero() {
			what = "asked for more time, first"
		}
		all = append(all, duty{"/requests/" + ask.ID.String() + "/decide", ask.Title, fmt.Sprintf("%s %s %s · %s", ask.Requester, what, ago(ask.At), strings.Join(ask.Legs, ", ")), string(ask.Severity)})
	}
	for _, row := range inbox.Alone {
		all = append(all, duty{"/requests/" + row.ID.String(), row.Title, "nobody answered: you may go in alone", string(row.Severity)})
	}
	for _, share := range inbox.Shares {
		all = append(all, duty{"/envelopes", share.Envelope, "waits for your share", "share"})
	}
	for _, change := range inbox.Changes {
		all = append(all, duty{"/changes/" + change.ID.String(), change.Text, ago(change.At), "change"})
	}
	for _, offer := range inbox.Offers {
		all = append(all, duty{"/people/" + offer.Person + "#offers", "A new key for " + offer.Person, "was made " + ago(offer.At) + ", and waits to be proposed", "key"})
	}
	if inbox.Recovery != nil {
		all = append(all, duty{"/changes/" + inbox.Recovery.ID.String(), inbox.Recovery.Text, "agreed; you may sign against it", "recovery"})
	}
	for _, owed := range inbox.Reviews {
		all = append(all, duty{"/requests/" + owed.ID.String() + "/review", owed.Scenario, owed.Text, "review"})
	}
	return all
}
