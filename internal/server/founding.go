package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Foundings are founders' signatures, which wait in a folder until the cell is
// sealed.
type Foundings string

// FoundingsOf is where they wait in a cell's folder.
func FoundingsOf(cell string) Foundings { return Foundings(filepath.Join(cell, "founding")) }

// Keep keeps a founder's signature in place of the one that they gave before:
// whole, or not at all.
func (f Foundings) Keep(founder string, s Founding) error {
	data := canon.MustEncode(client.FoundingSignature{Statement: string(s.Statement), Signature: s.Signature})
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("cannot keep the signature of %s: %w", founder, err)
	}
	path := filepath.Join(string(f), founder+".json")
	if err := disk.Replace(path, data, 0o600); err != nil {
		return fmt.Errorf("cannot keep the signature of %s: %w", founder, err)
	}
	return nil
}

// Read gives what was kept, by founder.
func (f Foundings) Read() (map[string]Founding, error) {
	files, err := filepath.Glob(filepath.Join(string(f), "*.json"))
	if err != nil {
		return nil, err
	}
	kept := map[string]Founding{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read a founder's signature: %w", err)
		}
		var s client.FoundingSignature
		if err := canon.Decode(data, ledger.EntryLimit, &s); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		kept[strings.TrimSuffix(filepath.Base(file), ".json")] = Founding{[]byte(s.Statement), s.Signature}
	}
	return kept, nil
}

// Missing are the founders whose good signature over a genesis is not among
// those kept. What they signed before a file was changed does not count.
func (f Foundings) Missing(b *config.Bundle) ([]string, error) {
	kept, err := f.Read()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(b.Genesis.Founders), func(founder string) bool {
		s, ok := kept[founder]
		if !ok {
			return false
		}
		actor, err := checkFounder(b, s)
		return err == nil && actor == founder
	}), nil
}

// filesOf is what the door shows of a bundle.
func filesOf(b *config.Bundle) client.FoundingFiles {
	var out client.FoundingFiles
	for _, file := range b.Attachments {
		out.Files = append(out.Files, string(file))
	}
	for _, note := range b.Notes {
		out.Notes = append(out.Notes, client.Noted{Salt: bytes.Clone(note.Salt[:]), Text: note.Text})
	}
	return out
}
