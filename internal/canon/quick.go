package canon

import (
	"encoding"
	"encoding/base64"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// quick appends the canonical JSON of a value of one type, which must be
// addressable. False: this value is one for the general encoder, and what stands
// behind dst means nothing.
type quick func(dst []byte, v reflect.Value, depth int) ([]byte, bool)

// quicks are the types seen so far: a type is looked through once.
var quicks sync.Map // of reflect.Type to quick

// buffers keep room from one call for another, up to bufferKept bytes.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const bufferKept = 64 << 10

// encodeQuick gives the canonical JSON of v without a second pass, for what nearly
// all of our values are made of. It is not another rule: whatever it does not know
// by heart it leaves to the general encoder, and what it gives must be the same
// bytes (FuzzEncode).
func encodeQuick(v any) ([]byte, bool) {
	of := reflect.ValueOf(v)
	if !of.IsValid() || of.Kind() == reflect.Pointer && of.IsNil() {
		return nil, false
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	of = placed(of)
	room := buffers.Get().(*[]byte)
	data, ok := quickOf(of.Type())((*room)[:0], of, 0)
	var out []byte
	if ok {
		out = append(make([]byte, 0, len(data)+1), data...) // often a line, which ends
	}
	if cap(data) <= bufferKept {
		*room = data
		buffers.Put(room)
	}
	return out, ok
}

// general leaves a value to the general encoder.
func general(dst []byte, _ reflect.Value, _ int) ([]byte, bool) { return dst, false }

// quickOf gives the encoder of a type.
func quickOf(t reflect.Type) quick { return looking{}.of(t) }

// looking is the types that are being looked through: one may hold itself.
type looking map[reflect.Type]bool

func (l looking) of(t reflect.Type) quick {
	if known, ok := quicks.Load(t); ok {
		return known.(quick)
	}
	if l[t] {
		return func(dst []byte, v reflect.Value, depth int) ([]byte, bool) { return quickOf(t)(dst, v, depth) }
	}
	l[t] = true
	made := l.through(t)
	delete(l, t)
	quicks.Store(t, made)
	return made
}

var (
	typeOfValue  = reflect.TypeFor[jsontext.Value]()
	typeOfByte   = reflect.TypeFor[byte]()
	textAppender = reflect.TypeFor[encoding.TextAppender]()
	// ownForms are the ways in which a type can say what its form is.
	ownForms = []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.MarshalerTo](), textAppender, reflect.TypeFor[encoding.TextMarshaler]()}
)

// through looks a type through. What a type says of its own form, in whatever way,
// is the general encoder's, unless it is a text that it appends.
func (l looking) through(t reflect.Type) quick {
	if t == typeOfValue {
		return quickRaw
	}
	if t.PkgPath() == "time" { // which have a form of their own in the general encoder
		return general
	}
	if form := ownForm(t); form == textAppender {
		return quickText
	} else if form != nil {
		return general
	}
	switch t.Kind() {
	case reflect.Bool:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
			return strconv.AppendBool(dst, v.Bool()), true
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return quickInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return quickUint
	case reflect.String:
		return quickString
	case reflect.Pointer:
		return l.pointer(t)
	case reflect.Interface:
		return quickInterface
	case reflect.Slice:
		return l.slice(t)
	case reflect.Map:
		return l.object(t)
	case reflect.Struct:
		return l.structure(t)
	}
	return general
}

// ownForm is the first of the ways in which a type says what its form is; nil: it
// says nothing.
func ownForm(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil // what it leads to is asked
	}
	for _, form := range ownForms {
		if reflect.PointerTo(t).Implements(form) {
			return form
		}
	}
	return nil
}

func quickRaw(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
	out, err := AppendValue(dst, v.Bytes())
	return out, err == nil
}

// quickText writes a text that needs no escapes.
func quickText(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
	from := len(dst) + 1
	dst, err := v.Addr().Interface().(encoding.TextAppender).AppendText(append(dst, '"'))
	if err != nil || slices.ContainsFunc(dst[from:], escaped) {
		return dst, false
	}
	return append(dst, '"'), true
}

func escaped(c byte) bool { return !plain[c] }

// numberMost is the largest number that every reader takes for the same one.
const numberMost = 999_999_999_999_999

func quickInt(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
	n := v.Int()
	return strconv.AppendInt(dst, n, 10), -numberMost <= n && n <= numberMost
}

func quickUint(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
	n := v.Uint()
	return strconv.AppendUint(dst, n, 10), n <= numberMost
}

func quickString(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
	text := v.String()
	if isPlain(text) {
		return append(append(append(dst, '"'), text...), '"'), true
	}
	out, err := jsontext.AppendQuote(dst, text)
	return out, err == nil
}

func (l looking) pointer(t reflect.Type) quick {
	to := l.of(t.Elem())
	return func(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
		if v.IsNil() {
			return append(dst, "null"...), true
		}
		if depth > tidyDepth {
			return dst, false
		}
		return to(dst, v.Elem(), depth+1)
	}
}

func quickInterface(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
	if v.IsNil() {
		return append(dst, "null"...), true
	}
	if v = v.Elem(); depth > tidyDepth {
		return dst, false
	}
	return quickOf(v.Type())(dst, placed(v), depth+1)
}

// placed is a value where it can be pointed at.
func placed(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	to := reflect.New(v.Type()).Elem()
	to.Set(v)
	return to
}

func (l looking) slice(t reflect.Type) quick {
	if t.Elem() == typeOfByte {
		return func(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
			return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"'), true
		}
	}
	if t.Elem().Kind() == reflect.Uint8 {
		return general
	}
	each := l.of(t.Elem())
	return func(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
		ok := depth <= tidyDepth
		dst = append(dst, '[')
		for i := 0; ok && i < v.Len(); i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst, ok = each(dst, v.Index(i), depth+1)
		}
		return append(dst, ']'), ok
	}
}

// named is a member of a map: its name, and which of the values is its own.
type named struct {
	name string
	at   int
}

// object writes maps whose names need no escapes: then their order by bytes is that
// by UTF-16 units.
func (l looking) object(t reflect.Type) quick {
	each, text := l.of(t.Elem()), ownForm(t.Key()) == textAppender
	if !text && (t.Key().Kind() != reflect.String || ownForm(t.Key()) != nil) {
		return general
	}
	return func(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
		members := make([]named, 0, v.Len())
		key, values := reflect.New(t.Key()).Elem(), reflect.MakeSlice(reflect.SliceOf(t.Elem()), v.Len(), v.Len())
		for all := v.MapRange(); all.Next(); {
			key.SetIterKey(all)
			name, ok := key.String(), true
			if text {
				name, ok = nameOf(key)
			}
			if !ok || depth > tidyDepth || !isPlain(name) {
				return dst, false
			}
			values.Index(len(members)).SetIterValue(all)
			members = append(members, named{name, len(members)})
		}
		slices.SortFunc(members, func(a, b named) int { return strings.Compare(a.name, b.name) })
		dst = append(dst, '{')
		for i, m := range members {
			if i > 0 {
				dst = append(dst, ',')
			}
			if i > 0 && members[i-1].name == m.name {
				return dst, false
			}
			var ok bool
			dst = append(append(append(dst, '"'), m.name...), `":`...)
			if dst, ok = each(dst, values.Index(m.at), depth+1); !ok {
				return dst, false
			}
		}
		return append(dst, '}'), true
	}
}

// nameOf is the name that a key of a map gives itself.
func nameOf(key reflect.Value) (string, bool) {
	name, err := key.Addr().Interface().(encoding.TextAppender).AppendText(nil)
	return string(name), err == nil
}

// isPlain tells whether every byte of a text stands for itself.
func isPlain(text string) bool {
	for i := range len(text) {
		if !plain[text[i]] {
			return false
		}
	}
	return true
}
