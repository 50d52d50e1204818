package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// MayPropose tells whether a person may propose changes now with a key of theirs.
func (c *Cell) MayPropose(person, fingerprint string, at canon.Time) bool {
	return read(c, func(s *state) bool {
		p, _ := s.roster.Person(person)
		own := slices.ContainsFunc(p.Keys, func(k roster.Key) bool {
			return k.Fingerprint == fingerprint && s.roster.Active(k) && !k.Code && !s.cools(k, at)
		})
		return own && s.Genesis != nil && s.roster.CanSign(person) && s.Genesis.Change.Names(person, s.roster.In)
	})
}

// Knows tells whether a key is or was somebody's.
func (c *Cell) Knows(fingerprint string) bool {
	return read(c, func(s *state) bool { return s.roster.Knows(fingerprint) })
}

// Here tells whether somebody is in the roster.
func (c *Cell) Here(person string) bool {
	return read(c, func(s *state) bool { return s.roster.Has(person) })
}

// OfferedKey is a key as a document lists it: with code, as a code device; with what
// its maker says of it, if anything.
func OfferedKey(line string, code bool, attestation string) (roster.Key, error) {
	key, err := roster.ParseKey(line)
	if err == nil {
		key.Code, key.Attestation = code, attestation
	}
	return key, err
}

// WithKey is the document in force with one more key of a person.
func (c *Cell) WithKey(person string, key roster.Key) (data []byte, err error) {
	read(c, func(s *state) struct{} {
		data, err = WithKey(s.Genesis, &s.roster, person, key)
		return struct{}{}
	})
	return data, err
}

// WithKey is a document with one more key of a person, and without the people and
// keys that were removed since: they cannot stand in another one. Nothing else of it
// changes. Its error says why there is none.
func WithKey(inForce *cell.Genesis, people *roster.Roster, person string, key roster.Key) ([]byte, error) {
	if inForce.Rules < cell.RulesOfMakers { // it would be refused for that
		key.Attestation = ""
	}
	before, err := canon.Encode(inForce)
	if err != nil {
		return nil, err
	}
	var g cell.Genesis
	if err := canon.Decode(before, len(before), &g); err != nil {
		return nil, err
	}
	gone := func(id string) bool { p, known := people.Person(id); return known && p.Removed }
	g.People = slices.DeleteFunc(g.People, func(p roster.Person) bool { return gone(p.ID) })
	g.Founders = slices.DeleteFunc(g.Founders, gone)
	for name, members := range g.Groups {
		g.Groups[name] = slices.DeleteFunc(members, gone)
	}
	for i, p := range g.People {
		now, _ := people.Person(p.ID)
		g.People[i].Keys = slices.DeleteFunc(p.Keys, func(k roster.Key) bool {
			return slices.ContainsFunc(now.Keys, func(n roster.Key) bool { return n.Fingerprint == k.Fingerprint && n.Removed })
		})
	}
	at := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == person })
	switch {
	case at < 0:
		return nil, fmt.Errorf("%s is not in the cell any more", person)
	case people.Knows(key.Fingerprint):
		return nil, fmt.Errorf("the key %s is or was somebody's", key.Fingerprint)
	}
	g.People[at].Keys = append(g.People[at].Keys, key)
	if bare := slices.IndexFunc(g.People, func(p roster.Person) bool { return len(p.Keys) == 0 }); bare >= 0 {
		return nil, fmt.Errorf("%s has no key left, and a document names none without: give them one first, or propose edited files", g.People[bare].ID)
	}
	if _, err := g.Check(); err != nil {
		return nil, fmt.Errorf("the document would not be one of a cell: %w", err)
	}
	return canon.Encode(&g)
}
