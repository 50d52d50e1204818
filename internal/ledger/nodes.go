package ledger

import (
	"crypto/sha256"
	"sync"
)

// nodesMost bounds the nodes that are remembered: those of sixteen full tiles.
const nodesMost = 4096

// Nodes remembers the nodes of one log's tree that proofs led through, for whoever
// makes many proofs of it: a tile keeps only its lowest hashes, and working out
// what lies above them is nearly all that a proof costs. A node that a log has it
// has for ever, so that nothing remembered is ever wrong as long as all readers
// that it is used with read the same log. The zero Nodes is ready; its methods may
// be called concurrently.
type Nodes struct {
	mu   sync.Mutex
	kept map[treeNode]Hash
}

// treeNode is the n-th node of a level of the whole tree.
type treeNode struct {
	level int
	n     int64
}

func (m *Nodes) get(level int, n int64) (Hash, bool) {
	if m == nil {
		return Hash{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.kept[treeNode{level, n}]
	return h, ok
}

// take is subtreeRoot of the hashes under a node, and remembers every node on the
// way.
func (m *Nodes) take(level int, n int64, data []byte) Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= nodesMost {
		m.kept = make(map[treeNode]Hash)
	}
	return m.root(level, n, data)
}

func (m *Nodes) root(level int, n int64, data []byte) Hash {
	if len(data) == sha256.Size {
		return Hash(data)
	}
	at := treeNode{level, n}
	h, ok := m.kept[at]
	if !ok {
		half := len(data) / 2
		h = nodeHash(m.root(level-1, 2*n, data[:half]), m.root(level-1, 2*n+1, data[half:]))
		m.kept[at] = h
	}
	return h
}
