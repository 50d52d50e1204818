package cli

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// sheet is all of genesis and its scenarios in plain words, read from the bytes
// that founders sign. Nothing that they say is left out.
func (g *foundingFiles) sheet() string {
	s, genesis := new(sheet), &g.bundle.Genesis
	s.say("Genesis %s of %s. This machine read it from the bytes that its founders sign.", g.bundle.Digest(), genesis.Origin)
	s.say("Founders, who must all sign it: %s.", both(genesis.Founders))
	people := g.book.view.People(view.Instant{})
	s.say("Changes of the cell need %s. Security, who may stop and attest anything, is the group %s.", people.Change, people.Security)
	s.say("%s", recoveryWords(people.Recovery))
	s.say("A request waits for %s; an added key, and who widened something, cool off for %s. It begins with rules %d.", genesis.Pending, genesis.Cools(), genesis.Rules)
	s.say("Witnesses: %s", line(genesis.Witnesses))
	if genesis.Trial {
		s.say("It is a trial cell: for looking around only.")
	}
	s.say("\nPeople:")
	for _, person := range people.People {
		s.founder(person, g.texts)
	}
	var groups []string
	for _, group := range people.Groups {
		groups = append(groups, group.Group+": "+both(group.Members))
	}
	s.items("Groups:", groups)
	s.machines(genesis)
	for _, ref := range genesis.Scenarios {
		s.scenario(g.book, ref.ID)
	}
	for _, ref := range genesis.Policies {
		s.say("\nPolicy %s (%s):", ref.ID, ref.Digest.Short())
		s.WriteString(quoted("  ", strings.TrimSuffix(string(g.bundle.Policies[ref.ID]), "\n")))
	}
	s.say("\nThe server's keys:")
	s.say("  signs the ledger: %s", line(genesis.Ledger))
	s.say("  signs the revocation list: %s", line(genesis.Revocations))
	s.say("  signs certificates: %s", keyWords(genesis.Authority.Line, genesis.Authority.Fingerprint))
	return s.String()
}

// founder is a person of genesis. A text that the server did not send is said to
// be missing: whoever calls back must know what the number was.
func (s *sheet) founder(person view.Person, texts map[canon.Digest]string) {
	told := func(n *view.Note) string {
		if n == nil {
			return "none is given"
		}
		if text, ok := texts[n.Hash]; ok {
			return line(text)
		}
		return "the server did not send the text of " + n.Hash.Short()
	}
	s.say("  %s (%s), in %s", person.ID, told(person.Name), strings.Join(person.Groups, ", "))
	s.say("    contact: %s", told(person.Contact))
	for _, key := range person.Keys {
		s.say("    %s %s", key.Kind(), key.Fingerprint)
	}
	for _, identity := range person.OIDC {
		s.say("    whoever is subject %s at %s may read as %s", line(identity.Subject), line(identity.Issuer), person.ID)
	}
	if person.User != "" {
		s.say("    in IAM Identity Center %s is user %s", person.ID, person.User)
	}
}

// machines is what the cell opens, and where it alarms.
func (s *sheet) machines(genesis *cell.Genesis) {
	var hosts, programs, channels []string
	for _, h := range genesis.Hosts {
		var keys []string
		for _, key := range h.Keys {
			keys = append(keys, keyWords(key.Line, key.Fingerprint))
		}
		hosts = append(hosts, fmt.Sprintf("%s at %s, known by %s; its reports are signed by %s; another way in: %s", h.ID, h.Address, both(keys), keyWords(h.Report.Line, h.Report.Fingerprint), h.Other))
	}
	for _, p := range genesis.Programs {
		programs = append(programs, programText(p))
	}
	for _, ch := range genesis.Channels {
		channels = append(channels, ch.ID+", a "+ch.Kind)
	}
	s.items("Hosts:", hosts)
	s.items("Programs:", programs)
	s.aws(&genesis.AWS)
	s.items("Channels of alarms:", channels)
}

func programText(p cell.Program) string {
	text := p.ID + " opens " + p.Opens
	for _, parameter := range p.Parameters {
		text += "; " + parameter.ID + " is a " + parameter.Kind
		switch parameter.Kind {
		case cell.ParameterChoice:
			text += " of " + either(parameter.Of)
		case cell.ParameterNumber:
			text += fmt.Sprintf(", %d to %d", parameter.Least, parameter.Most)
		}
	}
	if p.Probes {
		text += "; it can tell whether access is refused"
	}
	if p.Lists {
		text += "; it can list what stands open"
	}
	if p.Other != "" {
		text += "; another way to end it: " + p.Other
	}
	return text
}

// keyWords are what a key of a machine is known by.
func keyWords(line, fingerprint string) string {
	kind, _, _ := strings.Cut(line, " ")
	return kind + " " + fingerprint
}

// scenario is all of a scenario, before anybody asks under it.
func (s *sheet) scenario(book *scenarioBook, id string) {
	of, _ := book.view.Scenario("", id)
	s.say("\nScenario %s (%s): %s", id, of.Digest.Short(), line(of.Title))
	if of.Owner != "" {
		s.say("It is kept true by %s.", of.Owner)
	}
	s.items("It is for when:", of.UseWhen)
	s.items("It is not for when:", of.DoNotUseWhen)
	s.items("What is looked at:", of.Symptoms)
	s.say("%s may ask.", both(of.MayRequest))
	for _, terms := range of.Severities {
		s.say("  %s: %s at most, needs %s; its review is due after %s", terms.Severity, terms.Longest, terms.Quorum, terms.ReviewDue)
	}
	s.opens(of.Opens)
	s.items("Its envelopes:", envelopes(book.Scenarios[id]))
	s.items("Its roles:", roles(book.Scenarios[id]))
	s.items("Conditions:", of.Conditions)
	s.items("If nobody answers:", of.Ladder)
	s.items("Alarms go to:", of.Channels)
	if procedure := book.Scenarios[id].Procedure; procedure != "" {
		s.say("Procedure:")
		s.WriteString(quoted("  ", strings.TrimSuffix(procedure, "\n")))
	}
}

// envelopes says of each envelope of a scenario what its opening does not.
func envelopes(of *access.Scenario) (lines []string) {
	for _, open := range of.Opens {
		e := open.Envelope
		if e == nil {
			continue
		}
		text := fmt.Sprintf("%s is sealed by %s to custodians of %s, %d or more of whom open it", e.Name, e.SealedBy, e.Custodians, e.Threshold)
		if e.RotateEvery > 0 {
			text += fmt.Sprintf("; fresh content is owed every %s", e.RotateEvery)
		}
		if e.Physical {
			text += "; it is numbered bags in safes"
		}
		if e.Contents != nil {
			text += "; in it is " + e.Contents.String()
		}
		if e.Honey {
			text += "; nobody has a reason to open it, and whoever tries alarms everybody"
		}
		lines = append(lines, text)
	}
	return lines
}
