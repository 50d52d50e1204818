package canon

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// tidyDepth bounds the nesting that tidy looks into.
const tidyDepth = 64

// tidy puts the members of every object in data into canonical order, in place,
// and tells whether data is canonical (RFC 8785) then. It knows the plain part
// of JSON alone, which is nearly all of what our own encoder writes: no white
// space, names of printable ASCII without escapes, no name twice, texts with no
// escapes but those of two characters, integers of at most fifteen digits. False says nothing but that data holds something else,
// or is no JSON: members may have changed places, and what data means has not.
func tidy(data []byte) bool {
	t := tidyings.Get().(*tidying)
	t.data = data
	end, ok := t.value(0, 0)
	if t.data = nil; cap(t.scratch) <= tidyKept {
		tidyings.Put(t)
	}
	return ok && end == len(data)
}

// tidyings keeps scratch room from one call for another, up to tidyKept bytes.
var tidyings = sync.Pool{New: func() any { return new(tidying) }}

const tidyKept = 64 << 10

// plain are the bytes that stand for themselves in a string.
var plain = func() (set [256]bool) {
	for c := ' '; c <= '~'; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// tidying is one call of tidy.
type tidying struct {
	data    []byte
	scratch []byte
}

// member is where a member of an object lies, and where its name ends.
type member struct{ from, name, to int }

// value walks the value at i and gives where it ends.
func (t *tidying) value(i, depth int) (int, bool) {
	if i >= len(t.data) || depth > tidyDepth {
		return i, false
	}
	switch t.data[i] {
	case '"':
		return t.text(i)
	case '{':
		return t.object(i, depth)
	case '[':
		return t.array(i, depth)
	case 't':
		return t.literal(i, "true")
	case 'f':
		return t.literal(i, "false")
	case 'n':
		return t.literal(i, "null")
	}
	return t.integer(i)
}

func (t *tidying) literal(i int, word string) (int, bool) {
	return i + len(word), bytes.HasPrefix(t.data[i:], []byte(word))
}

// word walks a string that is written without any escape.
func (t *tidying) word(i int) (int, bool) {
	for i++; i < len(t.data) && plain[t.data[i]]; i++ {
	}
	return i + 1, t.at(i) == '"'
}

// text walks a string in which what must be escaped is, in the short way, and
// nothing else.
func (t *tidying) text(i int) (int, bool) {
	end, ok := t.word(i)
	for !ok && end <= len(t.data) {
		switch c := t.data[end-1]; {
		case c == '\\' && strings.IndexByte(`"\bfnrt`, t.at(end)) >= 0 && end < len(t.data):
			end, ok = t.word(end)
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(t.data[end-1:])
			if r == utf8.RuneError && size == 1 {
				return i, false
			}
			end, ok = t.word(end + size - 2)
		default:
			return i, false
		}
	}
	return end, ok
}

// integer walks a number that every reader takes for the same one. What follows
// it is judged by the caller: a fraction or exponent is not what is due there.
func (t *tidying) integer(i int) (int, bool) {
	from := i
	if t.data[i] == '-' {
		from++
	}
	end := from
	for end < len(t.data) && t.data[end] >= '0' && t.data[end] <= '9' {
		end++
	}
	digits := end - from
	if digits == 0 || digits > 15 || t.data[from] == '0' && end-i > 1 {
		return i, false
	}
	return end, true
}

func (t *tidying) array(i, depth int) (int, bool) {
	if i++; t.at(i) == ']' {
		return i + 1, true
	}
	for {
		end, ok := t.value(i, depth+1)
		if !ok {
			return i, false
		}
		switch t.at(end) {
		case ',':
			i = end + 1
		case ']':
			return end + 1, true
		default:
			return i, false
		}
	}
}

func (t *tidying) object(i, depth int) (int, bool) {
	if i++; t.at(i) == '}' {
		return i + 1, true
	}
	var room [24]member
	members, sorted := room[:0], true
	for {
		m := member{from: i}
		var ok bool
		if t.at(i) != '"' {
			return i, false
		}
		if m.name, ok = t.word(i); !ok || t.at(m.name) != ':' {
			return i, false
		}
		if m.to, ok = t.value(m.name+1, depth+1); !ok {
			return i, false
		}
		if n := len(members); n > 0 && bytes.Compare(t.name(members[n-1]), t.name(m)) >= 0 {
			sorted = false
		}
		members = append(members, m)
		switch t.at(m.to) {
		case ',':
			i = m.to + 1
		case '}':
			return m.to + 1, sorted || t.sort(members)
		default:
			return i, false
		}
	}
}

// sort puts members into the order of their names; false says that one stands
// twice. Names are ASCII, whose order by bytes is that by UTF-16 units.
func (t *tidying) sort(members []member) bool {
	from, to := members[0].from, members[len(members)-1].to
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(t.name(a), t.name(b)) })
	for i := range members[1:] {
		if bytes.Equal(t.name(members[i]), t.name(members[i+1])) {
			return false
		}
	}
	t.scratch = t.scratch[:0]
	for i, m := range members {
		if i > 0 {
			t.scratch = append(t.scratch, ',')
		}
		t.scratch = append(t.scratch, t.data[m.from:m.to]...)
	}
	copy(t.data[from:to], t.scratch)
	return true
}

// name is a member's name without its quotation marks.
func (t *tidying) name(m member) []byte { return t.data[m.from+1 : m.name-1] }

// at is the byte at i; zero, which no JSON holds, past the end.
func (t *tidying) at(i int) byte {
	if i < len(t.data) {
		return t.data[i]
	}
	return 0
}
