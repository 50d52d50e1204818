package cli

import (
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type statusCommand struct {
	ID       string `arg:"" optional:"" help:"A request: its id, or the first 8 or more digits of it."`
	Timeline bool   `help:"Tell everything that happened to the request, in order."`
	All      bool   `help:"List requests that are over as well, newest first."`
	memberFlags
}

// Help is the long help of `status`.
func (statusCommand) Help() string {
	return `What is shown is the server's view of now; halligan evidence and halligan verify prove it. Closing means that access is not proved dead yet, whatever the reason.

Examples:

    halligan status
    halligan status 5f0c1a2b
    halligan status 5f0c1a2b --timeline
    halligan status --all --json`
}

// Run shows.
func (s statusCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	switch {
	case s.ID == "" && s.Timeline:
		return failf(exitUsage, "--timeline needs the id of a request").or("halligan status ID --timeline; halligan status --all lists requests")
	case s.ID == "" && s.All:
		return show(m, "requests?most=100", func(p view.Page) string { return listSheet(p, now) })
	case s.ID == "":
		return show(m, "now", func(n view.Now) string { return nowSheet(n, now) })
	case s.Timeline:
		return show(m, "requests/"+url.PathEscape(s.ID)+"/timeline", func(t timeline) string { return t.sheet(now) })
	}
	return show(m, "requests/"+url.PathEscape(s.ID), func(r view.Request) string {
		text := requestSheet(r, now)
		if r.Grant != nil && r.Grant.Remaining > 0 && r.Requester == m.person() {
			if use, err := m.useSheet(r); err == nil {
				text += "\n" + use
			}
		}
		return text
	})
}

// timeline is what happened to a request.
type timeline struct {
	ID      canon.Digest  `json:"id"`
	Moments []view.Moment `json:"moments"`
}

func (t timeline) sheet(now canon.Time) string {
	s := new(sheet)
	for _, moment := range t.Moments {
		s.say("%s  %s  (entry %d)", clock(moment.At, now), moment.Text, moment.Entry)
	}
	return s.String()
}

func listSheet(p view.Page, now canon.Time) string {
	s := new(sheet)
	for _, r := range p.Rows {
		s.say("%s", row(r, now))
	}
	if len(p.Rows) == 0 {
		s.say("There are no requests.")
	}
	if p.Next != 0 {
		s.say("There are more.")
	}
	return s.String()
}

// nowSheet is what is open, closing and waiting.
func nowSheet(n view.Now, now canon.Time) string {
	s := new(sheet)
	if n.Trial {
		s.say("THIS IS A CELL FOR TRYING OUT. Nobody else had to agree to anything in it.")
	}
	s.say("%s: %s", n.Cell, sentence(n.Headline))
	for _, note := range n.Notes {
		s.say("%s", strings.ToUpper(note[:1])+sentence(note[1:]))
	}
	if n.Recovery != nil {
		s.recoveryWaits(n.Recovery, now)
	}
	for _, group := range []struct {
		name     string
		requests []view.Request
	}{{"TAKEN ALONE, NOT REVIEWED:", n.Alone}, {"Granted:", n.Live}, {"Closing, not yet proved dead:", n.Closing}} {
		if len(group.requests) > 0 {
			s.say("\n%s", group.name)
		}
		for _, r := range group.requests {
			if r.Limited {
				s.say("  %s  %s (you may not see more)", r.Short, r.Scenario)
				continue
			}
			s.say("  %s  %s, %s for %s: %s", r.Short, r.Scenario, r.Severity, r.Requester, r.Known)
		}
	}
	if len(n.Waiting) > 0 {
		s.say("\nWaiting:")
	}
	for _, r := range n.Waiting {
		s.say("  %s", row(r, now))
	}
	return s.String()
}
