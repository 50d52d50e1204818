package attestationtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/halligan-dev/halligan/internal/attestation"
)

const sshType = "sk-ssh-ed25519@openssh.com"

// SSH is an Ed25519 key that a device of a maker made for ssh-keygen, and what the
// maker says of it.
type SSH struct {
	Private     ed25519.PrivateKey
	Wire        []byte // of the public key
	Attestation attestation.Attestation
}

// SSH makes a key for an application, such as "ssh:", under a challenge.
func (m *Maker) SSH(application string, challenge []byte) SSH {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(public, err)
	made := SSH{Private: private, Wire: Fields([]byte(sshType), public, []byte(application))}
	cose := append([]byte{0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20}, public...)
	made.Attestation = m.Attest(m.data(application, []byte("key handle"), cose), sha256.Sum256(challenge))
	return made
}

// Line is the public key as ssh-keygen writes it, without a comment.
func (s SSH) Line() string { return sshType + " " + base64.StdEncoding.EncodeToString(s.Wire) }

// File is what ssh-keygen -O write-attestation writes of the key.
func (s SSH) File() []byte { return File(s.Attestation) }

// File is an attestation with one certificate as OpenSSH writes it (PROTOCOL.u2f,
// ssh-sk-attest-v01).
func File(a attestation.Attestation) []byte {
	data := append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(a.Data))), a.Data...)
	if len(a.Data) < 256 {
		data = append([]byte{0x58, byte(len(a.Data))}, a.Data...)
	}
	return append(Fields([]byte("ssh-sk-attest-v01"), a.Chain[0], a.Signature, data), make([]byte, 8)...)
}

// Fields are strings as SSH writes them, each after its length (RFC 4251).
func Fields(all ...[]byte) (out []byte) {
	for _, each := range all {
		out = slices.Concat(binary.BigEndian.AppendUint32(out, uint32(len(each))), each)
	}
	return out
}
