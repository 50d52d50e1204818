package passkey

import (
	"crypto/sha256"

	"github.com/fxamacker/cbor/v2"

	"github.com/halligan-dev/halligan/internal/attestation"
)

// said is what the maker of an authenticator says in the statement, of the formats
// that carry certificates.
type said struct {
	Algorithm   int      `cbor:"alg"`
	Signature   []byte   `cbor:"sig"`
	Certificate [][]byte `cbor:"x5c"`
}

// attested is the text of an attestation that is one of a key, given in SSH wire
// form. A device's own word, a format that is not read and a statement that is not
// true are all none: the passkey is one all the same, and no hardware.
func (r Registration) attested(wire []byte) string {
	var outer attestationObject
	var s said
	if strict().Unmarshal(r.Attestation, &outer) != nil || outer.Format != attestation.Packed && outer.Format != attestation.U2F {
		return ""
	}
	if strict().Unmarshal(outer.Statement, &s) != nil || len(s.Certificate) == 0 {
		return ""
	}
	a, err := attestation.Parse(attestation.Attestation{
		Format: outer.Format, Data: outer.Data, Client: sha256.Sum256(r.ClientData), Signature: s.Signature, Chain: s.Certificate,
	}.String())
	if err != nil || a.Check(wire) != nil {
		return ""
	}
	return a.String()
}

// attestationObject is the outermost CBOR.
type attestationObject struct {
	Format    string          `cbor:"fmt"`
	Statement cbor.RawMessage `cbor:"attStmt"`
	Data      []byte          `cbor:"authData"`
}
