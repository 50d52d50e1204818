package policy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// What one file of policies may be.
const (
	Limit     = 64 << 10 // bytes
	RulesMost = 64       // rules
	ruleMost  = 8 << 10  // bytes of a rule
	depthMost = 24       // parentheses, brackets and braces within one another
	wordsMost = 300      // characters of an annotation
)

// File is a file of policies that was read and checked: its rules all forbid.
// It never changes.
type File struct{ Rules []Rule }

// Rule is one forbid.
type Rule struct {
	Title  string // @title: what it is about
	Reason string // @reason: what is said to whoever it refuses
	ID     string // the rule without its words: two with the same are one
	offset time.Duration
	cedar  *cedar.Policy
}

// Line is all of the rule but its words, on one line.
func (r Rule) Line() string { return strings.Join(strings.Fields(r.ID), " ") }

// Fault is one thing wrong with a file, and where.
type Fault struct {
	Line, Column int    // from 1
	What         string // one line
	Mend         string // one line; empty when Name says what is unknown
	Name         string // a name that the schema does not know
}

// Error is the fault with its place.
func (f Fault) Error() string { return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.What) }

// Decode reads a file of policies. Its error is the first of Check's faults.
func Decode(data []byte) (*File, error) {
	file, faults := Check(data)
	if len(faults) > 0 {
		return nil, faults[0]
	}
	return file, nil
}

// Check reads a file of policies and tells everything that is wrong with it:
// then it gives no file.
func Check(data []byte) (*File, []Fault) {
	if fault := checkForm(data); fault != nil {
		return nil, []Fault{*fault}
	}
	parsed, err := cedar.NewPolicyListFromBytes("", data)
	if err != nil {
		return nil, []Fault{parseFault(err)}
	}
	switch {
	case len(parsed) == 0:
		return nil, []Fault{{1, 1, "holds no rule", "write one, or take the file away", ""}}
	case len(parsed) > RulesMost:
		return nil, []Fault{{1, 1, fmt.Sprintf("holds %d rules, at most %d", len(parsed), RulesMost), "make two files of it", ""}}
	}
	file := &File{}
	var faults []Fault
	for i, p := range parsed {
		end := len(data)
		if i+1 < len(parsed) {
			end = parsed[i+1].Position().Offset
		}
		if from := p.Position(); end-from.Offset > ruleMost {
			faults = append(faults, Fault{from.Line, from.Column, fmt.Sprintf("has %d bytes, at most %d", end-from.Offset, ruleMost), "write it as several rules", ""})
			continue
		}
		rule, found := readRule(p, data[p.Position().Offset:end])
		faults = append(faults, found...)
		file.Rules = append(file.Rules, rule)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return file, nil
}

// checkForm refuses what no parser should be given.
func checkForm(data []byte) *Fault {
	if len(data) > Limit {
		return &Fault{1, 1, fmt.Sprintf("has %d bytes, at most %d", len(data), Limit), "make two files of it", ""}
	}
	if !utf8.Valid(data) {
		return &Fault{1, 1, "is not UTF-8 text", "save it as UTF-8", ""}
	}
	for i, r := range string(data) { // what could show a reader another text than the one that is judged
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) || r == 0x2028 || r == 0x2029 {
			line, column := placeAt(data, i)
			return &Fault{line, column, fmt.Sprintf("holds the character %U, which cannot be seen", r), "take it out", ""}
		}
	}
	depth, quoted, comment := 0, false, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case comment:
			comment = c != '\n'
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '/' && i+1 < len(data) && data[i+1] == '/':
			comment = true
		case strings.IndexByte("([{", c) >= 0:
			if depth++; depth > depthMost {
				line, column := placeAt(data, i)
				return &Fault{line, column, fmt.Sprintf("is nested deeper than %d", depthMost), "write it as several rules", ""}
			}
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		}
	}
	return nil
}

// placed is where the parser says that it stopped.
var (
	placed  = regexp.MustCompile(`<input>:(\d+):(\d+)`)
	instead = regexp.MustCompile(`exact got (\S*) want (\S+)$`)
)

// parseFault makes a fault of a parser's error, which tells the place in words.
func parseFault(err error) Fault {
	fault := Fault{Line: 1, Column: 1, Mend: "look at the examples in docs/howto/write-a-condition.md"}
	text := err.Error()
	if at := placed.FindStringSubmatch(text); at != nil {
		fault.Line, _ = strconv.Atoi(at[1])
		fault.Column, _ = strconv.Atoi(at[2])
		text = strings.Replace(text, at[0], "", 1)
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "parser error: "), "parse error at ")
	fault.What = "cannot be read as Cedar: " + oneLine(strings.Trim(text, " :"))
	if other := instead.FindStringSubmatch(text); other != nil {
		fault.What = fmt.Sprintf("cannot be read as Cedar: %q stands where %q must", other[1], other[2])
	}
	fault.Line, fault.Column = max(fault.Line, 1), max(fault.Column, 1)
	return fault
}

// readRule checks one rule and reads its annotations. The source is the rule's
// own text, by which faults are placed.
func readRule(p *cedar.Policy, source []byte) (Rule, []Fault) {
	at := p.Position()
	fault := func(what, mend string) Fault { return Fault{at.Line, at.Column, what, mend, ""} }
	var faults []Fault
	if p.Effect() != cedar.Forbid {
		faults = append(faults, fault("permits something", "write forbid ... unless { ... }: the scenario is what permits, and a rule only says no"))
	}
	rule := Rule{cedar: p}
	for _, word := range p.AST().Annotations {
		text := string(word.Value)
		switch word.Key {
		case "title":
			rule.Title = text
		case "reason":
			rule.Reason = text
		case "offset":
			var ok bool
			if rule.offset, ok = readOffset(text); !ok {
				faults = append(faults, fault(fmt.Sprintf("@offset(%q) is no offset from UTC", text), `write it as @offset("+01:00"); it does not follow summer time`))
			}
			continue
		case "id":
		default:
			faults = append(faults, fault(fmt.Sprintf("@%s is not known", word.Key), "known are @id, @title, @reason and @offset"))
			continue
		}
		if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > wordsMost || oneLine(text) != text {
			faults = append(faults, fault(fmt.Sprintf("@%s must be one line of 1 to %d characters", word.Key, wordsMost), "say it shorter"))
		}
	}
	if rule.Reason == "" {
		faults = append(faults, fault("has no @reason", `write @reason("…") above it: whoever it refuses is told that, and nothing else`))
	}
	rule.Title = firstOf(rule.Title, rule.Reason)
	rule.ID = identity(p)
	return rule, slices.Concat(faults, typeFaults(p, source), valueFaults(p, rule, source))
}

// valueFaults are values that a fixed list of the schema does not have: a rule
// that names one could never say no.
func valueFaults(p *cedar.Policy, rule Rule, source []byte) []Fault {
	var faults []Fault
	for _, kind := range slices.Sorted(maps.Keys(facts().Enums)) {
		for _, name := range rule.names(string(kind)) {
			if value := types.NewEntityUID(kind, types.String(name)); !slices.Contains(facts().Enums[kind].Values, value) {
				fault := Fault{What: fmt.Sprintf("there is no %s %q", kind, name), Name: name}
				fault.Line, fault.Column = placeIn(p, source, `"`+name+`"`)
				faults = append(faults, fault)
			}
		}
	}
	return faults
}

// identity is a rule's text without the words that only people read.
func identity(p *cedar.Policy) string {
	bare := *p.AST()
	bare.Annotations = slices.DeleteFunc(slices.Clone(bare.Annotations), func(a ast.AnnotationType) bool { return a.Key != "offset" })
	return string(cedar.NewPolicyFromAST(&bare).MarshalCedar())
}

var (
	named  = regexp.MustCompile("(?:attribute|action|entity type|type|entity) `([^`]+)`")
	quoted = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*|"[^"]*"`)
)

// typeFaults are what the schema says against a rule, each where its name stands.
func typeFaults(p *cedar.Policy, source []byte) []Fault {
	err := validator().Policy("", (*ast.Policy)(p.AST()))
	var faults []Fault
	for _, each := range unjoined(err) {
		at := p.Position()
		fault := Fault{Line: at.Line, Column: at.Column, What: oneLine(each.Error())}
		if of := named.FindStringSubmatch(fault.What); of != nil {
			words := quoted.FindAllString(of[1], -1)
			word := strings.Trim(words[len(words)-1], `"`)
			if !slices.Contains(Known(), word) {
				fault.Name, fault.What = word, fmt.Sprintf("there is no %s %q", strings.Fields(of[0])[0], word)
			}
			fault.Line, fault.Column = placeIn(p, source, word)
		}
		if fault.Name == "" {
			fault.Mend = "halligan policy schema prints what each action knows and of which type it is"
		}
		faults = append(faults, fault)
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.What, b.What) })
	return slices.Compact(faults) // each action complains of one name, in whatever order
}

// unjoined are the errors in a joined one.
func unjoined(err error) []error {
	var many interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &many):
		return many.Unwrap()
	}
	return []error{err}
}

// readOffset reads how far a rule's clock is from UTC.
func readOffset(text string) (time.Duration, bool) {
	if len(text) != 6 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	at, err := time.Parse("15:04", text[1:])
	by := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	if text[0] == '-' {
		by = -by
	}
	return by, err == nil && by.Abs() <= 14*time.Hour
}

// Names are the entities of a type that the rules name, such as the groups.
func (f *File) Names(kind string) []string {
	var names []string
	for _, rule := range f.Rules {
		names = append(names, rule.names(kind)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// literal is an entity as a rule's own text spells it, or any other text.
var literal = regexp.MustCompile(`\b([A-Za-z]+)::("(?:[^"\\]|\\.)*")|"(?:[^"\\]|\\.)*"`)

func (r Rule) names(kind string) (names []string) {
	for _, found := range literal.FindAllStringSubmatch(r.ID, -1) {
		var id types.EntityUID
		if found[1] == kind && id.UnmarshalCedar([]byte(found[0])) == nil {
			names = append(names, string(id.ID))
		}
	}
	return names
}

// placeIn is where a word stands in a rule; where the rule does when it does not
// stand there so.
func placeIn(p *cedar.Policy, source []byte, word string) (line, column int) {
	at := p.Position()
	i := bytes.Index(source, []byte(word))
	if i < 0 {
		return at.Line, at.Column
	}
	line, column = placeAt(source, i)
	if line == 1 {
		column += at.Column - 1
	}
	return at.Line + line - 1, column
}

// placeAt is the line and column of a byte, from 1, in characters.
func placeAt(data []byte, at int) (line, column int) {
	before := data[:at]
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// PlaceOf is where a file names an entity; its beginning when it spells it in
// another way.
func PlaceOf(data []byte, kind, id string) (line, column int) {
	for _, at := range literal.FindAllIndex(data, -1) {
		var of types.EntityUID
		if of.UnmarshalCedar(data[at[0]:at[1]]) == nil && string(of.Type) == kind && string(of.ID) == id {
			return placeAt(data, at[0])
		}
	}
	return 1, 1
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }), " ")
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
