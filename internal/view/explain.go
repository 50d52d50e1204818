package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Explain answers "what would this open, and who could approve it right now?".
type Explain struct {
	Scenario   string          `json:"scenario"`
	Title      string          `json:"title"`
	Severity   access.Severity `json:"severity"`
	Requester  string          `json:"requester,omitempty"`
	MayAsk     bool            `json:"may_ask"`
	WhyNot     []string        `json:"why_not,omitempty"` // sentences
	Longest    canon.Seconds   `json:"longest"`           // window that could be had now
	Quorum     string          `json:"quorum"`
	Opens      []Opening       `json:"opens"`
	Conditions []string        `json:"conditions,omitempty"`
	Ladder     []string        `json:"ladder,omitempty"` // sentences
	Late       string          `json:"late,omitempty"`   // one sentence: what an overdue review of the scenario means for it now
	Legs       []Pool          `json:"legs"`
	Fillable   bool            `json:"fillable"`         // the people below could fill every leg
	After      canon.Seconds   `json:"after,omitzero"`   // when they could not: when on the ladder it can be filled; 0: never
	Solo       string          `json:"solo,omitempty"`   // one sentence: whether the requester could go in alone, where the ladder lets them
	Single     []string        `json:"single,omitempty"` // people without any one of whom it could not be filled, then
	Text       string          `json:"text"`
}

// Pool is a leg and everybody who could sign for it now.
type Pool struct {
	From   string   `json:"from"` // group reference
	Count  int      `json:"count"`
	People []string `json:"people"`
	Text   string   `json:"text"`
}

// Explain says what a request of a scenario at a severity would open for a
// requester, and who could approve it now. False says that there is no such
// scenario or severity. An empty requester is somebody who approves nothing. Who
// is away signs nothing either.
func (c *Cell) Explain(scenario string, severity access.Severity, ask Asking) (Explain, bool) {
	var known bool
	v := read(c, func(s *state) Explain {
		of, ok := s.Scenarios[scenario]
		if !ok {
			return Explain{}
		}
		terms, ok := of.Severities[severity]
		if known = ok; !ok {
			return Explain{}
		}
		return s.explain(of, severity, terms, ask)
	})
	return v, known
}

// Asking is who would ask, when, and who is away then.
type Asking struct {
	Requester string
	Now       canon.Time
	Away      []string
}

func (s *state) explain(of *access.Scenario, severity access.Severity, terms access.Terms, q Asking) Explain {
	late, refused := s.askLate(of, severity, q)
	of, terms = withLate(of, severity, late)
	v := Explain{
		Scenario: of.ID, Title: of.Title, Severity: severity, Requester: q.Requester, Longest: terms.Longest,
		Quorum: quorum(terms.Quorum), Opens: s.openings(of, of.Targets(), ""), Conditions: slices.Concat(conditions(of.Controls), s.policyWords(of)), Ladder: ladder(of),
		WhyNot: s.whyNot(of, q), Late: lateText(late),
	}
	if refused != "" {
		v.WhyNot = append(v.WhyNot, refused)
	}
	v.MayAsk = len(v.WhyNot) == 0
	if s.doubted {
		v.Longest = min(v.Longest, of.ShortestWindow())
	}
	crew := s.crew(of, terms.Quorum, q.Now).Without(q.Away...)
	crew.Askers = []string{q.Requester}
	without := func(person string) bool { return person == q.Requester }
	v.Legs = s.pools(of, terms.Quorum, 0, slices.DeleteFunc(slices.Clone(crew.Able), without))
	for i, step := range of.Cover(severity, crew) {
		if len(step.Stuck) > 0 || i > 0 && s.doubted {
			continue
		}
		v.Fillable, v.After = i == 0, step.After
		for _, one := range step.Single {
			v.Single = append(v.Single, one.Person)
		}
		break
	}
	if q.Requester != "" {
		v.Solo = s.soloFor(of, crew.Askers, q.Now)
	}
	v.Text = v.sentence()
	return v
}

// whyNot says why a person could not ask now, as far as can be known before.
func (s *state) whyNot(of *access.Scenario, q Asking) []string {
	var why []string
	switch {
	case q.Requester == "":
	case !s.roster.Has(q.Requester):
		why = append(why, fmt.Sprintf("%s is not in the roster.", q.Requester))
	case !s.mayAsk(q.Requester, of):
		why = append(why, fmt.Sprintf("%s is not in %s.", q.Requester, either(groups(of.MayRequest))))
	case !s.hasKey(q.Requester, of.Controls.MFA):
		why = append(why, fmt.Sprintf("%s has no key that could sign for it.", q.Requester))
	}
	if !of.Controls.OpenAt(q.Now) {
		why = append(why, "It may not be asked for at this hour.")
	}
	if !s.sealed {
		why = append(why, "The cell is not sealed yet.")
	}
	return why
}

func (v Explain) sentence() string {
	switch {
	case !v.Fillable && v.After > 0:
		return fmt.Sprintf("Nobody can get it at once: %s is needed, and there are not enough people who can sign. After %s the ladder has added enough of them.", v.Quorum, v.After)
	case !v.Fillable:
		return fmt.Sprintf("Nobody can get it now: %s is needed, and there are not enough people who can sign.", v.Quorum)
	case len(v.Single) > 0:
		return fmt.Sprintf("It needs %s, for %s at most; it cannot be had without %s.", v.Quorum, v.Longest, both(v.Single))
	}
	return fmt.Sprintf("It needs %s, for %s at most; no single person can hold it up.", v.Quorum, v.Longest)
}
