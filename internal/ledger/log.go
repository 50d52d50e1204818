package ledger

import (
	"crypto/sha256"
	"fmt"
)

// CheckpointPath is where a whole log keeps its signed checkpoint.
const CheckpointPath = "checkpoint"

// Source serves the files of a whole log by their slash-separated paths: a
// directory, an archive, a web server, memory. It need not be trusted. What it
// returns must not change afterwards; a missing file is an error of any kind. A
// Log is safe for concurrent use if its Source is.
type Source interface {
	ReadFile(path string) ([]byte, error)
}

// Log is a whole log in the C2SP tlog-tiles layout, tied to a checkpoint that a
// pinned key signed.
//
//	checkpoint                    the signed checkpoint
//	tile/<level>/<index>[.p/<w>]  hashes
//	tile/entries/<index>[.p/<w>]  entries
//	attachments/<sha-256>         what the rules read
//	notes/<sha-256>               salt and text
type Log struct {
	src        Source
	checkpoint Checkpoint
	signed     []byte
	edge       [maxLevels][]byte // the partial tile of each level; checked against the root
}

// OpenLog reads and checks the checkpoint and the partial tiles, which together
// give its root. Everything else is read and checked when asked for.
func OpenLog(src Source, a Anchor) (*Log, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	signed, err := src.ReadFile(CheckpointPath)
	if err != nil {
		return nil, &Fault{Class: ClassCheckpointMissing, Where: whereCheckpoint, Detail: "it cannot be read", Err: err}
	}
	cp, err := a.OpenIn(signed)
	if err != nil {
		return nil, err
	}
	l := &Log{src: src, checkpoint: cp, signed: signed}
	edge := Edge{size: cp.Size}
	for level, hashes := 0, cp.Size; hashes > 0; level, hashes = level+1, hashes>>tileHeight {
		width := int(hashes % TileWidth)
		if width == 0 {
			continue
		}
		data, err := l.readTile(TileName{level, hashes >> tileHeight, width})
		if err != nil {
			return nil, err
		}
		l.edge[level] = data
		edge.setTile(level, data)
	}
	if root := edge.Root(); root != cp.Root {
		return nil, l.blame(root)
	}
	return l, nil
}

// Checkpoint is what a pinned key signed.
func (l *Log) Checkpoint() Checkpoint { return l.checkpoint }

// Signed is the checkpoint's file as it was read.
func (l *Log) Signed() []byte { return l.signed }

// Extends checks that this log begins with the log of an earlier checkpoint, one
// that the caller trusts. This is how a reader notices a fork or a truncation.
func (l *Log) Extends(old Checkpoint) error {
	if old.Origin != l.checkpoint.Origin {
		return fault(ClassCheckpointOrigin, whereCheckpoint,
			fmt.Sprintf("it is of the log %q, the earlier one of %q", l.checkpoint.Origin, old.Origin))
	}
	if old.Size > l.checkpoint.Size {
		return &Fault{
			Class: ClassProof, Where: whereCheckpoint,
			Detail: fmt.Sprintf("it counts %d entries, an earlier one counted %d", l.checkpoint.Size, old.Size),
			Mend:   "the log was cut back: keep both checkpoints, they are the proof of it",
		}
	}
	proof, err := ConsistencyProof(old.Size, l.checkpoint.Size, l.Tiles())
	if err != nil {
		return err
	}
	return CheckConsistency(proof, old.Size, old.Root, l.checkpoint.Size, l.checkpoint.Root)
}

// Tiles reads tiles of hashes, each checked against the signed root; with it,
// InclusionProof proves single entries. Not for concurrent use.
func (l *Log) Tiles() TileReader {
	w := walker{log: l}
	return func(level int, index int64) ([]byte, error) {
		if level < 0 || level >= maxLevels || index < 0 || index >= tileCount(l.checkpoint.Size, level) {
			return nil, fault(ClassTile, fmt.Sprintf("tile %d of level %d", index, level),
				fmt.Sprintf("a log of %d entries has no such tile", l.checkpoint.Size))
		}
		return w.tile(level, index)
	}
}

// RawTiles reads the tiles of hashes of a log of a size, unchecked: for proofs that
// are checked by themselves.
func RawTiles(src Source, size int64) TileReader {
	return func(level int, index int64) ([]byte, error) {
		width := min(size>>(tileHeight*level)-index*TileWidth, TileWidth)
		return src.ReadFile(TilePath(level, index, int(width)))
	}
}

// tileCount is the number of tiles, full or partial, of a level.
func tileCount(size int64, level int) int64 {
	hashes := size >> (tileHeight * level)
	return (hashes + TileWidth - 1) / TileWidth
}

// Attachment reads an attachment and checks its hash.
func (l *Log) Attachment(h Hash) ([]byte, error) {
	data, err := l.src.ReadFile(AttachmentPath(h))
	if err != nil {
		return nil, &Fault{Class: ClassAttachment, Where: "attachment " + h.String(), Detail: "it cannot be read", Err: err}
	}
	if err := checkAttachment(h, data); err != nil {
		return nil, err
	}
	return data, nil
}

// Note reads a note and checks its hash. Notes may be missing by right: a person's
// text was erased.
func (l *Log) Note(h Hash) (Note, error) {
	where := "note " + h.String()
	data, err := l.src.ReadFile(NotePath(h))
	if err != nil {
		return Note{}, &Fault{Class: ClassNote, Where: where, Detail: "it cannot be read", Err: err}
	}
	if len(data) < SaltSize {
		return Note{}, fault(ClassNote, where, "it is shorter than its salt")
	}
	n := Note{Salt: [SaltSize]byte(data), Text: string(data[SaltSize:])}
	if err := n.check(h); err != nil {
		return Note{}, err
	}
	return n, nil
}

// readTile reads a tile of exactly its width. Its hashes are not yet checked.
func (l *Log) readTile(name TileName) ([]byte, error) {
	data, err := l.src.ReadFile(name.Path())
	if err != nil {
		return nil, &Fault{Class: ClassTile, Where: name.Path(), Detail: "it cannot be read", Err: err}
	}
	if want := name.Width * sha256.Size; len(data) != want {
		return nil, fault(ClassTile, name.Path(), fmt.Sprintf("it has %d bytes instead of %d", len(data), want))
	}
	return data, nil
}

// readBundle reads a bundle whose entries are not yet checked.
func (l *Log) readBundle(name TileName) ([]byte, error) {
	data, err := l.src.ReadFile(name.Path())
	if err != nil {
		first := name.Index * TileWidth
		return nil, &Fault{
			Class: ClassEntryMissing, Where: fmt.Sprintf("entry %d", first),
			Detail: name.Path() + " cannot be read", Err: err,
		}
	}
	return data, nil
}
