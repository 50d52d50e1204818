package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Solo is how far a request came on the step of its ladder where its requester may
// go in alone.
type Solo struct {
	Offered  bool            `json:"offered,omitzero"` // they may sign; false: only once the ladder comes so far
	At       canon.Time      `json:"at,omitzero"`      // when it comes so far
	Targets  []string        `json:"targets"`          // that it would open, of those that were asked for
	For      canon.Seconds   `json:"for"`
	Severity access.Severity `json:"severity"`            // that it is raised to
	Blocked  string          `json:"blocked,omitempty"`   // one sentence: why it would be refused now
	Taken    canon.Time      `json:"taken,omitzero"`      // when they signed
	Unproved bool            `json:"unproved,omitzero"`   // no witness proves that they waited
	Heard    string          `json:"heard,omitempty"`     // channel that took the alarm first
	Hearing  access.Hearing  `json:"hearing,omitempty"`   // of the grant that began so: heard or unheard
	Open     bool            `json:"unreviewed,omitzero"` // it began so, and its review is not signed off
	Text     string          `json:"text"`
}

// Gravity is the severity that a request has for whoever hears of it: that it was
// asked at, or that it is raised to while its requester goes in alone.
func Gravity(r *access.Request) access.Severity {
	if r.GoesIn() {
		return r.Solo.Offer.RaiseTo
	}
	return r.Severity
}

// solo shows the step; nil where the scenario has none, or none for the request,
// or people decided before.
func (s *state) solo(r *access.Request, now canon.Time) *Solo {
	if r.Alone() {
		return &Solo{
			Offered: true, Targets: r.Grant.Targets, For: r.Solo.Offer.Longest, Severity: r.Severity, Taken: r.Solo.Taken.At,
			Unproved: r.Solo.Taken.Unproved, Heard: r.Solo.Heard, Hearing: r.Grant.Hearing, Open: r.AloneUnreviewed(), Text: aloneText(r),
		}
	}
	scenario, ok := s.Scenarios[r.Scenario]
	if !ok || s.Digests[r.Scenario] != r.ScenarioDigest || scenario.Solo() == nil || r.State != access.Pending {
		return nil
	}
	offer := scenario.Solo().For(r)
	if len(offer.Opens) == 0 {
		return nil
	}
	v := &Solo{Offered: r.Offered(), Targets: offer.Opens, For: offer.Longest, Severity: offer.RaiseTo, Blocked: s.soloBlocked(r, now)}
	switch {
	case r.GoesIn():
		v.Taken, v.Unproved, v.Heard, v.Blocked = r.Solo.Taken.At, r.Solo.Taken.Unproved, r.Solo.Heard, ""
		v.Text = fmt.Sprintf("%s goes in alone, to %s, when a channel has taken the alarm of it, and at %s at the latest.%s",
			r.Requester, both(offer.Opens), clock(v.Taken.Add(cell.SoloUnheard.Duration()), now), waitedText(v.Unproved))
	case r.Offered():
		v.Text = fmt.Sprintf("%s may go in alone, to %s for %s at most, at %s.", r.Requester, both(offer.Opens), offer.Longest, offer.RaiseTo)
	default:
		v.At = r.At.Add(scenario.Ladder[len(scenario.Ladder)-1].After.Duration())
		v.Text = fmt.Sprintf("Unless it is agreed before, %s may go in alone, to %s for %s at most, at %s.", r.Requester, both(offer.Opens), offer.Longest, offer.RaiseTo)
	}
	if v.Blocked != "" {
		v.Text += " " + v.Blocked
	}
	return v
}

// soloBlocked is one sentence about why going in alone would be refused now, as far
// as can be known before it is signed.
func (s *state) soloBlocked(r *access.Request, now canon.Time) string {
	late := s.late(r.Scenario)
	switch {
	case s.doubted:
		return "Not while the clock is in doubt."
	case late != nil:
		return fmt.Sprintf("Not before the review of %s, which is overdue, is signed off.", late.ID.Short())
	}
	if other := s.aloneBefore(r.Requester, r.Scenario, r.ID); other != nil {
		return fmt.Sprintf("Not before the review of %s, where somebody went in alone, is signed off.", other.ID.Short())
	}
	if scenario := s.Scenarios[r.Scenario]; r.Offered() && len(scenario.Symptoms) > 0 &&
		!r.ShownTwice(scenario, now.Add(-cell.ShownFor.Duration())) && len(r.Outages) == 0 {
		return "Not before a symptom is shown from two networks, or a custodian says that it is real (halligan outage)."
	}
	if scenario := s.Scenarios[r.Scenario]; !s.mayGoIn(r.Requester, scenario, now) {
		return fmt.Sprintf("Not without a key of %s that has cooled off and can prove that it verified them.", r.Requester)
	}
	return ""
}

// aloneBefore is the oldest other request under which a person, or anybody under a
// scenario, goes or went in alone without a review that is signed off.
func (s *state) aloneBefore(person, scenario string, but canon.Digest) *access.Request {
	for _, h := range slices.Backward(s.all()) {
		if r := h.Request; r.ID != but && (r.Requester == person || r.Scenario == scenario) && r.AloneUnreviewed() {
			return r
		}
	}
	return nil
}

// alone are the requests whose requesters went in alone and that nobody has
// reviewed, oldest first.
func (s *state) alone() []*access.Request {
	var alone []*access.Request
	for _, h := range slices.Backward(s.all()) {
		if h.Request.Alone() && h.Request.AloneUnreviewed() {
			alone = append(alone, h.Request)
		}
	}
	return alone
}

// mayGoIn tells whether a person has a key for going in alone.
func (s *state) mayGoIn(person string, of *access.Scenario, at canon.Time) bool {
	least := roster.UserVerified
	if wants := roster.Strength(of.Controls.MFA); wants.AtLeast(least) {
		least = wants
	}
	return s.canSign(person, string(least), at)
}

// soloFor says whether a scenario lets some people go in alone, and where; empty
// where it has no such step.
func (s *state) soloFor(of *access.Scenario, askers []string, at canon.Time) string {
	step := of.Solo()
	if step == nil {
		return ""
	}
	able := slices.DeleteFunc(slices.Clone(askers), func(person string) bool { return !s.mayGoIn(person, of, at) })
	text := fmt.Sprintf("After %s, and if nobody said no, %s may go in alone, to %s for %s at most, at %s.",
		of.Ladder[len(of.Ladder)-1].After, either(able), both(step.Opens), step.Longest, step.RaiseTo)
	if len(able) == 0 {
		text = "Nobody who may ask could go in alone: that takes a key that has cooled off and can prove that it verified them."
	}
	late, other := s.late(of.ID), s.aloneBefore("", of.ID, canon.Digest{})
	switch {
	case late != nil:
		text += fmt.Sprintf(" Not now: the review of %s is overdue.", late.ID.Short())
	case other != nil:
		text += fmt.Sprintf(" Not now: somebody went in alone under %s, and its review is not signed off.", other.ID.Short())
	case s.doubted:
		text += " Not now: the clock is in doubt."
	}
	return text
}

// aloneText is one sentence about a grant that began without a quorum.
func aloneText(r *access.Request) string {
	text := fmt.Sprintf("%s went in alone, without a quorum", r.Requester)
	if r.Grant.Hearing == access.Unheard {
		text += ", and NO CHANNEL had taken the alarm"
	}
	text += "." + waitedText(r.Solo.Taken.Unproved)
	if r.AloneUnreviewed() {
		text += " It is NOT REVIEWED: until it is, neither they nor anybody under " + r.Scenario + " goes in alone again."
	}
	return text
}

func waitedText(is bool) string {
	if is {
		return " No witness proves that they waited."
	}
	return ""
}

// aloneKnown is what known says of a grant without a quorum.
func aloneKnown(r *access.Request) string {
	text := "taken alone"
	if r.Grant.Hearing == access.Unheard {
		text += ", unheard"
	}
	if r.Solo.Taken.Unproved {
		text += ", time unproved"
	}
	if r.AloneUnreviewed() {
		text += ", NOT REVIEWED"
	}
	return text
}

func (t teller) ofSolo(e cell.Event) string {
	switch e := e.(type) {
	case *cell.RequestWitnessed:
		return fmt.Sprintf("%s had cosigned, by %s by their own clocks, that the request stood so.", both(e.By), clock(e.At, t.at))
	case *cell.SoloOffered:
		return fmt.Sprintf("Nobody answered in time: whoever asked may go in alone, to %s for %s at most, at %s.", both(e.Offer.Opens), e.Offer.Longest, e.Offer.RaiseTo)
	case *cell.SoloTaken:
		return fmt.Sprintf("%s signed to go in alone. Nothing opens before a channel took the alarm of it, or %s are over.%s", t.who, cell.SoloUnheard, waitedText(e.Taken.Unproved))
	case *cell.SoloHeard:
		return fmt.Sprintf("Channel %s was the first to take the alarm of it.", e.Channel)
	case *cell.SoloBegun:
		heard := "a channel heard of it"
		if e.Grant.Hearing == access.Unheard {
			heard = "NO CHANNEL took the alarm of it in time"
		}
		return fmt.Sprintf("Without a quorum, %s may be used until %s; %s.", both(e.Grant.Targets), clock(e.Grant.Until, t.at), heard)
	}
	return ""
}

func soloAlarm(e cell.Event, r *access.Request, of string) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.SoloOffered:
		return "solo.offered", fmt.Sprintf("Nobody has answered %s: %s may now go in alone, to %s for %s at most. Any approver can still agree or say no. It waits until %s.",
			of, r.Requester, both(e.Offer.Opens), e.Offer.Longest, whole(r.Lapses))
	case *cell.SoloTaken:
		return "solo.taken", fmt.Sprintf("%s GOES IN ALONE under %s (%s), at %s: as soon as a channel has taken this alarm, and in %s at the latest.%s Whoever may approve it can stop it.",
			r.Requester, r.Scenario, r.ID.Short(), Gravity(r), cell.SoloUnheard, waitedText(e.Taken.Unproved))
	case *cell.SoloBegun:
		text := fmt.Sprintf("%s IS IN ALONE under %s (%s): %s until %s.", r.Requester, r.Scenario, r.ID.Short(), both(e.Grant.Targets), whole(e.Grant.Until))
		if e.Grant.Hearing == access.Unheard {
			text += fmt.Sprintf(" NO CHANNEL had taken the alarm in %s.", cell.SoloUnheard)
		}
		return "solo.begun", text
	}
	return "", ""
}

// aloneFindings are the grants without a quorum that nobody has reviewed.
func (s *state) aloneFindings(viewer string) []Finding {
	var found []Finding
	for _, r := range s.alone() {
		f := Finding{Kind: FindingAlone, Request: r.ID, Scenario: r.Scenario, Since: r.Grant.From}
		if s.maySee(viewer, r) {
			f.Text = fmt.Sprintf("%s (%s): %s", r.Scenario, r.ID.Short(), aloneText(r))
		}
		found = append(found, f)
	}
	return found
}
