package view

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Review is where the review of a request stands.
type Review struct {
	Opened    canon.Time `json:"opened"`
	Due       canon.Time `json:"due"`
	Overdue   canon.Time `json:"overdue,omitzero"`
	Written   *Written   `json:"written,omitzero"`
	Returned  *Word      `json:"returned,omitzero"`
	SignedOff *Word      `json:"signed_off,omitzero"`
	Text      string     `json:"text"`
	Means     string     `json:"means,omitempty"` // one sentence: what follows for the scenario from its being overdue
}

// Written is what somebody wrote.
type Written struct {
	Statement canon.Digest `json:"statement"` // which a sign-off names
	By        string       `json:"by"`
	At        canon.Time   `json:"at"`
	Necessary string       `json:"necessary"`
	Misuse    string       `json:"misuse"`
	Note      *Note        `json:"note"`
}

// Word is a second person's word on it.
type Word struct {
	By   string     `json:"by"`
	At   canon.Time `json:"at"`
	Note *Note      `json:"note,omitzero"`
}

// Notes are the notes of a request whose texts the caller fills in.
func (r *Request) Notes() []*Note {
	notes := append([]*Note{r.Why}, extensionNotes(r.Extensions)...)
	if v := r.Review; v != nil {
		if v.Written != nil {
			notes = append(notes, v.Written.Note)
		}
		for _, word := range []*Word{v.Returned, v.SignedOff} {
			if word != nil {
				notes = append(notes, word.Note)
			}
		}
	}
	return slices.DeleteFunc(notes, func(n *Note) bool { return n == nil })
}

func (s *state) review(r *access.Request, now canon.Time) *Review {
	v := r.Review
	if v == nil {
		return nil
	}
	shown := &Review{
		Opened: v.Opened, Due: v.Due, Overdue: v.Overdue, Returned: word(v.Returned), SignedOff: word(v.SignedOff),
		Text: reviewText(v, now), Means: s.debtText(r),
	}
	if w := v.Written; w != nil {
		shown.Written = &Written{Statement: w.Statement, By: w.By, At: w.At, Necessary: w.Necessary, Misuse: w.Misuse, Note: &Note{Hash: w.Note}}
	}
	return shown
}

func word(s *access.SignOff) *Word {
	if s == nil {
		return nil
	}
	said := &Word{By: s.By, At: s.At}
	if !s.Note.IsZero() {
		said.Note = &Note{Hash: s.Note}
	}
	return said
}

// reviewText is one sentence about where a review stands.
func reviewText(v *access.Review, now canon.Time) string {
	switch {
	case v.SignedOff != nil:
		return fmt.Sprintf("The review by %s is signed off by %s: %s.", v.Written.By, v.SignedOff.By, answers(v.Written))
	case !v.Overdue.IsZero():
		return fmt.Sprintf("The review is overdue since %s: %s.", clock(v.Due, now), lacks(v))
	}
	return fmt.Sprintf("The review is due at %s: %s.", clock(v.Due, now), lacks(v))
}

// lacks says what an open review lacks.
func lacks(v *access.Review) string {
	switch {
	case v.Waits():
		return fmt.Sprintf("%s wrote it (%s), and somebody else must sign it off", v.Written.By, answers(v.Written))
	case v.Returned != nil:
		return fmt.Sprintf("%s sent back what %s wrote, and it must be written anew", v.Returned.By, v.Written.By)
	}
	return "nobody has written it"
}

var necessities = map[string]string{
	string(statement.Yes): "necessary", string(statement.Partly): "necessary in part", string(statement.No): "not necessary",
}

func answers(w *access.Written) string {
	misuse := "no misuse"
	if w.Misuse == string(statement.Yes) {
		misuse = "misuse"
	}
	return say(necessities, w.Necessary) + ", " + misuse
}

// Owed is a review that waits for a person.
type Owed struct {
	ID        canon.Digest    `json:"id"` // of the request
	Short     string          `json:"short"`
	Scenario  string          `json:"scenario"`
	Severity  access.Severity `json:"severity"`
	Requester string          `json:"requester"`
	Due       canon.Time      `json:"due"`
	Overdue   bool            `json:"overdue,omitzero"`
	Do        string          `json:"do"` // sign, to write it; or sign-off
	Text      string          `json:"text"`
}

// settling is how long after its deadline a review is found overdue at the latest,
// while the clock is not in doubt. What is later was opened by older rules.
const settling = time.Hour

// owed tells whether a review is waited for. Reviews that older rules opened are
// not, once they are late: nothing follows from them.
func (s *state) owed(r *access.Request) bool {
	v := r.Review
	return s.rules >= 2 && v.Open() && (s.doubted || !v.Overdue.IsZero() || s.at.Before(v.Due.Add(settling)))
}

// reviewsOf are the reviews that wait for a person, the one due first first: to
// sign off, or to write. Who asked is to write; the others only when the review
// is overdue, or who asked is gone.
func (s *state) reviewsOf(person string, at Instant) []Owed {
	owed := []Owed{}
	for _, r := range s.openReviews() {
		v, writer := r.Review, ""
		if v.Waits() {
			writer = v.Written.By
		}
		may := s.security(person) || s.approves(person, r.Scenario) || s.addedTo(person, r)
		do := ""
		switch {
		case !s.roster.Has(person):
		case writer != "" && may && person != r.Requester && person != writer:
			do = "sign-off"
		case writer == "" && (person == r.Requester || may && (!v.Overdue.IsZero() || !s.roster.Has(r.Requester))):
			do = "sign"
		}
		text := reviewText(v, at.Now)
		if r.Alone() {
			text = "TAKEN ALONE. " + text
		}
		if do != "" {
			owed = append(owed, Owed{
				ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, Severity: r.Severity, Requester: r.Requester,
				Due: v.Due, Overdue: !v.Overdue.IsZero(), Do: do, Text: text,
			})
		}
	}
	return owed
}

// openReviews are the requests whose review is owed, the one due first first.
func (s *state) openReviews() []*access.Request {
	var open []*access.Request
	for _, h := range s.requests {
		if s.owed(h.Request) {
			open = append(open, h.Request)
		}
	}
	slices.SortFunc(open, func(a, b *access.Request) int {
		return cmp.Or(a.Review.Due.Std().Compare(b.Review.Due.Std()), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return open
}

// late is the request of a scenario whose review is overdue for the longest; nil
// when there is none. So the rules have it as well.
func (s *state) late(scenario string) *access.Request {
	for _, r := range s.openReviews() {
		if r.Scenario == scenario && r.InDebt() {
			return r
		}
	}
	return nil
}

// lateFindings are the reviews that are overdue.
func (s *state) lateFindings(viewer string, at Instant) []Finding {
	var found []Finding
	for _, r := range s.openReviews() {
		if r.Review.Overdue.IsZero() {
			continue
		}
		f := Finding{Kind: FindingReview, Request: r.ID, Scenario: r.Scenario, Since: r.Review.Due}
		if s.maySee(viewer, r) {
			f.Text = fmt.Sprintf("%s's %s (%s): %s", r.Requester, r.Scenario, r.ID.Short(), reviewText(r.Review, at.Now))
		}
		found = append(found, f)
	}
	return found
}

// askLate says what an overdue review means for a request that somebody would
// make now, as the rules have it; refused is a sentence when it would be refused.
func (s *state) askLate(of *access.Scenario, severity access.Severity, q Asking) (late *access.Late, refused string) {
	r := s.late(of.ID)
	if r == nil {
		return nil, ""
	}
	if gravest := of.Gravest(); severity != gravest {
		return nil, fmt.Sprintf("The review of %s is overdue: until it is signed off, %s is given at %s only.", r.ID.Short(), of.ID, gravest)
	}
	late = &access.Late{Review: r.ID, Leg: access.Leg{From: s.Genesis.Security, Count: 1}}
	_, terms := withLate(of, severity, late)
	able := slices.DeleteFunc(s.ableFor(terms.Quorum, of.Controls.MFA, q.Now), func(person string) bool { return person == q.Requester })
	if terms.Quorum.Missing(able, s.roster.In) != nil {
		late.Leg = access.Leg{}
	}
	return late, ""
}

// withLate is a scenario as a request that is made in spite of a review has it.
func withLate(of *access.Scenario, severity access.Severity, late *access.Late) (*access.Scenario, access.Terms) {
	with, terms := *of, of.Severities[severity]
	terms.Quorum = (&access.Request{Late: late}).Quorum(terms)
	with.Severities = maps.Clone(of.Severities)
	with.Severities[severity] = terms
	return &with, terms
}

// lateText says what a request was asked in spite of; empty when there was
// nothing.
func lateText(l *access.Late) string {
	switch {
	case l == nil:
		return ""
	case l.Leg.Count == 0:
		return fmt.Sprintf("The review of %s is overdue. It should need one more of security for that, but NOBODY COULD SIGN IN THAT PLACE, and so it does not.", l.Review.Short())
	}
	return fmt.Sprintf("The review of %s is overdue: for that, it needs %d more of %s than its scenario says.", l.Review.Short(), l.Leg.Count, group(l.Leg.From))
}

func (t teller) ofReview(e cell.Event) string {
	switch e := e.(type) {
	case *cell.ReviewOpened:
		return fmt.Sprintf("The review is open and due at %s.", clock(e.Review.Due, t.at))
	case *cell.ReviewWritten:
		return fmt.Sprintf("%s wrote the review: %s.", e.Written.By, answers(&e.Written))
	case *cell.ReviewReturned:
		return fmt.Sprintf("%s sent the review back: it must be written anew.", e.By.By)
	case *cell.ReviewSignedOff:
		return fmt.Sprintf("%s signed the review off.", e.By.By)
	case *cell.ReviewOverdue:
		return "The review is overdue: until it is signed off, the scenario is given at its gravest severity only, with one more of security."
	}
	return ""
}

func reviewAlarm(e cell.Event, r *access.Request, of string) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.ReviewWritten:
		return "review.written", fmt.Sprintf("%s: the review by %s says: %s.", of, e.Written.By, answers(&e.Written))
	case *cell.ReviewReturned:
		return "review.returned", fmt.Sprintf("%s: %s sent the review back; it must be written anew.", of, e.By.By)
	case *cell.ReviewOverdue:
		return "review.overdue", fmt.Sprintf("%s: the review is overdue. Until it is signed off, %s is given at its gravest severity only, with one more of security.", of, r.Scenario)
	}
	return "", ""
}
