package api

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

// attested is the body of whoever has a code, and made a security key with ssh-keygen
// under the challenge of the invitation.
type attested struct {
	Code        canon.Key32 `json:"code"`
	Key         string      `json:"key"`         // type and base64
	Attestation []byte      `json:"attestation"` // the file that ssh-keygen wrote, as it came
}

// acceptedKey is an offer of a security key as its maker gets it.
type acceptedKey struct {
	Person      string   `json:"person"`
	Fingerprint string   `json:"fingerprint"`
	Words       []string `json:"words"` // to be read to whoever invited
	// Maker of the cell that would stand behind the key if it were agreed to now; or
	// Doubt, which says why none would.
	Maker string `json:"maker,omitempty"`
	Doubt string `json:"doubt,omitempty"`
}

// offerKey takes a new security key, with what its maker says of it, from whoever has a
// code, and spends the code. The key comes into no roster by it. Who brings such a file
// wants it to count: one that is not of this key is refused, and spends nothing.
func (s *service) offerKey(c *call) error {
	var sent attested
	if err := json.Unmarshal(c.body, &sent, json.RejectUnknownMembers(true)); err != nil {
		return malformed(decodeFault(err))
	}
	if sent.Code.IsZero() || sent.Key == "" || len(sent.Attestation) == 0 {
		return malformed("code, key, attestation: must be there")
	}
	now := s.Ledger.Now()
	invitation, err := s.invited(sent.Code, now)
	if err != nil {
		return err
	}
	key, err := roster.ParseKey(sent.Key)
	if err != nil || key.Line != sent.Key {
		return malformed("key: is not the type and the base64 of a public key, with a blank between")
	}
	given, err := enrol.SecurityKey(key.Wire(), sent.Attestation, enrol.KeyChallenge(s.Anchor.Origin, invitation.Person, sent.Code))
	if err != nil {
		return notAttested(err)
	}
	if s.Live.View().Knows(key.Fingerprint) {
		return problem(http.StatusConflict, reasonKeyKnown, "the key is known", "this security key is or was somebody's in this cell", "make a new one")
	}
	if c.from.IsValid() {
		given.From = c.from.String()
	}
	if given, err = s.enrol.Use(sent.Code, given, now); err != nil {
		return notInvited(err)
	}
	s.Log.Warn("a security key is offered", slog.String("person", given.Person), slog.String("key", given.Fingerprint), slog.String("from", given.From))
	out := acceptedKey{Person: given.Person, Fingerprint: given.Fingerprint, Words: given.Words}
	out.Maker, out.Doubt = s.makerOf(given, now)
	return c.json(http.StatusCreated, out)
}

// makerOf is the maker of the cell that stands behind what is offered now, or why none
// does.
func (s *service) makerOf(offer enrol.Offer, now canon.Time) (maker, doubt string) {
	key, err := view.OfferedKey(offer.Key, offer.Code, offer.Attestation)
	if err == nil {
		_, document := s.Live.View().InForce()
		maker, err = document.Genesis.MakerOf(key, now)
	}
	if err != nil {
		return "", "its attestation " + err.Error()
	}
	return maker, ""
}

func notAttested(err error) error {
	var refusal enrol.KeyRefusal
	if !errors.As(err, &refusal) {
		return err
	}
	return problem(http.StatusUnprocessableEntity, refusal.Reason(), "not taken", err.Error(),
		"make it under the challenge that halligan enrol --challenge FILE writes for this very address, and send what ssh-keygen -O write-attestation=FILE wrote together with its .pub file")
}
