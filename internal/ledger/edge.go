package ledger

import (
	"math/bits"

	"github.com/halligan-dev/halligan/internal/canon"
)

const (
	maxLevels = 6

	// MaxSize is the largest number of entries in a log: six levels of tiles. It
	// also fits exactly into a JSON number.
	MaxSize int64 = 1<<(8*maxLevels) - 1
)

// Edge is the right edge of a log: the roots of the complete subtrees that a log
// of its size splits into, all that appending needs. The zero Edge is the log
// without entries. Two edges of equal logs are ==. Copying copies.
type Edge struct {
	size int64
	// roots[l] is the root of the complete subtree of 1<<l entries where size has
	// bit l, and zero where it has not.
	roots [8 * maxLevels]Hash
}

// Append adds the hash of the next entry. It costs one node hash on average and
// does not allocate. A log beyond MaxSize panics: nothing gets there.
func (e *Edge) Append(leaf Hash) {
	if e.size >= MaxSize {
		panic("ledger: the log is full")
	}
	h, level := leaf, 0
	for ; e.size>>level&1 == 1; level++ {
		h = nodeHash(e.roots[level], h)
		e.roots[level] = Hash{}
	}
	e.roots[level] = h
	e.size++
}

// Size is the number of entries.
func (e *Edge) Size() int64 { return e.size }

// Root is the root hash of the log (RFC 6962, section 2.1).
func (e *Edge) Root() Hash {
	if e.size == 0 {
		return EmptyRoot()
	}
	level := bits.TrailingZeros64(uint64(e.size))
	root := e.roots[level]
	for level++; e.size>>level != 0; level++ {
		if e.size>>level&1 == 1 {
			root = nodeHash(e.roots[level], root)
		}
	}
	return root
}

// Clone returns a copy that shares nothing with e.
func (e *Edge) Clone() Edge { return *e }

// edgeJSON is the canonical JSON of an Edge, the largest subtree first.
type edgeJSON struct {
	Hashes []Hash `json:"hashes"`
	Size   int64  `json:"size"`
}

// MarshalJSON writes canonical JSON: {"hashes":[…],"size":n}, the root of the
// largest subtree first.
func (e Edge) MarshalJSON() ([]byte, error) {
	wire := edgeJSON{Size: e.size, Hashes: []Hash{}}
	for level := len(e.roots) - 1; level >= 0; level-- {
		if e.size>>level&1 == 1 {
			wire.Hashes = append(wire.Hashes, e.roots[level])
		}
	}
	return canon.Encode(wire)
}

// UnmarshalJSON accepts only what MarshalJSON writes and leaves e untouched when
// it refuses. It cannot know whether the hashes are right: compare Root with a
// checkpoint.
func (e *Edge) UnmarshalJSON(data []byte) error {
	const where = "edge"
	var wire edgeJSON
	if err := decodeCanonical(data, &wire, ClassEncoding, where); err != nil {
		return err
	}
	if wire.Size < 0 || wire.Size > MaxSize {
		return fault(ClassEncoding, where, "its size is not the size of a log")
	}
	if len(wire.Hashes) != bits.OnesCount64(uint64(wire.Size)) {
		return fault(ClassEncoding, where, "it has not one hash for each complete subtree of its size")
	}
	out := Edge{size: wire.Size}
	for level := len(out.roots) - 1; level >= 0; level-- {
		if wire.Size>>level&1 == 1 {
			out.roots[level], wire.Hashes = wire.Hashes[0], wire.Hashes[1:]
		}
	}
	*e = out
	return nil
}
