package server_test

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/seal"
)

// toMachine seals to the keys that a request named of a machine.
func toMachine(secret []byte, to access.Recipient) (string, error) {
	return seal.ToHolder(secret, to.X25519)
}
