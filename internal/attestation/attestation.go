package attestation

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// The formats that can be more than a device's own word.
const (
	Packed = "packed"
	U2F    = "fido-u2f"
)

const (
	// Longest is the length in bytes of the longest attestation, before it is text.
	Longest = 6 << 10
	// ChainMost bounds the certificates of one.
	ChainMost = 4
)

// ErrForm says that a text is no attestation.
var ErrForm = errors.New("is not an attestation: base64 of a format, authenticator data, a hash, a signature and certificates")

// Attestation is what a maker says of one key, as the authenticator gave it.
type Attestation struct {
	Format    string
	Data      []byte // authenticator data, with the key in it
	Client    [sha256.Size]byte
	Signature []byte
	Chain     [][]byte // certificates in DER: the one that signed first, the root not needed
}

// String is the one text of an attestation: base64 of its parts, each after its length.
func (a Attestation) String() string {
	wire := appendPart(appendPart(nil, []byte(a.Format)), a.Data)
	wire = appendPart(appendPart(wire, a.Client[:]), a.Signature)
	for _, certificate := range a.Chain {
		wire = appendPart(wire, certificate)
	}
	return base64.StdEncoding.EncodeToString(wire)
}

// Parse reads a text, strictly: what it reads has no other.
func Parse(text string) (Attestation, error) {
	if len(text) > base64.StdEncoding.EncodedLen(Longest) {
		return Attestation{}, fmt.Errorf("is longer than %d bytes", Longest)
	}
	rest, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Attestation{}, ErrForm
	}
	var parts [][]byte
	for len(rest) > 0 {
		part, after, ok := cutPart(rest)
		if !ok || len(parts) == 4+ChainMost {
			return Attestation{}, ErrForm
		}
		parts, rest = append(parts, part), after
	}
	if len(parts) < 5 || len(parts[2]) != sha256.Size {
		return Attestation{}, ErrForm
	}
	a := Attestation{Format: string(parts[0]), Data: parts[1], Client: [sha256.Size]byte(parts[2]), Signature: parts[3], Chain: parts[4:]}
	if a.Format != Packed && a.Format != U2F || a.String() != text {
		return Attestation{}, ErrForm
	}
	return a, nil
}

// Model is the model of the authenticator (AAGUID), as 8-4-4-4-12 hexadecimal digits;
// zeros where it is not told, and empty where there is none.
func (a Attestation) Model() string {
	if len(a.Data) < headSize+modelSize {
		return ""
	}
	id := a.Data[headSize : headSize+modelSize]
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func appendPart(dst, part []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(part))), part...)
}

func cutPart(data []byte) (part, rest []byte, ok bool) {
	if len(data) < 4 {
		return nil, nil, false
	}
	size := binary.BigEndian.Uint32(data)
	if data = data[4:]; uint64(size) > uint64(len(data)) {
		return nil, nil, false
	}
	return data[:size], data[size:], true
}
