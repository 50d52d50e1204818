package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

// EntryLimit is the length in bytes of the longest entry.
const EntryLimit = 32 << 10

// EntryVersion stands in every entry's member "v".
const EntryVersion = 1

// None stands in Entry.Prev and Entry.Cell where there is no such entry yet.
const None = int64(-1)

// Entry is one leaf of the ledger: what caused it, the facts of the world that
// were observed, and the events that the rules made of both. Everything that
// can be recomputed from earlier entries is recomputed, not recorded.
type Entry struct {
	V        int              `json:"v"`
	At       canon.Time       `json:"at"`     // recorded time; never goes back
	Stream   string           `json:"stream"` // the one stream that the entry changes
	Prev     int64            `json:"prev"`   // index of the stream's entry before this one
	Cell     int64            `json:"cell"`   // index of the newest entry of the stream "cell" before this one
	Cause    Cause            `json:"cause"`
	Observed jsontext.Value   `json:"observed,omitzero"`
	Events   []jsontext.Value `json:"events"`
}

// Cause is either a person's (or holder key's) signed statement or the result
// of a task.
type Cause struct {
	Statement jsontext.Value `json:"statement,omitzero"` // the very bytes that were signed
	Signature *Signature     `json:"signature,omitzero"`
	Effect    string         `json:"effect,omitempty"`
	Task      string         `json:"task,omitempty"`
}

// Signature is over the statement beside it.
type Signature struct {
	SSHSig []byte `json:"sshsig"` // binary SSHSIG, canonical (authn/sshsig)
}

// Key is the public key that the signature names, in wire form; nil when it
// names none. Nothing is checked here: an entry's signature was checked before
// it was written, and whoever does not trust the writer verifies.
func (s *Signature) Key() []byte {
	rest, ok := bytes.CutPrefix(s.SSHSig, []byte("SSHSIG\x00\x00\x00\x01"))
	if !ok || len(rest) < 4 {
		return nil
	}
	length := binary.BigEndian.Uint32(rest)
	if rest = rest[4:]; uint64(length) > uint64(len(rest)) {
		return nil
	}
	return rest[:length:length]
}

// EncodeEntry gives the canonical bytes of e: the leaf.
func EncodeEntry(e Entry) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	data, err := canon.Encode(e)
	if err != nil {
		return nil, err
	}
	if len(data) > EntryLimit {
		return nil, fmt.Errorf("entry: %w: %d bytes, at most %d", canon.ErrTooLong, len(data), EntryLimit)
	}
	return data, nil
}

// DecodeEntry reads a leaf, strictly.
func DecodeEntry(data []byte) (Entry, error) {
	var e Entry
	if err := canon.Decode(data, EntryLimit, &e); err != nil {
		return Entry{}, fmt.Errorf("entry: %w", err)
	}
	return e, e.check()
}

func (e Entry) check() error {
	switch c := e.Cause; {
	case e.V != EntryVersion:
		return fmt.Errorf("entry: version %d is not supported by this version", e.V)
	case e.At.IsZero():
		return errors.New("entry: at: must be set")
	case e.Stream == "":
		return errors.New("entry: stream: must be set")
	case e.Prev < None || e.Cell < None:
		return errors.New("entry: prev, cell: must be an index, or -1 for none")
	case (c.Effect == "") != (c.Task == ""), (c.Statement == nil) != (c.Signature == nil), (c.Effect == "") == (c.Statement == nil):
		return errors.New("entry: cause: must be either statement and signature or effect and task")
	case len(e.Events) == 0:
		return errors.New("entry: events: must not be empty")
	}
	return nil
}
