package view

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Gauges are what is so now, as counts: what Numbers and Findings tell of it, without
// the durations and the sentences. Machines ask every few seconds, and with thirty
// thousand leases the others would hold up whoever signs meanwhile.
type Gauges struct {
	Requests   map[access.State]int      // that wait, live or are closing; every state, also those with none
	Leases     map[access.LeaseState]int // of requests that the view holds, likewise
	Overdue    int                       // leases that should be proved dead by now (FindingOverdue)
	Failing    int                       // that could not be opened yet (FindingOpening)
	Doubted    bool                      // the clock is (FindingClock)
	Uncosigned bool                      // what is written is not cosigned (FindingUnwitnessed)
}

// Gauges counts what is so now.
func (c *Cell) Gauges(at Instant) Gauges {
	return read(c, func(s *state) Gauges {
		g := Gauges{
			Requests: map[access.State]int{}, Leases: map[access.LeaseState]int{},
			Doubted: s.doubted, Uncosigned: len(s.witnessing(at.Now)) > 0,
		}
		for _, state := range access.States {
			g.Requests[state] = 0
		}
		for _, state := range []access.LeaseState{access.LeaseOpening, access.LeaseOpen, access.LeaseClosing, access.LeaseClosed} {
			g.Leases[state] = 0
		}
		for _, h := range s.requests {
			g.Requests[h.Request.State]++
			settled := h.Request.Settled()
			for i := range h.Request.Leases {
				l := &h.Request.Leases[i]
				g.Leases[l.State]++
				if !settled && cell.Overdue(l, at.Now) {
					g.Overdue++
				}
				if !settled && troubled(l) {
					g.Failing++
				}
			}
		}
		return g
	})
}
