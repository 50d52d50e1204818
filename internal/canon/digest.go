package canon

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest is a SHA-256. As text it is 64 lower-case hexadecimal digits.
type Digest [sha256.Size]byte

// Sum is the SHA-256 of data.
func Sum(data []byte) Digest { return sha256.Sum256(data) }

// ParseDigest reads the text form, strictly.
func ParseDigest(text string) (Digest, error) {
	var d Digest
	err := d.UnmarshalText([]byte(text))
	return d, err
}

// String is the text form.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Short is the first sixteen digits: enough to name one of a cell's requests.
func (d Digest) Short() string { return hex.EncodeToString(d[:8]) }

// IsZero tells whether d was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText gives the text form.
func (d Digest) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// AppendText appends the text form to dst.
func (d Digest) AppendText(dst []byte) ([]byte, error) { return hex.AppendEncode(dst, d[:]), nil }

// UnmarshalText reads the text form: exactly 64 lower-case digits.
func (d *Digest) UnmarshalText(text []byte) error { return decodeHex(d[:], text) }

// Key32 is a 32-byte public key (Ed25519 or X25519) or nonce. As text it is 64
// lower-case hexadecimal digits.
type Key32 [32]byte

// String is the text form.
func (k Key32) String() string { return hex.EncodeToString(k[:]) }

// IsZero tells whether k was never set.
func (k Key32) IsZero() bool { return k == Key32{} }

// MarshalText gives the text form.
func (k Key32) MarshalText() ([]byte, error) { return k.AppendText(nil) }

// AppendText appends the text form to dst.
func (k Key32) AppendText(dst []byte) ([]byte, error) { return hex.AppendEncode(dst, k[:]), nil }

// UnmarshalText reads the text form: exactly 64 lower-case digits.
func (k *Key32) UnmarshalText(text []byte) error { return decodeHex(k[:], text) }

// KeyP256 is a public key on P-256, uncompressed (SEC 1): 04, X and Y. As text it is
// 130 lower-case hexadecimal digits. That the point is on the curve is for whoever
// takes a key from somebody to check.
type KeyP256 [65]byte

// String is the text form.
func (k KeyP256) String() string { return hex.EncodeToString(k[:]) }

// IsZero tells whether k was never set.
func (k KeyP256) IsZero() bool { return k == KeyP256{} }

// MarshalText gives the text form.
func (k KeyP256) MarshalText() ([]byte, error) { return k.AppendText(nil) }

// AppendText appends the text form to dst.
func (k KeyP256) AppendText(dst []byte) ([]byte, error) { return hex.AppendEncode(dst, k[:]), nil }

// UnmarshalText reads the text form: exactly 130 lower-case digits.
func (k *KeyP256) UnmarshalText(text []byte) error { return decodeHex(k[:], text) }

func decodeHex(dst, text []byte) error {
	if len(text) != 2*len(dst) {
		return fmt.Errorf("%d characters where %d hexadecimal digits are due", len(text), 2*len(dst))
	}
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("%q is not a lower-case hexadecimal digit", c)
		}
	}
	_, err := hex.Decode(dst, text)
	return err
}
