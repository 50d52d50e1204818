package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	checkpoint "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is a signed statement of a log: so many entries, this root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
}

const whereCheckpoint = "checkpoint"

// SignCheckpoint writes a checkpoint as a C2SP tlog-checkpoint, signed by each
// signer in turn; two sign while keys are being exchanged. Never let it sign a
// second root for a size: it cannot know.
func SignCheckpoint(cp Checkpoint, signers ...note.Signer) ([]byte, error) {
	if err := cp.check(); err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, fault(ClassCheckpointSignature, whereCheckpoint, "there is nobody to sign it")
	}
	for _, s := range signers {
		if s.Name() != cp.Origin {
			return nil, fault(ClassCheckpointSignature, whereCheckpoint,
				fmt.Sprintf("the signer is named %q, the origin is %q", s.Name(), cp.Origin))
		}
	}
	text, err := note.Sign(&note.Note{Text: string(cp.body())}, signers...)
	if err != nil {
		return nil, fmt.Errorf("cannot sign the checkpoint: %w", err)
	}
	return text, nil
}

// OpenCheckpoint reads a signed checkpoint of an origin and checks that at least
// one of the keys signed it. A wrong signature by any of the keys refuses it.
//
// The three lines must be spelled as SignCheckpoint spells them and no extension
// line may follow. Signature lines of keys that are not listed are passed over, as
// cosignatures have to be, and mean nothing.
func OpenCheckpoint(origin string, keys []string, text []byte) (Checkpoint, error) {
	known, err := verifiers(origin, keys)
	if err != nil {
		return Checkpoint{}, err
	}
	cp, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, err
	}
	if cp.Origin != origin {
		return Checkpoint{}, &Fault{
			Class: ClassCheckpointOrigin, Where: whereCheckpoint,
			Detail: fmt.Sprintf("it is of the log %q, the anchor pins %q", cp.Origin, origin),
			Mend:   "check that evidence and anchor belong to the same cell",
		}
	}
	if _, err := note.Open(text, known); err != nil {
		return Checkpoint{}, &Fault{
			Class: ClassCheckpointSignature, Where: whereCheckpoint,
			Detail: "no valid signature by a pinned ledger key", Err: err,
			Mend: "ask the cell's people for evidence again; a key that was rotated is followed by whoever replays the ledger",
		}
	}
	return cp, nil
}

// ParseCheckpoint reads a signed checkpoint and checks no signature: for one that
// the reader wrote down itself after OpenCheckpoint had accepted it.
func ParseCheckpoint(text []byte) (Checkpoint, error) { return parseCheckpoint(text) }

// check refuses what must be neither signed nor read.
func (cp Checkpoint) check() error {
	if err := checkOrigin(cp.Origin); err != nil {
		return &Fault{Class: ClassCheckpointOrigin, Where: whereCheckpoint, Detail: "its origin is malformed", Err: err}
	}
	if cp.Size < 0 || cp.Size > MaxSize {
		return fault(ClassEncoding, whereCheckpoint, fmt.Sprintf("%d is not the size of a log", cp.Size))
	}
	if cp.Size == 0 && cp.Root != EmptyRoot() {
		return fault(ClassRoot, whereCheckpoint, "the log has no entries, but not the root of an empty log")
	}
	return nil
}

// body is the signed part: three lines.
func (cp Checkpoint) body() []byte {
	return checkpoint.Checkpoint{Origin: cp.Origin, Size: uint64(cp.Size), Hash: cp.Root[:]}.Marshal()
}

// parseCheckpoint reads a signed checkpoint without checking signatures.
func parseCheckpoint(text []byte) (Checkpoint, error) {
	bad := func(detail string) (Checkpoint, error) {
		return Checkpoint{}, fault(ClassEncoding, whereCheckpoint, detail)
	}
	body, signatures, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok {
		return bad("no empty line parts the text from the signatures")
	}
	body = text[:len(body)+1] // with its last line's end
	var wire checkpoint.Checkpoint
	if rest, err := wire.Unmarshal(body); err != nil || len(rest) != 0 {
		return bad("its text is not three lines: origin, size, root")
	}
	if len(wire.Hash) != sha256.Size || wire.Size > uint64(MaxSize) {
		return bad("its size or root is out of range")
	}
	cp := Checkpoint{Origin: wire.Origin, Size: int64(wire.Size), Root: Hash(wire.Hash)}
	if err := cp.check(); err != nil {
		return Checkpoint{}, err
	}
	if !bytes.Equal(cp.body(), body) {
		return bad("its text is not in canonical form")
	}
	if detail := checkSignatureLines(string(signatures)); detail != "" {
		return bad(detail)
	}
	return cp, nil
}

// checkSignatureLines refuses second spellings of signature lines, which the
// signed-note format itself tolerates: loose base64 and one key twice.
func checkSignatureLines(lines string) (problem string) {
	seen := make(map[string]bool)
	for n := 1; lines != ""; n++ {
		line, rest, ended := strings.Cut(lines, "\n")
		lines = rest
		fields := strings.Split(line, " ")
		if !ended || len(fields) != 3 || fields[0] != "—" {
			return "signature line " + strconv.Itoa(n) + " is malformed"
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(fields[2])
		if err != nil || base64.StdEncoding.EncodeToString(raw) != fields[2] || len(raw) < 5 {
			return "signature line " + strconv.Itoa(n) + " is not canonical base64"
		}
		key := fields[1] + " " + string(raw[:4])
		if seen[key] {
			return "signature line " + strconv.Itoa(n) + " repeats a key"
		}
		seen[key] = true
	}
	if len(seen) == 0 {
		return "it is not signed"
	}
	return ""
}
