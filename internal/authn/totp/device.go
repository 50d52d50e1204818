package totp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/canon"
)

// device is one code device, as its file has it.
type device struct {
	Version    string       `json:"code_device"` // "v1"
	Person     string       `json:"person"`
	Key        string       `json:"key"`        // type and base64
	Invitation canon.Digest `json:"invitation"` // that it was made with
	// Confirmed says that its person has shown a code of it. Until is when it is
	// forgotten unless that was done, or, once it was, unless the cell has the key.
	Confirmed bool       `json:"confirmed,omitzero"`
	Until     canon.Time `json:"until"`
	// Used is the newest step of which a code was taken, and For what was signed then.
	Used   int64        `json:"used"`
	For    canon.Digest `json:"for"`
	Sealed []byte       `json:"sealed"` // nonce, then secret and seed under the key of the cell
}

const (
	version     = "v1"
	deviceLimit = 4 << 10 // bytes of a file
	keySize     = 32      // of the key that devices are sealed under
)

// check refuses a file that this room did not write.
func (d *device) check() error {
	switch {
	case d.Version != version:
		return fmt.Errorf("version %q is not supported by this version", d.Version)
	case canon.CheckID(d.Person) != nil || !strings.HasPrefix(d.Key, ssh.KeyAlgoED25519+" "):
		return errors.New("it names no person or no Ed25519 key")
	case d.Used < 0 || d.Until.IsZero():
		return errors.New("it names no step or no end")
	}
	return nil
}

// name is the name of its file.
func (d *device) name() string { return canon.Sum([]byte(d.Key)).String()[:32] + suffix }

// opened is what of a device is secret.
type opened struct {
	secret []byte
	key    ed25519.PrivateKey
}

// bound is what a sealed device belongs to: it opens as nobody else's.
func (d *device) bound() []byte { return []byte("halligan code device v1\n" + d.Person + "\n" + d.Key) }

func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal puts what is secret into the device, under the key of the cell.
func (d *device) seal(under []byte, o opened) error {
	aead, err := sealer(under)
	if err != nil {
		return err
	}
	d.Sealed = aead.Seal(nil, nil, append(append([]byte{}, o.secret...), o.key.Seed()...), d.bound())
	return nil
}

// open takes it out again. That the key is the one that the device names is checked:
// a signature by another would be nobody's.
func (d *device) open(under []byte) (opened, error) {
	aead, err := sealer(under)
	if err != nil {
		return opened{}, err
	}
	data, err := aead.Open(nil, nil, d.Sealed, d.bound())
	if err != nil || len(data) != secretSize+ed25519.SeedSize {
		return opened{}, errors.New("it was sealed under another key, or changed since")
	}
	o := opened{secret: data[:secretSize], key: ed25519.NewKeyFromSeed(data[secretSize:])}
	if line, err := lineOf(o.key); err != nil || line != d.Key {
		return opened{}, errors.New("it holds another key than it names")
	}
	return o, nil
}

// lineOf is a key as the roster has it: type and base64.
func lineOf(key ed25519.PrivateKey) (string, error) {
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))), nil
}
