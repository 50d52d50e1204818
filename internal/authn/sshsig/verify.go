package sshsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"math/big"
)

const (
	magic    = "SSHSIG"
	version  = 1
	hashName = "sha512"

	// MaxBlob is the length in bytes beyond which no signature is looked at.
	MaxBlob = 8 << 10
	// MaxNamespace is the greatest length of a namespace in bytes.
	MaxNamespace = 64

	flagTouched   = 0x01
	flagVerified  = 0x04
	flagsWithData = 0xc0 // attested credential data, extensions: SSH carries neither
)

// Signer is who made a signature: the key, and what its flags say. Flags of
// security keys are signed by the key and say nothing without attestation of
// what the key is.
type Signer struct {
	Key         []byte // wire form of the public key
	Type        string // "ssh-ed25519", …
	Fingerprint string // "SHA256:…" as ssh-keygen -l prints it
	// Touched and UserVerified are the authenticator's user-present and
	// user-verified flags; both are false for keys that are not security keys.
	Touched      bool
	UserVerified bool
	Security     bool // an sk- key
	Flags        byte // authenticator flags as signed; zero for other keys
	// Application is what a security key was made for: "ssh:…", or the host of a
	// passkey; empty for other keys.
	Application string
	Passkey     bool   // signs in browsers only, on pages of its application
	Origin      string // the page's, as signed; empty for keys that are no passkeys
}

// Namespace returns the SSHSIG namespace under which statements of a kind are
// signed: one for each kind, so that no signature can be read as another's.
func Namespace(kind string) string { return "halligan.v1." + kind }

// Verify checks that blob is the canonical SSHSIG of message under namespace
// and returns its signer. It fails with exactly one Refusal.
func Verify(blob []byte, namespace string, message []byte) (Signer, error) {
	s, err := parse(blob)
	if err != nil {
		return Signer{}, err
	}
	if string(s.namespace) != namespace {
		return Signer{}, ErrNamespace
	}
	k, err := parseKey(s.key)
	if err != nil {
		return Signer{}, err
	}
	digest := sha512.Sum512(message)
	var room [192]byte
	signed := appendSigned(room[:0], namespace, digest[:])
	if err := k.check(&s, signed); err != nil {
		return Signer{}, err
	}
	who := describe(&k, s.key)
	if k.security() {
		who.Flags = s.flags
		who.Touched = s.flags&flagTouched != 0
		who.UserVerified = s.flags&flagVerified != 0
		who.Origin = string(s.origin)
	}
	return who, nil
}

// signature is a parsed blob; all slices alias it.
type signature struct {
	key       []byte
	namespace []byte
	format    []byte
	value     []byte
	rest      []byte // what follows the value: flags and counter of security keys
	flags     byte
	counter   uint32

	origin, clientData []byte // of passkeys
}

// parse reads the fields of PROTOCOL.sshsig. Which form the value must have
// depends on the key and is checked there.
func parse(blob []byte) (s signature, err error) {
	if len(blob) > MaxBlob || len(blob) < len(magic) || string(blob[:len(magic)]) != magic {
		return s, ErrMalformed
	}
	w := wire(blob[len(magic):])
	if v, ok := w.uint32(); !ok || v != version {
		return s, ErrMalformed
	}
	var fields [5][]byte
	for i := range fields {
		f, ok := w.string()
		if !ok {
			return s, ErrMalformed
		}
		fields[i] = f
	}
	if len(w) != 0 {
		return s, ErrMalformed
	}
	if len(fields[2]) != 0 {
		return s, ErrReserved
	}
	if string(fields[3]) != hashName {
		return s, ErrHash
	}
	if len(fields[1]) == 0 || len(fields[1]) > MaxNamespace {
		return s, ErrNamespace
	}
	s.key, s.namespace = fields[0], fields[1]
	w = wire(fields[4])
	var ok1, ok2 bool
	s.format, ok1 = w.string()
	s.value, ok2 = w.string()
	if !ok1 || !ok2 {
		return s, ErrMalformed
	}
	s.rest = w
	return s, nil
}

// appendSigned writes the bytes that the key signs: PROTOCOL.sshsig, section 3.
func appendSigned(dst []byte, namespace string, digest []byte) []byte {
	dst = append(dst, magic...)
	dst = appendString(dst, namespace)
	dst = appendString(dst, "")
	dst = appendString(dst, hashName)
	return appendString(dst, digest)
}

func (k *key) check(s *signature, signed []byte) error {
	if string(s.format) == formatWebAuthn {
		return k.checkWebAuthn(s, signed)
	}
	want := k.typ
	if k.rsa != nil {
		want = formatRSA512
	}
	if string(s.format) != want {
		return ErrFormat
	}
	if k.passkey() {
		return ErrApplication
	}
	if k.security() {
		if err := s.readFlags(); err != nil {
			return err
		}
		var room [69]byte
		signed = s.appendAuthenticated(room[:0], k.application, signed)
	} else if len(s.rest) != 0 {
		return ErrMalformed
	}
	switch {
	case k.ed != nil:
		return checkEd25519(k.ed, signed, s.value)
	case k.ec != nil:
		return checkECDSA(k.ec, signed, s.value)
	default:
		return checkRSA(k.rsa, signed, s.value)
	}
}

func (s *signature) readFlags() error {
	w := wire(s.rest)
	if !s.takeFlags(&w) || len(w) != 0 {
		return ErrMalformed
	}
	if s.flags&flagsWithData != 0 {
		return ErrFlags
	}
	return nil
}

func (s *signature) takeFlags(w *wire) bool {
	var ok1, ok2 bool
	s.flags, ok1 = w.byte()
	s.counter, ok2 = w.uint32()
	return ok1 && ok2
}

// appendAuthenticated writes what a security key signs (PROTOCOL.u2f): the
// application's digest, flags, counter, the message's digest. The message of a
// passkey is its client data.
func (s *signature) appendAuthenticated(dst, application, message []byte) []byte {
	app, msg := sha256.Sum256(application), sha256.Sum256(message)
	dst = append(dst, app[:]...)
	dst = append(dst, s.flags)
	dst = binary.BigEndian.AppendUint32(dst, s.counter)
	return append(dst, msg[:]...)
}

func checkEd25519(pub ed25519.PublicKey, signed, value []byte) error {
	if len(value) != ed25519.SignatureSize {
		return ErrMalformed
	}
	// The standard library refuses S not below the group order and compares
	// the encoded R, so there is one encoding for each signature.
	if !ed25519.Verify(pub, signed, value) {
		return ErrInvalid
	}
	return nil
}

func checkECDSA(pub *ecdsa.PublicKey, signed, value []byte) error {
	r, s, canonical, err := readECDSA(pub, value)
	if err != nil {
		return err
	}
	if !canonical || highS(pub, s) {
		return ErrNotCanonical
	}
	if !ecdsa.Verify(pub, ecdsaDigest(pub, signed), r, s) {
		return ErrInvalid
	}
	return nil
}

func readECDSA(pub *ecdsa.PublicKey, value []byte) (r, s *big.Int, canonical bool, err error) {
	w := wire(value)
	r, minimalR, ok1 := w.positive()
	s, minimalS, ok2 := w.positive()
	if !ok1 || !ok2 || len(w) != 0 {
		return nil, nil, false, ErrMalformed
	}
	n := pub.Curve.Params().N
	if r.Cmp(n) >= 0 || s.Cmp(n) >= 0 {
		return nil, nil, false, ErrInvalid
	}
	return r, s, minimalR && minimalS, nil
}

// highS reports whether the other of the two valid values, n-s, is the lower.
func highS(pub *ecdsa.PublicKey, s *big.Int) bool {
	return new(big.Int).Lsh(s, 1).Cmp(pub.Curve.Params().N) > 0
}

// ecdsaDigest hashes as RFC 5656, section 6.2.1 says: by the curve's size.
func ecdsaDigest(pub *ecdsa.PublicKey, signed []byte) []byte {
	switch pub.Curve.Params().BitSize {
	case 256:
		d := sha256.Sum256(signed)
		return d[:]
	case 384:
		d := sha512.Sum384(signed)
		return d[:]
	default:
		d := sha512.Sum512(signed)
		return d[:]
	}
}

func checkRSA(pub *rsa.PublicKey, signed, value []byte) error {
	if len(value) != pub.Size() { // ssh-keygen never shortens; others may
		return ErrNotCanonical
	}
	digest := sha512.Sum512(signed)
	if rsa.VerifyPKCS1v15(pub, crypto.SHA512, digest[:], value) != nil {
		return ErrInvalid
	}
	return nil
}
