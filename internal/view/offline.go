package view

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// FindingOffline: what was done with no server does not count by the rules.
const FindingOffline FindingKind = "offline-not-agreed"

// offlineKnown is what is known of a request that was signed with no server.
func offlineKnown(r *access.Request, at Instant) string {
	text := "signed with no server and carried back; nothing was ever granted; " + agreedText(r)
	if of := grantKnown(r, at); of != "" {
		return text + "; " + of
	}
	return text + "; no share is known to be out"
}

// OfflineText says what was signed with no server comes to, and what is out.
func OfflineText(r *access.Request) string { return agreedText(r) + "; " + outText(r) }

// agreedText says whether what was signed would have been enough.
func agreedText(r *access.Request) string {
	if r.Offline == nil {
		return "NOTHING IS KNOWN OF WHAT WAS SIGNED"
	}
	faults := faultsText(r.Offline.Faulty())
	switch {
	case r.Offline.Filled && faults == "":
		return "the quorum had signed"
	case r.Offline.Filled:
		return "the quorum had signed, but " + faults
	case r.Denied() != "":
		return fmt.Sprintf("IT WAS NOT AGREED: %s said no", r.Denied())
	case faults == "":
		return "IT WAS NOT AGREED: the quorum had not signed"
	}
	return "IT WAS NOT AGREED: " + faults
}

// faultsText is "the decision of sam does not count (self approval)".
func faultsText(acts []access.Act) string {
	var parts []string
	for _, act := range acts {
		parts = append(parts, fmt.Sprintf("the %s in the name of %s does not count (%s)", act.Kind, act.Person, plain(act.Fault)))
	}
	if len(parts) > 5 {
		parts = append(parts[:5], fmt.Sprintf("%d more do not", len(acts)-5))
	}
	return strings.Join(parts, ", ")
}

// outText is "shares are out: of prod-root those of ben and cara".
func outText(r *access.Request) string {
	var parts []string
	for _, l := range r.Leases {
		var givers []string
		for _, share := range l.Shares {
			givers = append(givers, share.Custodian)
		}
		parts = append(parts, fmt.Sprintf("of %s those of %s", l.Target, both(givers)))
	}
	if len(parts) == 0 {
		return "no share is known to be out"
	}
	return "shares are out, " + both(parts) + ": the secret may be known until it is changed"
}

func (t teller) ofOffline(e cell.Event) string {
	if e, ok := e.(*cell.Reconciled); ok {
		r := &e.Request
		return fmt.Sprintf("%s carried back what was signed with no server: %s asked for %s at %s: %s. Of that, %s; %s.",
			e.By, r.Requester, r.Scenario, r.Severity, both(r.Targets), agreedText(r), outText(r))
	}
	return ""
}

// offlineAlarm is louder where what was done would not have been agreed.
func offlineAlarm(e *cell.Reconciled) (kind, sentence string) {
	r := &e.Request
	kind = "offline.reconciled"
	if r.Offline == nil || !r.Offline.Filled || len(r.Offline.Faulty()) > 0 {
		kind = "offline.not-agreed"
	}
	return kind, fmt.Sprintf("%s's %s (%s) was acted on with no server, as %s carried back. Of what was signed, %s; %s.",
		r.Requester, r.Scenario, r.ID.Short(), e.By, agreedText(r), outText(r))
}

// offlineFindings are what was done with no server and does not count, until it is
// over and reviewed.
func (s *state) offlineFindings(viewer string) []Finding {
	var found []Finding
	for _, h := range s.all() {
		r := h.Request
		if r.Offline == nil || r.Offline.Filled && len(r.Offline.Faulty()) == 0 || r.Settled() && !r.Review.Open() {
			continue
		}
		f := Finding{Kind: FindingOffline, Request: r.ID, Scenario: r.Scenario, Since: r.At}
		if s.maySee(viewer, r) {
			f.Text = fmt.Sprintf("%s's %s (%s) was acted on with no server: %s.", r.Requester, r.Scenario, r.ID.Short(), agreedText(r))
		}
		found = append(found, f)
	}
	return found
}
