package issuer

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
)

// ErrKey is returned by OpenSSH for bytes that are not an Ed25519 private key
// without a passphrase.
var ErrKey = errors.New("cannot use this authority key: want an OpenSSH private key, ssh-ed25519, without a passphrase")

// SSH is an SSH certificate authority with an Ed25519 key. It is safe for
// concurrent use.
type SSH struct {
	private ed25519.PrivateKey
	public  []byte // wire form
}

// GenerateSSH makes a new authority from 32 bytes of rand. It returns the
// private key as an OpenSSH PEM file without passphrase, which the caller must
// keep secret, and the public key as an authorized_keys line for
// TrustedUserCAKeys, without a line end.
func GenerateSSH(rand io.Reader) (private []byte, public string, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, "", fmt.Errorf("cannot make an authority key: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	block, err := ssh.MarshalPrivateKey(key, "halligan ssh authority")
	if err != nil {
		return nil, "", fmt.Errorf("cannot encode the authority key: %w", err)
	}
	ca, err := fromKey(key)
	if err != nil {
		return nil, "", err
	}
	return pem.EncodeToMemory(block), ca.AuthorizedKey(), nil
}

// OpenSSH reads an authority key as GenerateSSH or ssh-keygen wrote it. It
// fails with ErrKey.
func OpenSSH(private []byte) (*SSH, error) {
	raw, err := ssh.ParseRawPrivateKey(private)
	if err != nil {
		return nil, ErrKey // the parser's error could quote what it read
	}
	key, ok := raw.(*ed25519.PrivateKey)
	if !ok {
		return nil, ErrKey
	}
	return fromKey(*key)
}

func fromKey(key ed25519.PrivateKey) (*SSH, error) {
	pub, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("cannot encode the authority's public key: %w", err)
	}
	return &SSH{private: key, public: pub.Marshal()}, nil
}

// PublicKey returns the authority's public key in wire form: what the
// certificate's signature key field must hold.
func (s *SSH) PublicKey() []byte { return bytes.Clone(s.public) }

// AuthorizedKey returns the public key as a line for TrustedUserCAKeys, without
// a line end.
func (s *SSH) AuthorizedKey() string {
	pub, err := ssh.ParsePublicKey(s.public)
	if err != nil {
		return "" // unreachable: fromKey made these bytes
	}
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(pub)), "\n")
}

// Sign returns the wire form of the whole certificate whose to-be-signed bytes,
// everything up to and including the signature key, are unsigned. The result
// begins with exactly those bytes and is the same each time. It fails with a
// Refusal, and then nothing was signed.
func (s *SSH) Sign(unsigned []byte) ([]byte, error) {
	c, err := parse(unsigned)
	if err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(c.certifiedBy, s.public) {
		return nil, ErrAuthority
	}
	value := ed25519.Sign(s.private, unsigned)
	inner := appendString(nil, []byte(keyType))
	inner = appendString(inner, value)
	cert := make([]byte, 0, len(unsigned)+4+len(inner))
	cert = append(cert, unsigned...)
	return appendString(cert, inner), nil
}

func appendString(dst, s []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}
