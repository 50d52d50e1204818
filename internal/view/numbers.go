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
	Alone         int                       `json:"alone,omitzero"`  // granted without a quorum
	ToProvedDeath Spread                    `json:"to_proved_death"` // from the beginning of closing to the proof, over leases that had a credential
	Proofs        map[access.ProofKind]int  `json:"proofs"`          // closed leases by each kind of proof they rest on
	Reviews       Reviews                   `json:"reviews"`
	Refused       int64                     `json:"refused"` // attempts, as far back as entries were learned
}

// Reviews counts reviews by how they ended. What is left is open and not overdue.
type Reviews struct {
	Opened  int `json:"opened"`
	InTime  int `json:"in_time"` // signed off by when it was due
	Late    int `json:"late"`    // signed off after that, or once it was found overdue
	Overdue int `json:"overdue"` // not signed off yet
}

// Spread is how long something took: the median and what all but one in twenty
// kept, by nearest rank. Milliseconds.
type Spread struct {
	Count int   `json:"count"`
	P50   int64 `json:"p50_ms"`
	P95   int64 `json:"p95_ms"`
}

// Numbers gives the core figures.
func (c *Cell) Numbers() Numbers {
	return read(c, func(s *state) Numbers {
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
		var agree, death []time.Duration
		for _, h := range s.requests {
			r := h.Request
			n.Requests[r.State]++
			if n.Since.IsZero() || r.At.Before(n.Since) {
				n.Since = r.At
			}
			if r.Alone() {
				n.Alone++
			} else if r.Grant != nil {
				agree = append(agree, r.Grant.From.Sub(r.At))
			}
			n.Reviews.count(r.Review)
			for i := range r.Leases {
				death = append(death, n.lease(&r.Leases[i])...)
			}
		}
		n.ToAgree, n.ToProvedDeath = spread(agree), spread(death)
		return n
	})
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

// lease counts a lease and gives how long its proof took, if it needed one and
// has it.
func (n *Numbers) lease(l *access.Lease) []time.Duration {
	n.Leases[l.State]++
	if l.State != access.LeaseClosed {
		return nil
	}
	seen := map[access.ProofKind]bool{}
	for _, p := range l.Proofs {
		if !seen[p.Kind] {
			n.Proofs[p.Kind]++
		}
		seen[p.Kind] = true
	}
	if l.Issued == 0 || l.Closing == nil {
		return nil
	}
	return []time.Duration{l.Closed.Sub(l.Closing.At)}
}

func spread(took []time.Duration) Spread {
	if len(took) == 0 {
		return Spread{}
	}
	slices.Sort(took)
	rank := func(percent int) int64 { return took[(len(took)*percent+99)/100-1].Milliseconds() }
	return Spread{Count: len(took), P50: rank(50), P95: rank(95)}
}
