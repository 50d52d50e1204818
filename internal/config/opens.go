package config

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
)

const (
	opensMost      = 64
	principalsMost = 16
)

// opens reads what the scenario opens.
func (s *scenarioFacts) opens() {
	if n := len(s.file.Opens); s.file.Opens != nil && n == 0 || n > opensMost {
		s.errorf(s.file.key("opens"), "write what this scenario is for, and make another scenario of the rest", "opens: must name 1 to %d targets, names %d", opensMost, n)
	}
	seen := make(map[string]place)
	for _, open := range s.file.Opens {
		if open.SSH == nil {
			if open.at.file != "" && !s.problemAt(open.at) {
				s.errorf(open.at, "write ssh: { host: …, principals: […] }", "opens nothing")
			}
			continue
		}
		target := s.ssh(open.SSH)
		if first, twice := seen[target.Name]; twice && target.Name != "" {
			s.errorf(open.SSH.at, "give one of them a name of its own", "target %s stands twice, first in line %d", show(target.Name), first.line)
		}
		seen[target.Name] = open.SSH.at
		s.out.Opens = append(s.out.Opens, access.Open{SSH: &target})
	}
}

// problemAt tells whether something was already noted in a place.
func (s *scenarioFacts) problemAt(at place) bool {
	return slices.ContainsFunc(s.list, func(p Problem) bool {
		return p.File == at.file && p.Line == at.line && p.Column == at.column
	})
}

func (s *scenarioFacts) ssh(t *sshFile) access.SSH {
	out := access.SSH{
		Name: t.Name.text, Host: t.Host.text, User: t.User.text,
		Principals: texts(t.Principals), SourceAddress: texts(t.SourceAddress), Permit: texts(t.Permit.words),
	}
	if t.Name.given() {
		idOf(s.findings, t.Name)
	} else {
		out.Name = out.Host
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
