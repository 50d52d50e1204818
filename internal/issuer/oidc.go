package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// ErrTokenKey is returned by OpenOIDC for bytes that are not a private key for
// tokens.
var ErrTokenKey = errors.New("cannot use this token key: want an RSA private key of 2,048 to 4,096 bits in PKCS #8, without a passphrase")

const (
	tokenKeyBits  = 3072
	tokenKeyBlock = "PRIVATE KEY"
)

// Bounds are what the tokens of an issuer may say at most.
type Bounds struct {
	Audience string           // the only one
	Subject  string           // what every subject begins with
	Now      func() time.Time // of this machine
}

// OIDC is an issuer of OpenID Connect tokens with an RSA key (RS256). It is safe
// for concurrent use.
type OIDC struct {
	private *rsa.PrivateKey
	public  PublicKey
	bounds  Bounds
}

// GenerateOIDC makes a new key. It returns the private key as a PEM file (PKCS #8)
// without passphrase, which the caller must keep secret, and the public key as a
// JWK in its one encoding.
func GenerateOIDC(random io.Reader) (private, public []byte, err error) {
	key, err := rsa.GenerateKey(random, tokenKeyBits)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a token key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot encode the token key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: tokenKeyBlock, Bytes: der}), publicKey(&key.PublicKey).Encode(), nil
}

// OpenOIDC reads a private key as GenerateOIDC wrote it. It fails with ErrTokenKey.
func OpenOIDC(private []byte, b Bounds) (*OIDC, error) {
	block, rest := pem.Decode(private)
	if block == nil || block.Type != tokenKeyBlock || len(block.Headers) > 0 || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, ErrTokenKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, ErrTokenKey // the parser's error could quote what it read
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() < keyBitsLeast || key.N.BitLen() > keyBitsMost || key.E != keyExponent {
		return nil, ErrTokenKey
	}
	if b.Audience == "" || b.Subject == "" || b.Now == nil {
		return nil, errors.New("cannot use a token key without an audience, a subject and a clock")
	}
	return &OIDC{private: key, public: publicKey(&key.PublicKey), bounds: b}, nil
}

// KeyID names the key: its thumbprint (RFC 7638).
func (o *OIDC) KeyID() string { return o.public.ID }

// PublicJWK is the public key in its one encoding.
func (o *OIDC) PublicJWK() []byte { return o.public.Encode() }

// Sign gives the token (JWS, compact) over exactly these claims. It fails with a
// Refusal, and then nothing was signed.
func (o *OIDC) Sign(token []byte) (string, error) {
	if err := o.bounds.check(token); err != nil {
		return "", err
	}
	header := canon.MustEncode(map[string]string{"alg": algorithm, "kid": o.public.ID, "typ": "JWT"})
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(token)
	digest := sha256.Sum256([]byte(signed))
	value, err := rsa.SignPKCS1v15(rand.Reader, o.private, crypto.SHA256, digest[:])
	if err != nil {
		return "", errors.New("cannot sign a token with this key")
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(value), nil
}
