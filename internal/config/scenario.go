package config

import (
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/roster"
)

// scenarioFacts is a scenario in the making: the file, and what of it was read.
type scenarioFacts struct {
	*findings
	cell *cellFacts // nil when there is no cell to check against
	file *scenarioFile
	out  access.Scenario
	end  place // where what is opened after the target that is read begins
}

// readScenario reads and checks one scenario. It gives nil when the file is no
// YAML.
func readScenario(f *findings, folder fs.FS, name string, cell *cellFacts) *scenarioFacts {
	root := open(f, folder, name, "make it readable for you, or move it away")
	if root == nil {
		return nil
	}
	return scenarioOf(f, root, name, cell)
}

// scenarioOf reads and checks a scenario that is YAML.
func scenarioOf(f *findings, root *node, name string, cell *cellFacts) *scenarioFacts {
	s := &scenarioFacts{findings: f, cell: cell, file: &scenarioFile{}}
	readValue(f, root, reflect.ValueOf(s.file).Elem())
	s.about(strings.TrimSuffix(path.Base(name), ".yaml"))
	s.symptoms()
	s.requesters()
	s.terms()
	s.ladder()
	s.controls()
	s.conditions()
	s.opens()
	s.alarms()
	s.solo()
	return s
}

// about reads what the scenario says of itself.
func (s *scenarioFacts) about(fileID string) {
	file := s.file
	if idOf(s.findings, file.Scenario) && file.Scenario.text != fileID {
		s.errorf(file.Scenario.at, "rename the file to "+file.Scenario.text+".yaml, or change the id: one scenario has one name", "scenario %s stands in %s.yaml", file.Scenario.text, fileID)
	}
	if file.UseWhen != nil && len(file.UseWhen) == 0 {
		s.errorf(file.key("use_when"), "say when this is an emergency", "use_when: must have at least one sentence")
	}
	if file.Owner.given() && s.cell != nil {
		s.cell.checkGroup(s.findings, file.Owner)
	}
	lengthOf(s.findings, file.Title, textLongest)
	for _, w := range slices.Concat([]word{file.Title, file.Procedure}, file.UseWhen, file.DoNotUseWhen) {
		s.personal(w)
	}
	s.out.ID, s.out.Title, s.out.Owner = file.Scenario.text, file.Title.text, file.Owner.text
	s.out.Procedure = file.Procedure.text
	s.out.UseWhen, s.out.DoNotUseWhen = texts(file.UseWhen), texts(file.DoNotUseWhen)
}

// personal warns of what could never be erased: a scenario is kept in full as
// long as the ledger.
func (s *scenarioFacts) personal(w word) {
	if s.cell == nil {
		return
	}
	const mend = "name the group instead: a scenario is kept for ever and cannot be erased"
	for _, p := range s.cell.people {
		switch {
		case len(p.name.text) > 3 && strings.Contains(w.text, p.name.text):
			s.warnf(w.at, mend, "holds the name of person %s", p.id)
		case len(p.contact.text) > 3 && strings.Contains(w.text, p.contact.text):
			s.warnf(w.at, mend, "holds the contact of person %s", p.id)
		}
	}
}

func (s *scenarioFacts) requesters() {
	if s.file.MayRequest != nil && len(s.file.MayRequest) == 0 {
		s.errorf(s.file.key("may_request"), "write a group: [group:on-call]", "may_request: must name at least one group")
	}
	var seen []string
	for _, w := range s.file.MayRequest {
		if slices.Contains(seen, w.text) {
			s.errorf(w.at, "take one out", "%s stands twice", show(w.text))
		}
		seen = append(seen, w.text)
		if s.cell != nil {
			s.cell.checkGroup(s.findings, w)
		}
	}
	s.out.MayRequest = seen
}

// mayAsk are the people of the groups that may request, each once.
func (s *scenarioFacts) mayAsk() []string {
	var people []string
	for _, w := range s.file.MayRequest {
		people = append(people, s.cell.groups[groupName(w)]...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// able says whose keys can prove what mfa demands.
func (s *scenarioFacts) able(id string) bool {
	switch roster.Strength(s.file.Controls.MFA.text) {
	case roster.UserVerified:
		return s.cell.secure[id]
	case roster.Hardware:
		return s.cell.hardware[id]
	}
	return true
}

func (s *scenarioFacts) alarms() {
	for _, w := range s.file.Alarms.To {
		if s.cell != nil && w.text != "" && !slices.Contains(s.cell.channelIDs(), w.text) {
			s.errorf(w.at, nearest(w.text, s.cell.channelIDs(), "channels: "), "channel %s does not exist", showID(w.text))
		}
		if slices.Contains(s.out.Alarms.To, w.text) {
			s.errorf(w.at, "take one out", "channel %s stands twice", show(w.text))
		}
		s.out.Alarms.To = append(s.out.Alarms.To, w.text)
	}
	if s.cell != nil && len(s.cell.file.Channels) == 0 {
		s.warnf(s.file.at, "add a channel to "+CellFile, "nobody is alarmed when scenario %s is used: the cell has no channel", show(s.out.ID))
	}
}

func texts(words []word) []string {
	var out []string
	for _, w := range words {
		out = append(out, w.text)
	}
	return out
}
