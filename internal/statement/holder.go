package statement

import (
	"crypto/ecdh"
	"errors"
	"strings"
)

const (
	// holderWord begins the line of a holder's public keys.
	holderWord = "halligan-holder "
	// browserWord begins the second key of a browser's.
	browserWord = "p256:"
)

// ErrHolderLine says that a text is no line of a holder's public keys.
var ErrHolderLine = errors.New("not the line that halligan holder new prints")

// Line is the public keys as a person carries them from the machine that made
// them to wherever the request is written: "halligan-holder ED25519 X25519", or of a
// browser "halligan-holder ED25519 p256:P256", all in hexadecimal digits. Nothing in
// it is secret.
func (h Holder) Line() string {
	if !h.P256.IsZero() {
		return holderWord + h.Ed25519.String() + " " + browserWord + h.P256.String()
	}
	return holderWord + h.Ed25519.String() + " " + h.X25519.String()
}

// ParseHolder reads such a line. It takes exactly what Line gives, and its one
// error is ErrHolderLine.
func ParseHolder(line string) (Holder, error) {
	var h Holder
	rest, ok := strings.CutPrefix(line, holderWord)
	ed25519, second, both := strings.Cut(rest, " ")
	if !ok || !both {
		return Holder{}, ErrHolderLine
	}
	err := h.Ed25519.UnmarshalText([]byte(ed25519))
	if p256, browser := strings.CutPrefix(second, browserWord); browser {
		err = errors.Join(err, h.P256.UnmarshalText([]byte(p256)))
	} else {
		err = errors.Join(err, h.X25519.UnmarshalText([]byte(second)))
	}
	if err != nil || h.check() != nil {
		return Holder{}, ErrHolderLine
	}
	return h, nil
}

// check demands one key to sign with and one to seal to.
func (h Holder) check() error {
	switch {
	case h.Ed25519.IsZero() || h.X25519.IsZero() == h.P256.IsZero():
		return errors.New("must have an ed25519 key, and either an x25519 or a p256 key")
	case h.P256.IsZero():
		return nil
	}
	if _, err := ecdh.P256().NewPublicKey(h.P256[:]); err != nil {
		return errors.New("p256: is no point of P-256, uncompressed")
	}
	return nil
}
