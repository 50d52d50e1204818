package celltest

import (
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Offline is a statement that a person signed an hour ago with no server, with
// the key of a name.
func (c *Cell) Offline(person, key string, body statement.Body) *cell.Signed {
	return c.Resign(c.By(person, key, body), func(s *statement.Statement) {
		s.Offline, s.Expires = true, c.Now.Add(statement.OfflineFor.Duration()-time.Hour)
		s.Seen.Size++ // no server ever published that one
	}).Signed
}

// Forged is an act whose signature is not good.
func Forged(act *cell.Signed) *cell.Signed {
	forged := *act
	forged.Signer = cell.Signer{}
	return &forged
}

// Reconcile is a person's statement that carries offline ones back.
func (c *Cell) Reconcile(person string, of canon.Digest, acts ...*cell.Signed) cell.Command {
	body := &statement.Reconcile{Of: of}
	for _, act := range acts {
		body.Acts = append(body.Acts, statement.Act{Signature: act.Signature.SSHSig, Statement: act.Bytes})
	}
	command := c.By(person, person, body)
	command.Signed.Acts = acts
	return command
}
