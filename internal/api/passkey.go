package api

import (
	"context"
	"errors"

	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/view"
)

// assertion is what a browser got from a passkey, as it came.
type assertion struct {
	AuthenticatorData []byte `json:"authenticator_data"`
	ClientData        []byte `json:"client_data"`
	Signature         []byte `json:"signature"` // DER
}

// signedInBrowser puts the SSHSIG that an assertion is into a submission, before
// anything else looks at it: nothing that is kept, repeated or verified later has
// another form. It costs a check for each passkey of the person that the
// statement names, so it waits for a turn as every check of a signature does.
func (s *service) signedInBrowser(c *call, a assertion, sent *broker.Submission) error {
	of, err := sent.Decode()
	if err != nil {
		s.Monitor.submitted("malformed", "")
		return s.stranger(c, &broker.Malformed{What: "statement", Err: err})
	}
	keys := s.Live.Keys(of.Actor)
	// Who has no key is nobody, and may not even wait once the address had enough.
	share, ok := s.share(c, "passkey "+of.Actor, len(keys) > 0)
	if !ok {
		s.Monitor.submitted("refused", reasonStranger)
		return tooMany()
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), submitLongest)
	defer cancel()
	if err := s.Turns.Take(ctx, share); err != nil {
		if errors.Is(err, broker.ErrBusy) {
			s.Monitor.submitted("failed", "")
		}
		return err
	}
	defer s.Turns.Leave()
	made := passkey.Assertion{AuthenticatorData: a.AuthenticatorData, ClientData: a.ClientData, Signature: a.Signature}
	sent.Signature.SSHSig, err = made.SSHSig(string(of.Body.Kind()), sent.Statement, keys)
	if err == nil {
		return nil
	}
	s.Monitor.submitted("malformed", "")
	err = whosePasskey(of.Actor, err)
	if len(keys) > 0 {
		s.attempts.person(view.AttemptForged, of.Actor, kindOf(sent), Network(c.from))
		if !s.strangers.take(Network(c.from)) {
			return tooMany() // as it says of nobody: the answer tells no stranger who is here
		}
		return err
	}
	return s.stranger(c, err)
}

// whosePasskey says why an assertion was not taken. A device offers every passkey
// that it has for the host, so that another person's is a common slip. Who has no
// passkey and who is nobody get the same answer: it tells nobody who is here.
func whosePasskey(actor string, err error) error {
	if !errors.Is(err, sshsig.ErrInvalid) && !errors.Is(err, passkey.ErrNoPasskey) {
		return &broker.Malformed{What: "signature", Err: err}
	}
	p := malformed("the passkey that signed is none of " + actor + "'s in this cell")
	p.Title = "not this person's passkey"
	p.Hint = "when the device asks, choose the passkey of " + actor + ", or write the id of whoever it belongs to; one that was made lately counts once the change that adds it is in force"
	return p
}
