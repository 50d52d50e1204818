package ledger

import (
	"crypto/sha256"
	"fmt"
)

// Walk calls visit for each entry from an index to the end of the log, in order.
// An entry reaches visit only after its hash was found in a tile that was itself
// checked against the signed root; what follows it may still turn out wrong, so
// act on nothing before Walk returned nil. Walk(0, …) reads and checks every entry
// and every tile of the log; it keeps a few tiles and one bundle in memory.
//
// The entry is valid until visit returns and must not be written to. An error of
// visit ends the walk and is returned as it is.
func (l *Log) Walk(from int64, visit func(index int64, entry []byte) error) error {
	size := l.checkpoint.Size
	if from < 0 || from > size {
		return fault(ClassEntryMissing, fmt.Sprintf("entry %d", from), fmt.Sprintf("the log has %d entries", size))
	}
	w := walker{log: l}
	for first := from - from%TileWidth; first < size; first += TileWidth {
		if err := w.bundle(first, from, visit); err != nil {
			return err
		}
	}
	return nil
}

// walker reads a log from left to right. At each level it remembers the last full
// tile that it has checked.
type walker struct {
	log  *Log
	last [maxLevels]struct {
		index int64
		data  []byte
	}
}

// bundle checks the bundle that begins with the entry first and visits its entries
// that are not before from.
func (w *walker) bundle(first, from int64, visit func(int64, []byte) error) error {
	index := first / TileWidth
	tile, err := w.tile(0, index)
	if err != nil {
		return err
	}
	name := TileName{Level: BundleLevel, Index: index, Width: len(tile) / sha256.Size}
	data, err := w.log.readBundle(name)
	if err != nil {
		return err
	}
	for i := range name.Width {
		at := first + int64(i)
		entry, rest, problem := cutEntry(data)
		if problem != "" {
			return fault(ClassEntry, fmt.Sprintf("entry %d", at), problem+" ("+name.Path()+")")
		}
		data = rest
		want := Hash(tile[i*sha256.Size:])
		if got := LeafHash(entry); got != want {
			return fault(ClassEntry, fmt.Sprintf("entry %d", at),
				fmt.Sprintf("its hash is %s, the log committed to %s (%s)", got.Short(), want.Short(), name.Path()))
		}
		if at < from {
			continue
		}
		if err := visit(at, entry); err != nil {
			return err
		}
	}
	if len(data) != 0 {
		return fault(ClassEncoding, name.Path(), fmt.Sprintf("%d bytes follow its last entry", len(data)))
	}
	return nil
}

// tile returns a tile whose hashes are checked: a partial one was checked with the
// root when the log was opened, a full one must hash to what the checked tile
// above it holds in its place.
func (w *walker) tile(level int, index int64) ([]byte, error) {
	if index == w.log.checkpoint.Size>>(tileHeight*(level+1)) {
		return w.log.edge[level], nil
	}
	last := &w.last[level]
	if last.data != nil && last.index == index {
		return last.data, nil
	}
	above, err := w.tile(level+1, index/TileWidth)
	if err != nil {
		return nil, err
	}
	want := Hash(above[index%TileWidth*sha256.Size:])
	name := TileName{Level: level, Index: index, Width: TileWidth}
	data, err := w.log.readTile(name)
	if err != nil {
		return nil, err
	}
	if got := subtreeRoot(data); got != want {
		return nil, fault(ClassTile, name.Path(),
			fmt.Sprintf("it hashes to %s, the tile above it says %s", got.Short(), want.Short()))
	}
	last.index, last.data = index, data
	return data, nil
}

// blame finds the lowest file that explains why the partial tiles do not give the
// signed root: it recomputes each of them from the files below it. Only a log that
// is already refused gets here, so it may be slow.
func (l *Log) blame(root Hash) error {
	for level := range l.edge {
		stored := l.edge[level]
		if stored == nil {
			continue
		}
		name := TileName{level, l.checkpoint.Size >> (tileHeight * (level + 1)), len(stored) / sha256.Size}
		below, err := l.hashesBelow(name)
		if err != nil {
			return err
		}
		for i, got := range below {
			if want := Hash(stored[i*sha256.Size:]); got != want {
				return fault(ClassTile, name.Path(), fmt.Sprintf(
					"its hash %d is %s, what is below it hashes to %s, and the signed root disagrees", i, want.Short(), got.Short()))
			}
		}
	}
	return fault(ClassRoot, whereCheckpoint, fmt.Sprintf(
		"it signs the root %s, the tiles and entries give %s", l.checkpoint.Root.Short(), root.Short()))
}

// hashesBelow recomputes the hashes of a tile from the files one level below.
func (l *Log) hashesBelow(name TileName) ([]Hash, error) {
	var out []Hash
	if name.Level > 0 {
		for i := range int64(name.Width) {
			data, err := l.readTile(TileName{name.Level - 1, name.Index*TileWidth + i, TileWidth})
			if err != nil {
				return nil, err
			}
			out = append(out, subtreeRoot(data))
		}
		return out, nil
	}
	bundle := TileName{Level: BundleLevel, Index: name.Index, Width: name.Width}
	data, err := l.readBundle(bundle)
	if err != nil {
		return nil, err
	}
	entries, err := SplitBundle(data)
	if err != nil || len(entries) != name.Width {
		return nil, &Fault{Class: ClassEntry, Where: bundle.Path(), Detail: "it has not one entry for each hash of its tile", Err: err}
	}
	for _, e := range entries {
		out = append(out, LeafHash(e))
	}
	return out, nil
}
