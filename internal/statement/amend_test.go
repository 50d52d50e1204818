package statement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// amending is a change that proposes another document.
func amending() *statement.Change {
	with := []statement.Blob{{Digest: digest("scenario 1"), Length: 900}, {Digest: digest("scenario 2"), Length: 901}}
	slices.SortFunc(with, func(a, b statement.Blob) int { return slices.Compare(a.Digest[:], b.Digest[:]) })
	return &statement.Change{Reason: note("kim joins"), Amend: &statement.Amend{
		From: digest("genesis"), To: statement.Blob{Digest: digest("document"), Length: 4000}, With: with, Texts: []statement.Note{note("Kim")},
	}}
}

func TestAmendIsReadAsWritten(t *testing.T) {
	want := sample(amending())
	got, err := statement.Decode(encode(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Body, got.Body); diff != "" {
		t.Error(diff)
	}
	if files, texts := statement.Blobs(got.Body), statement.Notes(got.Body); len(files) != 3 || len(texts) != 2 {
		t.Errorf("%d files and %d texts come with it", len(files), len(texts))
	}
}

func TestAmendRefuses(t *testing.T) {
	for want, change := range map[string]func(*statement.Change){
		"a change is one of them": func(c *statement.Change) { c.Remove = statement.Removal{Person: "mara"} },
		"amend.from: must be the": func(c *statement.Change) { c.Amend.From = canon.Digest{} },
		"another than to":         func(c *statement.Change) { c.Amend.From = c.Amend.To.Digest },
		"amend.to: must name":     func(c *statement.Change) { c.Amend.To.Length = statement.DocumentMost + 1 },
		"amend.with: must name":   func(c *statement.Change) { c.Amend.With[0].Length = 0 },
		"sorted by digest":        func(c *statement.Change) { slices.Reverse(c.Amend.With) },
		"each once":               func(c *statement.Change) { c.Amend.With[1] = c.Amend.With[0] },
		"at most 24 scenarios": func(c *statement.Change) {
			c.Amend.With = slices.Repeat(c.Amend.With, statement.AmendScenariosMost)
		},
		"and 32 texts": func(c *statement.Change) {
			c.Amend.Texts = slices.Repeat(c.Amend.Texts, statement.AmendTextsMost+1)
		},
		"texts: must be a note": func(c *statement.Change) { c.Amend.Texts[0].Length = 0 },
		"reason: must be a":     func(c *statement.Change) { c.Reason = statement.Note{} },
		"remove.person":         func(c *statement.Change) { c.Amend = nil },
	} {
		body := amending()
		change(body)
		if _, err := statement.Encode(sample(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	fits := amending()
	fits.Amend.With, fits.Amend.Texts = nil, slices.Repeat(fits.Amend.Texts, statement.AmendTextsMost)
	for i := range statement.AmendScenariosMost {
		fits.Amend.With = append(fits.Amend.With, statement.Blob{Digest: digest(strings.Repeat("x", i+1)), Length: statement.DocumentMost})
	}
	slices.SortFunc(fits.Amend.With, func(a, b statement.Blob) int { return slices.Compare(a.Digest[:], b.Digest[:]) })
	encode(t, sample(fits)) // the most that may come fits a statement
}
