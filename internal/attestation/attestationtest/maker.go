package attestationtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/attestation"
)

// Maker is a maker of authenticators. Its fields say what its next certificates and
// attestations are; a test may change each.
type Maker struct {
	Root *x509.Certificate
	key  *ecdsa.PrivateKey

	Model   [16]byte  // of its devices
	Named   [16]byte  // model that certificates name; zero: none
	From    time.Time // since when certificates are valid
	Until   time.Time
	Subject pkix.Name
	CA      bool // its certificates for devices are of an authority
	Format  string
}

// New makes a maker with a root of its own, valid for thirty years from 2020.
func New(name string) *Maker {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name + " Root"}, NotBefore: from, NotAfter: from.AddDate(30, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	m := &Maker{
		Root: must(x509.ParseCertificate(der)), key: key, From: from, Until: from.AddDate(30, 0, 0), Format: attestation.Packed,
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{name}, OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: name + " device"},
	}
	copy(m.Model[:], sumOf(name))
	m.Named = m.Model
	return m
}

// Below is the same maker with an authority of its own between the root and devices,
// whose certificate is the Root of what is given.
func (m *Maker) Below() *Maker {
	below, key := *m, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: m.Root.Subject.CommonName + " Authority"}, NotBefore: m.From, NotAfter: m.Until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, m.Root, key.Public(), m.key))
	below.Root, below.key = must(x509.ParseCertificate(der)), key
	return &below
}

func sumOf(name string) []byte { sum := sha256.Sum256([]byte(name)); return sum[:16] }

// PEM is the root as cell.yaml holds it.
func (m *Maker) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.Root.Raw}))
}

// Device is a certificate of the maker with its key, and what else stands in its chain.
func (m *Maker) Device() (chain [][]byte, key crypto.Signer) {
	own := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: m.Subject, NotBefore: m.From, NotAfter: m.Until, IsCA: m.CA, BasicConstraintsValid: true,
	}
	if m.Named != [16]byte{} && m.Format != attestation.U2F {
		value := must(asn1.Marshal(m.Named[:]))
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: value}}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, m.Root, own.Public(), m.key))
	return [][]byte{der}, own
}

// Attest is what a device of the maker says of a key: authenticator data, as a browser
// or ssh-keygen gave it, over the hash of client data.
func (m *Maker) Attest(data []byte, client [32]byte) attestation.Attestation {
	chain, key := m.Device()
	a := attestation.Attestation{Format: m.Format, Data: data, Client: client, Chain: chain}
	a.Signature = Sign(key, Signed(a))
	return a
}

// Signed is what the signature of an attestation is over.
func Signed(a attestation.Attestation) []byte {
	if a.Format != attestation.U2F {
		return slices.Concat(a.Data, a.Client[:])
	}
	size := int(binary.BigEndian.Uint16(a.Data[53:]))
	id, cose := a.Data[55:55+size], a.Data[55+size:]
	return slices.Concat([]byte{0}, a.Data[:32], a.Client[:], id, []byte{4}, cose[10:42], cose[45:77])
}

// Sign signs as authenticators do.
func Sign(key crypto.Signer, data []byte) []byte {
	sum := sha256.Sum256(data)
	return must(key.Sign(rand.Reader, sum[:], crypto.SHA256))
}

// Data is authenticator data of a new credential with a P-256 key, as coordinates.
func (m *Maker) Data(application string, id, x, y []byte) []byte {
	return m.data(application, id, slices.Concat([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, x, []byte{0x22, 0x58, 0x20}, y))
}

// data is authenticator data of a new credential with a COSE key.
func (m *Maker) data(application string, id, cose []byte) []byte {
	host := sha256.Sum256([]byte(application))
	data := append(host[:], 0x45, 0, 0, 0, 1)
	if m.Format == attestation.U2F { // whose devices tell no model
		data = append(data, make([]byte, 16)...)
	} else {
		data = append(data, m.Model[:]...)
	}
	return slices.Concat(binary.BigEndian.AppendUint16(data, uint16(len(id))), id, cose)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
