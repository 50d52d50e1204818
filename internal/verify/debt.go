package verify

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Offline is what was signed with no server and carried back: a debt. Each
// signature that it names as good was checked, and counted by the rules.
type Offline struct {
	ID        canon.Digest      `json:"id"`
	Requester string            `json:"requester"`
	Scenario  string            `json:"scenario"`
	Severity  access.Severity   `json:"severity"`
	Entry     int64             `json:"entry"` // that first carried it back
	Signed    canon.Time        `json:"signed"`
	Filled    bool              `json:"filled"` // the quorum had signed, by what counts
	Decisions []access.Decision `json:"decisions,omitempty"`
	Acts      []access.Act      `json:"acts"`
	Leases    []access.Lease    `json:"leases,omitempty"` // whose shares are or were out
	Review    *access.Review    `json:"review,omitzero"`
}

func (t *trail) offline(r *access.Request) Offline {
	return Offline{
		ID: r.ID, Requester: r.Requester, Scenario: r.Scenario, Severity: r.Severity, Entry: t.line.Entry, Signed: r.Offline.Signed,
		Filled: r.Offline.Filled, Decisions: r.Decisions, Acts: r.Offline.Acts, Leases: r.Leases, Review: r.Review,
	}
}

func (o *Offline) sayIn(w *writer, newest canon.Time) {
	w.say("\nWith no server: %s (entry %d)", o.ID.Short(), o.Entry)
	w.say("  %s asked under %s at %s, by their own clock at %s. Nothing of it was ever granted.", o.Requester, o.Scenario, o.Severity, o.Signed)
	for _, d := range o.Decisions {
		verdict := "agreed"
		if !d.Approves {
			verdict = "said no"
		}
		w.say("  %s %s, by their own clock at %s, having checked by %s; signed with %s.", d.Approver, verdict, d.At, d.Check, d.Key)
	}
	if o.Filled {
		w.say("  Those fill the quorum.")
	} else {
		w.say("  NOT AGREED: what counts of it does not fill the quorum, or somebody said no.")
	}
	for _, act := range o.Acts {
		if act.Fault != "" {
			w.say("  DOES NOT COUNT: the %s in the name of %s (%s…): %s.", act.Kind, act.Person, act.Statement.Short(), act.Fault)
		}
	}
	for _, l := range o.Leases {
		for _, share := range l.Shares {
			w.say("  %s gave a share of envelope %s, serial %d.", share.Custodian, l.Envelope, share.Serial)
		}
		state := "OWED: the secret may be known, and no rotation is signed"
		if l.State == access.LeaseClosed {
			state = "over since " + l.Closed.String()
		}
		w.say("  Envelope %s: %s.", l.Envelope, state)
	}
	sayReview(w, o.Review, newest)
}
