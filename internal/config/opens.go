package config

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
)

const (
	opensMost      = 64
	principalsMost = 16
	envelopeMost   = 16 // custodians of one envelope
)

// opens reads what the scenario opens.
func (s *scenarioFacts) opens() {
	if n := len(s.file.Opens); s.file.Opens != nil && n == 0 || n > opensMost {
		s.errorf(s.file.key("opens"), "write what this scenario is for, and make another scenario of the rest", "opens: must name 1 to %d targets, names %d", opensMost, n)
	}
	seen := make(map[string]place)
	for i, open := range s.file.Opens {
		s.end = s.after(i)
		out, at := s.open(open)
		if out == (access.Open{}) {
			continue
		}
		if first, twice := seen[out.Name()]; twice && out.Name() != "" {
			s.errorf(at, "give one of them a name of its own", "target %s stands twice, first in line %d", show(out.Name()), first.line)
		}
		seen[out.Name()] = at
		s.out.Opens = append(s.out.Opens, out)
	}
}

// after is where the next target begins, or what follows all of them; nowhere when
// nothing does.
func (s *scenarioFacts) after(i int) (next place) {
	if i+1 < len(s.file.Opens) {
		return s.file.Opens[i+1].at
	}
	opens := s.file.key("opens")
	for _, at := range s.file.keys {
		if at.line > opens.line && (next.line == 0 || at.line < next.line) {
			next = at
		}
	}
	return next
}

// told tells whether an error was noted from a place of the target that is read on:
// what follows from it is not worth another.
func (s *scenarioFacts) told(from place) bool {
	before := func(line, column int, at place) bool {
		return line < at.line || line == at.line && column < at.column
	}
	return slices.ContainsFunc(s.list, func(p Problem) bool {
		return p.Severity == Error && p.File == from.file && !before(p.Line, p.Column, from) && (s.end.line == 0 || before(p.Line, p.Column, s.end))
	})
}

// open reads one target, and says where it stands.
func (s *scenarioFacts) open(open openFile) (access.Open, place) {
	things := 0
	for _, is := range []bool{open.SSH != nil, open.Envelope != nil, open.Exec != nil, open.AWS != nil, open.RootTask != nil, open.IdentityCenter != nil, open.Automation != nil} {
		if is {
			things++
		}
	}
	switch {
	case things > 1:
		s.errorf(open.at, "write each with a hyphen of its own", "opens %d things", things)
	case open.Exec != nil:
		target := s.exec(open.Exec)
		return access.Open{Exec: &target}, open.Exec.at
	case open.AWS != nil:
		target := s.aws(open.AWS)
		return access.Open{AWS: &target}, open.AWS.at
	case open.RootTask != nil:
		target := s.rootTask(open.RootTask)
		return access.Open{RootTask: &target}, open.RootTask.at
	case open.IdentityCenter != nil:
		target := s.identityCenter(open.IdentityCenter)
		return access.Open{IdentityCenter: &target}, open.IdentityCenter.at
	case open.Automation != nil:
		target := s.automation(open.Automation)
		return access.Open{Automation: &target}, open.Automation.at
	case open.SSH != nil:
		target := s.ssh(open.SSH)
		return access.Open{SSH: &target}, open.SSH.at
	case open.Envelope != nil:
		envelope := s.envelope(open.Envelope)
		return access.Open{Envelope: &envelope}, open.Envelope.at
	case open.at.file != "" && !s.problemAt(open.at):
		s.errorf(open.at, "write ssh: { host: …, principals: […] }", "opens nothing")
	}
	return access.Open{}, open.at
}

// targetName is the name of a target; one that has none of its own goes by what it is on.
func (s *scenarioFacts) targetName(name, on word) string {
	if !name.given() {
		return on.text
	}
	idOf(s.findings, name)
	return name.text
}

// envelope reads a sealed credential. Where group or threshold cannot work, the
// law would refuse it too (cell.CheckEnvelope); here it is told where.
func (s *scenarioFacts) envelope(e *envelopeFile) access.Envelope {
	out := access.Envelope{
		Name: e.Name.text, Custodians: e.Custodians.text, Threshold: e.Threshold.n, SealedBy: e.SealedBy.text,
		RotateEvery: e.RotateEvery.seconds, Physical: e.Physical.on, Honey: e.Honey.on,
		Contents: s.contents(e),
	}
	if e.Name.text != "" {
		idOf(s.findings, e.Name)
	}
	s.within(e.RotateEvery, "rotate_every", access.RotateLeast, access.RotateMost)
	least := 2
	if e.Physical.on {
		least = 1
	}
	custodians, most := true, envelopeMost
	if s.cell != nil {
		custodians = s.cell.checkGroup(s.findings, e.Custodians)
		s.cell.checkGroup(s.findings, e.SealedBy)
		if custodians {
			most = min(most, len(s.cell.groups[groupName(e.Custodians)]))
		}
	}
	switch n := e.Threshold.n; {
	case !e.Threshold.given || !custodians:
	case n < least:
		s.errorf(e.Threshold.at, "one person alone must not open an envelope", "threshold must be at least %d, is %d", least, n)
	case n > most:
		s.errorf(e.Threshold.at, "name a larger group of custodians, or ask for fewer of them", "threshold is %d, of %d custodians", n, most)
	case s.cell != nil && n == most:
		s.warnf(e.Threshold.at, "have more custodians than are needed", "every single custodian of envelope %s is needed: one who sleeps or leaves locks it", show(out.Name))
	}
	return out
}

// problemAt tells whether something was already noted in a place.
func (s *scenarioFacts) problemAt(at place) bool {
	return slices.ContainsFunc(s.list, func(p Problem) bool {
		return p.File == at.file && p.Line == at.line && p.Column == at.column
	})
}

func (s *scenarioFacts) ssh(t *sshFile) access.SSH {
	out := access.SSH{
		Name: s.targetName(t.Name, t.Host), Host: t.Host.text, User: t.User.text,
		Principals: texts(t.Principals), SourceAddress: texts(t.SourceAddress), Permit: texts(t.Permit.words),
	}
	if s.cell != nil && t.Host.text != "" && !slices.Contains(s.cell.hostIDs(), t.Host.text) {
		s.errorf(t.Host.at, nearest(t.Host.text, s.cell.hostIDs(), "hosts: "), "host %s does not exist", showID(t.Host.text))
	}
	s.principals(t, &out)
	for _, w := range t.SourceAddress {
		if w.text != "" && w.text != access.FromRequest {
			checkNetwork(s.findings, w, ", or request for the address that asked")
		}
	}
	for i, w := range t.Permit.words {
		if w.text != "" && !slices.Contains(access.Permits, w.text) {
			s.errorf(w.at, nearest(w.text, access.Permits, "known here: "), "%s is not a permit", show(w.text))
		}
		if slices.Contains(out.Permit[:i], w.text) {
			s.errorf(w.at, "take one out", "permit %s stands twice", show(w.text))
		}
	}
	if !t.Permit.given {
		out.Permit = []string{"pty"}
	}
	return out
}

// principals reads the accounts that the certificate is good for.
func (s *scenarioFacts) principals(t *sshFile, out *access.SSH) {
	const mend = "use a–z, 0–9, underscore and hyphen, beginning with a letter or underscore, at most 32"
	if n := len(t.Principals); t.Principals != nil && (n == 0 || n > principalsMost) {
		s.errorf(t.at, "name the principals that sshd knows: a certificate without any would fit every account", "principals: must name 1 to %d, names %d", principalsMost, n)
	}
	for i, w := range t.Principals {
		if w.text != "" && !access.IsAccount(w.text) {
			s.errorf(w.at, mend, "%s is not a principal", showID(w.text))
		}
		if slices.Contains(out.Principals[:i], w.text) {
			s.errorf(w.at, "take one out", "principal %s stands twice", show(w.text))
		}
	}
	if !t.User.given() && len(out.Principals) > 0 {
		out.User = out.Principals[0]
	}
	if t.User.text != "" && !access.IsAccount(t.User.text) {
		s.errorf(t.User.at, mend, "%s is not an account name", showID(t.User.text))
	}
}
