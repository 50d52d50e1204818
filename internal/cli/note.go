package cli

import (
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

// note makes a note of what a person wrote: line ends of other systems become
// ours, blanks around it go, and what a reader could not see is refused.
func (c *call) note(text, flag string) (statement.Note, client.Noted, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	note, noted, err := client.NewNoted(text)
	if err != nil {
		return note, noted, because(exitUsage, err, "cannot use %s", flag).
			or("write it in plain text, up to %d bytes", statement.NoteLimit)
	}
	return note, noted, nil
}
