package passkey

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const (
	flagPresent        = 0x01
	flagVerified       = 0x04
	flagBackupEligible = 0x08
	flagBackedUp       = 0x10
	flagCredential     = 0x40
	flagExtensions     = 0x80

	// headSize is RP id hash, flags, counter: all that an assertion's data has.
	headSize = sha256.Size + 1 + 4

	maxSignature = 80 // DER of two numbers of 256 bits has at most 72
)

// Assertion is what navigator.credentials.get() answered, as it came.
type Assertion struct {
	AuthenticatorData []byte
	ClientData        []byte // clientDataJSON
	Signature         []byte // DER
}

// Challenge is what a passkey must be asked to sign under a statement of a kind:
// the challenge of navigator.credentials.get().
func Challenge(kind string, statement []byte) []byte {
	return sshsig.Challenge(sshsig.Namespace(kind), statement)
}

// SSHSig returns the one SSHSIG of the assertion over a statement of a kind, made
// by one of a person's keys (wire form; those that are no passkeys are passed
// over). It checks the signature with at most that many keys.
func (a Assertion) SSHSig(kind string, statement []byte, keys [][]byte) ([]byte, error) {
	data, err := readHead(a.AuthenticatorData)
	if err != nil {
		return nil, err
	}
	if len(a.AuthenticatorData) != headSize {
		return nil, ErrData
	}
	r, s, err := readDER(a.Signature)
	if err != nil {
		return nil, err
	}
	host, candidates, err := data.candidates(keys)
	if err != nil {
		return nil, err
	}
	origin, err := sshsig.Page(a.ClientData, sshsig.CeremonySign, host, Challenge(kind, statement))
	if err != nil {
		return nil, err
	}
	namespace := sshsig.Namespace(kind)
	for _, key := range candidates {
		made := sshsig.WebAuthn{Key: key, R: r, S: s, Flags: data.flags, Counter: data.counter, Origin: origin, ClientData: a.ClientData}
		blob, err := made.Blob(namespace)
		if err != nil {
			return nil, err
		}
		_, err = sshsig.Verify(blob, namespace, statement)
		if err == nil {
			return blob, nil
		}
		if !errors.Is(err, sshsig.ErrInvalid) {
			return nil, err // no other key would mend it
		}
	}
	return nil, sshsig.ErrInvalid
}

// head is what all authenticator data begins with.
type head struct {
	host    [sha256.Size]byte // of the RP id
	flags   byte
	counter uint32
}

func readHead(data []byte) (h head, err error) {
	if len(data) < headSize {
		return h, ErrData
	}
	h.host = [sha256.Size]byte(data)
	h.flags = data[sha256.Size]
	h.counter = binary.BigEndian.Uint32(data[sha256.Size+1:])
	return h, nil
}

// candidates are the passkeys of the host that was signed for, and the host.
func (h head) candidates(keys [][]byte) (host string, of [][]byte, err error) {
	err = ErrNoPasskey
	for _, key := range keys {
		who, unfit := sshsig.Inspect(key)
		switch {
		case unfit != nil || !who.Passkey:
		case sha256.Sum256([]byte(who.Application)) != h.host:
			err = ErrHost
		default:
			host, of = who.Application, append(of, key)
		}
	}
	if len(of) > 0 {
		return host, of, nil
	}
	return "", nil, err
}

// readDER reads the two numbers of an ECDSA signature. Which of the two S it has
// is the authenticator's chance, and is mended with the rest.
func readDER(der []byte) (r, s *big.Int, err error) {
	var inner cryptobyte.String
	in := cryptobyte.String(der)
	r, s = new(big.Int), new(big.Int)
	if len(der) > maxSignature || !in.ReadASN1(&inner, asn1.SEQUENCE) || !in.Empty() ||
		!inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) || !inner.Empty() || r.Sign() <= 0 || s.Sign() <= 0 {
		return nil, nil, ErrSignature
	}
	return r, s, nil
}
