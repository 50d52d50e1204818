package ledger

import (
	"strconv"
	"strings"
)

const (
	// TileWidth is the number of hashes in a full tile and of entries in a full
	// bundle (C2SP tlog-tiles).
	TileWidth = 256
	// BundleLevel stands in TileName.Level for a bundle of entries.
	BundleLevel = -1

	maxPathLevel = 63 // C2SP tlog-tiles; our logs use levels 0 to 5
)

// TileName names one file of the C2SP tlog-tiles layout.
type TileName struct {
	Level int   // 0 upwards for hashes, BundleLevel for entries
	Index int64 // from 0, at its level
	Width int   // 1 to 255 for a partial tile, TileWidth for a full one
}

// Path returns the path, such as "tile/0/x001/x234/067.p/5" or "tile/entries/000".
func (n TileName) Path() string {
	var b strings.Builder
	b.WriteString("tile/")
	if n.Level == BundleLevel {
		b.WriteString("entries")
	} else {
		b.WriteString(strconv.Itoa(n.Level))
	}
	digits := strconv.FormatInt(n.Index, 10)
	if short := len(digits) % 3; short != 0 {
		digits = "00"[short-1:] + digits
	}
	for ; len(digits) > 3; digits = digits[3:] {
		b.WriteString("/x" + digits[:3])
	}
	b.WriteString("/" + digits)
	if n.Width != TileWidth {
		b.WriteString(".p/" + strconv.Itoa(n.Width))
	}
	return b.String()
}

// TilePath is the path of a tile of hashes; width TileWidth is the full tile.
func TilePath(level int, index int64, width int) string {
	return TileName{Level: level, Index: index, Width: width}.Path()
}

// BundlePath is the path of a bundle of entries; width TileWidth is the full one.
func BundlePath(index int64, width int) string {
	return TileName{Level: BundleLevel, Index: index, Width: width}.Path()
}

// ParseTilePath reads a path of a tile or a bundle. It accepts exactly the paths
// that Path writes for levels 0 to 63, indices up to MaxSize and widths 1 to 256.
func ParseTilePath(path string) (TileName, error) {
	name, ok := parseTilePath(path)
	// Writing the name again refuses every second spelling at once.
	if !ok || name.Path() != path {
		return TileName{}, fault(ClassEncoding, "tile path "+strconv.Quote(path),
			"it is not a tile/LEVEL/INDEX or tile/entries/INDEX path of C2SP tlog-tiles")
	}
	return name, nil
}

func parseTilePath(path string) (TileName, bool) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return TileName{}, false
	}
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return TileName{}, false
	}
	name := TileName{Level: BundleLevel, Width: TileWidth}
	if kind != "entries" {
		level, err := strconv.ParseUint(kind, 10, 8)
		if err != nil || level > maxPathLevel {
			return TileName{}, false
		}
		name.Level = int(level)
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if partial {
		w, err := strconv.ParseUint(width, 10, 16)
		if err != nil || w < 1 || w >= TileWidth {
			return TileName{}, false
		}
		name.Width = int(w)
	}
	digits := strings.ReplaceAll(strings.ReplaceAll(rest, "/", ""), "x", "")
	index, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(index) > MaxSize {
		return TileName{}, false
	}
	name.Index = int64(index)
	return name, true
}
