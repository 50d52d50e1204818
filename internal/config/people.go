package config

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// person is a person of cell.yaml with the keys read.
type person struct {
	id            string
	name, contact word
	keys          []publicKey
	identities    []roster.Identity
	user          string // of Identity Center
}

// cellFacts is what cell.yaml says, as far as it could be read: enough to look
// for further problems in the scenarios even when there are some already.
type cellFacts struct {
	folder   fs.FS
	file     *cellFile
	people   []person
	groups   map[string][]string // members that exist
	owner    map[string]string   // fingerprint → whose it is, in words
	secure   map[string]bool     // who has a security key or passkey
	hardware map[string]bool     // who has one that a maker of the cell attests
	makers   []cell.Maker
	hosts    []host
	programs []cell.Program
	aws      cell.AWS
	policies map[string]*policyFacts // by the path in the folder
	rails    []access.PolicyRef

	witnesses string // the policy, as ledger.Policy spells it
}

// boundsMend is the hint for a number out of its bounds.
const boundsMend = "choose one within these bounds"

// textLongest is the length in bytes of the longest name, contact or sentence.
const textLongest = 1 << 10

func idOf(f *findings, w word) bool {
	if !w.given() || w.text == "" {
		return false
	}
	if canon.CheckID(w.text) != nil {
		f.errorf(w.at, "use a–z, 0–9, dot, underscore and hyphen, beginning with a letter or digit, at most 63", "%s is not an id", showID(w.text))
		return false
	}
	return true
}

func lengthOf(f *findings, w word, most int) {
	if len(w.text) > most {
		f.errorf(w.at, "make it shorter", "has %d bytes, at most %d", len(w.text), most)
	}
}

// readPeople checks people and their keys.
func (c *cellFacts) readPeople(f *findings, folder fs.FS) {
	if n := len(c.file.People); c.file.People != nil && n == 0 || n > roster.PeopleMost {
		f.errorf(c.file.key("people"), boundsMend, "people: must be 1 to %d, are %d", roster.PeopleMost, len(c.file.People))
	}
	seen, claimed, users := make(map[string]place), map[roster.Identity]string{}, map[string]string{}
	for _, p := range c.file.People {
		if !idOf(f, p.ID) {
			continue
		}
		if first, twice := seen[p.ID.text]; twice {
			f.errorf(p.ID.at, "one human is one person; give the other another id", "person %s stands twice, first in line %d", p.ID.text, first.line)
			continue
		}
		seen[p.ID.text] = p.ID.at
		lengthOf(f, p.Name, textLongest)
		lengthOf(f, p.Contact, textLongest)
		if !p.Contact.given() {
			f.warnf(p.ID.at, "add contact, such as a telephone number that is answered at night", "person %s has no contact: nobody could call back to check who asks", p.ID.text)
		}
		keys := c.keysOf(f, folder, p)
		c.attest(f, p, keys)
		c.secure[p.ID.text] = slices.ContainsFunc(keys, func(k publicKey) bool { return k.security })
		c.people = append(c.people, person{p.ID.text, p.Name, p.Contact, keys, identitiesOf(f, p, claimed), userOf(f, p, users)})
	}
}

// keysOf reads the keys of a person and claims each for this one person.
func (c *cellFacts) keysOf(f *findings, folder fs.FS, p personFile) []publicKey {
	var keys []publicKey
	for _, line := range p.Keys {
		if key, ok := readKey(f, line.at, line.text); ok {
			keys = append(keys, key)
		}
	}
	if p.KeysFrom.given() {
		keys = append(keys, readKeys(f, folder, p.KeysFrom)...)
	}
	if len(p.Keys) == 0 && !p.KeysFrom.given() {
		f.errorf(p.ID.at, "add keys with a line of a .pub file, or keys_from with the name of one", "person %s has no key: %s could sign nothing", p.ID.text, p.ID.text)
	}
	for _, line := range p.TOTP {
		if key, ok := readDevice(f, line); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) > roster.KeysMost {
		f.errorf(p.ID.at, "take out those that are not used", "person %s has %d keys, at most %d", p.ID.text, len(keys), roster.KeysMost)
	}
	return slices.DeleteFunc(keys, func(k publicKey) bool { return !c.claim(f, k, "person "+p.ID.text) || !c.ours(f, k) })
}

// claim makes a key one owner's: a person, or one machine.
func (c *cellFacts) claim(f *findings, key publicKey, owner string) bool {
	other, taken := c.owner[key.Fingerprint]
	if !taken {
		c.owner[key.Fingerprint] = owner
		return true
	}
	switch {
	case other == owner:
		f.errorf(key.at, "take one of them out", "key %s stands twice with %s", key.Fingerprint, owner)
	case strings.HasPrefix(owner, "person ") && strings.HasPrefix(other, "person "):
		f.errorf(key.at, "one key is one human's: give each person a key of their own", "key %s is also the key of %s", key.Fingerprint, other)
	default:
		f.errorf(key.at, "make a key of its own for each: ssh-keygen -t ed25519", "key %s is also the key of %s", key.Fingerprint, other)
	}
	return false
}

// readGroups checks the groups and keeps those members that exist.
func (c *cellFacts) readGroups(f *findings) {
	if len(c.file.Groups) > roster.GroupsMost {
		f.errorf(c.file.key("groups"), boundsMend, "groups: are %d, at most %d", len(c.file.Groups), roster.GroupsMost)
	}
	var ids []string
	for _, p := range c.people {
		ids = append(ids, p.id)
	}
	known := func(id string) bool { _, ok := c.secure[id]; return ok }
	for _, g := range c.file.Groups {
		if !idOf(f, g.key) {
			continue
		}
		var members []string
		for _, m := range g.value {
			switch {
			case m.text == "":
			case slices.Contains(members, m.text):
				f.errorf(m.at, "take one out", "person %s stands twice in group %s", m.text, g.key.text)
			case !known(m.text):
				f.errorf(m.at, nearest(m.text, ids, "people: "), "person %s does not exist", showID(m.text))
			default:
				members = append(members, m.text)
			}
		}
		slices.Sort(members)
		c.groups[g.key.text] = members
	}
}

// checkGroup notes a reference such as group:security that names nobody.
func (c *cellFacts) checkGroup(f *findings, reference word) bool {
	if !reference.given() || reference.text == "" {
		return false
	}
	name, ok := access.Group(reference.text)
	if !ok {
		mend := "write group: and the name of a group, without a space"
		if _, known := c.groups[reference.text]; known {
			mend = "write group:" + reference.text
		}
		f.errorf(reference.at, mend, "%s is not a group reference", showID(reference.text))
		return false
	}
	members, exists := c.groups[name]
	if !exists {
		var names []string
		for group := range c.groups {
			names = append(names, group)
		}
		f.errorf(reference.at, nearest(name, names, "groups: "), "group %s does not exist", showID(name))
		return false
	}
	if len(members) == 0 {
		f.errorf(reference.at, "add people to it in "+CellFile, "group %s has no members", name)
	}
	return len(members) > 0
}

// checkFounders demands people, each once.
func (c *cellFacts) checkFounders(f *findings) {
	if c.file.Founders != nil && len(c.file.Founders) == 0 {
		f.errorf(c.file.key("founders"), "name the people who sign first", "founders: must name at least one person")
	}
	var seen, ids []string
	for _, p := range c.people {
		ids = append(ids, p.id)
	}
	for _, w := range c.file.Founders {
		switch {
		case w.text == "":
		case slices.Contains(seen, w.text):
			f.errorf(w.at, "take one out", "founder %s stands twice", w.text)
		case !slices.Contains(ids, w.text):
			f.errorf(w.at, nearest(w.text, ids, "people: "), "person %s does not exist", showID(w.text))
		default:
			seen = append(seen, w.text)
		}
	}
}
