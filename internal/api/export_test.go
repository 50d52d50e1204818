package api

import (
	"net/http"
	"net/netip"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// Attempts is the memory of attempts in vain, with a clock of a test's.
func Attempts(now func() canon.Time) (stranger func(from netip.Prefix), person func(who string, from netip.Prefix), list func() []view.Attempts) {
	t := newAttempts(now, nil)
	stranger = func(from netip.Prefix) { t.stranger("other", from) }
	person = func(who string, from netip.Prefix) { t.person(view.AttemptForged, who, "decision", from) }
	return stranger, person, t.list
}

// Origin is where a request comes from, as these proxies are trusted.
func (p Proxies) Origin(r *http.Request) netip.Addr { return p.origin(r) }
