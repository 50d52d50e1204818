package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/halligan-dev/halligan/internal/canon"
)

// notesFile is notes.json: the salts that hide names and contacts in genesis. It
// is made by a program, so that it is canonical JSON and not YAML. Whoever has it
// and a guess can tell whether a name is in the cell: it is not to be published.
type notesFile struct {
	Version string                 `json:"notes"`
	Salts   map[string]canon.Key32 `json:"salts"` // "anna name" → salt
}

const notesVersion = "v1"

func saltID(person, member string) string { return person + " " + member }

// wanted lists the salts that a cell needs.
func (c *cellFacts) wanted() []word {
	var ids []word
	for _, p := range c.people {
		if p.name.text != "" {
			ids = append(ids, word{saltID(p.id, "name"), p.name.at})
		}
		if p.contact.text != "" {
			ids = append(ids, word{saltID(p.id, "contact"), p.contact.at})
		}
	}
	return ids
}

// readSalts reads notes.json. A cell without one has no salts.
func readSalts(f *findings, folder fs.FS) map[string]canon.Key32 {
	data, err := readFile(folder, NotesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]canon.Key32{}
	}
	var file notesFile
	if err == nil {
		err = canon.Decode(data, FileLimit, &file)
	}
	if err == nil && file.Version != notesVersion {
		err = fmt.Errorf("version %s is not supported by this version", show(file.Version))
	}
	if err != nil {
		f.errorf(place{NotesFile, 0, 0}, "bring it back from a copy: other salts give other hashes than the founders signed", "cannot be read: %v", reason(err))
		return nil
	}
	return file.Salts
}

// checkSalts notes names and contacts that have no salt.
func (c *cellFacts) checkSalts(f *findings, salts map[string]canon.Key32) {
	if salts == nil {
		return
	}
	for _, w := range c.wanted() {
		if salts[w.text].IsZero() {
			f.errorf(w.at, "run halligan init in this folder, which adds it", "%s has no salt for this text", NotesFile)
		}
	}
}

// FillNotes gives every name and contact of the cell a salt of 32 bytes from
// random, keeps those that are there, and says how many it added. It writes
// notes.json, readable by its owner alone, or nothing when nothing was missing.
// It fails with a BrokenError when cell.yaml cannot be read.
func FillNotes(folder string, random io.Reader) (added int, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, fmt.Errorf("cannot write %s: %w", NotesFile, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	f := &findings{}
	facts := readCell(f, root.FS())
	salts := readSalts(f, root.FS())
	if facts == nil || salts == nil {
		return 0, &BrokenError{f.sorted()}
	}
	for _, w := range facts.wanted() {
		if !salts[w.text].IsZero() {
			continue
		}
		var salt canon.Key32
		if _, err := io.ReadFull(random, salt[:]); err != nil {
			return 0, fmt.Errorf("cannot make a salt: %w", err)
		}
		salts[w.text] = salt
		added++
	}
	if added == 0 {
		return 0, nil
	}
	return added, replace(root, NotesFile, canon.MustEncode(notesFile{notesVersion, salts}))
}

// replace writes a file for its owner alone: whole, or not at all.
func replace(root *os.Root, name string, data []byte) error {
	next := name + ".new"
	file, err := root.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = root.Rename(next, name)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	return nil
}
