package blueprint

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// yaml writes an object as YAML: every text that could be taken for something
// else is quoted, and nothing is folded, so that a change of one value is a
// change of one line.
func yaml(o object) string {
	w := new(writer)
	w.yamlObject(0, o)
	return w.String()
}

func (w *writer) yamlObject(depth int, o object) {
	for _, f := range o {
		w.note(depth, f.note)
		w.yamlMember(depth, yamlText(f.name)+":", f.value)
	}
}

// yamlMember writes a value behind what it belongs to.
func (w *writer) yamlMember(depth int, lead string, value any) {
	switch v := value.(type) {
	case object:
		if len(v) == 0 {
			w.line(depth, "%s {}", lead)
			return
		}
		w.line(depth, "%s", lead)
		w.yamlObject(depth+1, v)
	case list:
		if len(v) == 0 {
			w.line(depth, "%s []", lead)
			return
		}
		w.line(depth, "%s", lead)
		w.yamlList(depth+1, v)
	case ref:
		w.line(depth, "%s {Ref: %s}", lead, yamlText(string(v)))
	default:
		w.line(depth, "%s %s", lead, yamlScalar(value))
	}
}

func (w *writer) yamlList(depth int, l list) {
	for _, one := range l {
		o, ok := one.(object)
		if !ok || len(o) == 0 {
			w.yamlMember(depth, "-", one)
			continue
		}
		inner := new(writer)
		inner.yamlObject(0, o)
		lead := "- "
		for _, line := range strings.Split(strings.TrimSuffix(inner.String(), "\n"), "\n") {
			w.line(depth, "%s%s", lead, line)
			lead = "  "
		}
	}
}

func yamlScalar(value any) string {
	switch v := value.(type) {
	case string:
		return yamlText(v)
	case bool, int, int64:
		return fmt.Sprint(v)
	case float64: // of JSON: whole
		return fmt.Sprintf("%.0f", v)
	}
	return "null"
}

// mistaken are words that a reader of YAML may take for something else.
var mistaken = map[string]bool{"true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true, "null": true}

// yamlText writes a text bare where nothing can mistake it, and quoted as in JSON.
func yamlText(text string) string {
	bare := text != "" && canon.MadeOf(text[:1], letters) && canon.MadeOf(text, letters+"0123456789_./-") && !mistaken[strings.ToLower(text)]
	if bare {
		return text
	}
	return quoted(text)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// quoted is a text in quotation marks, as JSON and YAML both read it.
func quoted(text string) string { return string(canon.MustEncode(text)) }
