package jwe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Type is the typ of every text: a link that signs in to a console.
const Type = "halligan-console"

// SecretMost bounds in bytes what is sealed.
const SecretMost = 32 << 10

// Bound is what a text answers.
type Bound struct {
	Request canon.Digest
	Fetch   canon.Digest // the statement that authorised it
	Holder  canon.Key32  // Ed25519 key that the request names, and that signed the fetch
}

// Seal encrypts a secret to a P-256 key, and to nothing else. Its errors hold no
// secret.
func Seal(secret []byte, to canon.KeyP256, about Bound) (string, error) {
	if len(secret) == 0 || len(secret) > SecretMost {
		return "", fmt.Errorf("the secret has %d bytes; it must have 1 to %d", len(secret), SecretMost)
	}
	if about.Request.IsZero() || about.Fetch.IsZero() || about.Holder.IsZero() {
		return "", errors.New("a link must be bound to a request, a fetch and a key")
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), to[:])
	if err != nil {
		return "", errors.New("the browser's key is no point of P-256")
	}
	options := (&jose.EncrypterOptions{}).WithType(Type).
		WithHeader("request", about.Request.String()).WithHeader("fetch", about.Fetch.String())
	recipient := jose.Recipient{Algorithm: jose.ECDH_ES, Key: public, KeyID: about.Holder.String()}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, options)
	if err != nil {
		return "", errors.New("cannot encrypt to the browser's key")
	}
	sealed, err := encrypter.Encrypt(secret)
	if err != nil {
		return "", errors.New("cannot encrypt to the browser's key")
	}
	return sealed.CompactSerialize()
}
