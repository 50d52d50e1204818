package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// FileLimit is the length in bytes of the longest file that is read.
	FileLimit = 1 << 20

	deepest    = 16      // levels of nesting
	tokensMost = 200_000 // of one file
)

type form string

// The forms of a node, in the words of problems.
const (
	mapping  form = "keys with values"
	sequence form = "a list"
	text     form = "text"
	number   form = "a number"
	boolean  form = "true or false"
	empty    form = "nothing"
)

// node is a piece of a file: the part of YAML that is left when anchors,
// aliases, merge keys, tags, directives and several documents are refused.
type node struct {
	place
	form  form
	text  string // of a scalar
	pairs []pair
	items []*node
	as    key // of the record that it is a value of
}

type pair struct{ key, value *node }

// parse reads a file as YAML. It gives nil, and has noted why, when it cannot.
func parse(file string, data []byte, f *findings) *node {
	if len(data) > FileLimit {
		f.errorf(place{file, 0, 0}, "split it, or take out what does not belong", "has more than %d bytes", FileLimit)
		return nil
	}
	if !scan(file, data, f) {
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if !plain(file, tokens, f) {
		return nil
	}
	tree, err := safely(func() (*ast.File, error) { return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) })
	if err != nil {
		syntax(file, err, f)
		return nil
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		f.errorf(place{file, 1, 1}, "write it, or take the file away", "is empty")
		return nil
	}
	c := converter{file: file, findings: f}
	root := c.node(tree.Docs[0].Body, 0)
	if c.failed {
		return nil
	}
	if root.form != mapping {
		f.errorf(root.place, "write keys with values, such as name: halligan.example.com", "must be %s, is %s", mapping, root.form)
		return nil
	}
	return root
}

// refusedTokens are parts of YAML that let a file mean something else than it
// seems to say.
var refusedTokens = map[token.Type]string{
	token.AnchorType:         "an anchor",
	token.AliasType:          "an alias",
	token.MergeKeyType:       "a merge key",
	token.TagType:            "a tag",
	token.DirectiveType:      "a directive",
	token.MappingKeyType:     "a key of several lines",
	token.DocumentHeaderType: "a second document, or the line that begins one",
	token.DocumentEndType:    "the line that ends a document",
}

// plain refuses what this package does not read, and nesting so deep that the
// parser, which calls itself, could run out of stack.
func plain(file string, tokens token.Tokens, f *findings) bool {
	if len(tokens) > tokensMost {
		f.errorf(place{file, 0, 0}, "split it", "has %d YAML tokens, at most %d", len(tokens), tokensMost)
		return false
	}
	open, entries, line := 0, 0, 0
	for _, t := range tokens {
		at := place{file, t.Position.Line, t.Position.Column}
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		if what, refused := refusedTokens[t.Type]; refused {
			f.errorf(at, "write it out: what is signed must say what it means where it stands", "%s stands here; it is not read", what)
			return false
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open--
		case token.SequenceEntryType, token.MappingValueType:
			entries++
		}
		if open > deepest || entries > 4*deepest {
			f.errorf(at, deepMend, "is nested too deeply")
			return false
		}
	}
	return true
}

// safely turns a panic of the parser, which belongs to others and reads what
// strangers may have written, into an error.
func safely(parse func() (*ast.File, error)) (tree *ast.File, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = errUnreadable
		}
	}()
	return parse()
}

const (
	deepMend   = "write it with fewer brackets and hyphens"
	syntaxMend = "look at the indentation, the quotation marks and the brackets before this place"
)

var errUnreadable = errors.New("cannot be read as YAML")

// syntax notes where and why the parser gave up.
func syntax(file string, err error, f *findings) {
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &located) || located.GetToken() == nil || located.GetToken().Position == nil {
		f.errorf(place{file, 0, 0}, syntaxMend, "%v", errUnreadable)
		return
	}
	at := located.GetToken().Position
	what := located.GetMessage()
	if strings.ContainsFunc(what, hidden) || secretKind(what) != "" {
		what = "it breaks off here"
	}
	mend := syntaxMend
	if strings.HasPrefix(what, "mapping value is not allowed") {
		mend = "put text with a colon and a space in it into quotation marks; else " + syntaxMend
	}
	f.errorf(place{file, at.Line, at.Column}, mend, "%v: %s", errUnreadable, what)
}

// converter makes nodes of the parser's tree.
type converter struct {
	*findings
	file   string
	failed bool
}

func (c *converter) node(n ast.Node, depth int) *node {
	out := &node{place: c.at(n), form: empty}
	if depth > deepest {
		c.fail(out.place, deepMend, "is nested too deeply")
		return out
	}
	switch x := n.(type) {
	case *ast.MappingNode:
		c.pairs(out, x.Values, depth)
	case *ast.MappingValueNode:
		c.pairs(out, []*ast.MappingValueNode{x}, depth)
	case *ast.SequenceNode:
		out.form = sequence
		for _, item := range x.Values {
			out.items = append(out.items, c.node(item, depth+1))
		}
	case *ast.StringNode:
		out.form, out.text = text, x.Value
	case *ast.LiteralNode:
		out.form, out.text = text, x.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.form, out.text = number, n.GetToken().Value
	case *ast.BoolNode:
		out.form, out.text = boolean, fmt.Sprint(x.Value)
	case *ast.NullNode:
	default:
		c.fail(out.place, "write text, lists and keys alone", "is a part of YAML that is not read")
	}
	if out.form == text && deceives(out.place, out.text, c.findings) {
		c.failed = true
	}
	return out
}

func (c *converter) pairs(out *node, values []*ast.MappingValueNode, depth int) {
	out.form = mapping
	seen := make(map[string]place)
	for i, v := range values {
		key := c.node(v.Key, depth+1)
		if i == 0 {
			out.place = key.place
		}
		if key.form != text && key.form != number && key.form != boolean {
			c.fail(key.place, "write a word before the colon", "a key must be text, is "+string(key.form))
			return
		}
		if first, twice := seen[key.text]; twice {
			c.fail(key.place, "keep one of them", fmt.Sprintf("key %s stands twice, first in line %d", show(key.text), first.line))
			continue
		}
		seen[key.text] = key.place
		out.pairs = append(out.pairs, pair{key, c.node(v.Value, depth+1)})
	}
}

func (c *converter) fail(at place, mend, what string) {
	c.failed = true
	c.errorf(at, mend, "%s", what)
}

func (c *converter) at(n ast.Node) place {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{c.file, t.Position.Line, t.Position.Column}
	}
	return place{c.file, 1, 1}
}
