package sshsig

import (
	"bytes"
	"fmt"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Sign signs message under namespace and returns the canonical blob. The signer
// may be a key in memory or an agent's. What it made is checked before it is
// returned, so a signer that answers with another algorithm or a wrong
// signature is an error here and not at somebody's server; that error wraps a
// Refusal. A certificate is refused: sign with the plain key beneath it.
func Sign(signer ssh.Signer, namespace string, message []byte) ([]byte, error) {
	if _, err := Inspect(signer.PublicKey().Marshal()); err != nil {
		return nil, fmt.Errorf("cannot sign with this key: %w", err)
	}
	made, err := sshsig.Sign(bytes.NewReader(message), signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, fmt.Errorf("cannot sign: %w", err)
	}
	blob, err := Normalise(made.Marshal())
	if err != nil {
		return nil, fmt.Errorf("cannot use what the signer made: %w", err)
	}
	if _, err := Verify(blob, namespace, message); err != nil {
		return nil, fmt.Errorf("cannot use what the signer made: %w", err)
	}
	return blob, nil
}
