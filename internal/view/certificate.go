package view

import (
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// certificateSoon is when people are told that a certificate ends.
const certificateSoon = 14 * 24 * time.Hour

// Certificate is what browsers look at before anything else; the zero value is
// none. Clients and hosts pin its key and go on when it is over.
type Certificate struct {
	Ends    canon.Time
	Trouble string // why a newer one is not shown
}

// Days is how many whole days are left, below zero when it is over.
func (c Certificate) Days(now canon.Time) int {
	left := c.Ends.Sub(now)
	if left < 0 {
		left -= 24*time.Hour - 1
	}
	return int(left / (24 * time.Hour))
}

// Finding is what should be looked at; false when all is well.
func (c Certificate) Finding(now canon.Time) (Finding, bool) {
	found := Finding{Kind: FindingCertificate}
	switch left := c.Ends.Sub(now); {
	case c.Ends.IsZero():
		return found, false
	case left <= 0:
		found.Since = c.Ends
		found.Text = "The server's certificate is over: browsers refuse it, and passkeys with it. halligan and hosts pin its key and go on."
	case left < certificateSoon:
		found.Text = fmt.Sprintf("The server's certificate ends in %s, at %s.", count(c.Days(now), "day"), whole(c.Ends))
	case c.Trouble != "":
		found.Text = "The server's certificate was to be replaced."
	default:
		return found, false
	}
	if c.Trouble != "" {
		found.Text += " A newer one is not shown: " + c.Trouble + "."
	}
	return found, true
}

// Note is the line of it for the first page; empty when all is well.
func (c Certificate) Note(now canon.Time) string {
	switch _, wrong := c.Finding(now); {
	case !wrong:
		return ""
	case !now.Before(c.Ends):
		return "the server's certificate is over: browsers refuse it"
	case c.Trouble != "":
		return fmt.Sprintf("a newer certificate is not shown; this one ends in %s", count(c.Days(now), "day"))
	}
	return fmt.Sprintf("the server's certificate ends in %s", count(c.Days(now), "day"))
}
