package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// IdentityMost bounds the file of an identity.
const IdentityMost = 16 << 10

// ErrLocked says that a private key needs a passphrase, and that nobody could be
// asked for it.
var ErrLocked = errors.New("the key needs its passphrase")

// ParseIdentities reads what opens a custodian's share: a file of age-keygen, or
// an ssh-ed25519 private key. Passphrase is asked for a key that needs one; nil
// where nobody can be. Errors quote nothing of the file.
func ParseIdentities(file []byte, passphrase func() ([]byte, error)) ([]age.Identity, error) {
	if len(file) > IdentityMost {
		return nil, fmt.Errorf("it has %d bytes; a key has at most %d", len(file), IdentityMost)
	}
	if !bytes.Contains(file, []byte("-----BEGIN")) {
		identities, err := age.ParseIdentities(bytes.NewReader(file))
		if err != nil {
			return nil, errors.New("it is neither a file of age-keygen (AGE-SECRET-KEY-…) nor an SSH private key")
		}
		return identities, nil
	}
	key, err := ssh.ParseRawPrivateKey(file)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if passphrase == nil {
			return nil, ErrLocked
		}
		secret, asked := passphrase()
		if asked != nil {
			return nil, asked
		}
		defer clear(secret)
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(file, secret); err != nil {
			return nil, errors.New("the passphrase is wrong")
		}
	}
	private, ok := key.(*ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("it is no ssh-ed25519 private key; keys of other types, and of security keys, only sign")
	}
	identity, err := agessh.NewEd25519Identity(*private)
	if err != nil {
		return nil, errors.New("it is no ssh-ed25519 private key that age can use")
	}
	return []age.Identity{identity}, nil
}
