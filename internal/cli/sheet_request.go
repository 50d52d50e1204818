package cli

import (
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// requestSheet is everything of a request in plain words, as a server shows it.
func requestSheet(r view.Request, now canon.Time) string {
	s := new(sheet)
	if r.Limited {
		s.say("Request %s under %s is %s. You may not see more of it.", r.Short, r.Scenario, r.State)
		return s.String()
	}
	s.say("Request %s: %s asks for %s (%s) at %s.", r.Short, r.Requester, line(r.Title), r.Scenario, r.Severity)
	s.say("Now: %s", sentence(r.Known))
	if words, err := wordsOf(r.ID, r.Salt); err == nil {
		s.say("Words: %s", words)
	}
	if r.Incident != "" {
		s.say("Incident: %s", r.Incident)
	}
	if r.Why != nil && r.Why.Text != "" {
		s.say("Why:")
		s.WriteString(quoted("  ", r.Why.Text))
	}
	asked := "Asked at " + clock(r.At, now) + " for " + r.For.String() + " on " + both(r.Targets)
	if r.Address != "" {
		asked += ", from " + r.Address
	}
	s.say("%s.", asked)
	s.late(r.Code)
	if n := r.Narrowed; n != nil {
		s.say("Narrowed so far to %s on %s.", n.For, both(n.Targets))
	}
	if r.Solo != nil && !r.Solo.Taken.IsZero() {
		s.say("%s", r.Solo.Text)
	}
	for _, e := range r.Extensions {
		s.say("%s", e.Text)
	}
	s.opens(r.Opens)
	s.symptoms(r)
	s.late(r.Late)
	s.signed(r, now)
	s.leases(r, now)
	s.review(r.Review, now)
	s.next(r.Next, now)
	return s.String()
}

func (s *sheet) opens(opens []view.Opening) {
	if len(opens) > 0 {
		s.say("It opens:")
	}
	for _, o := range opens {
		if len(o.Sentences) == 0 {
			s.say("  - %s", line(o.Target+": "+o.Text))
			continue
		}
		s.say("  - %s", line(o.Target+": "+o.Sentences[0]))
		for _, sentence := range o.Sentences[1:] {
			s.say("    %s", line(sentence))
		}
	}
}

// symptoms tells what looks at them showed, and who says that it is real.
func (s *sheet) symptoms(r view.Request) {
	var lines []string
	for _, symptom := range r.Symptoms {
		lines = append(lines, symptom.Text)
	}
	s.items("What was looked at:", lines)
	if len(r.Outages) > 0 {
		s.say("That it is real says %s, who keeps shares.", both(r.Outages))
	}
}

// late tells of the overdue review that a request was asked in spite of, or what
// else is one sentence and may be none.
func (s *sheet) late(text string) {
	if text != "" {
		s.say("%s", text)
	}
}

// signed tells who must agree and who did.
func (s *sheet) signed(r view.Request, now canon.Time) {
	var lines []string
	for _, leg := range r.Legs {
		lines = append(lines, leg.Text)
	}
	s.items("Who must agree:", lines)
	lines = nil
	for _, d := range r.Decisions {
		text := d.Text + ", at " + clock(d.At, now)
		if d.Void {
			text += "; it counts no more, for the person or key was removed"
		}
		lines = append(lines, text)
	}
	s.items("Signed:", lines)
}

func (s *sheet) leases(r view.Request, now canon.Time) {
	if g := r.Grant; g != nil {
		s.say("The window is %s to %s.", clock(g.From, now), clock(g.Until, now))
	}
	if r.End != nil {
		s.say("It ended at %s: %s.", clock(r.End.At, now), r.End.Text)
	}
	var lines []string
	for _, l := range r.Leases {
		text := l.Known
		if l.Overdue {
			text += " (overdue: this pages)"
		}
		if l.OtherWay != "" {
			text += "; another way in: " + l.OtherWay
		}
		lines = append(lines, text)
	}
	s.items("Targets:", lines)
	if r.StopTakes != "" {
		s.items("If it is stopped:", []string{r.StopTakes})
	}
	s.items("What ends with it:", r.StopsToo)
}

func (s *sheet) next(steps []view.Step, now canon.Time) {
	var lines []string
	for _, step := range steps {
		if step.At.IsZero() {
			lines = append(lines, step.Text)
		} else {
			lines = append(lines, clock(step.At, now)+": "+step.Text)
		}
	}
	s.items("What comes next:", lines)
}

// row is one request on one line.
func row(r view.Row, now canon.Time) string {
	if r.Limited {
		return r.Short + "  " + string(r.State) + "  " + r.Scenario + " (you may not see more)"
	}
	parts := []string{r.Short, string(r.State), string(r.Severity), r.Requester + " asks for " + r.Scenario, strings.Join(r.Targets, " ")}
	if r.Incident != "" {
		parts = append(parts, r.Incident)
	}
	return strings.Join(parts, "  ") + ": " + r.Known
}

// over tells whether nothing can be granted on a request any more.
func over(state access.State) bool { return state != access.Pending && state != access.Granted }
