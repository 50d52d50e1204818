package enrol

import (
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Kind stands in the signature namespace of wishes.
const Kind = "invitation"

// Act is what a wish is for.
type Act string

// The acts.
const (
	Invite  Act = "invite"  // whoever has the code may offer one passkey for a person
	Revoke  Act = "revoke"  // an invitation
	Discard Act = "discard" // an offer
)

// WishLongest is how long before its end a wish may be signed.
const WishLongest = 15 * time.Minute

const wishLimit = 4 << 10

// Wish is what somebody signs about a passkey that is to come. It is no statement:
// it changes nothing in the cell and is not in its ledger.
type Wish struct {
	Version string       `json:"halligan"` // "v1"
	Kind    string       `json:"kind"`     // "invitation"
	Cell    string       `json:"cell"`     // its name
	Act     Act          `json:"act"`
	Actor   string       `json:"actor"`
	Person  string       `json:"person,omitempty"` // whose passkey; of an invitation
	Of      canon.Digest `json:"of"`               // SHA-256 of the code, or the id of an offer
	Nonce   canon.Key32  `json:"nonce"`            // by the signer
	Expires canon.Time   `json:"expires"`
}

// Encode checks a wish and gives the bytes to sign.
func (w Wish) Encode() ([]byte, error) {
	w.Version, w.Kind = "v1", Kind
	if err := w.check(); err != nil {
		return nil, fmt.Errorf("invitation: %w", err)
	}
	return canon.Encode(w)
}

// DecodeWish reads the bytes that somebody signed.
func DecodeWish(data []byte) (Wish, error) {
	var w Wish
	err := canon.Decode(data, wishLimit, &w)
	if err == nil {
		err = w.check()
	}
	if err != nil {
		return Wish{}, fmt.Errorf("invitation: %w", err)
	}
	return w, nil
}

func (w Wish) check() error {
	if err := canon.CheckID(w.Actor); err != nil {
		return fmt.Errorf("actor: %w", err)
	}
	switch {
	case w.Version != "v1" || w.Kind != Kind:
		return fmt.Errorf("halligan, kind: must be v1 and %s", Kind)
	case w.Act != Invite && w.Act != Revoke && w.Act != Discard:
		return fmt.Errorf("act: %q is not one of invite, revoke, discard", w.Act)
	case w.Of.IsZero() || w.Nonce.IsZero() || w.Expires.IsZero() || w.Cell == "":
		return errors.New("cell, of, nonce, expires: must be there")
	case w.Act != Invite && w.Person != "":
		return errors.New("person: only of an invitation")
	case w.Act == Invite:
		if err := canon.CheckID(w.Person); err != nil {
			return fmt.Errorf("person: %w", err)
		}
	}
	return nil
}

// CheckFor refuses a wish of another cell, or whose time is not now.
func (w Wish) CheckFor(cell string, now canon.Time) error {
	switch {
	case w.Cell != cell:
		return ErrOtherCell
	case !now.Before(w.Expires), w.Expires.Sub(now) > WishLongest:
		return ErrStale
	}
	return nil
}

// Signer is the key that signed the bytes of a wish, by its fingerprint.
func Signer(blob, wish []byte) (fingerprint string, err error) {
	who, err := sshsig.Verify(blob, sshsig.Namespace(Kind), wish)
	if err != nil {
		return "", err
	}
	if who.Security && !who.Touched {
		return "", sshsig.ErrInvalid
	}
	return who.Fingerprint, nil
}
