package ledger

import (
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

// AppendCanonical is canon.Appender. Entries are what is encoded most: each when it
// is written, and twice when it is verified.
func (e Entry) AppendCanonical(dst []byte) ([]byte, error) {
	if e.V < 0 || int64(e.V) > MaxSize || min(e.Prev, e.Cell) < None || max(e.Prev, e.Cell) > MaxSize {
		type wide Entry // of numbers that RFC 8785 may spell in another way
		data, err := canon.Encode(wide(e))
		return append(dst, data...), err
	}
	m := members{dst: slices.Grow(dst, e.room())}
	m.text("at", e.At.String())
	m.name("cause")
	cause := members{dst: m.dst, err: m.err}
	cause.optional("effect", e.Cause.Effect)
	if s := e.Cause.Signature; s != nil {
		cause.name("signature")
		cause.dst = append(append(base64.StdEncoding.AppendEncode(append(cause.dst, `{"sshsig":"`...), s.SSHSig), '"'), '}')
	}
	if e.Cause.Statement != nil {
		cause.name("statement")
		cause.value(e.Cause.Statement)
	}
	cause.optional("task", e.Cause.Task)
	m.dst, m.err = cause.end()
	m.number("cell", e.Cell)
	m.name("events")
	m.dst = append(m.dst, '[')
	for i, event := range e.Events {
		if i > 0 {
			m.dst = append(m.dst, ',')
		}
		m.value(event)
	}
	m.dst = append(m.dst, ']')
	if e.Observed != nil {
		m.name("observed")
		m.value(e.Observed)
	}
	m.number("prev", e.Prev)
	m.text("stream", e.Stream)
	m.number("v", int64(e.V))
	return m.end()
}

// room is about how long an entry is, so that it is written into one piece.
func (e Entry) room() int {
	room := 300 + len(e.Stream) + len(e.Cause.Task) + len(e.Cause.Statement) + len(e.Observed)
	if s := e.Cause.Signature; s != nil {
		room += base64.StdEncoding.EncodedLen(len(s.SSHSig))
	}
	for _, event := range e.Events {
		room += len(event) + 1
	}
	return room
}

// members writes the members of an object, which must come in the order of their
// names. Names are plain ASCII.
type members struct {
	dst []byte
	any bool // one was written
	err error
}

func (m *members) name(name string) {
	open := `,"`
	if !m.any {
		open = `{"`
	}
	m.any = true
	m.dst = append(append(append(m.dst, open...), name...), `":`...)
}

// value writes JSON in its canonical form.
func (m *members) value(value []byte) {
	if m.err == nil {
		m.dst, m.err = canon.AppendValue(m.dst, value)
	}
}

func (m *members) text(name, text string) {
	if m.name(name); m.err == nil {
		m.dst, m.err = jsontext.AppendQuote(m.dst, text)
	}
}

// optional writes a text unless it is empty.
func (m *members) optional(name, text string) {
	if text != "" {
		m.text(name, text)
	}
}

func (m *members) number(name string, n int64) {
	m.name(name)
	m.dst = strconv.AppendInt(m.dst, n, 10)
}

func (m *members) end() ([]byte, error) {
	if !m.any {
		m.dst = append(m.dst, '{')
	}
	return append(m.dst, '}'), m.err
}
