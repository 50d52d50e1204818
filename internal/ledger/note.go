package ledger

import (
	"crypto/sha256"
	"fmt"
	"unicode/utf8"
)

const (
	// SaltSize is the number of random bytes that hide a note's text.
	SaltSize = 32
	// MaxNote is the length in bytes of the longest note's text.
	MaxNote = 64 << 10
	// MaxAttachment is the length in bytes of the longest attachment.
	MaxAttachment = 1 << 20
)

// Note is free text that the log knows only by its hash, so that the text can be
// erased and the log stays whole.
type Note struct {
	Salt [SaltSize]byte
	Text string // UTF-8
}

// NoteHash is SHA-256 of the salt and the text.
func NoteHash(salt [SaltSize]byte, text string) Hash {
	return sha256.Sum256(append(salt[:], text...))
}

// Hash is NoteHash of the note.
func (n Note) Hash() Hash { return NoteHash(n.Salt, n.Text) }

// AttachmentHash is the name of an attachment: SHA-256 of its bytes.
func AttachmentHash(data []byte) Hash { return sha256.Sum256(data) }

// AttachmentPath is where a whole log keeps an attachment.
func AttachmentPath(h Hash) string { return "attachments/" + h.String() }

// NotePath is where a whole log keeps a note: the file is the salt, then the text,
// so that its own SHA-256 is its name.
func NotePath(h Hash) string { return "notes/" + h.String() }

func (n Note) file() []byte { return append(n.Salt[:], n.Text...) }

func (n Note) check(want Hash) error {
	where := "note " + want.String()
	switch {
	case n.Hash() != want:
		return fault(ClassNote, where, "its salt and text have another hash: "+n.Hash().Short())
	case len(n.Text) > MaxNote:
		return fault(ClassNote, where, fmt.Sprintf("it has %d bytes, a note has at most %d", len(n.Text), MaxNote))
	case !utf8.ValidString(n.Text):
		return fault(ClassNote, where, "it is not UTF-8")
	}
	return nil
}

func checkAttachment(want Hash, data []byte) error {
	where := "attachment " + want.String()
	if got := AttachmentHash(data); got != want {
		return fault(ClassAttachment, where, "its bytes have another hash: "+got.Short())
	}
	if len(data) > MaxAttachment {
		return fault(ClassAttachment, where,
			fmt.Sprintf("it has %d bytes, an attachment has at most %d", len(data), MaxAttachment))
	}
	return nil
}
