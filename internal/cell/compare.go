package cell

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Document is what says everything of a cell: genesis, or what amended it, and
// the scenarios and policies that it names.
type Document struct {
	Genesis   *Genesis
	Scenarios map[string]*access.Scenario
	Policies  map[string]*policy.File
}

// Bearing is what a difference does to who can do what.
type Bearing string

// The bearings. What is not plainly one of the others widens.
const (
	Widens   Bearing = "widens"   // more people, more ways, longer, or fewer who see it
	Tightens Bearing = "tightens" // fewer, shorter, or more who must agree or hear
	Neutral  Bearing = "neutral"  // only words
)

// Difference is one thing in which two documents differ.
type Difference struct {
	About   string  `json:"about"`            // such as "scenario database-locked-out" or "group leads"
	Of      string  `json:"of,omitempty"`     // the member, such as severities.SEV1.longest
	Bearing Bearing `json:"bearing"`          // of this difference alone
	Text    string  `json:"text"`             // such as "1h0m0s becomes 2h0m0s"
	Within  string  `json:"within,omitempty"` // the scenario, group or host by its id
	kind    about
}

type about int

const (
	aboutCell about = iota
	aboutScenario
	aboutGroup
	aboutHost
	aboutProgram
	aboutPolicy
	aboutRails
	aboutIssuer
	aboutAccount
	aboutMaker
)

// Compare lists in what two documents differ, in an order that follows from them.
// Nothing that differs is left out: what has no words of its own here is named,
// and taken to widen.
func Compare(from, to Document) []Difference {
	c := &comparing{}
	c.cell(from.Genesis, to.Genesis)
	c.people(from.Genesis, to.Genesis)
	c.groups(from.Genesis.Groups, to.Genesis.Groups)
	c.hosts(from.Genesis, to.Genesis)
	c.programs(from.Genesis.Programs, to.Genesis.Programs)
	c.aws(&from.Genesis.AWS, &to.Genesis.AWS)
	c.makers(from.Genesis.Makers, to.Genesis.Makers)
	c.channels(from.Genesis.Channels, to.Genesis.Channels)
	c.policies(from, to)
	for _, id := range union(from.Scenarios, to.Scenarios) {
		c.scenario(id, from.Scenarios[id], to.Scenarios[id])
	}
	if !same(from.Genesis.unamendable(), to.Genesis.unamendable()) {
		c.other(Difference{About: "the cell"})
	}
	return c.found
}

// Widened names the scenarios of the second document that open more, to more
// people or on fewer signatures than before: by their own words, by a group that
// they name and that has new members, or by a host whose keys changed.
func Widened(from, to Document) []string {
	wider := map[about]map[string]bool{aboutScenario: {}, aboutGroup: {}, aboutHost: {}, aboutProgram: {}, aboutPolicy: {}, aboutRails: {}, aboutIssuer: {}, aboutAccount: {}, aboutMaker: {}}
	for _, d := range Compare(from, to) {
		if d.Bearing == Widens && d.kind != aboutCell {
			wider[d.kind][d.Within] = true
		}
	}
	var widened []string
	for _, id := range sortedKeys(to.Scenarios) {
		groups, hosts, programs := named(to.Scenarios[id])
		accounts := accountsNamed(to.Scenarios[id])
		byAWS := len(accounts) > 0 && len(wider[aboutIssuer]) > 0 || slices.ContainsFunc(accounts, func(account string) bool { return wider[aboutAccount][account] })
		byGroup := slices.ContainsFunc(groups, func(group string) bool { return wider[aboutGroup][group] })
		byHost := slices.ContainsFunc(hosts, func(host string) bool { return wider[aboutHost][host] })
		byProgram := slices.ContainsFunc(programs, func(program string) bool { return wider[aboutProgram][program] })
		stands := slices.Concat(from.Genesis.GuardRails, ids(to.Scenarios[id].Conditions))
		byPolicy := slices.ContainsFunc(stands, func(policy string) bool { return wider[aboutPolicy][policy] })
		byMaker := len(wider[aboutMaker]) > 0 && least(to.Scenarios[id]) == roster.Hardware
		if wider[aboutScenario][id] || byGroup || byHost || byProgram || byAWS || byMaker || byPolicy || len(wider[aboutRails]) > 0 {
			widened = append(widened, id)
		}
	}
	return widened
}

// named gives the groups, hosts and programs that a scenario names.
func named(s *access.Scenario) (groups, hosts, programs []string) {
	references := slices.Clone(s.MayRequest)
	for _, terms := range s.Severities {
		for _, leg := range terms.Quorum {
			references = append(references, leg.From)
		}
	}
	for _, rung := range s.Ladder {
		if rung.Solo == nil {
			references = append(references, rung.Widen)
		}
	}
	for _, open := range s.Opens {
		if open.SSH != nil {
			hosts = append(hosts, open.SSH.Host)
		}
		if open.Exec != nil {
			programs = append(programs, open.Exec.Program)
		}
		if open.Envelope != nil {
			references = append(references, open.Envelope.Custodians, open.Envelope.SealedBy)
		}
	}
	for _, reference := range references {
		if group, ok := access.Group(reference); ok {
			groups = append(groups, group)
		}
	}
	return groups, hosts, programs
}

// comparing collects differences.
type comparing struct{ found []Difference }

func (c *comparing) note(d Difference, format string, args ...any) {
	d.Text = fmt.Sprintf(format, args...)
	c.found = append(c.found, d)
}

// cell compares what belongs to nobody and no scenario.
func (c *comparing) cell(from, to *Genesis) {
	differ := func(of string, effect Bearing, before, after any) {
		if before != after {
			c.note(Difference{About: "the cell", Of: of, Bearing: effect}, "%v becomes %v", before, after)
		}
	}
	differ("security", Widens, from.Security, to.Security)
	differ("networks", Widens, namesOr(from.Networks, "none"), namesOr(to.Networks, "none"))
	differ("change.quorum", quorumBearing(from.Change, to.Change), quorumWords(from.Change), quorumWords(to.Change))
	before, after := from.Recovery, to.Recovery
	bearing := quorumBearing(before.Quorum, after.Quorum)
	if len(before.Quorum) == 0 || len(after.Quorum) == 0 { // a way more, or one less
		bearing = opposite(bearing)
	}
	differ("recovery.quorum", bearing, quorumWords(before.Quorum), quorumWords(after.Quorum))
	differ("recovery.notice", longer(after.Notice, before.Notice), before.Notice, after.Notice)
	differ("pending", longer(from.Pending, to.Pending), from.Pending, to.Pending)
	differ("cool_off", longer(to.Cools(), from.Cools()), from.Cools(), to.Cools())
	differ("founders", Neutral, strings.Join(from.Founders, ", "), strings.Join(to.Founders, ", "))
}

// other is a difference that no words are found for.
func (c *comparing) other(d Difference) {
	d.Bearing = Widens
	c.note(d, "differs in a way that this version has no words for")
}

func (c *comparing) people(from, to *Genesis) {
	before, after := peopleOf(from), peopleOf(to)
	for _, id := range union(before, after) {
		d := Difference{About: "person " + id, Bearing: Widens}
		was, had := before[id]
		is, has := after[id]
		switch {
		case !had:
			c.note(d, "is added")
		case !has:
			d.Bearing = Tightens
			c.note(d, "is removed, for good")
			continue
		}
		if had && was.Name != is.Name {
			d.Of, d.Bearing = "name", Widens
			c.note(d, "is another text: %s becomes %s", was.Name.Short(), is.Name.Short())
		}
		if had && was.Contact != is.Contact {
			d.Of, d.Bearing = "contact", Widens
			c.note(d, "is another text: %s becomes %s; whoever calls back calls there", was.Contact.Short(), is.Contact.Short())
		}
		c.keys(Difference{About: "person " + id, Of: "keys"}, was.Keys, is.Keys)
		c.identities(Difference{About: "person " + id, Of: "oidc"}, was.OIDC, is.OIDC)
		c.user(d, was.User, is.User)
		was.ID, was.Name, was.Contact, was.Keys, was.OIDC, was.User = is.ID, is.Name, is.Contact, is.Keys, is.OIDC, is.User
		if d.Of = ""; !same(was, is) {
			c.other(d)
		}
	}
}

// identities compares who may sign in as a person, to read.
func (c *comparing) identities(d Difference, from, to []roster.Identity) {
	for _, identity := range to {
		if !slices.Contains(from, identity) {
			d.Bearing = Widens
			c.note(d, "whoever is subject %q at %s may read as this person", identity.Subject, identity.Issuer)
		}
	}
	for _, identity := range from {
		if !slices.Contains(to, identity) {
			d.Bearing = Tightens
			c.note(d, "subject %q at %s reads as this person no longer", identity.Subject, identity.Issuer)
		}
	}
}

func peopleOf(g *Genesis) map[string]roster.Person {
	people := map[string]roster.Person{}
	for _, p := range g.People {
		people[p.ID] = p
	}
	return people
}

func (c *comparing) groups(from, to map[string][]string) {
	for _, id := range union(from, to) {
		d := Difference{About: "group " + id, Within: id, kind: aboutGroup}
		c.lists(d, from[id], to[id], Widens)
	}
}

// lists compares lists of which order says nothing; more is what adding does.
func (c *comparing) lists(d Difference, from, to []string, more Bearing) {
	for _, word := range to {
		if !slices.Contains(from, word) {
			d.Bearing = more
			c.note(d, "%s is added", word)
		}
	}
	for _, word := range from {
		if !slices.Contains(to, word) {
			d.Bearing = opposite(more)
			c.note(d, "%s is removed", word)
		}
	}
}

func (c *comparing) hosts(from, to *Genesis) {
	idOf := func(h Host) string { return h.ID }
	before, after := byID(from.Hosts, idOf), byID(to.Hosts, idOf)
	for _, id := range union(before, after) {
		d := Difference{About: "host " + id, Within: id, kind: aboutHost, Bearing: Widens}
		was, had := before[id]
		is, has := after[id]
		switch {
		case !had:
			d.Bearing = Neutral
			c.note(d, "is added, at %q", is.Address)
		case !has:
			d.Bearing = Tightens
			c.note(d, "is removed")
		default:
			c.host(d, was, is)
		}
	}
}

func (c *comparing) host(d Difference, was, is Host) {
	if was.Address != is.Address {
		d.Of = "address"
		c.note(d, "%q becomes %q", was.Address, is.Address)
	}
	if was.Report != is.Report {
		d.Of = "report"
		c.note(d, "%s becomes %s: another key signs what the host reports", was.Report.Fingerprint, is.Report.Fingerprint)
	}
	if was.Other != is.Other {
		d.Of, d.Bearing = "other_way", Neutral
		c.note(d, "%q becomes %q", was.Other, is.Other)
	}
	for _, key := range is.Keys {
		if !slices.Contains(was.Keys, key) {
			d.Of, d.Bearing = "keys", Widens
			c.note(d, "%s is added: a machine that has it is taken for this host", key.Fingerprint)
		}
	}
	for _, key := range was.Keys {
		if !slices.Contains(is.Keys, key) {
			d.Of, d.Bearing = "keys", Tightens
			c.note(d, "%s is removed", key.Fingerprint)
		}
	}
	was.Address, was.Report, was.Other, was.Keys = is.Address, is.Report, is.Other, is.Keys
	if d.Of = ""; !same(was, is) {
		c.other(d)
	}
}

// programs compares what programs are said to do. Another program under the same
// id widens: it opens something else.
func (c *comparing) programs(from, to []Program) {
	idOf := func(p Program) string { return p.ID }
	before, after := byID(from, idOf), byID(to, idOf)
	for _, id := range union(before, after) {
		d := Difference{About: "program " + id, Within: id, kind: aboutProgram, Bearing: Widens}
		was, had := before[id]
		is, has := after[id]
		switch {
		case !had:
			d.Bearing = Neutral
			c.note(d, "is added: %q", is.Opens)
		case !has:
			d.Bearing = Tightens
			c.note(d, "is removed")
		case was.Opens != is.Opens:
			c.note(d, "%q becomes %q", was.Opens, is.Opens)
		case !same(was, is):
			c.note(d, "takes other parameters, proves otherwise, or is ended by hand in another way")
		}
	}
}

func (c *comparing) channels(from, to []Channel) {
	for _, channel := range to {
		if !slices.Contains(from, channel) {
			c.note(Difference{About: "channel " + channel.ID, Bearing: Tightens}, "is added, of kind %q", channel.Kind)
		}
	}
	for _, channel := range from {
		if !slices.Contains(to, channel) {
			c.note(Difference{About: "channel " + channel.ID, Bearing: Widens}, "is removed: it hears of nothing any more")
		}
	}
}

// union gives the keys of two maps, sorted, each once.
// byID gives things by their ids.
func byID[V any](all []V, id func(V) string) map[string]V {
	found := make(map[string]V, len(all))
	for _, one := range all {
		found[id(one)] = one
	}
	return found
}

func union[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return sortedKeys(all)
}

func opposite(e Bearing) Bearing {
	switch e {
	case Widens:
		return Tightens
	case Tightens:
		return Widens
	}
	return e
}

// longer is the effect of a span that becomes another, where longer is wider.
func longer(from, to canon.Seconds) Bearing {
	if to > from {
		return Widens
	}
	return Tightens
}
