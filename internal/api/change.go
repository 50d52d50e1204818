package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

func (s *service) changes(c *call) error {
	return c.json(http.StatusOK, changes{s.Live.View().Changes()})
}

// shownChange is a change, and what its proposal says beside the ledger.
type shownChange struct {
	view.Change
	Reason   *view.Note     `json:"reason,omitzero"`   // only for who oversees the cell; of a recovery, for everybody
	Compared *view.Compared `json:"compared,omitzero"` // of an amendment of what is in force
	Texts    []view.Note    `json:"texts,omitempty"`   // names and contacts that are new in it, under the same rule
	Refused  string         `json:"refused,omitempty"` // why the rules would refuse it as things stand
}

func (s *service) change(c *call) error {
	found, err := s.changeOf(c)
	if err != nil {
		return err
	}
	shown := shownChange{Change: found}
	if err := s.explainChange(c.r.Context(), &shown, c.who.Person); err != nil {
		return err
	}
	return c.json(http.StatusOK, shown)
}

// explainChange adds why it was proposed and what it would change. What a reader may
// read of it is what evidence gives them (annotate).
func (s *service) explainChange(ctx context.Context, v *shownChange, reader string) error {
	cellView := s.Live.View()
	inForce, document := cellView.InForce()
	asked, err := s.proposalOf(ctx, v.ID)
	if err != nil {
		return err
	}
	if s.Live.Oversees(reader, document.Genesis) || everybodys(asked) {
		for i, note := range statement.Notes(asked) {
			filled := view.Note{Hash: note.Hash}
			s.text(ctx, &filled)
			if i == 0 {
				v.Reason = &filled
			} else {
				v.Texts = append(v.Texts, filled)
			}
		}
	}
	switch {
	case v.To.IsZero():
		return nil
	case v.From != inForce:
		v.Refused = "it was compared with a document that is not in force any more: propose it again"
		return nil
	}
	compared, err := cellView.Compare(v.To, func(digest canon.Digest) ([]byte, error) { return s.Read.Attachment(ctx, digest) })
	v.Compared = &compared
	return err
}

// proposalOf is what a change was proposed by.
func (s *service) proposalOf(ctx context.Context, id canon.Digest) (statement.Body, error) {
	index, err := s.Read.StatementEntry(ctx, id)
	if err != nil {
		return nil, err
	}
	body, err := s.body(ctx, index)
	if err != nil {
		return nil, err
	}
	entry, err := ledger.DecodeEntry(body)
	if err != nil {
		return nil, err
	}
	of, err := statement.Decode(entry.Cause.Statement)
	return of.Body, err
}

// changeOf finds the waiting change that a path names.
func (s *service) changeOf(c *call) (view.Change, error) {
	prefix, err := digits(c)
	if err != nil {
		return view.Change{}, err
	}
	all := s.Live.View().Changes()
	found := slices.DeleteFunc(all, func(each view.Change) bool { return !hasDigits(each.ID, prefix) })
	switch len(found) {
	case 0:
		return view.Change{}, notFound("waiting change by that id")
	case 1:
		return found[0], nil
	}
	return view.Change{}, ambiguous(found[0].ID.String(), found[1].ID.String())
}
