package cli

import (
	"errors"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/statement"
)

// note makes a note of what a person wrote: line ends of other systems become
// ours, blanks around it go, and what a reader could not see is refused.
func (c *call) note(text, flag string) (statement.Note, client.Noted, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if kind := config.SecretIn(text); kind != "" {
		c.tell("warning: what stands in %s looks like %s. It is sent to the server and shown to everybody who may see this; a secret that was shown must be replaced.", flag, kind)
		if answer, err := c.ask("Type \"keep\" to go on with it: "); !errors.Is(err, errNobody) && (err != nil || answer != "keep") {
			return statement.Note{}, client.Noted{}, errors.Join(err, failf(exitUnsigned, "nothing was signed").or("write it without the secret"))
		}
	}
	note, noted, err := client.NewNoted(text)
	if err != nil {
		return note, noted, because(exitUsage, err, "cannot use %s", flag).
			or("write it in plain text, up to %d bytes", statement.NoteLimit)
	}
	return note, noted, nil
}
