package roster

import (
	"fmt"
	"maps"
	"slices"
)

// Amended says what another roster has that the one before it had not, and the
// other way round.
type Amended struct {
	Gone    []string // people, by id
	Lost    []Owned  // keys of people who stay
	Arrived []Owned  // keys, also those of new people
}

// Owned is a key and whose it is.
type Owned struct {
	Person string `json:"person"`
	Key    string `json:"key"`
}

// Amend is the roster after other people and groups took the place of those
// that are there. Whoever is not among them is removed, and so is each key that
// is not: they stay known, so that nobody can have them again. What was removed
// before cannot come back, and a key stays one human's.
func (r *Roster) Amend(people []Person, groups map[string][]string) (Roster, Amended, error) {
	var all []Person
	var diff Amended
	left := map[string]Person{}
	for _, p := range r.People {
		left[p.ID] = p
	}
	for _, p := range people {
		before, known := left[p.ID]
		if known && before.Removed {
			return Roster{}, diff, fmt.Errorf("person %s was removed, and removed is for good: give whoever comes back another id", p.ID)
		}
		delete(left, p.ID)
		merged, err := r.merge(before, p, &diff)
		if err != nil {
			return Roster{}, diff, err
		}
		all = append(all, merged)
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		p := left[id]
		if !p.Removed {
			diff.Gone = append(diff.Gone, id)
			p.Removed = true
		}
		all = append(all, p)
	}
	after, err := New(all, groups)
	after.stay(r.Suspended)
	return after, diff, err
}

// merge is a person with the keys that they shall have, and those that they had
// as removed ones.
func (r *Roster) merge(before, after Person, diff *Amended) (Person, error) {
	merged := after
	merged.Keys = slices.Clone(after.Keys)
	for _, key := range after.Keys {
		switch at := slices.IndexFunc(before.Keys, func(k Key) bool { return k.Fingerprint == key.Fingerprint }); {
		case at >= 0 && before.Keys[at].Removed:
			return merged, fmt.Errorf("key %s of %s was removed, and removed is for good", key.Fingerprint, after.ID)
		case at >= 0 && before.Keys[at].Code != key.Code:
			return merged, fmt.Errorf("key %s of %s would become another kind of key, or cease to be a code device: make a new one", key.Fingerprint, after.ID)
		case at >= 0:
		case r.Knows(key.Fingerprint):
			return merged, fmt.Errorf("key %s of %s is or was another person's", key.Fingerprint, after.ID)
		default:
			diff.Arrived = append(diff.Arrived, Owned{after.ID, key.Fingerprint})
		}
	}
	for _, key := range before.Keys {
		if slices.ContainsFunc(after.Keys, func(k Key) bool { return k.Fingerprint == key.Fingerprint }) {
			continue
		}
		if !key.Removed {
			diff.Lost = append(diff.Lost, Owned{after.ID, key.Fingerprint})
			key.Removed = true
		}
		merged.Keys = append(merged.Keys, key)
	}
	return merged, nil
}
