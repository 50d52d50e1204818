package view

import (
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Numbers are the core figures, over the requests that the view holds: all that
// are not settled and the newest SettledMost that are.
type Numbers struct {
	Of            int                       `json:"of"`              // requests that were counted
	Since         canon.Time                `json:"since,omitzero"`  // the earliest of them was made
	Requests      map[access.State]int      `json:"requests"`        // every state, also those with none
	Leases        map[access.LeaseState]int `json:"leases"`          // every state, also those with none
	ToAgree       Spread                    `json:"to_agree"`        // from request to quorum
	ToAccess      Spread                    `json:"to_access"`       // from request to the first target that was open, as far as that was read
	Alone         int                       `json:"alone,omitzero"`  // granted without a quorum
	ToProvedDeath Spread                    `json:"to_proved_death"` // from the beginning of closing to the proof, over leases that had a credential
	Proofs        map[access.ProofKind]int  `json:"proofs"`          // closed leases by each kind of proof they rest on
	Reviews       Reviews                   `json:"reviews"`
	Refused       int64                     `json:"refused"`       // attempts, as far back as entries were learned
	Read          canon.Time                `json:"read,omitzero"` // since when it was read what was opened when
	Periods       []Period                  `json:"periods"`       // of the last 30 and 90 days
	Samples       []Sample                  `json:"samples"`       // the newest, of requests that the viewer may see
	Repeats       []Usage                   `json:"repeats"`       // by scenario and quarter
}

// Reviews counts reviews by how they ended. What is left is open and not overdue.
type Reviews struct {
	Opened  int `json:"opened"`
	InTime  int `json:"in_time"` // signed off by when it was due
	Late    int `json:"late"`    // signed off after that, or once it was found overdue
	Overdue int `json:"overdue"` // not signed off yet
}

// Spread is how long something took: the median, and what all but one in ten and
// one in twenty kept, by nearest rank. Milliseconds.
type Spread struct {
	Count int   `json:"count"`
	P50   int64 `json:"p50_ms"`
	P90   int64 `json:"p90_ms"`
	P95   int64 `json:"p95_ms"`
}

// Numbers gives the core figures. Single requests are named to whoever may see them.
func (c *Cell) Numbers(viewer string, at Instant) Numbers {
	return read(c, func(s *state) Numbers {
		n := s.tally()
		n.Read, n.Samples, n.Repeats = s.learned.keys.since, s.samples(viewer), s.repeats(at.Now)
		for _, days := range periods {
			n.Periods = append(n.Periods, s.period(days, at.Now))
		}
		return n
	})
}

// tally counts what the view holds.
func (s *state) tally() Numbers {
	n := Numbers{
		Of: len(s.requests), Requests: map[access.State]int{}, Leases: map[access.LeaseState]int{},
		Proofs: map[access.ProofKind]int{}, Refused: s.learned.refused.Count,
	}
	for _, state := range access.States {
		n.Requests[state] = 0
	}
	for _, state := range []access.LeaseState{access.LeaseOpening, access.LeaseOpen, access.LeaseClosing, access.LeaseClosed} {
		n.Leases[state] = 0
	}
	var all gathering
	for _, h := range s.requests {
		r := h.Request
		n.Requests[r.State]++
		if n.Since.IsZero() || r.At.Before(n.Since) {
			n.Since = r.At
		}
		all.add(s, r)
		for i := range r.Leases {
			n.lease(&r.Leases[i])
		}
	}
	f := all.figures()
	n.Alone, n.ToAgree, n.ToAccess, n.ToProvedDeath, n.Reviews = f.Alone, f.ToAgree, f.ToAccess, f.ToProvedDeath, f.Reviews
	return n
}

func (n *Reviews) count(v *access.Review) {
	if v == nil {
		return
	}
	n.Opened++
	switch {
	case v.Late():
		n.Overdue++
	case !v.Open() && (!v.Overdue.IsZero() || v.SignedOff.At.After(v.Due)):
		n.Late++
	case !v.Open():
		n.InTime++
	}
}

// lease counts a lease.
func (n *Numbers) lease(l *access.Lease) {
	n.Leases[l.State]++
	if l.State != access.LeaseClosed {
		return
	}
	seen := map[access.ProofKind]bool{}
	for _, p := range l.Proofs {
		if !seen[p.Kind] {
			n.Proofs[p.Kind]++
		}
		seen[p.Kind] = true
	}
}

// provedAfter is how long the proof of a lease's death took, if it needed one and
// has it.
func provedAfter(l *access.Lease) (time.Duration, bool) {
	if l.State != access.LeaseClosed || l.Issued == 0 || l.Closing == nil {
		return 0, false
	}
	return l.Closed.Sub(l.Closing.At), true
}

func spread(took []time.Duration) Spread {
	if len(took) == 0 {
		return Spread{}
	}
	slices.Sort(took)
	rank := func(percent int) int64 { return took[(len(took)*percent+99)/100-1].Milliseconds() }
	return Spread{Count: len(took), P50: rank(50), P90: rank(90), P95: rank(95)}
}
