package passkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const (
	keyType = "sk-ecdsa-sha2-nistp256@openssh.com"
	curve   = "nistp256"

	coseEC2   = 2
	coseES256 = -7
	coseP256  = 1

	maxAttestation = 16 << 10 // certificates of the maker are in it
	maxCredential  = 1023     // WebAuthn, section 4
	aaguidSize     = 16
)

// Registration is what navigator.credentials.create() answered, as it came.
type Registration struct {
	Attestation []byte // attestationObject
	ClientData  []byte // clientDataJSON
	// Challenge is the one that it must have been made under; nil: that of the host.
	Challenge []byte
}

// Key is a new passkey. What is beside its Line is the authenticator's own word,
// for people to read.
type Key struct {
	Line        string // type and base64, for cell.yaml
	Fingerprint string // "SHA256:…"
	Credential  []byte // the id by which the authenticator knows it

	AAGUID         string // model, as 8-4-4-4-12 hexadecimal digits; zeros: not told
	BackupEligible bool   // it may be copied to other devices
	BackedUp       bool   // it has been
	UserVerified   bool   // by a PIN, a finger or a face, when it was made

	Attestation string // of its maker, as attestation.Parse reads it; empty: there is none
}

// RegistrationChallenge is the challenge under which passkeys of a host are made
// where nobody invited. It is the same for all: nothing is signed under it, and a new
// key counts only once a quorum has signed that it is in the roster.
func RegistrationChallenge(host string) []byte {
	sum := sha256.Sum256([]byte("halligan passkey v1\n" + host))
	return sum[:]
}

// InvitationChallenge is the challenge under which whoever has the code of an
// invitation makes a passkey for a person: what was made for another code, another
// person, or on a page without a code, is not taken for it.
func InvitationChallenge(host, person string, code [32]byte) []byte {
	sum := sha256.Sum256(append([]byte("halligan passkey of an invitation v1\n"+host+"\n"+person+"\n"), code[:]...))
	return sum[:]
}

// Key reads the public key of a new passkey of a host: the cell's name.
func (r Registration) Key(host string) (Key, error) {
	challenge := r.Challenge
	if challenge == nil {
		challenge = RegistrationChallenge(host)
	}
	if _, err := sshsig.Page(r.ClientData, sshsig.CeremonyRegister, host, challenge); err != nil {
		return Key{}, err
	}
	data, err := readAttestation(r.Attestation)
	if err != nil {
		return Key{}, err
	}
	h, err := readHead(data)
	switch {
	case err != nil:
		return Key{}, err
	case h.host != sha256.Sum256([]byte(host)):
		return Key{}, ErrHost
	case h.flags&flagPresent == 0:
		return Key{}, ErrAbsent
	case h.flags&flagCredential == 0, h.flags&flagBackedUp != 0 && h.flags&flagBackupEligible == 0:
		return Key{}, ErrData
	}
	made, point, err := readCredential(data[headSize:], h.flags&flagExtensions != 0)
	if err != nil {
		return Key{}, err
	}
	wire := appendString(appendString(appendString(appendString(nil, keyType), curve), string(point)), host)
	who, err := sshsig.Inspect(wire)
	if err != nil {
		return Key{}, err
	}
	made.Line, made.Fingerprint = keyType+" "+base64.StdEncoding.EncodeToString(wire), who.Fingerprint
	made.BackupEligible, made.BackedUp = h.flags&flagBackupEligible != 0, h.flags&flagBackedUp != 0
	made.UserVerified = h.flags&flagVerified != 0
	made.Attestation = r.attested(wire)
	return made, nil
}

// coseKey is a public key as RFC 9053 has it, of the one kind that is taken.
type coseKey struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm int    `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
	Y         []byte `cbor:"-3,keyasint"`
}

func readAttestation(data []byte) ([]byte, error) {
	var a attestationObject
	if len(data) > maxAttestation || strict().Unmarshal(data, &a) != nil || a.Format == "" || len(a.Statement) == 0 {
		return nil, ErrAttestation
	}
	return a.Data, nil
}

// readCredential reads what follows the head: model, credential id, public key,
// and extensions where they are announced, which say nothing that counts.
func readCredential(data []byte, extensions bool) (made Key, point []byte, err error) {
	if len(data) < aaguidSize+2 {
		return Key{}, nil, ErrData
	}
	id := data[:aaguidSize]
	made.AAGUID = fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	size := int(binary.BigEndian.Uint16(data[aaguidSize:]))
	data = data[aaguidSize+2:]
	if size == 0 || size > maxCredential || size > len(data) {
		return Key{}, nil, ErrData
	}
	made.Credential = bytes.Clone(data[:size])
	var key coseKey
	rest, err := strict().UnmarshalFirst(data[size:], &key)
	switch {
	case errors.As(err, new(*cbor.UnmarshalTypeError)): // another kind of key has other members
		return Key{}, nil, ErrAlgorithm
	case err != nil:
		return Key{}, nil, ErrData
	}
	if extensions {
		var said map[string]any
		if rest, err = strict().UnmarshalFirst(rest, &said); err != nil || said == nil {
			return Key{}, nil, ErrData
		}
	}
	if len(rest) != 0 {
		return Key{}, nil, ErrData
	}
	point, err = key.point()
	return made, point, err
}

// point is the public key, uncompressed and on the curve.
func (k coseKey) point() ([]byte, error) {
	if k.Type != coseEC2 || k.Algorithm != coseES256 || k.Curve != coseP256 || len(k.X) != 32 || len(k.Y) != 32 {
		return nil, ErrAlgorithm
	}
	point := append(append([]byte{4}, k.X...), k.Y...)
	if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err != nil {
		return nil, ErrAlgorithm
	}
	return point, nil
}

func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}
