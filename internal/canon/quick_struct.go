package canon

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is a member of an object: a field of a struct, or of one embedded in it.
type field struct {
	name  string // quoted, with its colon
	index []int
	write quick
	zero  func(reflect.Value) bool // the member is not there when this holds; nil: always there
	empty bool                     // it is not there when its value is written as an empty one
}

// structure writes structs. The rules are those of the general encoder, as far as
// our types use them: names and omissions by tags, members of embedded structs
// beside the struct's own. One with anything else in its tags is the general
// encoder's.
func (l looking) structure(t reflect.Type) quick {
	fields, ok := l.fields(t, nil)
	if !ok || len(fields) == 0 && t.NumField() > 0 {
		return general
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name[:len(a.name)-2], b.name[:len(b.name)-2]) })
	for i := range fields[:max(0, len(fields)-1)] {
		if fields[i].name == fields[i+1].name {
			return general // one of them hides the other
		}
	}
	return func(dst []byte, v reflect.Value, depth int) ([]byte, bool) {
		if depth > tidyDepth {
			return dst, false
		}
		dst = append(dst, '{')
		first := len(dst)
		for i := range fields {
			f := &fields[i]
			of, there := f.of(v)
			if !there || f.zero != nil && f.zero(of) {
				continue
			}
			from := len(dst)
			if from > first {
				dst = append(dst, ',')
			}
			dst = append(dst, f.name...)
			value, ok := len(dst), false
			if dst, ok = f.write(dst, of, depth+1); !ok {
				return dst, false
			}
			if f.empty && isEmpty(dst[value:]) {
				dst = dst[:from]
			}
		}
		return append(dst, '}'), true
	}
}

// of finds the field in a struct; a nil pointer on the way there has no members.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for i, at := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(at)
	}
	return v, true
}

func isEmpty(value []byte) bool {
	switch string(value) {
	case "null", `""`, "{}", "[]":
		return true
	}
	return false
}

// fields gives the members of a struct that lies at the index in another.
func (l looking) fields(t reflect.Type, index []int) (all []field, ok bool) {
	if len(index) > tidyDepth { // it embeds itself
		return nil, false
	}
	for i := range t.NumField() {
		of := t.Field(i)
		tag, tagged := of.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clone(index), i)
		switch {
		case tag == "-", !of.IsExported() && !of.Anonymous && !tagged:
		case of.Anonymous && name == "" || options == "embed":
			inner, ok := l.embedded(of, name, options, at)
			if !ok {
				return nil, false
			}
			all = append(all, inner...)
		case !of.IsExported():
			return nil, false
		default:
			f, ok := l.field(of, name, options, at)
			if !ok {
				return nil, false
			}
			all = append(all, f)
		}
	}
	return all, true
}

// embedded gives the members of a struct that is embedded, in Go or by its tag.
func (l looking) embedded(of reflect.StructField, name, options string, at []int) ([]field, bool) {
	t := of.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	plainly := name == "" && (options == "" || options == "embed") && (of.IsExported() || of.Type == t)
	if !plainly || t.Kind() != reflect.Struct || ownForm(t) != nil {
		return nil, false
	}
	return l.fields(t, at)
}

func (l looking) field(of reflect.StructField, name, options string, at []int) (f field, ok bool) {
	if name == "" {
		name = of.Name
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r > '~' || r == '\'' || escaped(byte(r)) }) {
		return f, false
	}
	f = field{name: `"` + name + `":`, index: at, write: l.of(of.Type)}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "omitzero":
			f.zero = zeroOf(of.Type)
		case "omitempty":
			f.empty = true
		case "string":
			if f.write = quoted(of.Type); f.write == nil {
				return f, false
			}
		default:
			return f, false
		}
	}
	return f, true
}

// quoted writes numbers as texts; nil: the type is none of a plain number.
func quoted(t reflect.Type) quick {
	switch {
	case ownForm(t) != nil:
		return nil
	case t.Kind() == reflect.Int64:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
			return append(strconv.AppendInt(append(dst, '"'), v.Int(), 10), '"'), true
		}
	case t.Kind() == reflect.Uint64:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, bool) {
			return append(strconv.AppendUint(append(dst, '"'), v.Uint(), 10), '"'), true
		}
	}
	return nil
}

// zeroer is a type that knows what is its zero.
type zeroer interface{ IsZero() bool }

// zeroOf tells of a value of a type whether it is zero, as omitzero asks.
func zeroOf(t reflect.Type) func(reflect.Value) bool {
	knows := reflect.TypeFor[zeroer]()
	switch {
	case t.Kind() == reflect.Interface && t.Implements(knows):
		return func(v reflect.Value) bool {
			return v.IsNil() || v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() || v.Interface().(zeroer).IsZero()
		}
	case t.Kind() == reflect.Pointer && t.Implements(knows):
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(zeroer).IsZero() }
	case reflect.PointerTo(t).Implements(knows):
		return func(v reflect.Value) bool { return v.Addr().Interface().(zeroer).IsZero() }
	}
	return reflect.Value.IsZero
}
