package statement

import (
	"errors"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// holderWord begins the line of a holder's public keys.
const holderWord = "halligan-holder "

// ErrHolderLine says that a text is no line of a holder's public keys.
var ErrHolderLine = errors.New("not the line that halligan holder new prints")

// Line is the public keys as a person carries them from the machine that made
// them to wherever the request is written: "halligan-holder ED25519 X25519", both
// in hexadecimal digits. Nothing in it is secret.
func (h Holder) Line() string {
	return holderWord + h.Ed25519.String() + " " + h.X25519.String()
}

// ParseHolder reads such a line. It takes exactly what Line gives, and its one
// error is ErrHolderLine.
func ParseHolder(line string) (Holder, error) {
	var h Holder
	rest, ok := strings.CutPrefix(line, holderWord)
	ed25519, x25519, both := strings.Cut(rest, " ")
	if !ok || !both {
		return Holder{}, ErrHolderLine
	}
	for key, text := range map[*canon.Key32]string{&h.Ed25519: ed25519, &h.X25519: x25519} {
		if key.UnmarshalText([]byte(text)) != nil || key.IsZero() {
			return Holder{}, ErrHolderLine
		}
	}
	return h, nil
}
