package attestation

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	headSize  = 32 + 1 + 4 // hash of the application, flags, counter
	modelSize = 16

	flagPresent    = 1 << 0
	flagCredential = 1 << 6
	flagExtensions = 1 << 7

	extensionsMost = 1 << 10
	rsaLeast       = 2048 / 8
)

// Why an attestation is not one of a key.
var (
	ErrKey         = errors.New("is of another key than the one it stands at")
	ErrApplication = errors.New("is of a key that was made for another host or application")
	ErrData        = errors.New("has authenticator data that cannot be read")
	ErrCertificate = errors.New("has a certificate that attests no authenticators (WebAuthn, section 8.2.1)")
	ErrModel       = errors.New("has a certificate for another model than the authenticator says it is")
	ErrSignature   = errors.New("is not signed by the key of its certificate")
)

// Why a maker does not stand behind one.
var (
	ErrRoot       = errors.New("has no chain of valid certificates to a root of the maker")
	ErrOtherModel = errors.New("is of a model that is not among those that count")
	ErrNoModel    = errors.New("is of a device of U2F, which tells no model: it counts where the maker's models name the one without a name, " + NoModel)
)

// Check tells whether an attestation was made for a key, given in SSH wire form: that
// the authenticator says it of this key and application, and that the key of the
// first certificate signed that. Whose certificate it is, By asks.
func (a Attestation) Check(wire []byte) error {
	k, ok := parseKey(wire)
	if !ok {
		return ErrKey
	}
	credential, err := a.credential(k)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(a.Chain[0])
	if err != nil || !attests(leaf, a.Format) {
		return ErrCertificate
	}
	signed := append(bytes.Clone(a.Data), a.Client[:]...)
	if a.Format == U2F { // FIDO U2F raw message formats, section 4.3
		signed = slices.Concat([]byte{0}, a.Data[:sha256.Size], a.Client[:], credential, k.point)
	}
	model := a.Data[headSize : headSize+modelSize]
	if !modelFits(leaf, model) || a.Format == U2F && !bytes.Equal(model, make([]byte, modelSize)) { // nobody signs it there
		return ErrModel
	}
	return verify(leaf, signed, a.Signature)
}

// NoModel is the model of devices of U2F.
const NoModel = "00000000-0000-0000-0000-000000000000"

// By tells whether a maker stands behind an attestation that Check took, at an
// instant: by one of its roots (in DER) and, where models are listed, of one of them.
// What a certificate of U2F is for does not stand in it: whatever the maker ever signed
// under a root would count. So one counts only where NoModel is among the models.
// No list of revoked certificates is asked.
func (a Attestation) By(roots [][]byte, models []string, at time.Time) error {
	switch listed := slices.Contains(models, a.Model()); {
	case a.Format == U2F && !listed:
		return ErrNoModel
	case len(models) > 0 && !listed:
		return ErrOtherModel
	}
	anchors, between := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range roots {
		certificate, err := x509.ParseCertificate(root)
		if err != nil {
			return ErrRoot
		}
		anchors.AddCert(certificate)
	}
	leaf, err := x509.ParseCertificate(a.Chain[0])
	if err != nil {
		return ErrRoot
	}
	for _, der := range a.Chain[1:] {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return ErrRoot
		}
		between.AddCert(certificate)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots: anchors, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return ErrRoot
	}
	return nil
}

// credential is the id of the credential, if the authenticator data speaks of a key
// and of nothing else.
func (a Attestation) credential(k key) ([]byte, error) {
	data := a.Data
	if len(data) < headSize+modelSize+2 || data[32]&flagPresent == 0 || data[32]&flagCredential == 0 {
		return nil, ErrData
	}
	if [sha256.Size]byte(data[:sha256.Size]) != sha256.Sum256([]byte(k.application)) {
		return nil, ErrApplication
	}
	rest := data[headSize+modelSize:]
	size := int(binary.BigEndian.Uint16(rest))
	if rest = rest[2:]; size == 0 || size > len(rest) {
		return nil, ErrData
	}
	id, rest := rest[:size], rest[size:]
	after, ours := bytes.CutPrefix(rest, k.cose())
	switch {
	case !ours:
		return nil, ErrKey
	case data[32]&flagExtensions == 0 && len(after) > 0, len(after) > extensionsMost:
		return nil, ErrData
	}
	return id, nil
}

// modelExtension is id-fido-gen-ce-aaguid.
var modelExtension = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}

// modelFits tells whether a certificate is for a model: those of one that name it
// are for no other.
func modelFits(leaf *x509.Certificate, model []byte) bool {
	for _, e := range leaf.Extensions {
		if !e.Id.Equal(modelExtension) {
			continue
		}
		var named []byte
		rest, err := asn1.Unmarshal(e.Value, &named)
		if err != nil || len(rest) > 0 || e.Critical || !bytes.Equal(named, model) {
			return false
		}
	}
	return true
}

// attests tells whether a certificate is one that attests authenticators, and not
// one of an authority or for anything else that the maker signs. Those of U2F say
// no more than that they are of no authority.
func attests(leaf *x509.Certificate, format string) bool {
	if leaf.IsCA {
		return false
	}
	if format == U2F {
		key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
		return ok && key.Curve == elliptic.P256()
	}
	s := leaf.Subject
	return leaf.Version == 3 && leaf.BasicConstraintsValid && len(s.Country) == 1 && len(s.Organization) > 0 && s.CommonName != "" &&
		slices.Equal(s.OrganizationalUnit, []string{"Authenticator Attestation"})
}

func verify(leaf *x509.Certificate, signed, signature []byte) error {
	algorithm := x509.ECDSAWithSHA256
	switch key := leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
	case *rsa.PublicKey:
		if algorithm = x509.SHA256WithRSA; key.Size() < rsaLeast {
			return ErrCertificate
		}
	default:
		return ErrCertificate
	}
	if leaf.CheckSignature(algorithm, signed, signature) != nil {
		return ErrSignature
	}
	return nil
}

// key is the public key of an authenticator in an SSH key.
type key struct {
	point       []byte // uncompressed; of Ed25519 the key itself
	application string
	ed25519     bool
}

// parseKey reads the fields of an SSH key of an authenticator (OpenSSH PROTOCOL.u2f).
func parseKey(wire []byte) (key, bool) {
	var fields []string
	for len(wire) > 0 {
		field, rest, ok := cutPart(wire)
		if !ok {
			return key{}, false
		}
		fields, wire = append(fields, string(field)), rest
	}
	switch {
	case len(fields) == 4 && fields[0] == "sk-ecdsa-sha2-nistp256@openssh.com" && fields[1] == "nistp256" && len(fields[2]) == 65 && strings.HasPrefix(fields[2], "\x04"):
		return key{point: []byte(fields[2]), application: fields[3]}, true
	case len(fields) == 3 && fields[0] == "sk-ssh-ed25519@openssh.com" && len(fields[1]) == 32:
		return key{point: []byte(fields[1]), application: fields[2], ed25519: true}, true
	}
	return key{}, false
}

// cose is the key as authenticators write it: CTAP2 knows one way (RFC 9053).
func (k key) cose() []byte {
	if k.ed25519 {
		return slices.Concat([]byte{0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20}, k.point)
	}
	return slices.Concat([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, k.point[1:33], []byte{0x22, 0x58, 0x20}, k.point[33:])
}
