package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// A file is a struct whose exported fields have a yaml tag: the key, and
// ",required" where it must be there. Everything else is unknown and refused.

// selfReader is a value that reads itself from a node and notes what is wrong.
type selfReader interface{ read(f *findings, n *node) }

// planner is a struct of the design's keys without a rule in this version.
type planner interface{ planned() []string }

// guide is a struct that knows keys which people look for in it, and what does that.
type guide interface{ instead() map[string]string }

// Mark is where a struct of a file and its keys stand.
type Mark struct {
	at   place
	keys map[string]place
}

func (m *Mark) mark(n *node) {
	m.at, m.keys = n.place, make(map[string]place)
	for _, p := range n.pairs {
		m.keys[p.key.text] = p.key.place
	}
}

// key is where a key stands, or where it would.
func (m *Mark) key(name string) place {
	if at, ok := m.keys[name]; ok {
		return at
	}
	return m.at
}

// word is text in a file. Its zero value was not written.
type word struct {
	text string
	at   place
}

func (w *word) read(f *findings, n *node) {
	w.at = n.place
	switch n.form {
	case text:
		w.text = strings.TrimSuffix(n.text, "\n")
		if strings.TrimSpace(w.text) == "" {
			n.as.blank(f, n.place)
		}
	case number, boolean:
		w.text = n.text
		f.errorf(n.place, fmt.Sprintf("write \"%s\" in quotation marks", n.text), "must be text, is %s", n.form)
	default:
		f.errorf(n.place, valueMend, "must be text, is %s", n.form)
	}
}

// valueMend is the hint for what is of another form than it must be.
const valueMend = "write its value after the colon, or look at the example in docs/reference"

func (w *word) given() bool { return w.at.file != "" }

// count is a whole number in a file.
type count struct {
	n     int
	at    place
	given bool // and read
}

func (c *count) read(f *findings, n *node) {
	c.at = n.place
	value, err := strconv.Atoi(n.text)
	if n.form != number || err != nil || strconv.Itoa(value) != n.text {
		f.errorf(n.place, "write digits alone, such as 2", "must be a whole number, is %s", n.saying())
		return
	}
	c.n, c.given = value, true
}

// flag is true or false in a file.
type flag struct {
	on bool
	at place
}

func (b *flag) read(f *findings, n *node) {
	b.at, b.on = n.place, n.text == "true"
	if n.form != boolean {
		f.errorf(n.place, "write true or false, without quotation marks", "must be true or false, is %s", n.saying())
	}
}

// span is a duration in a file.
type span struct {
	seconds canon.Seconds
	at      place
}

const spanMend = `write hours, minutes and seconds, such as 1h, 90m or 1h30m`

func (s *span) read(f *findings, n *node) {
	s.at = n.place
	switch n.form {
	case number:
		f.errorf(n.place, spanMend, "%s has no unit", n.text)
		return
	case text:
	default:
		f.errorf(n.place, spanMend, "must be a duration, is %s", n.form)
		return
	}
	d, err := time.ParseDuration(n.text)
	switch {
	case err != nil:
		f.errorf(n.place, daysMend(n.text), "%s is not a duration", show(n.text))
	case d <= 0:
		f.errorf(n.place, spanMend, "%s is not longer than nothing", show(n.text))
	case d%time.Second != 0:
		f.errorf(n.place, spanMend, "%s is not in whole seconds", show(n.text))
	default:
		s.seconds = canon.SecondsOf(d)
	}
}

// daysMend is the hint for what is no duration: the hours of days and weeks.
func daysMend(text string) string {
	for unit, hours := range map[string]int{"d": 24, "w": 7 * 24} {
		digits, is := strings.CutSuffix(text, unit)
		if n, err := strconv.Atoi(digits); is && err == nil && n > 0 && n < 1000 {
			return fmt.Sprintf("write it in hours: %dh", n*hours)
		}
	}
	return spanMend
}

func (s *span) given() bool { return s.at.file != "" }

// entry is a key that a person chose, with its value.
type entry[T any] struct {
	key   word
	value T
}

// table is keys that people choose, in the order of the file.
type table[T any] []entry[T]

func (t *table[T]) read(f *findings, n *node) {
	if n.form != mapping {
		f.errorf(n.place, valueMend, "must be %s, is %s", mapping, n.saying())
		return
	}
	*t = make(table[T], 0, len(n.pairs))
	for _, p := range n.pairs {
		e := entry[T]{key: word{p.key.text, p.key.place}}
		readValue(f, p.value, reflect.ValueOf(&e.value).Elem())
		*t = append(*t, e)
	}
}

// element is the type of the values, for Keys.
func (t *table[T]) element() reflect.Type { return reflect.TypeFor[T]() }

// readValue reads n into v, which is addressable.
func readValue(f *findings, n *node, v reflect.Value) {
	if r, ok := v.Addr().Interface().(selfReader); ok {
		r.read(f, n)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		readValue(f, n, v.Elem())
	case reflect.Slice:
		readList(f, n, v)
	default:
		readRecord(f, n, v)
	}
}

func readList(f *findings, n *node, v reflect.Value) {
	if n.form != sequence {
		f.errorf(n.place, "write it as a list: [one, two], or a line with a hyphen for each", "must be %s, is %s", sequence, n.saying())
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		readValue(f, item, v.Index(i))
	}
}

func readRecord(f *findings, n *node, v reflect.Value) {
	if m, ok := v.Addr().Interface().(interface{ mark(*node) }); ok {
		m.mark(n)
	}
	if n.form != mapping {
		f.errorf(n.place, valueMend, "must be %s, is %s", mapping, n.saying())
		return
	}
	fields := fieldsOf(v.Type())
	var seen []string
	for _, p := range n.pairs {
		i := slices.IndexFunc(fields, func(k key) bool { return k.name == p.key.text })
		if i < 0 {
			unknownKey(f, p.key, v, fields)
			continue
		}
		seen = append(seen, p.key.text)
		p.value.as = fields[i]
		readValue(f, p.value, v.Field(fields[i].index))
	}
	for _, k := range fields {
		if k.required && !slices.Contains(seen, k.name) {
			f.errorf(n.place, fmt.Sprintf("add %s: to it", k.name), "%s is missing", k.name)
		}
	}
}

func unknownKey(f *findings, found *node, v reflect.Value, fields []key) {
	if g, ok := v.Addr().Interface().(guide); ok && g.instead()[found.text] != "" {
		f.errorf(found.place, g.instead()[found.text], "key %s is not known", show(found.text))
		return
	}
	if p, ok := v.Addr().Interface().(planner); ok && slices.Contains(p.planned(), found.text) {
		f.errorf(found.place, "take it out; it would not be kept", "%s is not supported by this version", found.text)
		return
	}
	var names []string
	for _, k := range fields {
		names = append(names, k.name)
	}
	f.errorf(found.place, nearest(found.text, names, "known here: "), "key %s is not known", show(found.text))
}

// key is one key of a struct.
type key struct {
	name     string
	required bool
	index    int
	mend     string // how to come by what is to be written there
}

// blank notes that nothing is written where text must be.
func (k key) blank(f *findings, at place) {
	what, mend := "is empty text", "write it, or leave the key out"
	if k.name != "" {
		what = k.name + " is empty"
	}
	if k.required {
		mend = "write it: it is needed"
	}
	if k.mend != "" {
		mend = k.mend
	}
	f.errorf(at, mend, "%s", what)
}

func fieldsOf(t reflect.Type) []key {
	var keys []key
	for i := range t.NumField() {
		if tag, ok := t.Field(i).Tag.Lookup("yaml"); ok {
			name, option, _ := strings.Cut(tag, ",")
			keys = append(keys, key{name, option == "required", i, t.Field(i).Tag.Get("mend")})
		}
	}
	return keys
}

// saying is what a node is, with its value where that is one.
func (n *node) saying() string {
	if n.form == text {
		return "text " + show(n.text)
	}
	if n.text != "" {
		return n.text
	}
	return string(n.form)
}
