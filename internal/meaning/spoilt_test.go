package meaning_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// spoiling is a document of a sample, made weaker one way at a time.
type spoiling struct {
	what     string
	base     sample
	document func(*sample) *jsontext.Value
	table    func(sample) []line
}

// TestTablesNoticeEveryCondition takes each denial of each document away, one at a time,
// and each key of its conditions wherever it stands: some row must then come out
// otherwise. What no row notices could as well not be there, or is not tested.
func TestTablesNoticeEveryCondition(t *testing.T) {
	if testing.Short() {
		t.Skip("short mode: the evaluator is asked some thousand questions here")
	}
	j, spoilt := judge(t), 0
	for _, one := range spoilings(t) {
		base := one.table(one.base)
		all, lines := weaker(t, *one.document(&one.base)), base
		for _, w := range all {
			s := one.base
			*one.document(&s) = w.document
			lines = append(lines, one.table(s)...)
		}
		outcomes := weigh(t, j, lines)
		for i, w := range all {
			from := (i + 1) * len(base)
			if !slices.EqualFunc(outcomes[:len(base)], outcomes[from:from+len(base)], func(x, y outcome) bool { return x.allowed == y.allowed }) {
				spoilt++
				continue
			}
			t.Errorf("%s without %s: no row notices", one.what, w.without)
		}
	}
	if t.Logf("%d ways to spoil the documents are noticed", spoilt); spoilt < 30 {
		t.Errorf("only %d ways to spoil the documents were tried", spoilt)
	}
}

// spoilings are of one scenario that has a console, Regions and networks. What its
// boundary says again is taken out of there while its session's policy is looked at.
func spoilings(t *testing.T) []spoiling {
	t.Helper()
	s := own().samples(t)[1]
	bare := s
	bare.boundary = document(everything)
	bounds := func(s sample) []line { return append(rails(s), places(s)...) }
	return []spoiling{
		{"trust", s, func(s *sample) *jsontext.Value { return &s.trust }, door},
		{"boundary", s, func(s *sample) *jsontext.Value { return &s.boundary }, bounds},
		{"sharing", s, func(s *sample) *jsontext.Value { return &s.sharing }, rails},
		{"session", bare, func(s *sample) *jsontext.Value { return &s.session }, grant},
		{"stopper's trust", s, func(s *sample) *jsontext.Value { return &s.stopperTrust }, stopper},
		{"stopper's policy", s, func(s *sample) *jsontext.Value { return &s.stopperPolicy }, stopper},
		{"console trust", s, func(s *sample) *jsontext.Value { return &s.consoleTrust }, fallback},
		{"service control policy", s, func(s *sample) *jsontext.Value { s.guard = slices.Clone(s.guard); return &s.guard[0].Document }, guards},
	}
}

type weakened struct {
	without  string
	document jsontext.Value
}

// weaker are the document without each of its denials, and without each key of the
// conditions of what it allows.
func weaker(t *testing.T, document jsontext.Value) (all []weakened) {
	t.Helper()
	read := func() (whole map[string]any, statements []any) {
		if err := json.Unmarshal(document, &whole); err != nil {
			t.Fatal(err)
		}
		return whole, whole["Statement"].([]any)
	}
	keep := func(whole map[string]any, without string) {
		data, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, weakened{without, data})
	}
	_, statements := read()
	keys := map[string]bool{}
	for i := range statements {
		statement := statements[i].(map[string]any)
		if statement["Effect"] == "Deny" {
			if whole, rest := read(); len(rest) > 1 {
				whole["Statement"] = slices.Delete(rest, i, i+1)
				keep(whole, fmt.Sprintf("statement %d %v", i+1, statement["Sid"]))
			}
			continue
		}
		operators, _ := statement["Condition"].(map[string]any)
		for _, under := range operators {
			for key := range under.(map[string]any) {
				keys[key] = true
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		whole, rest := read()
		for _, statement := range rest {
			drop(statement.(map[string]any), key)
		}
		keep(whole, key)
	}
	return all
}

// drop takes a key out of what a statement allows.
func drop(statement map[string]any, key string) {
	operators, _ := statement["Condition"].(map[string]any)
	if statement["Effect"] == "Deny" {
		return
	}
	for operator, under := range operators {
		delete(under.(map[string]any), key)
		if len(under.(map[string]any)) == 0 {
			delete(operators, operator)
		}
	}
	if len(operators) == 0 {
		delete(statement, "Condition")
	}
}
