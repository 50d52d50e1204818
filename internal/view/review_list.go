package view

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Standing says where a review stands.
type Standing string

// Where reviews stand. A review that is overdue is so until it is signed off,
// whether somebody wrote it or not.
const (
	ReviewOverdue Standing = "overdue"
	ReviewOwed    Standing = "owed"    // nobody has written it, or it was sent back
	ReviewWritten Standing = "written" // and waits for a second person's word
	ReviewSigned  Standing = "signed-off"
)

// ReviewRow is a request's review in a list. Limited is as in Request: then only
// ID, Short, Scenario and Stands are told.
type ReviewRow struct {
	ID        canon.Digest    `json:"id"` // of the request
	Short     string          `json:"short"`
	Scenario  string          `json:"scenario"`
	Stands    Standing        `json:"stands"`
	Limited   bool            `json:"limited,omitzero"`
	Title     string          `json:"title,omitempty"`
	Requester string          `json:"requester,omitempty"`
	Severity  access.Severity `json:"severity,omitempty"`
	Alone     bool            `json:"alone,omitzero"` // they went in without a quorum
	Due       canon.Time      `json:"due,omitzero"`
	Do        string          `json:"do,omitempty"` // what it waits for of the viewer: sign, to write it; sign-off
	Text      string          `json:"text,omitempty"`
	Means     string          `json:"means,omitempty"` // as in Review
}

// Reviews lists every review that is owed, the one due first first, and then those
// that are signed off, the newest first, as many as the view holds, at most RowsMost.
func (c *Cell) Reviews(viewer string, at Instant) []ReviewRow {
	return read(c, func(s *state) []ReviewRow {
		do := map[canon.Digest]string{}
		for _, owed := range s.reviewsOf(viewer, at) {
			do[owed.ID] = owed.Do
		}
		rows := []ReviewRow{}
		for _, r := range s.openReviews() {
			rows = append(rows, s.reviewRow(viewer, r, do[r.ID], at))
		}
		for _, r := range s.signedOff() {
			if len(rows) >= RowsMost {
				break
			}
			rows = append(rows, s.reviewRow(viewer, r, "", at))
		}
		return rows
	})
}

func (s *state) reviewRow(viewer string, r *access.Request, do string, at Instant) ReviewRow {
	row := ReviewRow{ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, Stands: standing(r.Review)}
	if !s.maySee(viewer, r) {
		row.Limited = true
		return row
	}
	row.Title, row.Requester, row.Severity, row.Alone = s.title(r.Scenario), r.Requester, Gravity(r), r.Alone()
	row.Due, row.Do, row.Text, row.Means = r.Review.Due, do, reviewText(r.Review, at.Now), s.debtText(r)
	return row
}

func standing(v *access.Review) Standing {
	switch {
	case !v.Open():
		return ReviewSigned
	case v.Late():
		return ReviewOverdue
	case v.Waits():
		return ReviewWritten
	}
	return ReviewOwed
}

// signedOff are the requests whose review is over, that of the newest word first.
func (s *state) signedOff() []*access.Request {
	var over []*access.Request
	for _, h := range s.requests {
		if v := h.Request.Review; v != nil && !v.Open() {
			over = append(over, h.Request)
		}
	}
	slices.SortFunc(over, func(a, b *access.Request) int {
		return cmp.Or(b.Review.SignedOff.At.Std().Compare(a.Review.SignedOff.At.Std()), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return over
}

// debtText says what follows for a scenario from a review that is overdue; empty
// when nothing does.
func (s *state) debtText(r *access.Request) string {
	known, ok := s.Scenarios[r.Scenario]
	if !ok || !r.InDebt() || !s.owed(r) {
		return ""
	}
	return fmt.Sprintf("Until it is signed off, %s is given at %s only, and needs 1 more of %s.", r.Scenario, known.Gravest(), group(s.Genesis.Security))
}
