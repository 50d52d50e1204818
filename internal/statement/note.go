package statement

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/halligan-dev/halligan/internal/canon"
)

// marksMost bounds the combining marks on one character: enough for every
// living script, too few to paint over the lines above and below.
const marksMost = 4

var (
	// ErrEmptyNote says that a note has no text.
	ErrEmptyNote = errors.New("must say something")
	// ErrUnclean says that a text holds what a reader would not see, or would
	// see other than it was written.
	ErrUnclean = errors.New("text holds what a reader cannot see")
)

// NewNote is the note that stands for text. Salt is 32 random bytes, drawn anew
// for each note and kept beside the text: without it nobody can guess the text
// from the note. Text is 1 to NoteLimit bytes that CleanText lets pass.
func NewNote(salt [32]byte, text string) (Note, error) {
	if text == "" {
		return Note{}, ErrEmptyNote
	}
	if len(text) > NoteLimit {
		return Note{}, fmt.Errorf("note: %w: %d bytes, at most %d", canon.ErrTooLong, len(text), NoteLimit)
	}
	if err := CleanText(text); err != nil {
		return Note{}, err
	}
	return Note{Hash: hashNote(salt, text), Length: len(text)}, nil
}

// Matches tells, in time that does not depend on the hash, whether n stands for
// text under salt. It does not ask whether the text is clean.
func (n Note) Matches(salt [32]byte, text string) bool {
	got := hashNote(salt, text)
	return subtle.ConstantTimeCompare(got[:], n.Hash[:]) == 1 && n.Length == len(text)
}

func hashNote(salt [32]byte, text string) canon.Digest {
	h := sha256.New()
	h.Write(salt[:])
	h.Write([]byte(text))
	return canon.Digest(h.Sum(nil))
}

// CleanText refuses a text that a reader could take for another than was
// written: invalid UTF-8; control characters except newline and tab (so no
// terminal sequences, no carriage return that overwrites a line); everything
// that turns the direction of writing; zero-width, filler, tag and variation
// characters; line and paragraph separators; private and unassigned characters;
// more than four combining marks in a row. The error wraps ErrUnclean and tells
// the character and at which byte it stands.
//
// It does not know letters that look alike, and lets spaces of every width
// pass. It follows the Unicode tables of the Go release that built it, so it
// belongs at the door and never in a rule that is replayed.
func CleanText(text string) error {
	marks := 0
	for at, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[at:]); size == 1 {
				return fmt.Errorf("%w: byte %d is not valid UTF-8", ErrUnclean, at)
			}
		}
		if !visible(r) {
			return fmt.Errorf("%w: U+%04X at byte %d", ErrUnclean, r, at)
		}
		if !unicode.Is(unicode.M, r) {
			marks = 0
		} else if marks++; marks > marksMost {
			return fmt.Errorf("%w: more than %d combining marks in a row, at byte %d", ErrUnclean, marksMost, at)
		}
	}
	return nil
}

// blankBraille is drawn as nothing, though Unicode counts it as a symbol.
const blankBraille = '\u2800'

func visible(r rune) bool {
	switch r {
	case '\n', '\t':
		return true
	case blankBraille:
		return false
	}
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
