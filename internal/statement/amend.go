package statement

import (
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// What one amendment may bring.
const (
	DocumentMost       = 160 << 10 // bytes of a document, or of a scenario or policy of it
	AmendScenariosMost = 24        // scenarios and policies that are new in it
	AmendTextsMost     = 32        // names and contacts that are new in it
)

// Amend proposes another document in place of the one that is in force: people,
// keys, groups, hosts, channels, quorums and scenarios as they shall be. It
// names both, so that nobody agrees to the new one on top of something else
// than they compared it with.
type Amend struct {
	From  canon.Digest `json:"from"`            // the document in force: genesis, or what amended it last
	To    Blob         `json:"to"`              // the new one
	With  []Blob       `json:"with,omitempty"`  // its scenarios and policies that the document in force does not name; sorted, each once
	Texts []Note       `json:"texts,omitempty"` // names and contacts that are new in it
}

func (a *Amend) check() error {
	if a.From.IsZero() || a.From == a.To.Digest {
		return errors.New("from: must be the document in force, and another than to")
	}
	if err := a.To.check("to", DocumentMost); err != nil {
		return err
	}
	if len(a.With) > AmendScenariosMost || len(a.Texts) > AmendTextsMost {
		return fmt.Errorf("with, texts: at most %d scenarios and policies and %d texts in one change", AmendScenariosMost, AmendTextsMost)
	}
	for i, blob := range a.With {
		if err := blob.check("with", DocumentMost); err != nil {
			return err
		}
		if i > 0 && slices.Compare(a.With[i-1].Digest[:], blob.Digest[:]) >= 0 {
			return errors.New("with: must be sorted by digest, each once")
		}
	}
	for _, text := range a.Texts {
		if err := text.check("texts"); err != nil {
			return err
		}
	}
	return nil
}

// files are the documents that an amendment brings.
func (a *Amend) files() []Blob {
	if a == nil {
		return nil
	}
	return append([]Blob{a.To}, a.With...)
}
