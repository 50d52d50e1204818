package statement

import "github.com/halligan-dev/halligan/internal/canon"

// Solo is a requester's second signature: they go in alone, because nobody
// answered. What it gives was offered by the ladder, and is not theirs to choose.
type Solo struct {
	Of canon.Digest `json:"of"`
}

func (b *Solo) check() error { return checkOf(b.Of) }

// Kind is "solo".
func (b *Solo) Kind() Kind                            { return KindSolo }
func (b *Solo) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindSolo, h) }
func (b *Solo) decode(data []byte) (Statement, error) { return decodeFrame[Solo](data) }
