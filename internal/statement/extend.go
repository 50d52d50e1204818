package statement

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Extend asks for more time under one's own live grant. It is a proposal: the
// quorum of the request agrees by decisions over its digest.
type Extend struct {
	Of      canon.Digest  `json:"of"`
	For     canon.Seconds `json:"for"`               // from the agreement
	Targets []string      `json:"targets,omitempty"` // that stay open, sorted, each once; none: all that are
	Why     Note          `json:"why"`
}

func (b *Extend) check() error {
	if b.For <= 0 || b.For > DayLongest {
		return fmt.Errorf("for: must be 1 to %d seconds", DayLongest)
	}
	if err := checkTargets("targets", b.Targets); err != nil {
		return err
	}
	if err := b.Why.check("why"); err != nil {
		return err
	}
	return checkOf(b.Of)
}

// Kind is "extend".
func (b *Extend) Kind() Kind                            { return KindExtend }
func (b *Extend) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindExtend, h) }
func (b *Extend) decode(data []byte) (Statement, error) { return decodeFrame[Extend](data) }
