package view

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// InBrowser is what keys that a browser made can do with a target.
type InBrowser string

// What they can do.
const (
	SignsIn     InBrowser = "console"      // fetch links that sign in to its console
	WhereOpened InBrowser = "where-opened" // use it where it is opened: nothing is fetched
)

func inBrowser(o *access.Open) InBrowser {
	switch {
	case !o.InBrowser():
		return ""
	case o.AWS != nil:
		return SignsIn
	}
	return WhereOpened
}

// consoles are the targets whose console the keys of a request sign in to now, where a
// browser made them. Of AWS those keys are granted nothing else.
func consoles(r *access.Request, now canon.Time) []string {
	if r.Browser.IsZero() || !r.Live(now) {
		return nil
	}
	var targets []string
	for _, l := range r.Leases {
		if l.Account != "" && l.Task == "" && l.Automation == "" && l.Assignment == nil && l.State == access.LeaseOpen {
			targets = append(targets, l.Target)
		}
	}
	return targets
}
