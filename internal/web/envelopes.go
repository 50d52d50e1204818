package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// sealedPage is what the pages about envelopes are made from.
type sealedPage struct {
	Envelopes []view.Envelope `json:"envelopes"`
	Shares    []view.Share    `json:"-"` // that are wanted of the reader
}

func (p *pages) readEnvelopes(c *call) (sealedPage, error) {
	var all sealedPage
	if err := p.get(c, "/api/v1/envelopes", &all); err != nil {
		return all, err
	}
	var inbox view.Inbox
	err := p.get(c, "/api/v1/inbox", &inbox)
	all.Shares = inbox.Shares
	return all, err
}

// envelopes is the page of every sealed credential.
func (p *pages) envelopes(c *call) error {
	all, err := p.readEnvelopes(c)
	if err != nil {
		return err
	}
	return p.show(c, "envelopes", shown{Title: "Envelopes", Place: "envelopes", Live: "/envelopes", Body: all})
}

// part is one sealing of an envelope, and the reader's own part in it.
type part struct {
	*view.Sealing
	Envelope string
	Physical bool
	Named    string // the sealing, in words
	Mine     bool
	Bag      string // the reader's
	Place    string
}

// envelope is the page of one of them.
func (p *pages) envelope(c *call) error {
	all, err := p.readEnvelopes(c)
	if err != nil {
		return err
	}
	name := c.r.PathValue("name")
	at := slices.IndexFunc(all.Envelopes, func(e view.Envelope) bool { return e.Name == name })
	if at < 0 {
		return &Problem{Status: http.StatusNotFound, Title: "No envelope by that name", Detail: "No scenario of this cell opens an envelope " + name + ".", Hint: "All of them stand on the page Envelopes."}
	}
	body := struct {
		view.Envelope
		Parts  []part
		Wanted []view.Share
	}{Envelope: all.Envelopes[at]}
	body.Wanted = slices.DeleteFunc(all.Shares, func(s view.Share) bool { return s.Envelope != name })
	for _, of := range []struct {
		sealing *view.Sealing
		named   string
	}{{body.Current, "In force"}, {body.Next, "Sealed, not yet in force"}} {
		if of.sealing == nil {
			continue
		}
		one := part{Sealing: of.sealing, Envelope: name, Physical: body.Physical, Named: of.named}
		for _, h := range of.sealing.Holders {
			if h.Custodian == c.me.ID {
				one.Mine, one.Bag, one.Place = true, h.Bag, h.Place
			}
		}
		body.Parts = append(body.Parts, one)
	}
	return p.show(c, "envelope", shown{Title: name, Place: "envelopes", Live: c.r.URL.Path, Body: body})
}

// draftInspect writes out what a custodian saw of their bag. A proof that a digital
// share can be opened is made where the share is opened, which no page does.
func (p *pages) draftInspect(c *call) (draft, error) {
	name := c.form.Get("envelope")
	if err := canon.CheckID(name); err != nil {
		return draft{}, invalid("envelope", "is not a name", "load the page again")
	}
	serial, err := strconv.ParseInt(c.form.Get("serial"), 10, 64)
	if err != nil {
		return draft{}, invalid("serial", "is not a number", "load the page again")
	}
	body := &statement.Inspect{
		Envelope: name, Serial: serial, Bag: strings.TrimSpace(c.form.Get("bag")), Place: strings.TrimSpace(c.form.Get("place")),
		Damaged: c.form.Get("state") == "damaged",
	}
	if state := c.form.Get("state"); state != "whole" && state != "damaged" {
		return draft{}, invalid("state", "is not chosen", "say whether it is whole or damaged")
	}
	for field, text := range map[string]string{"bag": body.Bag, "place": body.Place} {
		if !canon.MadeOf(text, canon.Alnum+"._/#-") {
			return draft{}, invalid(field, "holds what is none of letters, digits and . _ / # -", "write it as it stands on the page")
		}
	}
	if body.Bag == "" && !body.Damaged {
		return draft{}, invalid("bag", "is empty", "write the number that stands on the bag you saw")
	}
	line := "halligan envelope inspect " + name + " --serial " + strconv.FormatInt(serial, 10)
	if body.Bag != "" {
		line += " --bag " + body.Bag
	}
	if body.Place != "" {
		line += " --place " + body.Place
	}
	if body.Damaged {
		line += " --damaged"
	}
	return draft{Body: body, Done: "/envelopes/" + name, Line: line}, nil
}

// sealTone is the colour of an envelope's state.
func sealTone(state any) string {
	switch fmt.Sprint(state) {
	case "sealed":
		return "dead"
	case "broken":
		return "live"
	case "opening", "due":
		return "wait"
	}
	return "plain"
}
