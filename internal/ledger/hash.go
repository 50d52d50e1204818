package ledger

import (
	"crypto/sha256"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Hash is the SHA-256 that every format shares; as text 64 lower-case
// hexadecimal digits.
type Hash = canon.Digest

// ParseHash reads a Hash's text form, strictly.
func ParseHash(s string) (Hash, error) { return canon.ParseDigest(s) }

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
