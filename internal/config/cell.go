package config

import (
	"io/fs"
	"reflect"

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
	c := &cellFacts{file: &cellFile{}, groups: map[string][]string{}, owner: map[string]string{}, secure: map[string]bool{}}
	readValue(f, root, reflect.ValueOf(c.file).Elem())
	c.readPeople(f, folder)
	c.readGroups(f)
	c.checkFounders(f)
	c.readHosts(f)
	c.readChannels(f)
	c.readPrograms(f)
	c.checkNetworks(f)
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
	if span := file.CoolOff; span.given() && (span.seconds < cell.CoolOffLeast || span.seconds > cell.CoolOffMost) {
		f.errorf(span.at, boundsMend, "cool_off must be %v to %v, is %v", cell.CoolOffLeast, cell.CoolOffMost, span.seconds)
	}
	if c.checkGroup(f, file.Security) && len(c.groups[groupName(file.Security)]) == 1 {
		f.warnf(file.Security.at, "add a second person", "%s has one member: a single point of failure when something must be stopped", file.Security.text)
	}
	if file.Change.at.file == "" {
		return
	}
	if q, ok := c.readQuorum(f, file.Change.key("quorum"), file.Change.Quorum); ok {
		q.checkChange(f, c)
	}
}

func (c *cellFacts) pending() canon.Seconds {
	if c.file.Pending.given() {
		return c.file.Pending.seconds
	}
	return pendingDefault
}
