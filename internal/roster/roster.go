package roster

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Limits of one cell.
const (
	PeopleMost = 2000
	KeysMost   = 16 // of one person
	GroupsMost = 500
)

// Person is one human.
type Person struct {
	ID      string       `json:"id"`
	Name    canon.Digest `json:"name,omitzero"`    // hash of a note
	Contact canon.Digest `json:"contact,omitzero"` // hash of a note: how to call them
	Keys    []Key        `json:"keys"`
	OIDC    []Identity   `json:"oidc,omitempty"`            // by which an identity provider lets them read
	User    string       `json:"identity_center,omitempty"` // id of their user in the identity store of IAM Identity Center
	Removed bool         `json:"removed,omitzero"`
}

// Roster is everybody and every group of a cell. Its zero value has nobody.
type Roster struct {
	People []Person            `json:"people"` // sorted by id
	Groups map[string][]string `json:"groups"` // group → person ids, sorted
	// Suspended are the keys that sign nothing for a while, by fingerprint. Never
	// changed in place.
	Suspended map[string]Suspension `json:"suspended,omitempty"`

	owner map[string]int // fingerprint → index of People

	identified map[Identity]int // → index of People
	users      map[string]int   // user of IAM Identity Center → index of People
}

var (
	// ErrUnknown says that a person or key is not in the roster, or no longer.
	ErrUnknown = errors.New("not in the roster")
	// ErrTwice says that an id, key or membership stands twice.
	ErrTwice = errors.New("stands twice")
)

// New checks people and groups and makes a roster of them. Its errors name the
// person, key or group.
func New(people []Person, groups map[string][]string) (Roster, error) {
	r := Roster{People: slices.Clone(people), Groups: maps.Clone(groups)}
	if len(people) == 0 || len(people) > PeopleMost || len(groups) > GroupsMost {
		return Roster{}, fmt.Errorf("a roster has 1 to %d people and at most %d groups", PeopleMost, GroupsMost)
	}
	slices.SortFunc(r.People, func(a, b Person) int { return strings.Compare(a.ID, b.ID) })
	if err := r.index(); err != nil {
		return Roster{}, err
	}
	for group, members := range r.Groups {
		if err := canon.CheckID(group); err != nil {
			return Roster{}, fmt.Errorf("group %w", err)
		}
		r.Groups[group] = slices.Sorted(slices.Values(members))
		for i, member := range r.Groups[group] {
			if i > 0 && r.Groups[group][i-1] == member {
				return Roster{}, fmt.Errorf("group %s: person %s %w", group, member, ErrTwice)
			}
			if _, ok := r.find(member); !ok {
				return Roster{}, fmt.Errorf("group %s: person %q is %w", group, member, ErrUnknown)
			}
		}
	}
	return r, nil
}

// index checks the people and finds each key's owner.
func (r *Roster) index() error {
	r.owner, r.identified, r.users = make(map[string]int), make(map[Identity]int), make(map[string]int)
	for i, p := range r.People {
		if err := canon.CheckID(p.ID); err != nil {
			return fmt.Errorf("person %w", err)
		}
		if i > 0 && r.People[i-1].ID == p.ID {
			return fmt.Errorf("person %s %w", p.ID, ErrTwice)
		}
		if len(p.Keys) == 0 || len(p.Keys) > KeysMost {
			return fmt.Errorf("person %s must have 1 to %d keys", p.ID, KeysMost)
		}
		for _, key := range p.Keys {
			parsed, err := ParseKey(key.Line)
			if err != nil {
				return fmt.Errorf("person %s: %w", p.ID, err)
			}
			if parsed.Fingerprint != key.Fingerprint {
				return fmt.Errorf("person %s: key %s is not of fingerprint %s", p.ID, parsed.Fingerprint, key.Fingerprint)
			}
			if other, taken := r.owner[key.Fingerprint]; taken {
				return fmt.Errorf("person %s: key %s %w (also with %s): one key is one human's", p.ID, key.Fingerprint, ErrTwice, r.People[other].ID)
			}
			r.owner[key.Fingerprint] = i
		}
		if err := r.claim(i); err != nil {
			return err
		}
	}
	return nil
}

// Restore rebuilds what a decoded snapshot lacks.
func (r *Roster) Restore() error { return r.index() }

// Clone is a deep copy.
func (r *Roster) Clone() Roster {
	c := *r
	c.People = slices.Clone(r.People)
	for i := range c.People {
		c.People[i].Keys = slices.Clone(c.People[i].Keys)
	}
	return c
}

// Has tells whether a person is in the roster and not removed.
func (r *Roster) Has(person string) bool {
	i, ok := r.find(person)
	return ok && !r.People[i].Removed
}

// Person finds a person, removed or not.
func (r *Roster) Person(id string) (Person, bool) {
	i, ok := r.find(id)
	if !ok {
		return Person{}, false
	}
	return r.People[i], true
}

// Owner is the person whose key bears the fingerprint, if neither the key nor
// the person was removed, and the key is not suspended.
func (r *Roster) Owner(fingerprint string) (string, bool) {
	i, ok := r.owner[fingerprint]
	if !ok || r.People[i].Removed {
		return "", false
	}
	for _, key := range r.People[i].Keys {
		if key.Fingerprint == fingerprint {
			return r.People[i].ID, r.Active(key)
		}
	}
	return "", false
}

// Key finds a key by its fingerprint. One that was removed, or whose person was, says
// so.
func (r *Roster) Key(fingerprint string) (Key, bool) {
	i, ok := r.owner[fingerprint]
	if !ok {
		return Key{}, false
	}
	k := slices.IndexFunc(r.People[i].Keys, func(k Key) bool { return k.Fingerprint == fingerprint })
	key := r.People[i].Keys[k]
	key.Removed = key.Removed || r.People[i].Removed
	return key, true
}

// Knows tells whether a key is or was anybody's.
func (r *Roster) Knows(fingerprint string) bool {
	_, ok := r.owner[fingerprint]
	return ok
}

// In tells whether a person is now in the group that a reference such as
// group:security names. The whole name counts, and removed people are in none.
func (r *Roster) In(person, reference string) bool {
	group, ok := access.Group(reference)
	if !ok || !r.Has(person) {
		return false
	}
	_, found := slices.BinarySearch(r.Groups[group], person)
	return found
}

// Members are the people now in the group that a reference names.
func (r *Roster) Members(reference string) []string {
	group, ok := access.Group(reference)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Groups[group]), func(id string) bool { return !r.Has(id) })
}

// Present are all people who are not removed.
func (r *Roster) Present() []string {
	var ids []string
	for _, p := range r.People {
		if !p.Removed {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// RemovePerson takes a person out for good.
func (r *Roster) RemovePerson(id string) error {
	i, ok := r.find(id)
	if !ok || r.People[i].Removed {
		return fmt.Errorf("person %s is %w", id, ErrUnknown)
	}
	r.People[i].Removed = true
	for _, key := range r.People[i].Keys {
		r.Free(key.Fingerprint)
	}
	return nil
}

// RemoveKey takes one key of a person out for good. A person whose last key is
// removed is still in the roster, and can sign nothing.
func (r *Roster) RemoveKey(person, fingerprint string) error {
	i, ok := r.find(person)
	if ok && !r.People[i].Removed {
		for k := range r.People[i].Keys {
			if key := &r.People[i].Keys[k]; key.Fingerprint == fingerprint && !key.Removed {
				key.Removed = true
				r.Free(fingerprint)
				return nil
			}
		}
	}
	return fmt.Errorf("key %s of person %s is %w", fingerprint, person, ErrUnknown)
}

// CanSign tells whether a person is present and has a key that signs now, and signs
// more than the server's word: with a code device alone nobody changes a cell.
func (r *Roster) CanSign(person string) bool {
	i, ok := r.find(person)
	return ok && !r.People[i].Removed &&
		slices.ContainsFunc(r.People[i].Keys, func(k Key) bool { return r.Active(k) && !k.Code })
}

func (r *Roster) find(id string) (int, bool) {
	return slices.BinarySearchFunc(r.People, id, func(p Person, id string) int { return strings.Compare(p.ID, id) })
}
