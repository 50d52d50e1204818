package passkeytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"math/big"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/passkey"
)

// Flags of authenticator data, for Authenticator.Flags.
const (
	Present        = 0x01
	Verified       = 0x04
	BackupEligible = 0x08
	BackedUp       = 0x10
	Credential     = 0x40
	Extensions     = 0x80
)

// Authenticator is one passkey and the page that uses it. Change its fields to
// have it sign something else; the zero of those after Counter changes nothing.
// Its methods may be called concurrently once the fields are set.
type Authenticator struct {
	Host    string // RP id, whose hash it signs and which its key line names
	Origin  string // of the page
	Flags   byte   // of assertions and, with Credential, of registrations
	Counter uint32

	RPID       string // hashed in place of Host
	Ceremony   string // in place of webauthn.get and webauthn.create
	Challenge  []byte // in place of the right one
	Tail       string // of the client data, after the origin's closing quote; usually ,"crossOrigin":false}
	ClientData func(text string) string
	More       []byte // after the authenticator data
	HighS      bool   // the higher of the two S; else the lower

	Maker *attestationtest.Maker // that attests registrations; nil: none does

	name    string
	private *ecdsa.PrivateKey
}

// New is the passkey of a host that follows from a name, on a page of that host,
// with its user present and verified.
func New(name, host string) *Authenticator {
	seed := sha256.Sum256([]byte("halligan test passkey " + name))
	seed[0] &= 0x7f // below the order of the curve
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	must(err)
	return &Authenticator{Host: host, Origin: "https://" + host, Flags: Present | Verified, Counter: 1, name: name, private: private}
}

// PKCS8 is the private key as browsers' virtual authenticators take it.
func (a *Authenticator) PKCS8() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(a.private)
	must(err)
	return der
}

// Wire is the public key in SSH's wire form.
func (a *Authenticator) Wire() []byte {
	out := []byte{}
	for _, field := range []string{"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", string(a.point()), a.Host} {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(field))), field...)
	}
	return out
}

// Line is the public key as cell.yaml has it.
func (a *Authenticator) Line() string {
	return "sk-ecdsa-sha2-nistp256@openssh.com " + base64.StdEncoding.EncodeToString(a.Wire())
}

// Assert signs a statement of a kind.
func (a *Authenticator) Assert(kind string, statement []byte) passkey.Assertion {
	clientData := a.clientData("webauthn.get", passkey.Challenge(kind, statement))
	data := append(a.head(a.Flags), a.More...)
	hash := sha256.Sum256(clientData)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	return passkey.Assertion{AuthenticatorData: data, ClientData: clientData, Signature: a.sign(digest[:])}
}

// Register makes the passkey known, with an attestation of its maker, or of format none.
func (a *Authenticator) Register() passkey.Registration {
	id := sha256.Sum256([]byte(a.name))
	point := a.point()
	key := encode(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	return a.RegisterKey(id[:], key)
}

// RegisterFor is Register for a person who has the code of an invitation.
func (a *Authenticator) RegisterFor(person string, code [32]byte) passkey.Registration {
	other := *a
	if other.Challenge == nil {
		other.Challenge = passkey.InvitationChallenge(a.Host, person, code)
	}
	return other.Register()
}

// RegisterKey is Register with a credential id and a COSE key of the test's own.
func (a *Authenticator) RegisterKey(id, key []byte) passkey.Registration {
	model := make([]byte, 16) // none is told
	if a.Maker != nil && a.Maker.Format != "fido-u2f" {
		model = a.Maker.Model[:]
	}
	data := append(a.head(a.Flags|Credential), model...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(id)))
	data = bytes.Join([][]byte{data, id, key, a.More}, nil)
	clientData := a.clientData("webauthn.create", passkey.RegistrationChallenge(a.Host))
	format, said := "none", map[string]any{}
	if a.Maker != nil {
		made := a.Maker.Attest(data, sha256.Sum256(clientData))
		format, said = made.Format, map[string]any{"sig": made.Signature, "x5c": made.Chain}
		if made.Format == "packed" {
			said["alg"] = -7
		}
	}
	return passkey.Registration{
		Attestation: encode(map[string]any{"fmt": format, "attStmt": said, "authData": data}),
		ClientData:  clientData,
	}
}

func (a *Authenticator) point() []byte {
	point, err := a.private.PublicKey.Bytes()
	must(err)
	return point
}

// head is RP id hash, flags and counter.
func (a *Authenticator) head(flags byte) []byte {
	id := a.RPID
	if id == "" {
		id = a.Host
	}
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), a.Counter)
}

func (a *Authenticator) clientData(ceremony string, challenge []byte) []byte {
	if a.Ceremony != "" {
		ceremony = a.Ceremony
	}
	if a.Challenge != nil {
		challenge = a.Challenge
	}
	tail := a.Tail
	if tail == "" {
		tail = `,"crossOrigin":false}`
	}
	text := `{"type":"` + ceremony + `","challenge":"` + base64.RawURLEncoding.EncodeToString(challenge) + `","origin":"` + a.Origin + `"` + tail
	if a.ClientData != nil {
		text = a.ClientData(text)
	}
	return []byte(text)
}

func (a *Authenticator) sign(digest []byte) []byte {
	r, s, err := ecdsa.Sign(rand.Reader, a.private, digest)
	must(err)
	if other := new(big.Int).Sub(elliptic.P256().Params().N, s); (other.Cmp(s) < 0) != a.HighS {
		s = other
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r)
		b.AddASN1BigInt(s)
	})
	return b.BytesOrPanic()
}

// encode writes CBOR as authenticators do.
func encode(v any) []byte {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	must(err)
	data, err := mode.Marshal(v)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
