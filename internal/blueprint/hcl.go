package blueprint

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// block is one block of Terraform's language.
type block struct {
	head string // such as resource "aws_iam_role" "emergency"
	note string
	body object
}

// expression is written as it is.
type expression string

// encoded is a tree that a call of jsonencode stands around: a document of AWS.
type encoded struct{ value any }

// nested is a block within a block.
type nested object

// hcl writes blocks.
func hcl(blocks []block) string {
	w := new(writer)
	for i, b := range blocks {
		if i > 0 {
			w.WriteByte('\n')
		}
		w.note(0, b.note)
		if len(b.body) == 0 {
			w.line(0, "%s {}", b.head)
			continue
		}
		w.line(0, "%s {", b.head)
		w.hclBody(1, b.body)
		w.line(0, "}")
	}
	return w.String()
}

func (w *writer) hclBody(depth int, o object) {
	widths := aligned(o, func(name string) string { return name })
	for i, f := range o {
		w.note(depth, f.note)
		if inner, ok := f.value.(nested); ok {
			w.line(depth, "%s {", f.name)
			w.hclBody(depth+1, object(inner))
			w.line(depth, "}")
			continue
		}
		w.hclMember(depth, fmt.Sprintf("%-*s = ", widths[i], f.name), f.value, "")
	}
}

// aligned gives each name the width of its run of members that stand on one line
// each, as Terraform's own formatter has it.
func aligned(o object, key func(string) string) []int {
	widths, from := make([]int, len(o)), 0
	for i, f := range o {
		single := oneLine(f.value)
		if !single || f.note != "" {
			from = i
		}
		if !single {
			from = i + 1
			continue
		}
		for j := from; j <= i; j++ {
			widths[j] = max(widths[from], len(key(f.name)))
		}
	}
	return widths
}

func oneLine(value any) bool {
	switch v := value.(type) {
	case object, nested, encoded:
		return false
	case list:
		return len(v) == 0
	}
	return true
}

// hclMember writes a value behind what it belongs to, and what follows it.
func (w *writer) hclMember(depth int, lead string, value any, after string) {
	switch v := value.(type) {
	case object:
		w.line(depth, "%s{", lead)
		widths := aligned(v, hclKey)
		for i, f := range v {
			w.note(depth+1, f.note)
			w.hclMember(depth+1, fmt.Sprintf("%-*s = ", widths[i], hclKey(f.name)), f.value, "")
		}
		w.line(depth, "}%s", after)
	case list:
		if len(v) == 0 {
			w.line(depth, "%s[]%s", lead, after)
			return
		}
		w.line(depth, "%s[", lead)
		for _, one := range v {
			w.hclMember(depth+1, "", one, ",")
		}
		w.line(depth, "]%s", after)
	case encoded:
		w.hclMember(depth, lead+"jsonencode(", v.value, ")"+after)
	default:
		w.line(depth, "%s%s%s", lead, hclScalar(value), after)
	}
}

func hclScalar(value any) string {
	switch v := value.(type) {
	case string:
		return hclText(v)
	case expression:
		return string(v)
	case ref:
		return string(v.terraform())
	case bool, int, int64:
		return fmt.Sprint(v)
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return "null"
}

// hclText is a text in quotation marks in which nothing is a template.
func hclText(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted(text))
}

func hclKey(name string) string {
	if name != "" && canon.MadeOf(name[:1], letters+"_") && canon.MadeOf(name, letters+"0123456789_") {
		return name
	}
	return hclText(name)
}
