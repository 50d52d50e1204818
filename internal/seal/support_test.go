package seal_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"testing"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
)

// holderKey is an X25519 key as a responder makes it for a request.
func holderKey(t testing.TB) (age.Identity, []byte, canon.Key32) {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := seal.Holder(key.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return identity, key.Bytes(), canon.Key32(key.PublicKey().Bytes())
}
