package ledger

import (
	"crypto/sha256"
	"encoding/hex"
)

// Hash is a SHA-256. Its text form is exactly 64 lower-case hex digits.
type Hash [sha256.Size]byte

const shortDigits = 12

// String returns the 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short returns the first 12 hex digits: enough for people to compare by eye,
// never enough for a program to decide on.
func (h Hash) Short() string { return hex.EncodeToString(h[:shortDigits/2]) }

// IsZero reports whether h was never set.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes the 64 lower-case hex digits.
func (h Hash) MarshalText() ([]byte, error) {
	return hex.AppendEncode(make([]byte, 0, 2*len(h)), h[:]), nil
}

// UnmarshalText accepts exactly 64 lower-case hex digits and leaves h untouched
// when it refuses.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fault(ClassEncoding, "hash", "it is not 64 lower-case hex digits")
	}
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fault(ClassEncoding, "hash", "it is not 64 lower-case hex digits")
		}
	}
	var out Hash
	if _, err := hex.Decode(out[:], text); err != nil {
		return err // unreachable: the digits were checked above
	}
	*h = out
	return nil
}

// ParseHash is UnmarshalText for a string.
func ParseHash(s string) (Hash, error) {
	var h Hash
	err := h.UnmarshalText([]byte(s))
	return h, err
}

// EmptyRoot is the root of the log without entries (RFC 6962, section 2.1).
func EmptyRoot() Hash { return sha256.Sum256(nil) }

// LeafHash is the hash by which the tree knows an entry: SHA-256 of a zero byte
// and the entry (RFC 6962, section 2.1).
func LeafHash(entry []byte) Hash {
	// Most entries fit on the stack, where prefix and entry can be hashed in one
	// call without allocating.
	var small [2048]byte
	if len(entry) < len(small) {
		n := copy(small[1:], entry)
		return sha256.Sum256(small[:1+n])
	}
	var out Hash
	d := sha256.New()
	d.Write([]byte{0})
	d.Write(entry)
	d.Sum(out[:0])
	return out
}

// nodeHash is SHA-256 of a one byte and the two children (RFC 6962, section 2.1).
func nodeHash(left, right Hash) Hash {
	var buf [1 + 2*sha256.Size]byte
	buf[0] = 1
	copy(buf[1:], left[:])
	copy(buf[1+sha256.Size:], right[:])
	return sha256.Sum256(buf[:])
}
