package issuer

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"

	"github.com/halligan-dev/halligan/internal/canon"
)

const (
	algorithm    = "RS256"
	keyBitsLeast = 2048
	keyBitsMost  = 4096
	keyExponent  = 65537
	jwkMost      = 4 << 10
)

// ErrJWK is returned for bytes that are not the public key of an issuer.
var ErrJWK = errors.New("cannot use this key: want a public JWK (RSA of 2,048 to 4,096 bits, exponent 65537, alg RS256, use sig) whose kid is its RFC 7638 thumbprint; halligan issuer new writes one")

// PublicKey is the public half of a token key as a JWK (RFC 7517). ID is its
// thumbprint (RFC 7638).
type PublicKey struct {
	Algorithm string `json:"alg"`
	Exponent  string `json:"e"`
	ID        string `json:"kid"`
	Type      string `json:"kty"`
	Modulus   string `json:"n"`
	Use       string `json:"use"`
}

// ParseJWK reads a public JWK strictly: it must be in its one encoding, but for line
// ends behind it. It fails with ErrJWK.
func ParseJWK(data []byte) (PublicKey, error) {
	var k PublicKey
	data = trimLines(data)
	if canon.Decode(data, jwkMost, &k) != nil {
		return PublicKey{}, ErrJWK
	}
	modulus, err := base64.RawURLEncoding.Strict().DecodeString(k.Modulus)
	if err != nil || len(modulus) == 0 || modulus[0] == 0 {
		return PublicKey{}, ErrJWK
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: keyExponent}
	if bits := key.N.BitLen(); bits < keyBitsLeast || bits > keyBitsMost || key.N.Bit(0) == 0 || publicKey(key) != k {
		return PublicKey{}, ErrJWK
	}
	return k, nil
}

// Encode gives the one encoding (RFC 8785), without a line end.
func (k PublicKey) Encode() []byte { return canon.MustEncode(k) }

func publicKey(key *rsa.PublicKey) PublicKey {
	k := PublicKey{
		Algorithm: algorithm, Type: "RSA", Use: "sig",
		Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		Modulus:  base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
	}
	// RFC 7638: the members that the key needs, in this order, without space.
	print := sha256.Sum256([]byte(`{"e":"` + k.Exponent + `","kty":"RSA","n":"` + k.Modulus + `"}`))
	k.ID = base64.RawURLEncoding.EncodeToString(print[:])
	return k
}

func trimLines(data []byte) []byte {
	for len(data) > 0 && (data[len(data)-1] == '\n' || data[len(data)-1] == '\r') {
		data = data[:len(data)-1]
	}
	return data
}
