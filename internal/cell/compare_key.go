package cell

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// keys compares the keys of a person.
func (c *comparing) keys(d Difference, from, to []roster.Key) {
	held := func(keys []roster.Key, of roster.Key) (roster.Key, bool) {
		at := slices.IndexFunc(keys, func(k roster.Key) bool { return k.Fingerprint == of.Fingerprint })
		if at < 0 {
			return roster.Key{}, false
		}
		return keys[at], true
	}
	for _, key := range to {
		was, had := held(from, key)
		d.Bearing = Widens
		switch {
		case !had && key.Attestation != "":
			c.note(d, "%s is added, with its maker's attestation", key.Fingerprint)
		case !had:
			c.note(d, "%s is added%s", key.Fingerprint, heldWords(key))
		case was.Attestation != key.Attestation && key.Attestation == "":
			d.Bearing = Tightens
			c.note(d, "%s loses its maker's attestation: it is not hardware any more", key.Fingerprint)
		case was.Attestation != key.Attestation:
			c.note(d, "%s has another attestation of its maker", key.Fingerprint)
		case was != key:
			c.note(d, "%s is said to be of another kind", key.Fingerprint)
		}
	}
	for _, key := range from {
		if _, has := held(to, key); !has {
			d.Bearing = Tightens
			c.note(d, "%s is removed, for good", key.Fingerprint)
		}
	}
}

// heldWords says of a key who holds it, where that is not its owner.
func heldWords(key roster.Key) string {
	if key.Code {
		return ": a code device; the server holds the key, and signs with it when somebody gives a code"
	}
	return ""
}

// makers compares whose word on authenticators counts. More roots, more models or
// another maker let more keys be hardware.
func (c *comparing) makers(from, to []Maker) {
	idOf := func(m Maker) string { return m.ID }
	before, after := byID(from, idOf), byID(to, idOf)
	for _, id := range union(before, after) {
		d := Difference{About: "maker " + id, Within: id, kind: aboutMaker, Bearing: Widens}
		was, had := before[id]
		is, has := after[id]
		switch {
		case !had:
			c.note(d, "is added: keys that it attests are hardware (%d roots)", len(is.Roots))
			continue
		case !has:
			d.Bearing = Tightens
			c.note(d, "is removed: its word makes no key hardware any more")
			continue
		}
		d.Of = "roots"
		c.lists(d, rootIDs(was.Roots), rootIDs(is.Roots), Widens)
		d.Of = "models"
		switch {
		case len(was.Models) == 0 && len(is.Models) > 0:
			d.Bearing = Tightens
			c.note(d, "only %d models count from now on", len(is.Models))
		case len(was.Models) > 0 && len(is.Models) == 0:
			c.note(d, "every model counts from now on")
		default:
			c.lists(d, was.Models, is.Models, Widens)
		}
	}
}

// rootIDs names certificates by their SHA-256.
func rootIDs(roots [][]byte) []string {
	ids := make([]string, 0, len(roots))
	for _, root := range roots {
		ids = append(ids, canon.Sum(root).String())
	}
	return ids
}
