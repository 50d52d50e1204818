package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/view"
)

// enrolments are the invitations and offers that a reader may know of.
type enrolments struct {
	Invitations []enrol.Invitation `json:"invitations"`
	Offers      []enrol.Offer      `json:"offers"`
}

// enrolments shows whoever oversees the cell all of them, and others their own.
func (s *service) enrolments(c *call) error {
	return c.json(http.StatusOK, s.enrolmentsOf(c.who.Person))
}

func (s *service) enrolmentsOf(reader string) enrolments {
	shown := s.Live.View()
	var v enrolments
	v.Invitations, v.Offers = s.enrol.List(s.Ledger.Now(), shown.Knows)
	if !s.oversees(reader) {
		v.Invitations = slices.DeleteFunc(v.Invitations, func(i enrol.Invitation) bool { return i.Person != reader })
		v.Offers = slices.DeleteFunc(v.Offers, func(o enrol.Offer) bool { return o.Person != reader })
	}
	return v
}

// oversees tells whether a reader is of security or the change quorum.
func (s *service) oversees(reader string) bool {
	_, document := s.Live.View().InForce()
	return s.Live.Oversees(reader, document.Genesis)
}

// offersFor are the offers that wait for a reader to propose them.
func (s *service) offersFor(reader string) (all []view.Offered) {
	if !s.oversees(reader) {
		return nil
	}
	for _, o := range s.enrolmentsOf(reader).Offers {
		all = append(all, view.Offered{ID: o.ID, Person: o.Person, Fingerprint: o.Fingerprint, At: o.At})
	}
	return all
}

// enrolmentFindings say to whoever oversees the cell, and to whom it is about, that
// the way for a key is open. No channel hears of it: the law knows nothing of keys
// that nobody has proposed, and proposing one alarms.
func (s *service) enrolmentFindings(reader string) (all []view.Finding) {
	v := s.enrolmentsOf(reader)
	for _, o := range v.Offers {
		all = append(all, view.Finding{Kind: view.FindingOffered, Since: o.At, Text: fmt.Sprintf(
			"%s was made for %s with an invitation of %s, and waits to be proposed (%s). If %s does not know of it, discard it and tell security.", o.What(), o.Person, o.By, o.Fingerprint, o.Person)})
	}
	for _, i := range v.Invitations {
		all = append(all, view.Finding{Kind: view.FindingInvited, Since: i.At, Text: fmt.Sprintf("%s invited %s to make a passkey or a code device; the code is good for a day, once.", i.By, i.Person)})
	}
	return view.Answer(all)
}

// shownOffer is an offer, and the change that would make its key one of the cell.
type shownOffer struct {
	enrol.Offer
	Document []byte        `json:"document"` // with the key
	Compared view.Compared `json:"compared"`
}

// offerOf drafts the change for whoever would propose it. A client that proved the
// cell itself makes the document itself; a browser trusts this host anyway.
func (s *service) offerOf(c *call) error {
	prefix, err := digits(c)
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(s.enrolmentsOf(c.who.Person).Offers, func(o enrol.Offer) bool { return !hasDigits(o.ID, prefix) })
	switch {
	case len(found) == 0:
		return notFound("offer by that id")
	case len(found) > 1:
		return ambiguous(found[0].ID.String(), found[1].ID.String())
	}
	v, shown := shownOffer{Offer: found[0]}, s.Live.View()
	key, err := view.OfferedKey(v.Key, v.Code, v.Attestation)
	if err != nil {
		return err
	}
	if v.Document, err = shown.WithKey(v.Person, key); err != nil {
		return refused(&cell.Refusal{Reason: cell.NotAmendable, Detail: err.Error()})
	}
	digest := canon.Sum(v.Document)
	v.Compared, err = shown.Compare(digest, func(wanted canon.Digest) ([]byte, error) {
		if wanted == digest {
			return v.Document, nil
		}
		return s.Read.Attachment(c.r.Context(), wanted)
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, v)
}
