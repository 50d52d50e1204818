package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/halligan-dev/halligan/internal/canon"
)

// ToHolder encrypts a secret to the X25519 key that the holder made for one
// request, and to nothing else, as an armored age file.
func ToHolder(secret []byte, holder canon.Key32) (string, error) {
	if len(secret) == 0 || len(secret) > SecretMost {
		return "", fmt.Errorf("the secret has %d bytes; it must have 1 to %d", len(secret), SecretMost)
	}
	recipient, err := age.ParseX25519Recipient(bech32("age", holder[:]))
	if err != nil {
		return "", errors.New("the holder's key is no X25519 key")
	}
	file, err := encrypt(secret, recipient)
	if err != nil {
		return "", errors.New("cannot encrypt to the holder's key")
	}
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	if _, err := w.Write(file); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return text.String(), nil
}

// FromServer decrypts what ToHolder made with the holder's X25519 private key.
// Wipe what it gives once it has been used.
func FromServer(text string, private []byte) ([]byte, error) {
	identity, err := Holder(private)
	if err != nil {
		return nil, err
	}
	if len(text) > 4*SecretMost {
		return nil, errors.New("what was sealed to the holder is too long")
	}
	file, err := io.ReadAll(armor.NewReader(bytes.NewReader([]byte(text))))
	if err != nil {
		return nil, errors.New("what was sealed to the holder is no armored age file")
	}
	secret, err := decrypt(file, SecretMost, []age.Identity{identity})
	if err != nil {
		return nil, errors.New("it is not sealed to the key of this request")
	}
	return secret, nil
}
