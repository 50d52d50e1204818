package config

import (
	"io/fs"
	"slices"
	"strings"
)

// Contact is what cell.yaml says of how to reach somebody.
type Contact struct {
	ID, Name, Contact string
}

// Contacts are the names and contacts of everybody in cell.yaml, by id. It fails
// with a BrokenError where the file has errors.
func Contacts(folder fs.FS) ([]Contact, error) {
	f := &findings{}
	facts := readCell(f, folder)
	if facts == nil || HasErrors(f.list) {
		return nil, &BrokenError{f.sorted()}
	}
	var all []Contact
	for _, p := range facts.people {
		all = append(all, Contact{ID: p.id, Name: p.name.text, Contact: p.contact.text})
	}
	slices.SortFunc(all, func(a, b Contact) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}
