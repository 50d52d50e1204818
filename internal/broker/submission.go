package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Submission is a signed statement with what belongs beside it.
type Submission struct {
	Statement   []byte
	Signature   ledger.Signature
	Address     string // where it came from, as the server saw it
	Share       string // whose turn it uses while its signature is checked
	Notes       []ledger.Note
	Attachments [][]byte // what a found statement names; the files of a seal or share statement

	decoded *statement.Statement
}

// Decode is the statement as it reads. Copies of the submission made afterwards
// need not decode it again; Statement must not change after.
func (s *Submission) Decode() (statement.Statement, error) {
	if s.decoded != nil {
		return *s.decoded, nil
	}
	of, err := statement.Decode(s.Statement)
	if err == nil {
		s.decoded = &of
	}
	return of, err
}

// Answer is what a command became. It is given only once that is durable.
type Answer struct {
	Index      int64
	Digest     canon.Digest // of the statement; zero for an effect
	At         canon.Time
	Stream     string
	Body       []byte           // the entry; nil when Again
	Events     []cell.Event     // nil when Again
	Encoded    []jsontext.Value // the events as the entry has them
	Request    *access.Request  // as it is after the entry; nil when it is none's
	Again      bool             // the statement was taken before; Index says where
	Checkpoint Published
}

// Published is a signed checkpoint and what it says.
type Published struct {
	Size int64
	Root canon.Digest
	Text []byte
	// Tiles are those that grew on the way to it, as they are then: what proofs of
	// the newest entries want, and would have to be read from the store else. None
	// after a start. Nobody may write to them.
	Tiles []ledger.TileEdit
}

// Malformed is a submission that cannot be put before the rules at all.
type Malformed struct {
	What string // statement, signature, note, attachment
	Err  error
}

// Error says what is wrong and where.
func (m *Malformed) Error() string { return fmt.Sprintf("%s: %v", m.What, m.Err) }

// Unwrap gives the cause.
func (m *Malformed) Unwrap() error { return m.Err }

var (
	errNoteMissing = errors.New("the text and salt of a note that the statement speaks of must come with it")
	errFileMissing = errors.New("every file that the statement names must come with it")
	errNoteStray   = errors.New("does not belong to the statement")
)

// prepare decodes a submission and checks its signature. Callers run it
// concurrently; the world is not needed for it.
func (b *Broker) prepare(ctx context.Context, s Submission) (*cell.Signed, error) {
	decoded, err := s.Decode()
	if err != nil {
		return nil, &Malformed{"statement", err}
	}
	if err := checkNotes(decoded.Body, s.Notes); err != nil {
		return nil, err
	}
	if err := checkFiles(decoded.Body, s.Attachments); err != nil {
		return nil, err
	}
	if err := b.Turns.Take(ctx, s.Share); err != nil {
		return nil, err
	}
	defer b.Turns.Leave()
	signer, err := b.check.Statement(decoded.Body.Kind(), s.Statement, s.Signature)
	if err != nil {
		return nil, &Malformed{"signature", err}
	}
	acts, err := cell.Acts(decoded.Body, b.check)
	if err != nil {
		return nil, &Malformed{"statement", err}
	}
	return &cell.Signed{Statement: decoded, Bytes: s.Statement, Signature: s.Signature, Signer: signer, Acts: acts}, nil
}

// checkNotes demands the text of every note of a statement and no other. The
// founders bring the notes of genesis, which no rule reads.
func checkNotes(body statement.Body, notes []ledger.Note) error {
	if body.Kind() == statement.KindFound {
		return nil
	}
	due := statement.Notes(body)
	for _, note := range due {
		if !brought(note, notes) {
			return &Malformed{"note " + note.Hash.Short(), errNoteMissing}
		}
	}
	if len(notes) > len(due) {
		return &Malformed{"note", errNoteStray}
	}
	return nil
}

// checkFiles demands every file that a statement names and no other. What
// founders bring is checked as it is read.
func checkFiles(body statement.Body, files [][]byte) error {
	if body.Kind() == statement.KindFound {
		return nil
	}
	due := statement.Blobs(body)
	if len(files) > len(due) {
		return &Malformed{"attachment", errNoteStray}
	}
	for _, blob := range due {
		if !slices.ContainsFunc(files, func(data []byte) bool { return len(data) == blob.Length && canon.Sum(data) == blob.Digest }) {
			return &Malformed{"attachment " + blob.Digest.Short(), errFileMissing}
		}
	}
	return nil
}

func brought(due statement.Note, notes []ledger.Note) bool {
	for _, note := range notes {
		if canon.Digest(note.Hash()) == due.Hash && len(note.Text) == due.Length && statement.CleanText(note.Text) == nil {
			return true
		}
	}
	return false
}
