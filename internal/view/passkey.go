package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// NewPasskeys says of each passkey that a document adds on whose pages it signs.
// Lint refuses those of other hosts, and whoever proposes may not have asked it.
func NewPasskeys(in, proposed cell.Document) (lines []string) {
	for _, person := range proposed.Genesis.People {
		var before []roster.Key
		if i := slices.IndexFunc(in.Genesis.People, func(p roster.Person) bool { return p.ID == person.ID }); i >= 0 {
			before = in.Genesis.People[i].Keys
		}
		for _, key := range person.Keys {
			host := PasskeyHost(key)
			if host == "" || slices.ContainsFunc(before, func(k roster.Key) bool { return k.Line == key.Line }) {
				continue
			}
			text := fmt.Sprintf("%s of %s: %q", key.Fingerprint, person.ID, host)
			if host != in.Genesis.Origin {
				text += ", which is NOT this cell: whoever runs that host could have " + person.ID + " sign anything here"
			}
			lines = append(lines, text)
		}
	}
	return lines
}
