package cell

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Events of a review, in the stream of its request.
type (
	// ReviewWritten: somebody wrote it, or wrote it anew.
	ReviewWritten struct {
		Written access.Written `json:"written"`
	}
	// ReviewReturned: somebody else sent back what was written.
	ReviewReturned struct {
		By access.SignOff `json:"by"`
	}
	// ReviewSignedOff: somebody else signed it off; nothing more is owed.
	ReviewSignedOff struct {
		By access.SignOff `json:"by"`
	}
	// ReviewOverdue: it was not signed off by when it was due.
	ReviewOverdue struct {
		At canon.Time `json:"at"`
	}
)

func (*ReviewWritten) event() string   { return "review-written" }
func (*ReviewReturned) event() string  { return "review-returned" }
func (*ReviewSignedOff) event() string { return "review-signed-off" }
func (*ReviewOverdue) event() string   { return "review-overdue" }

// applyReview changes the review of a copy of a request; false says that the
// event is not of a review.
func applyReview(r *access.Request, e Event) bool {
	var review access.Review
	if r.Review != nil {
		review = *r.Review
	}
	switch e := e.(type) {
	case *ReviewOpened:
		review = e.Review
	case *ReviewWritten:
		written := e.Written
		review.Written, review.Returned = &written, nil
	case *ReviewReturned:
		by := e.By
		review.Returned = &by
	case *ReviewSignedOff:
		by := e.By
		review.SignedOff = &by
	case *ReviewOverdue:
		review.Overdue = e.At
	default:
		return false
	}
	r.Review = &review
	return true
}

// followReview enqueues what finds a review overdue, and finishes it when the
// review is signed off. Reviews that older rules opened are never overdue.
func (w *World) followReview(p place, e Event) {
	switch e := e.(type) {
	case *ReviewOpened:
		if w.Rules >= rulesReview {
			w.enqueue(p, Task{Kind: TaskReview, Due: e.Review.Due})
		}
	case *ReviewSignedOff:
		w.finish(p.stream, func(t Task) bool { return t.Kind == TaskReview })
	}
}
