package cli

import (
	"crypto/rand"
	"strings"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// note makes a note of what a person wrote: line ends of other systems become
// ours, blanks around it go, and what a reader could not see is refused.
func (c *call) note(text, flag string) (statement.Note, ledger.Note, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	var salt [ledger.SaltSize]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return statement.Note{}, ledger.Note{}, because(exitInternal, err, "cannot draw a salt")
	}
	note, err := statement.NewNote(salt, text)
	if err != nil {
		return statement.Note{}, ledger.Note{}, because(exitUsage, err, "cannot use %s", flag).
			or("write it in plain text, up to %d bytes", statement.NoteLimit)
	}
	return note, ledger.Note{Salt: salt, Text: text}, nil
}
