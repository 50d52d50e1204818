package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
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
		f.errorf(name.at, nearFile(folder, name.text), "cannot read %s: %v", show(name.text), reason(err))
		return nil
	case len(data) > limit:
		f.errorf(place{name.text, 0, 0}, "split it, or take out what does not belong", "has more than %d bytes", limit)
		return nil
	case !scan(name.text, bytes.ReplaceAll(data, []byte("\t"), []byte(" ")), f): // in JSON a tab is a space
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

// nearFile is the hint for a file that cannot be read: one beside it of nearly that name.
func nearFile(folder fs.FS, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return "write what it says into a file of this folder, such as policies/database.json: nothing of AWS's is read"
	}
	const prefix = "write that file, or name another"
	entries, err := fs.ReadDir(folder, path.Dir(name))
	if err != nil {
		return prefix
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && e.Name() != path.Base(name) {
			files = append(files, e.Name())
		}
	}
	if hint, near := strings.CutPrefix(nearest(path.Base(name), files, ""), "did you mean "); near && len(files) > 0 {
		return "did you mean " + path.Join(path.Dir(name), hint)
	}
	return prefix
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
	offset += len(r.data[offset:]) - len(bytes.TrimLeft(r.data[offset:], " \t\n\r,:"))
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
