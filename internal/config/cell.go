package config

import (
	"io/fs"
	"reflect"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// pendingDefault is how long a request waits for its quorum.
const (
	pendingDefault = canon.Seconds(3600)
	pendingLongest = canon.Seconds(24 * 3600)
)

// readCell reads and checks cell.yaml. It gives nil when the file is no YAML.
func readCell(f *findings, folder fs.FS) *cellFacts {
	root := open(f, folder, CellFile, "name the folder that holds "+CellFile+", or write one with halligan init")
	if root == nil {
		return nil
	}
	c := &cellFacts{folder: folder, file: &cellFile{}, groups: map[string][]string{}, owner: map[string]string{}, secure: map[string]bool{}, hardware: map[string]bool{}}
	readValue(f, root, reflect.ValueOf(c.file).Elem())
	c.readMakers(f)
	c.readPeople(f, folder)
	c.readGroups(f)
	c.checkFounders(f)
	c.readHosts(f)
	c.readChannels(f)
	c.readPrograms(f)
	c.readAWS(f, folder)
	c.checkNetworks(f)
	c.policies = readPolicies(f, folder)
	c.rails = c.refs(f, "guard_rails", c.file.GuardRails, c.file.key("guard_rails"))
	c.checkRest(f)
	return c
}

func (c *cellFacts) checkRest(f *findings) {
	file := c.file
	if file.Name.text != "" && canon.CheckOrigin(file.Name.text) != nil {
		f.errorf(file.Name.at, "write the public host name of the cell, in lower case: it can never be changed", "%s is not a ledger origin", showID(file.Name.text))
	}
	c.witnesses = file.Witnesses.policy(f)
	if file.Pending.seconds > pendingLongest {
		f.errorf(file.Pending.at, boundsMend, "pending must be at most %v, is %v", pendingLongest, file.Pending.seconds)
	}
	if span := file.CoolOff; span.seconds != 0 && (span.seconds < cell.CoolOffLeast || span.seconds > cell.CoolOffMost) {
		f.errorf(span.at, boundsMend, "cool_off must be %v to %v, is %v", cell.CoolOffLeast, cell.CoolOffMost, span.seconds)
	}
	c.checkSecurity(f)
	if file.Change.at.file == "" {
		return
	}
	change, ok := c.readQuorum(f, file.Change.key("quorum"), file.Change.Quorum)
	if ok {
		change.checkAgree(f, c, "change")
	}
	c.checkRecovery(f, change)
}

// checkSecurity warns of a group of security in which one person is all that stops, and
// of a pair in which a stolen key could not be suspended: neither of two people takes
// the last key from the other.
func (c *cellFacts) checkSecurity(f *findings) {
	of := c.file.Security
	if !c.checkGroup(f, of) {
		return
	}
	switch people := c.groups[groupName(of)]; len(people) {
	case 1:
		f.warnf(of.at, "add a second person", "%s has one member: a single point of failure when something must be stopped", of.text)
	case 2:
		if slices.ContainsFunc(c.file.Groups, func(g entry[[]word]) bool { return g.key.text == groupName(of) && len(g.value) != 2 }) {
			return // one of them is wrong, and told of
		}
		var lone []string
		for _, p := range c.people {
			keys := slices.DeleteFunc(slices.Clone(p.keys), func(k publicKey) bool { return k.Code })
			if slices.Contains(people, p.id) && len(keys) == 1 {
				lone = append(lone, p.id)
			}
		}
		if len(lone) > 0 {
			f.warnf(of.at, "give each of them a second key, or add a third person",
				"%s has two members, and %s only one key: if it is stolen, the other cannot suspend it", of.text, either(lone))
		}
	}
}

// checkRecovery demands a recovery quorum that is one, and warns of one that is
// lost with the keys of the change quorum.
func (c *cellFacts) checkRecovery(f *findings, change quorum) {
	file := c.file.Recovery
	if file.at.file == "" {
		return
	}
	if file.Notice.seconds != 0 && (file.Notice.seconds < cell.NoticeLeast || file.Notice.seconds > cell.NoticeMost) {
		f.errorf(file.Notice.at, boundsMend, "notice must be %v to %v, is %v", cell.NoticeLeast, cell.NoticeMost, file.Notice.seconds)
	}
	q, ok := c.readQuorum(f, file.key("quorum"), file.Quorum)
	if !ok || !q.checkAgree(f, c, "recovery") {
		return
	}
	if slices.ContainsFunc(q.people(c), func(p string) bool { return q.Missing([]string{p}, c.in) == nil }) {
		f.errorf(q.at, "ask two people: else one stolen key is a takeover that only waits", "one person alone fills the recovery quorum")
		return
	}
	spared := func(p string) bool { return !slices.Contains(change.people(c), p) }
	if more, legs := lacking(q.cover(c, []string{""}, spared), ""); more > 0 {
		f.warnf(q.where(legs[0]), "name people who change nothing otherwise, such as a board or another team",
			"without people of the change quorum the recovery quorum cannot be filled: who loses their keys loses both")
	}
}

// recovery is what cell.yaml says of it.
func (c *cellFacts) recovery() cell.Recovery {
	file := c.file.Recovery
	if file.at.file == "" {
		return cell.Recovery{}
	}
	q, _ := c.readQuorum(&findings{}, file.at, file.Quorum)
	r := cell.Recovery{Quorum: q.Quorum, Notice: cell.NoticeLeast}
	if file.Notice.given() {
		r.Notice = file.Notice.seconds
	}
	return r
}

func (c *cellFacts) pending() canon.Seconds {
	if c.file.Pending.given() {
		return c.file.Pending.seconds
	}
	return pendingDefault
}
