package statement

import (
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Recover proposes another document that differs from the one in force in people
// and groups alone, for when the change quorum cannot sign any more. The recovery
// quorum agrees to it, and then it waits for its notice.
type Recover struct {
	Amend  `json:",embed"` // brings no scenarios
	Reason Note            `json:"reason"`
}

// Cancel says no to a recovery that waits: two different people's is the end of it.
type Cancel struct {
	Of  canon.Digest `json:"of"`
	Why Note         `json:"why"`
}

func (b *Recover) check() error {
	if err := b.Amend.check(); err != nil {
		return err
	}
	if len(b.Amend.With) > 0 {
		return errors.New("with: a recovery touches people and groups alone, and brings no scenarios")
	}
	return b.Reason.check("reason")
}

func (b *Cancel) check() error {
	if err := b.Why.check("why"); err != nil {
		return err
	}
	return checkOf(b.Of)
}

// Kind is "recover".
func (b *Recover) Kind() Kind                            { return KindRecover }
func (b *Recover) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindRecover, h) }
func (b *Recover) decode(data []byte) (Statement, error) { return decodeFrame[Recover](data) }

// Kind is "cancel".
func (b *Cancel) Kind() Kind                            { return KindCancel }
func (b *Cancel) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindCancel, h) }
func (b *Cancel) decode(data []byte) (Statement, error) { return decodeFrame[Cancel](data) }
