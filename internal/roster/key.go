package roster

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Strength is how well a signature proves that the person was there.
type Strength string

// The strengths, weakest first.
const (
	NoStrength     Strength = ""
	ServerAttested Strength = "server-attested"
	Possession     Strength = "possession"
	UserVerified   Strength = "user-verified"
	Hardware       Strength = "hardware"
)

var strengths = []Strength{NoStrength, ServerAttested, Possession, UserVerified, Hardware}

// ParseStrength reads a strength that a scenario may demand.
func ParseStrength(text string) (Strength, error) {
	if s := Strength(text); s != NoStrength && slices.Contains(strengths, s) {
		return s, nil
	}
	return NoStrength, fmt.Errorf("%q is not one of server-attested, possession, user-verified, hardware", text)
}

// AtLeast tells whether s is as strong as least. A strength that is not known
// is none.
func (s Strength) AtLeast(least Strength) bool {
	have, need := slices.Index(strengths, s), slices.Index(strengths, least)
	return need >= 0 && have >= need
}

// Key is a public key of one person, as the first two words of an
// authorized_keys line.
type Key struct {
	Line        string `json:"key"`
	Fingerprint string `json:"fingerprint"` // SHA256:…, as ssh-keygen -l prints it
	Removed     bool   `json:"removed,omitzero"`

	// Code says that the server holds the private half and signs with it when
	// somebody gives the code of the person's device: its word, and no more.
	Code bool `json:"code,omitzero"`

	Attestation string `json:"attestation,omitempty"` // of its maker, as attestation.Parse reads it
	Made        Made   `json:"made,omitzero"`
}

// MayProve tells whether signatures of a key may prove a strength; where none is
// demanded, possession is. What a key proved is known only from a signature; that
// the user was verified, only keys of authenticators can say, and that it is hardware,
// a maker of the cell.
func (k Key) MayProve(least Strength) bool {
	switch {
	case k.Code:
		return least == ServerAttested
	case least == Hardware:
		return k.Made.By != ""
	}
	return !least.AtLeast(UserVerified) || strings.HasPrefix(k.Line, "sk-")
}

// Proves is what a signature by a key proves of the person, of which the signature
// itself shows shown: by a code device never more than that the server says so, and
// hardware only where a maker of the cell stands behind the key.
func (k Key) Proves(shown Strength) Strength {
	if k.Code && shown.AtLeast(ServerAttested) {
		return ServerAttested
	}
	if shown == UserVerified && k.Made.By != "" {
		return Hardware
	}
	return shown
}

// ParseKey reads an authorized_keys line: type, key, and a comment that is
// dropped. Options before the type are refused.
func ParseKey(line string) (Key, error) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return Key{}, fmt.Errorf("%q is not an SSH public key (type and base64)", line)
	}
	wire, err := base64.StdEncoding.Strict().DecodeString(words[1])
	if err != nil {
		return Key{}, fmt.Errorf("the SSH public key is not base64: %w", err)
	}
	if !slices.Contains(KeyTypes, words[0]) {
		return Key{}, fmt.Errorf("SSH key type %q is not one of %s", words[0], strings.Join(KeyTypes, ", "))
	}
	if len(wire) < 4 || int(binary.BigEndian.Uint32(wire)) != len(words[0]) || !strings.HasPrefix(string(wire[4:]), words[0]) {
		return Key{}, fmt.Errorf("the SSH public key does not say that it is %s", words[0])
	}
	if words[0] == "ssh-ed25519" && len(wire) != ed25519WireLength {
		return Key{}, fmt.Errorf("the SSH public key is %d bytes; an Ed25519 key has %d", len(wire), ed25519WireLength)
	}
	return Key{Line: words[0] + " " + words[1], Fingerprint: Fingerprint(wire)}, nil
}

// ed25519WireLength is two length-prefixed strings: the name and the key.
const ed25519WireLength = 4 + len("ssh-ed25519") + 4 + 32

// KeyTypes lists the SSH key types that people may sign with.
var KeyTypes = []string{
	"ssh-ed25519", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
	"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
}

// Fingerprint is the SHA256 fingerprint of a public key in wire form.
func Fingerprint(wire []byte) string {
	sum := sha256.Sum256(wire)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Wire is the key in wire form; nil if the line cannot be read, which ParseKey
// would have refused.
func (k Key) Wire() []byte {
	words := strings.Fields(k.Line)
	if len(words) < 2 {
		return nil
	}
	wire, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return nil
	}
	return wire
}

// Ed25519Wire is the wire form of a bare Ed25519 key as an SSH public key.
func Ed25519Wire(key canon.Key32) []byte {
	const name = "ssh-ed25519"
	wire := append(binary.BigEndian.AppendUint32(nil, uint32(len(name))), name...)
	return append(binary.BigEndian.AppendUint32(wire, uint32(len(key))), key[:]...)
}

// Ed25519Fingerprint is the fingerprint of a bare Ed25519 key.
func Ed25519Fingerprint(key canon.Key32) string { return Fingerprint(Ed25519Wire(key)) }

// Ed25519Key is a bare Ed25519 key as a Key.
func Ed25519Key(key canon.Key32) Key {
	wire := Ed25519Wire(key)
	return Key{Line: "ssh-ed25519 " + base64.StdEncoding.EncodeToString(wire), Fingerprint: Fingerprint(wire)}
}
