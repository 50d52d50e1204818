package config

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// The bounds of terms, as cell has them.
const (
	longestLeast = canon.Seconds(60)
	longestMost  = canon.Seconds(12 * 3600)
	reviewLeast  = canon.Seconds(3600)
	reviewMost   = canon.Seconds(30 * 24 * 3600)
)

// terms reads the severities.
func (s *scenarioFacts) terms() {
	if s.file.Severities != nil && len(s.file.Severities) == 0 {
		s.errorf(s.file.key("severities"), "write one of SEV1, SEV2, SEV3, SEV4", "severities: must have at least one")
	}
	s.out.Severities = make(map[access.Severity]access.Terms)
	for _, e := range s.file.Severities {
		severity := access.Severity(e.key.text)
		if !slices.Contains(access.Severities, severity) {
			s.errorf(e.key.at, "write one of SEV1, SEV2, SEV3, SEV4", "%s is not a severity", show(e.key.text))
			continue
		}
		t := e.value
		s.within(t.Longest, "longest", longestLeast, longestMost)
		s.within(t.ReviewDue, "review_due", reviewLeast, reviewMost)
		s.out.Severities[severity] = access.Terms{Longest: t.Longest.seconds, Quorum: s.quorum(t), ReviewDue: t.ReviewDue.seconds}
	}
}

func (s *scenarioFacts) within(d span, name string, least, most canon.Seconds) {
	if d.seconds != 0 && (d.seconds < least || d.seconds > most) {
		s.errorf(d.at, boundsMend, "%s must be %v to %v, is %v", name, least, most, d.seconds)
	}
}

func (s *scenarioFacts) quorum(t termsFile) access.Quorum {
	if s.cell == nil || t.Quorum == nil {
		return nil
	}
	q, ok := s.cell.readQuorum(s.findings, t.key("quorum"), t.Quorum)
	if ok {
		q.checkWhoever(s.findings, s.cell, s.mayAsk(), s.able)
	}
	return q.Quorum
}

// controls reads conditions on who asks, from where and when.
func (s *scenarioFacts) controls() {
	c := s.file.Controls
	s.mfa(c.MFA)
	s.out.Controls.MFA = c.MFA.text
	for _, w := range c.Source {
		if w.text != "" {
			checkNetwork(s.findings, w, "")
		}
		s.out.Controls.Source = append(s.out.Controls.Source, w.text)
	}
	for _, h := range c.Hours {
		hours := access.Hours{Days: texts(h.Days), From: h.From.text, To: h.To.text}
		if h.From.text != "" && h.To.text != "" && !hours.Valid() {
			s.errorf(h.at, "write from: \"22:00\", to: \"06:00\" in UTC, days: [mon, tue]", "%s to %s is not a window of a day", show(hours.From), show(hours.To))
		}
		s.out.Controls.Hours = append(s.out.Controls.Hours, hours)
	}
}

// codes warns where one code alone would let somebody in.
func (s *scenarioFacts) codes(w word) {
	if w.text != string(roster.ServerAttested) {
		return
	}
	for _, severity := range access.Severities {
		places := 0
		for _, leg := range s.out.Severities[severity].Quorum {
			places += leg.Count
		}
		if places == 1 {
			s.warnf(w.at, "demand possession, or the signatures of two people at "+string(severity),
				"mfa takes codes, and at %s one signature is enough: whoever has the server, or one person's app, agrees alone", severity)
		}
	}
}

func (s *scenarioFacts) mfa(w word) {
	if w.text == "" {
		return
	}
	strengths := []string{string(roster.ServerAttested), string(roster.Possession), string(roster.UserVerified), string(roster.Hardware)}
	if _, err := roster.ParseStrength(w.text); err != nil {
		s.errorf(w.at, nearest(w.text, strengths, "known here: "), "%s is not a strength of a signature", show(w.text))
		return
	}
	if s.cell == nil {
		return
	}
	s.codes(w)
	var weak []string
	asking := s.mayAsk()
	for _, p := range asking {
		if !s.able(p) {
			weak = append(weak, p)
		}
	}
	what, mend := "a security key or passkey", securityMend
	if w.text == string(roster.Hardware) {
		what, mend = "a key that a maker of the cell attests", "name makers under attestation in "+CellFile+", and add the attestations of people's keys"
	}
	switch {
	case len(weak) > 0 && len(weak) == len(asking):
		s.errorf(w.at, mend, "nobody who may ask has %s, which mfa demands", what)
	case len(weak) > 0:
		s.warnf(w.at, mend, "mfa demands %s, which some who may ask do not have: %s", what, few(weak))
	}
}
