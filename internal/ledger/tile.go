package ledger

import (
	"crypto/sha256"
	"fmt"
)

const (
	tileHeight = 8
	tileBytes  = TileWidth * sha256.Size
)

// TileReader returns the stored tile of hashes at a level and index. The blob may
// be longer than the log in question needs (the log has grown since), never
// shorter. It is not asked for tiles that the log does not have.
type TileReader func(level int, index int64) ([]byte, error)

// TileEdit is a tile as it now is: its level, its index and all its hashes, at
// most 256 of 32 bytes each. Data must not be written to.
type TileEdit struct {
	Level int
	Index int64
	Data  []byte
}

// Name returns the name of the tile in the C2SP layout.
func (t TileEdit) Name() TileName {
	return TileName{Level: t.Level, Index: t.Index, Width: len(t.Data) / sha256.Size}
}

// Tiles holds the rightmost tile of each level of a growing log and remembers
// which tiles changed. The zero Tiles is the log without entries.
type Tiles struct {
	size   int64
	levels []tileLevel
}

type tileLevel struct {
	index int64      // of the tile that is filling
	data  []byte     // its hashes so far: fewer than 256
	dirty bool       // data has grown since Clean
	full  []TileEdit // tiles that were filled since Clean, in order
}

// OpenTiles rebuilds the Tiles of a log of a size from stored tiles. It checks
// their lengths; whether the hashes are right shows in Root.
func OpenTiles(size int64, read TileReader) (*Tiles, error) {
	if size < 0 || size > MaxSize {
		return nil, fault(ClassEncoding, "tiles", fmt.Sprintf("%d is not the size of a log", size))
	}
	t := &Tiles{size: size}
	for level, hashes := 0, size; hashes > 0; level, hashes = level+1, hashes>>tileHeight {
		l := tileLevel{index: hashes >> tileHeight}
		if width := int(hashes % TileWidth); width > 0 {
			data, err := read(level, l.index)
			if err != nil {
				return nil, unreadable(level, l.index, err)
			}
			if data, err = cutStored(data, TileName{level, l.index, width}); err != nil {
				return nil, err
			}
			l.data = append(make([]byte, 0, tileBytes), data...)
		}
		t.levels = append(t.levels, l)
	}
	return t, nil
}

func unreadable(level int, index int64, err error) *Fault {
	return &Fault{Class: ClassTile, Where: TilePath(level, index, TileWidth), Detail: "it cannot be read", Err: err}
}

// cutStored cuts a stored tile to the width its name says. The stored tile may be
// wider, never narrower, and consists of whole hashes.
func cutStored(data []byte, name TileName) ([]byte, error) {
	need := name.Width * sha256.Size
	if len(data) < need || len(data) > tileBytes || len(data)%sha256.Size != 0 {
		return nil, fault(ClassTile, TilePath(name.Level, name.Index, TileWidth),
			fmt.Sprintf("it has %d bytes, %d of whole hashes are needed", len(data), need))
	}
	return data[:need:need], nil
}

// Size is the number of entries.
func (t *Tiles) Size() int64 { return t.size }

// Append adds the hash of the next entry. It costs one node hash on average, and
// allocates one tile for every 256 entries.
func (t *Tiles) Append(leaf Hash) {
	if t.size >= MaxSize {
		panic("ledger: the log is full")
	}
	h := leaf
	for level := 0; ; level++ {
		if level == len(t.levels) {
			t.levels = append(t.levels, tileLevel{})
		}
		l := &t.levels[level]
		if l.data == nil {
			// Never reuse a filled tile's memory: an edit handed out may alias it.
			l.data = make([]byte, 0, tileBytes)
		}
		l.data, l.dirty = append(l.data, h[:]...), true
		if len(l.data) < tileBytes {
			break
		}
		h = subtreeRoot(l.data)
		l.full = append(l.full, TileEdit{level, l.index, l.data})
		l.index, l.data, l.dirty = l.index+1, nil, false
	}
	t.size++
}

// Dirty returns each tile that changed since the last Clean, by level, then index.
// What it returned stays as it is when the log grows.
func (t *Tiles) Dirty() []TileEdit {
	var edits []TileEdit
	for level := range t.levels {
		l := &t.levels[level]
		edits = append(edits, l.full...)
		if l.dirty {
			edits = append(edits, l.edit(level))
		}
	}
	return edits
}

func (l *tileLevel) edit(level int) TileEdit {
	n := len(l.data)
	return TileEdit{level, l.index, l.data[:n:n]}
}

// Clean forgets which tiles changed. Call it once what Dirty returned is durable.
func (t *Tiles) Clean() {
	for level := range t.levels {
		l := &t.levels[level]
		l.full, l.dirty = nil, false
	}
}

// Partial returns the partial tile of each level that has one, lowest level first:
// with them and the full tiles, a log of this size is complete.
func (t *Tiles) Partial() []TileEdit {
	var edits []TileEdit
	for level := range t.levels {
		if l := &t.levels[level]; len(l.data) > 0 {
			edits = append(edits, l.edit(level))
		}
	}
	return edits
}

// Clone returns a copy that shares nothing that either of them writes to.
func (t *Tiles) Clone() *Tiles {
	c := &Tiles{size: t.size, levels: append([]tileLevel(nil), t.levels...)}
	for level := range c.levels {
		l := &c.levels[level]
		if l.data != nil {
			l.data = append(make([]byte, 0, tileBytes), l.data...)
		}
		l.full = append([]TileEdit(nil), l.full...)
	}
	return c
}

// Edge returns the right edge of the log. It costs up to a node hash for each hash
// in the partial tiles.
func (t *Tiles) Edge() Edge {
	e := Edge{size: t.size}
	for level := range t.levels {
		e.setTile(level, t.levels[level].data)
	}
	return e
}

// Root is the root hash of the log, worked out from the partial tiles.
func (t *Tiles) Root() Hash {
	e := t.Edge()
	return e.Root()
}

// setTile fills in the eight levels of the edge that a partial tile covers. The
// tile's width must be what the edge's size says.
func (e *Edge) setTile(level int, data []byte) {
	for bit := tileHeight - 1; bit >= 0; bit-- {
		if e.size>>(level*tileHeight+bit)&1 == 1 {
			n := sha256.Size << bit
			e.roots[level*tileHeight+bit] = subtreeRoot(data[:n])
			data = data[n:]
		}
	}
}

// subtreeRoot hashes 1, 2, 4, … 256 hashes of 32 bytes up to their root.
func subtreeRoot(data []byte) Hash {
	if len(data) == sha256.Size {
		return Hash(data)
	}
	var up [tileBytes / 2]byte
	var pair [1 + 2*sha256.Size]byte
	pair[0] = 1
	for n := len(data) / 2; n >= sha256.Size; n /= 2 {
		for at := 0; at < n; at += sha256.Size {
			copy(pair[1:], data[2*at:2*at+2*sha256.Size])
			h := sha256.Sum256(pair[:])
			copy(up[at:], h[:])
		}
		data = up[:n]
	}
	return Hash(data)
}
