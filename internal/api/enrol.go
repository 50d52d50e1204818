package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

// invited is the body of a wish: what somebody signed to open the way for a passkey.
type invited struct {
	Invitation jsontext.Value `json:"invitation"` // the bytes that were signed
	Signature  signature      `json:"signature"`
}

// invite takes a signed wish about invitations and offers. Who may sign one is who
// may propose a change now, with that very key: an offer is for them to propose.
func (s *service) invite(c *call) error {
	var sent invited
	if err := json.Unmarshal(c.body, &sent, json.RejectUnknownMembers(true)); err != nil {
		return s.stranger(c, malformed(decodeFault(err)))
	}
	if (len(sent.Signature.SSHSig) == 0) == (sent.Signature.Passkey == nil) {
		return s.stranger(c, malformed("signature: exactly one of sshsig and passkey must be there"))
	}
	wish, err := enrol.DecodeWish(sent.Invitation)
	if err != nil {
		return s.stranger(c, &broker.Malformed{What: "invitation", Err: err})
	}
	keys, now := s.Live.Keys(wish.Actor), s.Ledger.Now()
	share, ok := s.share(c, "invitation "+wish.Actor, len(keys) > 0)
	if !ok {
		return tooMany()
	}
	fingerprint, err := s.signedWish(c, sent, keys, share)
	if bad := new(broker.Malformed); errors.As(err, &bad) {
		if sent.Signature.Passkey != nil {
			err = whosePasskey(wish.Actor, bad.Err)
		}
		return s.stranger(c, err)
	}
	if err != nil {
		return err
	}
	shown := s.Live.View()
	switch {
	case wish.CheckFor(s.Anchor.Origin, now) != nil:
		return notInvited(wish.CheckFor(s.Anchor.Origin, now))
	case !shown.MayPropose(wish.Actor, fingerprint, now):
		return problem(http.StatusForbidden, reasonNotProposer, "not for you to say", wish.Actor+" may propose no change with this key now, and so invites nobody",
			"somebody of the change quorum invites, with a key that has cooled off: halligan people")
	case wish.Act == enrol.Invite && !shown.Here(wish.Person):
		return problem(http.StatusConflict, enrol.ErrUnknown.Reason(), "nobody by that id", "nobody in the cell is "+wish.Person, "halligan people lists everybody; who is new comes in by a change")
	}
	if err := s.enrol.Take(wish, now); err != nil {
		return notInvited(err)
	}
	s.tidyDevices()
	s.Log.Warn("invitation", slog.String("act", string(wish.Act)), slog.String("by", wish.Actor), slog.String("of", wish.Of.Short()))
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// signedWish gives the key that signed a wish, by its fingerprint: one of the
// actor's, or the error says why it is none.
func (s *service) signedWish(c *call, sent invited, keys [][]byte, share string) (string, error) {
	ctx, cancel := context.WithTimeout(c.r.Context(), submitLongest)
	defer cancel()
	if err := s.Turns.Take(ctx, share); err != nil {
		return "", err
	}
	defer s.Turns.Leave()
	blob, err := sent.Signature.SSHSig, error(nil)
	if a := sent.Signature.Passkey; a != nil {
		blob, err = passkey.Assertion{AuthenticatorData: a.AuthenticatorData, ClientData: a.ClientData, Signature: a.Signature}.SSHSig(enrol.Kind, sent.Invitation, keys)
	}
	var fingerprint string
	if err == nil {
		fingerprint, err = enrol.Signer(blob, sent.Invitation)
	}
	if err != nil {
		return "", &broker.Malformed{What: "signature", Err: err}
	}
	for _, key := range keys {
		if roster.Fingerprint(key) == fingerprint {
			return fingerprint, nil
		}
	}
	return "", &broker.Malformed{What: "signature", Err: errors.New("it is by no key of whom the invitation names as actor")}
}

func notInvited(err error) error {
	var refusal enrol.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	hint := map[enrol.Refusal]string{
		enrol.ErrStale: "sign it anew", enrol.ErrCode: "ask whoever invited you for a new one", enrol.ErrSpent: "sign a new invitation",
		enrol.ErrMany: "revoke invitations that nobody will use, and propose or discard offers that wait", enrol.ErrUnknown: "halligan invite --list shows those that there are",
	}[refusal]
	return problem(http.StatusConflict, refusal.Reason(), "not taken", refusal.Error(), hint)
}

// coded is the body of whoever has a code. It is in no path: paths are kept by
// proxies and in histories.
type coded struct {
	Code        canon.Key32 `json:"code"`
	Attestation []byte      `json:"attestation,omitempty"` // attestationObject, as it came
	ClientData  []byte      `json:"client_data,omitempty"`
}

// opened is what a code opens.
type opened struct {
	Person  string       `json:"person"`
	Name    *view.Note   `json:"name,omitzero"`
	By      string       `json:"by"`
	Until   canon.Time   `json:"until"`
	Cell    string       `json:"cell"`
	Genesis canon.Digest `json:"genesis"`
	// Challenge is what the passkey is made under: of this code and this person.
	Challenge []byte `json:"challenge"`
}

func readCode(c *call) (sent coded, err error) {
	if err := json.Unmarshal(c.body, &sent, json.RejectUnknownMembers(true)); err != nil {
		return sent, malformed(decodeFault(err))
	}
	if sent.Code.IsZero() {
		return sent, malformed("code: must be there")
	}
	return sent, nil
}

// lookUp tells whoever has a code whose passkey it is for. It spends nothing.
func (s *service) lookUp(c *call) error {
	sent, err := readCode(c)
	if err != nil {
		return err
	}
	invitation, err := s.invited(sent.Code, s.Ledger.Now())
	if err != nil {
		return err
	}
	out := opened{
		Person: invitation.Person, By: invitation.By, Until: invitation.Until, Cell: s.Anchor.Origin,
		Genesis: canon.Digest(s.Anchor.Genesis), Challenge: passkey.InvitationChallenge(s.Anchor.Origin, invitation.Person, sent.Code),
	}
	for _, person := range s.Live.View().People(s.instant()).People {
		if person.ID == out.Person {
			out.Name = s.named(c.r.Context(), person).Name
		}
	}
	return c.json(http.StatusOK, out)
}

// stillGood refuses the invitation of a person, or by one, who was removed since.
func (s *service) stillGood(people ...string) error {
	for _, person := range people {
		if !s.Live.View().Here(person) {
			return notInvited(enrol.ErrCode)
		}
	}
	return nil
}

// accepted is an offer as its maker gets it.
type accepted struct {
	Person      string   `json:"person"`
	Fingerprint string   `json:"fingerprint"`
	Words       []string `json:"words"` // to be read to whoever invited
}

// invited gives the invitation of a code, if it is still good. It is asked before anything that
// costs: most who come here without a code are strangers.
func (s *service) invited(code canon.Key32, now canon.Time) (enrol.Invitation, error) {
	found, err := s.enrol.Look(code, now)
	if err != nil {
		return enrol.Invitation{}, notInvited(err)
	}
	return found, s.stillGood(found.Person, found.By)
}

// offer takes a new passkey from whoever has a code, and spends the code. The key
// comes into no roster by it.
func (s *service) offer(c *call) error {
	sent, err := readCode(c)
	if err != nil {
		return err
	}
	now := s.Ledger.Now()
	invitation, err := s.invited(sent.Code, now)
	if err != nil {
		return err
	}
	made, err := passkey.Registration{
		Attestation: sent.Attestation, ClientData: sent.ClientData, Challenge: passkey.InvitationChallenge(s.Anchor.Origin, invitation.Person, sent.Code),
	}.Key(s.Anchor.Origin)
	switch {
	case err != nil:
		return &broker.Malformed{What: "registration", Err: err}
	case !made.UserVerified:
		return problem(http.StatusUnprocessableEntity, reasonUnverified, "nobody was verified", "the passkey was made without a PIN, a finger or a face",
			"make it again, with an authenticator that asks for one")
	case s.Live.View().Knows(made.Fingerprint):
		return problem(http.StatusConflict, reasonKeyKnown, "the key is known", "this passkey is or was somebody's in this cell", "make a new one")
	}
	given := enrol.Offer{Key: made.Line, Fingerprint: made.Fingerprint, Model: made.AAGUID, BackupEligible: made.BackupEligible, Attestation: made.Attestation}
	if c.from.IsValid() {
		given.From = c.from.String()
	}
	if given, err = s.enrol.Use(sent.Code, given, now); err != nil {
		return notInvited(err)
	}
	s.Log.Warn("a passkey is offered", slog.String("person", given.Person), slog.String("key", given.Fingerprint), slog.String("from", given.From))
	return c.json(http.StatusCreated, accepted{given.Person, given.Fingerprint, given.Words})
}
