package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// InclusionProof proves that the log of a size has its entry at an index
// (RFC 6962, section 2.1.1), reading O(log n) tiles.
func InclusionProof(size, index int64, read TileReader) ([]Hash, error) {
	return (*Nodes)(nil).InclusionProof(size, index, read)
}

// InclusionProof is the function of that name.
func (m *Nodes) InclusionProof(size, index int64, read TileReader) ([]Hash, error) {
	if size > MaxSize || index < 0 || index >= size {
		return nil, fault(ClassProof, fmt.Sprintf("entry %d", index), fmt.Sprintf("a log of size %d has no such entry", size))
	}
	proof, err := tlog.ProveRecord(size, index, newTileHashes(m, read))
	if err != nil {
		return nil, asFault(err, fmt.Sprintf("proof of entry %d", index))
	}
	return fromTlog(proof), nil
}

// ConsistencyProof proves that the log of the new size begins with the log of the
// old size (RFC 6962, section 2.1.2), reading O(log n) tiles. From size 0 and
// between equal sizes the proof is empty.
func ConsistencyProof(oldSize, newSize int64, read TileReader) ([]Hash, error) {
	return (*Nodes)(nil).ConsistencyProof(oldSize, newSize, read)
}

// ConsistencyProof is the function of that name.
func (m *Nodes) ConsistencyProof(oldSize, newSize int64, read TileReader) ([]Hash, error) {
	if newSize > MaxSize || oldSize < 0 || oldSize > newSize {
		return nil, fault(ClassProof, "consistency proof", fmt.Sprintf("a log cannot grow from size %d to %d", oldSize, newSize))
	}
	if oldSize == 0 {
		return []Hash{}, nil
	}
	proof, err := tlog.ProveTree(newSize, oldSize, newTileHashes(m, read))
	if err != nil {
		return nil, asFault(err, "consistency proof")
	}
	return fromTlog(proof), nil
}

// RootAt is the root hash that the log had at a size, from O(log n) tiles.
func RootAt(size int64, read TileReader) (Hash, error) {
	if size < 0 || size > MaxSize {
		return Hash{}, fault(ClassRoot, "root", fmt.Sprintf("%d is not the size of a log", size))
	}
	root, err := tlog.TreeHash(size, newTileHashes(nil, read))
	if err != nil {
		return Hash{}, asFault(err, "root")
	}
	return Hash(root), nil
}

// CheckInclusion checks that the log of a size and root has an entry with this
// leaf hash at an index. Five plain values, because they are the five inputs of
// the algorithm in RFC 6962 and a wrong grouping would invite trusting one.
func CheckInclusion(proof []Hash, size int64, root Hash, index int64, leaf Hash) error {
	if tlog.CheckRecord(toTlog(proof), size, tlog.Hash(root), index, tlog.Hash(leaf)) != nil {
		return fault(ClassProof, fmt.Sprintf("proof of entry %d", index),
			fmt.Sprintf("it does not lead to root %s of size %d", root.Short(), size))
	}
	return nil
}

// CheckConsistency checks that the log of the new size and root begins with the
// log of the old size and root.
func CheckConsistency(proof []Hash, oldSize int64, oldRoot Hash, newSize int64, newRoot Hash) error {
	bad := fault(ClassProof, "consistency proof", fmt.Sprintf(
		"the log of size %d and root %s does not begin with the log of size %d and root %s",
		newSize, newRoot.Short(), oldSize, oldRoot.Short()))
	if oldSize < 0 || oldSize > newSize {
		return bad
	}
	if oldSize == 0 {
		if len(proof) != 0 || oldRoot != EmptyRoot() || (newSize == 0 && newRoot != oldRoot) {
			return bad
		}
		return nil
	}
	if tlog.CheckTree(toTlog(proof), newSize, tlog.Hash(newRoot), oldSize, tlog.Hash(oldRoot)) != nil {
		return bad
	}
	return nil
}

// tileHashes lets tlog's proof code read tree nodes out of tiles. It lives for one
// call and reads each tile once.
type tileHashes struct {
	nodes *Nodes // nil: none are remembered
	read  TileReader
	tiles map[tileKey][]byte
}

type tileKey struct {
	level int
	index int64
}

func newTileHashes(nodes *Nodes, read TileReader) *tileHashes {
	return &tileHashes{nodes: nodes, read: read, tiles: make(map[tileKey][]byte)}
}

// ReadHashes implements tlog.HashReader.
func (t *tileHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, len(indexes))
	for _, stored := range indexes {
		level, n := tlog.SplitStoredHashIndex(stored)
		h, err := t.node(level, n)
		if err != nil {
			return nil, err
		}
		out = append(out, tlog.Hash(h))
	}
	return out, nil
}

// node returns the n-th node of a level of the tree: the root of the hashes below
// it in the tile that covers the level.
func (t *tileHashes) node(level int, n int64) (Hash, error) {
	if h, ok := t.nodes.get(level, n); ok {
		return h, nil
	}
	up := level % tileHeight // levels above the bottom of its tile
	inTile := int64(1) << (tileHeight - up)
	key := tileKey{level: level / tileHeight, index: n / inTile}
	from := int(n%inTile) << up
	to := from + 1<<up

	data, ok := t.tiles[key]
	if !ok {
		var err error
		if data, err = t.read(key.level, key.index); err != nil {
			return Hash{}, unreadable(key.level, key.index, err)
		}
		t.tiles[key] = data
	}
	data, err := cutStored(data, TileName{Level: key.level, Index: key.index, Width: to})
	if err != nil {
		return Hash{}, err
	}
	if data = data[from*sha256.Size : to*sha256.Size]; t.nodes != nil {
		return t.nodes.take(level, n, data), nil
	}
	return subtreeRoot(data), nil
}

// asFault keeps a fault of a tile and wraps everything else as one of a proof.
func asFault(err error, where string) error {
	if f := (*Fault)(nil); errors.As(err, &f) {
		return f
	}
	return &Fault{Class: ClassProof, Where: where, Detail: "it cannot be made", Err: err}
}

func fromTlog(hashes []tlog.Hash) []Hash {
	out := make([]Hash, len(hashes))
	for i, h := range hashes {
		out[i] = Hash(h)
	}
	return out
}

func toTlog(hashes []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(hashes))
	for i, h := range hashes {
		out[i] = tlog.Hash(h)
	}
	return out
}
