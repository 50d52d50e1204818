package view

import (
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Now is the first page: what is open, what is closing, what waits.
type Now struct {
	Cell     string     `json:"cell"` // the ledger's origin
	Sealed   bool       `json:"sealed"`
	Rules    int        `json:"rules"`          // what the cell decides by
	Trial    bool       `json:"trial,omitzero"` // a cell for looking around: say so everywhere
	Epoch    int64      `json:"epoch"`          // of the ledger; the first is 1
	Doubted  bool       `json:"doubted,omitzero"`
	Step     int64      `json:"clock_step,omitzero"` // milliseconds that the clock in doubt is ahead of its own measure
	Wall     canon.Time `json:"wall,omitzero"`       // what it shows then
	Witness  string     `json:"witnesses"`           // none; waiting, before the first cosignatures; cosigned; silent
	Headline string     `json:"headline"`
	Notes    []string   `json:"notes,omitempty"`
	Live     []Request  `json:"live"`            // grants that may be used
	Closing  []Request  `json:"closing"`         // grants that are over and not proved dead
	Alone    []Request  `json:"alone,omitempty"` // taken without a quorum, and not reviewed
	Waiting  []Row      `json:"waiting"`
	Recovery *Change    `json:"recovery,omitzero"` // that is agreed and waits for its notice
	Entries  int64      `json:"entries"`           // of the ledger
}

// Now shows what is going on to a viewer. What the viewer may not see is
// counted and limited.
func (c *Cell) Now(viewer string, at Instant) Now {
	return read(c, func(s *state) Now {
		n := Now{
			Cell: s.Origin, Sealed: s.sealed, Rules: s.rules, Trial: s.Genesis != nil && s.Genesis.Trial, Doubted: s.doubted,
			Epoch: s.epochs.number(), Step: s.stepped,
			Witness: s.witnessed(), Live: []Request{}, Closing: []Request{}, Waiting: []Row{}, Entries: s.next,
			Recovery: s.recovering(),
		}
		if s.doubted {
			n.Wall = at.Now.Add(time.Duration(s.stepped) * time.Millisecond)
		}
		open, shut := 0, 0
		for _, h := range s.unsettled() {
			open += len(targets(h.Request, access.LeaseOpen))
			shut += len(targets(h.Request, access.LeaseClosing))
			switch {
			case h.Request.State == access.Pending:
				n.Waiting = append(n.Waiting, s.row(viewer, h.Request, at))
			case h.Request.State == access.Granted:
				n.Live = append(n.Live, s.seen(viewer, h.Request, at))
			case closing(h.Request):
				n.Closing = append(n.Closing, s.seen(viewer, h.Request, at))
			}
		}
		for _, r := range s.alone() {
			n.Alone = append(n.Alone, s.seen(viewer, r, at))
		}
		n.Headline, n.Notes = headline(open, shut), s.notes(n, at)
		return n
	})
}

func (s *state) seen(viewer string, r *access.Request, at Instant) Request {
	v := limited(r)
	if s.maySee(viewer, r) {
		v = s.request(r, at)
	}
	v.Acts = s.acts(viewer, r, at)
	return v
}

// headline is "Two doors are open", "One door is open, two are closing".
func headline(open, shut int) string {
	switch {
	case open == 0 && shut == 0:
		return "Nothing is open"
	case shut == 0:
		return doors(open) + " open"
	case open == 0:
		return doors(shut) + " closing, not yet proved dead"
	}
	return fmt.Sprintf("%s open, %d closing", doors(open), shut)
}

func (s *state) notes(n Now, at Instant) []string {
	notes := s.epochs.notes(at.Now)
	if !s.sealed {
		notes = append(notes, "the cell is not sealed yet: every founder must sign genesis first")
	}
	if s.doubted {
		notes = append(notes, "the clock is in doubt: nothing is granted for longer than the shortest window")
	}
	notes = append(notes, s.unwitnessed()...)
	switch len(n.Waiting) {
	case 0:
	case 1:
		notes = append(notes, "1 request waits for signatures")
	default:
		notes = append(notes, fmt.Sprintf("%d requests wait for signatures", len(n.Waiting)))
	}
	switch len(n.Alone) {
	case 0:
	case 1:
		notes = append(notes, "1 REQUEST WAS TAKEN ALONE AND IS NOT REVIEWED")
	default:
		notes = append(notes, fmt.Sprintf("%d REQUESTS WERE TAKEN ALONE AND ARE NOT REVIEWED", len(n.Alone)))
	}
	late := 0
	for _, r := range s.openReviews() {
		if !r.Review.Overdue.IsZero() {
			late++
		}
	}
	switch late {
	case 0:
	case 1:
		notes = append(notes, "1 review is overdue")
	default:
		notes = append(notes, fmt.Sprintf("%d reviews are overdue", late))
	}
	changes := len(s.changes)
	if n.Recovery != nil { // waits for none
		changes--
	}
	switch changes {
	case 0:
	case 1:
		notes = append(notes, "1 change waits for signatures")
	default:
		notes = append(notes, fmt.Sprintf("%d changes wait for signatures", changes))
	}
	return notes
}
