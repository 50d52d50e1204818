package ledger

import (
	"encoding/binary"
	"fmt"
)

// MaxEntry is the length in bytes of the longest entry.
const MaxEntry = 32 << 10

// AppendBundle adds an entry to a bundle: its length as a big-endian uint16, then
// its bytes (C2SP tlog-tiles). It refuses an entry that is empty or longer than
// MaxEntry, and then returns dst as it was.
func AppendBundle(dst, entry []byte) ([]byte, error) {
	if len(entry) == 0 || len(entry) > MaxEntry {
		return dst, fault(ClassEntry, "entry",
			fmt.Sprintf("it has %d bytes, an entry has 1 to %d", len(entry), MaxEntry))
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(entry)))
	return append(dst, entry...), nil
}

// SplitBundle returns the entries of a bundle: 1 to 256 entries that fill it
// exactly. They alias data.
func SplitBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 || len(entries) == 0 {
		if len(entries) == TileWidth {
			return nil, fault(ClassEncoding, "bundle", fmt.Sprintf("%d bytes follow its last entry", len(data)))
		}
		entry, rest, problem := cutEntry(data)
		if problem != "" {
			return nil, fault(ClassEncoding, fmt.Sprintf("entry %d of the bundle", len(entries)), problem)
		}
		entries, data = append(entries, entry), rest
	}
	return entries, nil
}

// cutEntry takes the first entry off a bundle, or says why there is none.
func cutEntry(data []byte) (entry, rest []byte, problem string) {
	if len(data) < 2 {
		return nil, nil, "the bundle ends before it"
	}
	n := int(binary.BigEndian.Uint16(data))
	switch data = data[2:]; {
	case n == 0:
		return nil, nil, "it is empty"
	case n > MaxEntry:
		return nil, nil, fmt.Sprintf("it claims %d bytes, an entry has at most %d", n, MaxEntry)
	case n > len(data):
		return nil, nil, fmt.Sprintf("it claims %d bytes, the bundle has %d left", n, len(data))
	}
	return data[:n:n], data[n:], ""
}
