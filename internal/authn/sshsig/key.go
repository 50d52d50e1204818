package sshsig

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

const (
	minRSABits = 3072
	maxRSABits = 8192 // bounds the work that a stranger's signature can cause
	maxKey     = 4 << 10

	certSuffix  = "-cert-v01@openssh.com"
	application = "ssh:"
)

// key is a public key of an accepted type: exactly one of ed, ec, rsa is set.
type key struct {
	typ         string
	ed          ed25519.PublicKey
	ec          *ecdsa.PublicKey
	rsa         *rsa.PublicKey
	application []byte // of security keys
}

func (k *key) security() bool { return k.application != nil }

// passkey tells whether the key signs in browsers: its application is a host.
func (k *key) passkey() bool {
	return k.security() && !bytes.HasPrefix(k.application, []byte(application))
}

// Inspect parses a public key in wire form and returns what Verify would return
// for a signature by it, touch and user verification left false. It refuses
// every key whose signatures Verify refuses, so that a roster can be checked
// before somebody depends on it.
func Inspect(wireKey []byte) (Signer, error) {
	k, err := parseKey(wireKey)
	if err != nil {
		return Signer{}, err
	}
	return describe(&k, wireKey), nil
}

func describe(k *key, wireKey []byte) Signer {
	sum := sha256.Sum256(wireKey)
	var fp [7 + 43]byte
	copy(fp[:], "SHA256:")
	base64.RawStdEncoding.Encode(fp[7:], sum[:])
	return Signer{
		Key:         bytes.Clone(wireKey),
		Type:        k.typ,
		Fingerprint: string(fp[:]),
		Security:    k.security(),
		Application: string(k.application),
		Passkey:     k.passkey(),
	}
}

func parseKey(b []byte) (k key, err error) {
	if len(b) > maxKey {
		return key{}, ErrKeyMalformed
	}
	w := wire(b)
	typ, ok := w.string()
	if !ok {
		return key{}, ErrKeyMalformed
	}
	switch string(typ) {
	case typeEd25519:
		err = k.readEd25519(&w, typeEd25519)
	case typeSKEd25519:
		if err = k.readEd25519(&w, typeSKEd25519); err == nil {
			err = k.readApplication(&w)
		}
	case typeP256:
		err = k.readECDSA(&w, typeP256, "nistp256", elliptic.P256())
	case typeP384:
		err = k.readECDSA(&w, typeP384, "nistp384", elliptic.P384())
	case typeP521:
		err = k.readECDSA(&w, typeP521, "nistp521", elliptic.P521())
	case typeSKP256:
		if err = k.readECDSA(&w, typeSKP256, "nistp256", elliptic.P256()); err == nil {
			err = k.readApplication(&w)
		}
	case typeRSA:
		err = k.readRSA(&w)
	default:
		if strings.HasSuffix(string(typ), certSuffix) {
			return key{}, ErrKeyCertificate
		}
		return key{}, ErrKeyType
	}
	if err != nil {
		return key{}, err
	}
	if len(w) != 0 {
		return key{}, ErrKeyMalformed
	}
	return k, nil
}

func (k *key) readEd25519(w *wire, typ string) error {
	p, ok := w.string()
	if !ok || len(p) != ed25519.PublicKeySize {
		return ErrKeyMalformed
	}
	if weakPoint(p) {
		return ErrKeyWeak
	}
	k.typ, k.ed = typ, p
	return nil
}

func (k *key) readECDSA(w *wire, typ, name string, curve elliptic.Curve) error {
	id, ok := w.string()
	if !ok || string(id) != name {
		return ErrKeyMalformed
	}
	point, ok := w.string()
	if !ok {
		return ErrKeyMalformed
	}
	// Uncompressed and on the curve, or refused: one form for each key.
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return ErrKeyMalformed
	}
	k.typ, k.ec = typ, pub
	return nil
}

func (k *key) readRSA(w *wire) error {
	e, minimalE, ok := w.positive()
	if !ok {
		return ErrKeyMalformed
	}
	n, minimalN, ok := w.positive()
	if !ok || !minimalE || !minimalN {
		return ErrKeyMalformed
	}
	if n.BitLen() < minRSABits || n.BitLen() > maxRSABits {
		return ErrKeySize
	}
	if e.BitLen() > 31 || e.Bit(0) == 0 || e.Int64() < 3 || n.Bit(0) == 0 {
		return ErrKeyMalformed
	}
	k.typ, k.rsa = typeRSA, &rsa.PublicKey{N: n, E: int(e.Int64())}
	return nil
}

func (k *key) readApplication(w *wire) error {
	app, ok := w.string()
	if !ok {
		return ErrKeyMalformed
	}
	k.application = app
	// The web's form of signature is for P-256 only.
	if k.passkey() && (k.ec == nil || canon.CheckOrigin(string(app)) != nil) {
		return ErrKeyApplication
	}
	return nil
}

// smallOrder are the y coordinates, little endian and without the sign bit, of
// the eight points of small order on edwards25519, with the two encodings that
// are not reduced. Under such a key one signature fits one message in eight or
// more, so a signature would name no message.
var smallOrder = [...][32]byte{
	{0: 0x00},
	{0: 0x01},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	unreduced(0xec), // p-1
}

// unreduced returns the little-endian bytes of 2^255-1 with the lowest byte set.
func unreduced(low byte) (p [32]byte) {
	for i := range p {
		p[i] = 0xff
	}
	p[0], p[31] = low, 0x7f
	return p
}

// weakPoint reports whether p is of small order, or encoded with y not below
// 2^255-19 (such a point would have a second encoding).
func weakPoint(p []byte) bool {
	var y [32]byte
	copy(y[:], p)
	y[31] &= 0x7f
	for i := range smallOrder {
		if y == smallOrder[i] {
			return true
		}
	}
	top := unreduced(y[0])
	return y[0] >= 0xed && y == top
}
