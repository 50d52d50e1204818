package api

import (
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
