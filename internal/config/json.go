package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// openJSON reads a file of the folder that others define, such as an IAM policy,
// with the places of everything in it. It gives nil, and has noted why, when it
// cannot.
func openJSON(f *findings, folder fs.FS, name word, limit int) *node {
	if !fs.ValidPath(name.text) {
		f.errorf(name.at, "name a file within this folder, such as policies/database.json", "%s is not a file of this folder", show(name.text))
		return nil
	}
	data, err := readFile(folder, name.text)
	switch {
	case err != nil:
		f.errorf(name.at, "write that file, or name another", "cannot read %s: %v", show(name.text), reason(err))
		return nil
	case len(data) > limit:
		f.errorf(place{name.text, 0, 0}, "split it, or take out what does not belong", "has more than %d bytes", limit)
		return nil
	case !scan(name.text, data, f):
		return nil
	}
	r := jsonReader{findings: f, file: name.text, data: data, in: jsontext.NewDecoder(bytes.NewReader(data))}
	root := r.value(0)
	if root != nil && !r.failed {
		if _, err := r.in.ReadToken(); !errors.Is(err, io.EOF) {
			r.fail("take out what stands after it", "has something behind its end")
		}
	}
	if root == nil || r.failed {
		return nil
	}
	return root
}

// jsonReader makes nodes of JSON. Names that stand twice are refused.
type jsonReader struct {
	*findings
	file   string
	data   []byte
	in     *jsontext.Decoder
	failed bool
}

func (r *jsonReader) value(depth int) *node {
	at := r.next()
	token, err := r.in.ReadToken()
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		r.fail("keep one of them", "a key stands twice")
		return nil
	case err != nil || depth > deepest:
		r.fail("look at the commas, the quotation marks and the brackets before this place", "cannot be read as JSON")
		return nil
	}
	n := &node{place: at, form: empty}
	switch token.Kind() {
	case '"':
		n.form, n.text = text, token.String()
		if deceives(at, n.text, r.findings) {
			r.failed = true
		}
	case '0':
		n.form, n.text = number, token.String()
	case 't', 'f':
		n.form, n.text = boolean, token.String()
	case '[':
		n.form = sequence
		r.items(depth, ']', func(item *node) bool { n.items = append(n.items, item); return true })
	case '{':
		n.form = mapping
		r.items(depth, '}', func(key *node) bool {
			value := r.value(depth + 1)
			n.pairs = append(n.pairs, pair{key, value})
			return value != nil
		})
	}
	return n
}

// items reads up to an end.
func (r *jsonReader) items(depth int, end jsontext.Kind, add func(*node) bool) {
	for !r.failed {
		if r.in.PeekKind() == end {
			if _, err := r.in.ReadToken(); err != nil {
				r.fail("close the bracket", "cannot be read as JSON")
			}
			return
		}
		if item := r.value(depth + 1); item == nil || !add(item) {
			return
		}
	}
}

// next is where the next token begins.
func (r *jsonReader) next() place {
	offset := min(int(r.in.InputOffset()), len(r.data))
	offset += len(r.data[offset:]) - len(bytes.TrimLeft(r.data[offset:], " \n\r,:"))
	before := string(r.data[:offset])
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return place{r.file, 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(line)}
}

func (r *jsonReader) fail(mend, what string) {
	if !r.failed {
		r.errorf(r.next(), mend, "%s", what)
	}
	r.failed = true
}
