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

// now is the first page: what is open, what is closing, what waits.
func (p *pages) now(c *call) error {
	var body struct {
		view.Now
		ForYou []duty
	}
	if err := p.get(c, "/api/v1/now", &body.Now); err != nil {
		return err
	}
	var inbox view.Inbox
	if err := p.get(c, "/api/v1/inbox", &inbox); err != nil {
		return err
	}
	body.ForYou = p.duties(inbox)
	return p.show(c, "now", shown{Title: body.Headline, Place: "now", Live: "/", Body: body})
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
		all = append(all, duty{"/people/" + offer.Person + "#offers", "A passkey for " + offer.Person, "was made " + ago(offer.At) + ", and waits to be proposed", "passkey"})
	}
	if inbox.Recovery != nil {
		all = append(all, duty{"/changes/" + inbox.Recovery.ID.String(), inbox.Recovery.Text, "agreed; you may sign against it", "recovery"})
	}
	for _, owed := range inbox.Reviews {
		all = append(all, duty{"/requests/" + owed.ID.String() + "/review", owed.Scenario, owed.Text, "review"})
	}
	return all
}
