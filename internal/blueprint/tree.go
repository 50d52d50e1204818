package blueprint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// object is a mapping in an order that people read, with notes; list is a
// sequence. What else a tree may hold: texts, whole numbers, truths, ref.
type object []field

type field struct {
	name  string
	value any
	note  string // stands above it, in files that can have one
}

type list []any

// ref is another resource of the same file, by its id.
type ref string

// texts makes a list of texts.
func texts(all ...string) list {
	made := make(list, len(all))
	for i, one := range all {
		made[i] = one
	}
	return made
}

// order is how members that AWS names are read best; others follow by name.
var order = strings.Fields(`AWSTemplateFormatVersion Version Id source detail-type Sid Effect Principal Action NotAction Resource
	NotResource Condition Statement detail eventName userIdentity requestParameters`)

// parsed is the tree of JSON that is our own or was checked.
func parsed(data []byte) any {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return string(data)
	}
	return tree(value)
}

func tree(value any) any {
	switch v := value.(type) {
	case map[string]any:
		made := object{}
		for name, member := range v {
			made = append(made, field{name: name, value: tree(member)})
		}
		slices.SortFunc(made, func(x, y field) int { return ranked(x.name, y.name) })
		return made
	case []any:
		made := make(list, len(v))
		for i, one := range v {
			made[i] = tree(one)
		}
		return made
	}
	return value
}

func ranked(x, y string) int {
	i, j := slices.Index(order, x), slices.Index(order, y)
	switch {
	case i >= 0 && j >= 0:
		return i - j
	case i >= 0:
		return -1
	case j >= 0:
		return 1
	}
	return compare(x, y)
}

// plain is a tree without notes, as a reader of JSON or YAML has it.
func plain(value any) any {
	switch v := value.(type) {
	case object:
		made := make(map[string]any, len(v))
		for _, f := range v {
			made[f.name] = plain(f.value)
		}
		return made
	case list:
		made := make([]any, len(v))
		for i, one := range v {
			made[i] = plain(one)
		}
		return made
	case ref:
		return map[string]any{"Ref": string(v)}
	}
	return value
}

// get finds a member.
func (o object) get(name string) any {
	for _, f := range o {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// writer writes a tree with notes, in YAML or in HCL.
type writer struct{ strings.Builder }

func (w *writer) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// note writes a comment, in lines that stay readable.
func (w *writer) note(depth int, text string) {
	for _, line := range folded(text, 100-2*depth) {
		w.line(depth, "%s", strings.TrimRight("# "+line, " "))
	}
}

// folded breaks a text at spaces.
func folded(text string, width int) (lines []string) {
	if text == "" {
		return nil
	}
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				lines, line = append(lines, line), ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		lines = append(lines, line)
	}
	return lines
}

// indented is JSON as people read it.
func indented(data []byte) []byte {
	w := new(writer)
	w.jsonValue(0, parsed(data))
	w.WriteByte('\n')
	return []byte(w.String())
}

func (w *writer) jsonValue(depth int, value any) {
	deeper := "\n" + strings.Repeat("  ", depth+1)
	switch v := value.(type) {
	case object:
		w.WriteString("{")
		for i, f := range v {
			if i > 0 {
				w.WriteString(",")
			}
			w.WriteString(deeper + quoted(f.name) + ": ")
			w.jsonValue(depth+1, f.value)
		}
		w.WriteString("\n" + strings.Repeat("  ", depth) + "}")
	case list:
		w.WriteString("[")
		for i, one := range v {
			if i > 0 {
				w.WriteString(",")
			}
			w.WriteString(deeper)
			w.jsonValue(depth+1, one)
		}
		w.WriteString("\n" + strings.Repeat("  ", depth) + "]")
	case string:
		w.WriteString(quoted(v))
	default:
		w.WriteString(yamlScalar(v))
	}
}
