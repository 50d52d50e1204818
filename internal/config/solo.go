package config

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
)

// soloFile is the last rung, where the requester may go in alone.
type soloFile struct {
	Mark
	Longest span   `yaml:"longest,required"`
	RaiseTo word   `yaml:"raise_to,required"`
	Opens   []word `yaml:"opens,required"`
}

func (s *soloFile) step() *access.SoloStep {
	return &access.SoloStep{Longest: s.Longest.seconds, RaiseTo: access.Severity(s.RaiseTo.text), Opens: texts(s.Opens)}
}

// solo checks the step where a requester goes in alone, once everything is read
// that it rests on. What it lets through must be the least that there is.
func (s *scenarioFacts) solo() {
	for i, rung := range s.file.Ladder {
		if rung.Solo == nil {
			continue
		}
		if i != len(s.file.Ladder)-1 {
			s.errorf(rung.Solo.at, "move it to the end: whoever goes in alone has asked everybody before", "solo must be the last rung")
		}
		s.soloLongest(rung.Solo.Longest)
		gravest := s.out.Gravest()
		if to := rung.Solo.RaiseTo; to.text != "" && gravest != "" && to.text != string(gravest) {
			s.errorf(to.at, "write "+string(gravest), "raise_to must be the gravest severity that the scenario has, %s, is %s", gravest, show(to.text))
		}
		s.soloOpens(rung.Solo)
		if s.cell != nil {
			s.soloHeard(rung.Solo)
		}
	}
}

func (s *scenarioFacts) soloLongest(w span) {
	shortest := (&access.Scenario{Severities: s.out.Severities}).ShortestWindow()
	switch {
	case w.seconds == 0: // missing or unreadable, which is said already
	case w.seconds < 60:
		s.errorf(w.at, "give whoever goes in alone the time to do something", "longest must be 1m or more, is %v", w.seconds)
	case w.seconds > shortest:
		s.errorf(w.at, "nobody is let in alone for longer than by signatures, and never for over 15m", "longest must be at most the scenario's shortest window, %v, is %v", shortest, w.seconds)
	}
}

func (s *scenarioFacts) soloOpens(of *soloFile) {
	targets := s.out.Targets()
	if of.Opens != nil && len(of.Opens) == 0 {
		s.errorf(of.key("opens"), "name one of its "+nearest("", targets, "targets: "), "opens: must name at least one target")
	}
	for i, w := range of.Opens {
		switch open, known := s.out.Opening(w.text); {
		case w.text == "": // said already
		case !known:
			s.errorf(w.at, nearest(w.text, targets, "targets: "), "the scenario opens no target %s", show(w.text))
		case open.Envelope != nil:
			s.errorf(w.at, "take it out: while its custodians answer nobody is alone", "%s is an envelope, which nobody opens alone", show(w.text))
		}
		if slices.ContainsFunc(of.Opens[:i], func(before word) bool { return before.text == w.text }) {
			s.errorf(w.at, "take one out", "target %s stands twice", show(w.text))
		}
	}
}

// soloHeard demands that somebody could take the step, and that somebody hears.
func (s *scenarioFacts) soloHeard(of *soloFile) {
	if len(s.cell.file.Channels) == 0 {
		s.errorf(of.at, "add a channel to "+CellFile+", or take the rung out", "nobody would hear who goes in alone: the cell has no channel")
	}
	if asking := s.mayAsk(); len(asking) > 0 && !slices.ContainsFunc(asking, func(p string) bool { return s.cell.secure[p] }) {
		s.warnf(of.at, securityMend, "nobody who may ask has a security key or passkey, without which nobody goes in alone")
	}
}
