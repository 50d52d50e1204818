package api

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/roster"
)

// confirming is the body of whoever has a code of an invitation, and now a code of
// the device that was made with it.
type confirming struct {
	Code   canon.Key32 `json:"code"` // of the invitation
	Key    string      `json:"key"`
	Digits string      `json:"digits"` // six, of the app
}

// madeDevice is a new code device. The secret is in no other answer, ever.
type madeDevice struct {
	Person string     `json:"person"`
	Key    string     `json:"key"`
	Secret string     `json:"secret"` // base32, for an app that reads no pictures
	Link   string     `json:"link"`   // otpauth:// with the same secret
	Until  canon.Time `json:"until"`  // when it is forgotten unless it is confirmed
}

// makeDevice makes a code device for whoever has the code of an invitation. It
// spends nothing, and offers nothing before a code of the device was shown.
func (s *service) makeDevice(c *call) error {
	sent, err := readCode(c)
	if err == nil && len(sent.Attestation)+len(sent.ClientData) > 0 {
		err = malformed("attestation, client_data: belong to a passkey")
	}
	if err != nil {
		return err
	}
	invitation, err := s.invitation(sent.Code)
	if err != nil {
		return err
	}
	s.tidyDevices()
	made, err := s.Codes.Make(s.Anchor.Origin, invitation.Person, invitation.ID, invitation.Until)
	if err != nil {
		return devicesMany(err)
	}
	time.AfterFunc(invitation.Until.Sub(s.Ledger.Now())+time.Second, s.tidyDevices) // unless it is confirmed by then
	s.Log.Warn("a code device is made", slog.String("person", invitation.Person))
	return c.json(http.StatusCreated, madeDevice{invitation.Person, made.Key, made.Secret, made.Link, invitation.Until})
}

// confirmDevice offers a code device whose person shows a code of it, and spends the
// invitation. The key comes into no roster by it.
//
// What if we crash between the two: the device is confirmed, the invitation is not
// spent, and whoever shows the next code goes on.
func (s *service) confirmDevice(c *call) error {
	var sent confirming
	if err := json.Unmarshal(c.body, &sent, json.RejectUnknownMembers(true)); err != nil {
		return malformed(decodeFault(err))
	}
	if sent.Code.IsZero() || !totp.CheckDigits(sent.Digits) {
		return malformed("code, digits: must be there, and digits be six of them and nothing else")
	}
	invitation, err := s.invitation(sent.Code)
	if err != nil {
		return err
	}
	key, err := roster.ParseKey(sent.Key)
	if err != nil || key.Line != sent.Key {
		return malformed("key: is not the one that was given")
	}
	// Counted by invitation: keys are the sender's to choose, and many would make room
	// for others by having it forgotten who guessed.
	_, err = s.guessed(c, invitation.Person, invitation.ID.String(), func() ([]byte, error) {
		return nil, s.Codes.Confirm(totp.Use{Person: invitation.Person, Key: sent.Key, Code: sent.Digits}, invitation.ID)
	})
	if err != nil {
		return err
	}
	given := enrol.Offer{Key: key.Line, Fingerprint: key.Fingerprint, Code: true}
	if c.from.IsValid() {
		given.From = c.from.String()
	}
	if given, err = s.enrol.Use(sent.Code, given, s.Ledger.Now()); err != nil {
		return notInvited(err)
	}
	s.Log.Warn("a code device is offered", slog.String("person", given.Person), slog.String("key", given.Fingerprint), slog.String("from", given.From))
	return c.json(http.StatusCreated, accepted{given.Person, given.Fingerprint, given.Words})
}

// invitation is the one that a code opens, on a server that keeps code devices.
func (s *service) invitation(code canon.Key32) (enrol.Invitation, error) {
	if s.Codes == nil {
		return enrol.Invitation{}, noCodes()
	}
	return s.invited(code, s.Ledger.Now())
}

func devicesMany(err error) error {
	if errors.Is(err, totp.ErrMany) {
		return problem(http.StatusConflict, totp.ErrMany.Reason(), "not made", totp.ErrMany.Error(), "take code devices that nobody uses out of the cell: halligan people lists them")
	}
	return err
}
