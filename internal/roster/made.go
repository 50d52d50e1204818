package roster

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Made is what is worked out of a key's attestation. No document says it.
type Made struct {
	By string     `json:"by,omitempty"` // the maker that stands behind it; empty: none of the cell's
	At canon.Time `json:"at"`           // when the attestation came into the cell
}

// Settle sets what is worked out of each key that has an attestation.
func (r *Roster) Settle(made func(Key) Made) {
	for i := range r.People {
		keys := slices.Clone(r.People[i].Keys)
		for k := range keys {
			keys[k].Made = Made{}
			if keys[k].Attestation != "" {
				keys[k].Made = made(keys[k])
			}
		}
		r.People[i].Keys = keys
	}
}
